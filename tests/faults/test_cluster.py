"""Three NATS nodes, and the one that everybody uses is killed: the others carry the feed and keep the name."""

import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

import marketbus
from marketbus import GapCause
from tests.conftest import Measured
from tests.system import Recorder, System, eventually, write_config
from tests.system.cluster import Cluster, connected, names


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with Cluster(tmp_path) as cluster:
        yield cluster


@pytest.mark.row(5, "the node we use killed: another carries the feed, the same worker stays live", scaled="soak")
async def test_the_node_that_all_use_is_killed(system: System, cluster: Cluster, measured: Measured) -> None:
    """It also leads the bucket of names: with one copy, the worker's name would go with it, and its ticks."""
    leader = await cluster.leader()
    used, other = cluster.nodes[leader], cluster.other(leader)
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
