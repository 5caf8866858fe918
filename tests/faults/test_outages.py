"""Nodes, a worker and a supervisor killed in turn under load, as a firm runs them: a cluster, and a second supervisor
for the same gateway on another machine. What a client sees of it, and that nothing is lost beyond that."""

import os
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

import marketbus
from marketbus import Tick, TickFlag
from tests.conftest import Measured
from tests.system import Kind, Process, Span, System, eventually, write_config
from tests.system.cluster import Cluster
from tests.system.process import descendants
from tests.system.supervisor_http import readyz, served

INSTRUMENTS = 100
CALM = 1.0
"""Seconds of undisturbed ticks before and after each fault."""
NEAR = 2.0
"""Seconds around a trouble in which instruments may miss ticks: a client looks back when it is told of one."""


class Arrival(NamedTuple):
    at: float
    volume: int


class Watch:
    """Everything that one client got, and when."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.volumes: dict[str, list[Arrival]] = defaultdict(list)

    def tick(self, tick: Tick) -> None:
        now = time.monotonic()
        if not tick.flags & TickFlag.SNAPSHOT:
            self.times.append(now)
        self.volumes[tick.symbol].append(Arrival(now, int(tick.volume)))

    def since(self, moment: float) -> bool:
        return bool(self.times) and self.times[-1] > moment

    def outage(self, moment: float) -> tuple[float, float]:
        """Begin and end of the longest pause since a moment."""
        return max(pairwise(at for at in self.times if at >= moment - 0.2), key=lambda pair: pair[1] - pair[0])

    def holes(self) -> Iterator[tuple[float, float, int]]:
        """Between which arrivals an instrument misses how many ticks; a snapshot fills none but its own."""
        for arrivals in self.volumes.values():
            for before, after in pairwise(sorted(set(arrivals), key=lambda each: each.volume)):
                if after.volume - before.volume > 1:
                    yield before.at, after.at, after.volume - before.volume - 1


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with Cluster(tmp_path) as cluster:
        yield cluster


@pytest.fixture
def system(tmp_path: Path, kind: Kind) -> Iterator[System]:
    with System(tmp_path, {"instruments": INSTRUMENTS, "rate": 0}, kind=kind) as system:
        yield system


def supervisor(system: System, cluster: Cluster, machine: str) -> Process:
    """`machine` has its own state on disk."""
    file = write_config(system.folder / "all.toml", {"url": cluster.urls}, {"ctp": system.gateway("*")})
    env = system.env | {"MARKETBUS_STATE": str(system.folder / machine)}
    argv = (sys.executable, "-m", "marketbus.apps.main", "up", "-c", str(file))
    return system.process(f"{machine}-{time.monotonic_ns()}", *argv, env=env, cwd=system.folder)


@pytest.mark.row(5, "every node killed in turn, a worker and a supervisor under load: outages printed", scaled="ctp")
async def test_what_a_client_sees_of_each_fault(
    system: System, cluster: Cluster, span: Span, measured: Measured
) -> None:
    await cluster.leader()
    first, second = supervisor(system, cluster, "one"), None
    watch = Watch()
    troubles: list[tuple[float, float]] = []
    """From the moment of each fault until the feed, or the cluster, was whole again."""
    async with marketbus.connect(cluster.urls) as bus:
        await system.ready(bus)
        second = supervisor(system, cluster, "two")
        await eventually(lambda: served(second.words()), "its address")
        await eventually(lambda: readyz(served(second.words()))["health"] == "standby", "the standby")
        async with await bus.on_ticks("*", watch.tick):
            system.lab.control.rate(span.count(1000, 5000))

            async def calm() -> float:
                began = time.monotonic()
                await eventually(lambda: watch.since(began + CALM), "ticks that go on", within=30)
                return time.monotonic()

            async def over(what: str, moment: float, whole: float | None = None) -> None:
                await eventually(lambda: watch.since(moment + CALM), f"ticks after: {what}", within=30)
                await calm()
                begin, end = watch.outage(moment)
                measured(f"{what} under load: longest pause a client sees", end - begin)
                troubles.append((moment, max(whole or end, end)))

            for name, node in list(cluster.nodes.items())[: span.count(1, 3)]:
                moment = await calm()
                node.kill()
                # The feed needs the lease of the worker's name, which lasts for seconds after its bucket lost a leader.
                await cluster.led_without(name)
                await calm()
                node.start()
                await cluster.whole()
                await over(f"NATS {name} killed, and back", moment, time.monotonic())
            moment = await calm()
            worker = (await system.ready(bus)).pid
            os.kill(worker, signal.SIGKILL)
            await over("worker killed", moment)
            moment = await calm()
            worker = (await system.ready(bus)).pid
            owner = first if worker in descendants(first.pid) else second
            owner.send(signal.SIGKILL)
            await over("supervisor killed", moment)
            system.lab.control.rate(0)
            await calm_end(watch)
    books = system.lab.control.oracle()
    for begin, end, missing in watch.holes():
        told = f"{missing} lost between {begin} and {end}, troubles {troubles}"
        assert any(begin >= a - NEAR and end <= b + NEAR for a, b in troubles), told
    for symbol, book in books.items():
        assert watch.volumes[symbol][-1].volume == book["last"], symbol


async def calm_end(watch: Watch) -> None:
    """Nothing is on its way any more."""
    count = -1

    async def still() -> bool:
        nonlocal count
        before, count = count, len(watch.times)
        return before == count

    await eventually(still, "the end", every=0.3)
