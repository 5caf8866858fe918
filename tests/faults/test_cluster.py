"""Three NATS nodes, and the one that everybody uses is killed: the others carry the feed and keep the name."""

import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import ExitStack, asynccontextmanager
from itertools import pairwise
from pathlib import Path
from random import Random

import nats.errors
import pytest
from nats.aio.client import Client
from nats.js.api import StreamInfo

import marketbus
from marketbus import GapCause
from marketbus.adapters.clock import SystemClock
from marketbus.adapters.nats.connection import close_connection, ignore, open_connection
from marketbus.adapters.nats.name_bucket import BUCKET, REPLICAS
from marketbus.adapters.nats.name_lease import KvNameLease
from marketbus.adapters.nats.options import NatsOptions
from tests.conftest import Measured
from tests.system import Recorder, System, eventually, free_port, write_config
from tests.system.nats import NatsServer

NODES = 3


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[dict[str, NatsServer]]:
    """By name, in one cluster."""
    ports = [free_port() for _ in range(NODES)]
    routes = ", ".join(f'"nats://127.0.0.1:{port}"' for port in ports)
    found: dict[str, NatsServer] = {}
    with ExitStack() as ends:
        for number, port in enumerate(ports):
            folder = tmp_path / f"node{number}"
            folder.mkdir()
            cluster = f'{{ name: "c", listen: "127.0.0.1:{port}", routes: [{routes}] }}'
            node = NatsServer(folder, f"server_name: node{number}\ncluster {cluster}\n")
            node.start()
            ends.callback(node.stop)
            found[f"node{number}"] = node
        yield found


@asynccontextmanager
async def connected(node: NatsServer) -> AsyncGenerator[Client]:
    client = await open_connection(NatsOptions(url=(node.url,)), ignore)
    try:
        yield client
    finally:
        await close_connection(client)


async def names(client: Client) -> StreamInfo | None:
    """The bucket of gateway names; None while nobody leads it."""
    try:
        return await client.jetstream(timeout=1).stream_info(f"KV_{BUCKET}")  # pyright: ignore[reportUnknownMemberType]
    except nats.errors.Error:
        return None


async def keeper_of_names(node: NatsServer) -> str:
    """Makes the bucket, as the first worker does; gives the node that leads it."""
    async with connected(node) as client:

        async def whole() -> bool:
            try:
                await client.jetstream(timeout=1).account_info()  # pyright: ignore[reportUnknownMemberType]
            except nats.errors.Error:
                return False
            return True

        await eventually(whole, "the cluster's JetStream")
        lease = KvNameLease(client, "first", SystemClock(), Random(1), token="first")
        await lease.acquire(lambda host, pid: None)
        await lease.release()
        found = await names(client)
        assert found is not None
        assert found.cluster is not None
        assert found.cluster.leader is not None
        assert len(found.cluster.replicas or ()) == REPLICAS - 1
        return found.cluster.leader


@pytest.mark.row(5, "the node we use killed: another carries the feed, the same worker stays live", scaled="ctp")
async def test_the_node_that_all_use_is_killed(
    system: System, nodes: dict[str, NatsServer], measured: Measured
) -> None:
    """It also leads the bucket of names: with one copy, the worker's name would go with it, and its ticks."""
    leader = await keeper_of_names(nodes["node0"])
    used, other = nodes[leader], next(node for name, node in nodes.items() if name != leader)
    one, two, *_ = system.kind.instruments
    section = system.gateway(one, two)
    worker = system.start(write_config(system.folder / "ctp.toml", {"url": [used.url]}, {"ctp": section}))
    async with marketbus.connect(used.url) as bus, connected(other) as client:
        first = await system.ready(bus)
        seen = Recorder()
        async with await seen.follow(bus, one, two):
            await eventually(lambda: len({tick.symbol for tick in seen.live}) == 2, "ticks")
            killed = time.monotonic()
            used.kill()
            await eventually(lambda: seen.first_after(killed + 0.5), "ticks by another node")

            async def led() -> int:
                found = await names(client)
                return 0 if found is None else found.state.last_seq

            revision = await eventually(led, "another node to lead the names")
            measured("NATS node killed → another leads the names", time.monotonic() - killed)

            async def renewed() -> bool:
                return await led() > revision

            await eventually(renewed, "the worker to renew its name there")
            now = time.monotonic()
            await eventually(lambda: seen.first_after(now), "ticks that go on")
            pauses = [b - a for a, b in pairwise(at for at in seen.times if at > killed - 1)]
            measured("NATS node killed: longest pause of the feed", max(pauses))
            last = await system.ready(bus)
            assert (last.epoch, last.pid, last.md.logins) == (first.epoch, first.pid, 1)
    assert GapCause.EPOCH not in {gap.cause for gap in seen.gaps}
    assert worker.code is None
    assert "stepping down" not in worker.words()
