"""Three nats-servers in one cluster, each of which may be killed and come back."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Self

import nats.errors
from nats.aio.client import Client
from nats.js.api import StreamInfo

from marketbus.adapters.clock import SystemClock
from marketbus.adapters.nats.connection import close_connection, ignore, open_connection
from marketbus.adapters.nats.name_bucket import BUCKET, REPLICAS
from marketbus.adapters.nats.name_lease import KvNameLease
from marketbus.adapters.nats.options import NatsOptions
from tests.system.nats import NatsServer, free_port
from tests.system.poll import eventually

NODES = 3


class Cluster:
    """Runs from `with` on."""

    def __init__(self, folder: Path) -> None:
        ports = [free_port() for _ in range(NODES)]
        routes = ", ".join(f'"nats://127.0.0.1:{port}"' for port in ports)
        self.nodes: Mapping[str, NatsServer] = {}
        for number, port in enumerate(ports):
            own = folder / f"node{number}"
            own.mkdir()
            cluster = f'{{ name: "c", listen: "127.0.0.1:{port}", routes: [{routes}] }}'
            options = f"server_name: node{number}\ncluster {cluster}\n"
            self.nodes = {**self.nodes, f"node{number}": NatsServer(own, options)}

    def __enter__(self) -> Self:
        for node in self.nodes.values():
            node.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for node in self.nodes.values():
            node.stop()

    @property
    def urls(self) -> list[str]:
        """Of every node."""
        return [node.url for node in self.nodes.values()]

    def other(self, name: str) -> NatsServer:
        """A node that is not this one."""
        return next(node for each, node in self.nodes.items() if each != name)

    async def leader(self) -> str:
        """Makes the bucket of names, as the first worker does; gives the node that leads it."""
        async with connected(next(iter(self.nodes.values()))) as client:

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

    async def led_without(self, name: str) -> None:
        """The others keep the bucket of names without this node."""

        async def led() -> bool:
            async with connected(self.other(name)) as client:
                return await names(client) is not None

        await eventually(led, "another node to lead the names", within=30, every=0.1)

    async def whole(self) -> None:
        """Every node has the bucket of names as it is now."""

        async def current() -> bool:
            async with connected(next(iter(self.nodes.values()))) as client:
                found = await names(client)
            if found is None or found.cluster is None or found.cluster.leader is None:
                return False
            replicas = found.cluster.replicas or ()
            return len(replicas) == REPLICAS - 1 and all(peer.current and not peer.offline for peer in replicas)

        await eventually(current, "the cluster to be whole", within=30, every=0.1)


@asynccontextmanager
async def connected(node: NatsServer) -> AsyncGenerator[Client]:
    """A connection to that node alone."""
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
