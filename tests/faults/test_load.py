"""More ticks than usual, for longer than usual, and a subscriber that does not take them. The lab's oracle judges."""

import asyncio
import signal
import time
from collections.abc import Iterator
from statistics import median

import msgspec
import pytest

from benchmarks.continuity import Continuity
from benchmarks.judge import Verdict, expected
from benchmarks.ledger import Arrivals
from benchmarks.process import Process as Consumer
from benchmarks.procfs import cost
from tests.conftest import Measured
from tests.system import Kind, Process, Span, System, eventually

INSTRUMENTS = 300
LOOK = 5.0
"""Seconds between two looks at what the consumer has: a longer one would cost it milliseconds."""
FLAT = 8.0
"""MiB that a process may grow after its warm-up, however long it runs."""


def follower(system: System, name: str) -> Consumer:
    """A process that follows everything with the public SDK and keeps a ledger."""
    consumer = Consumer.module(
        "benchmarks.consumers.bus", system.nats.url, folder=system.folder, env=system.env, name=name
    )
    system.logs[name] = system.folder / f"{name}.log"
    consumer.hear()
    return consumer


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory, span: Span, kind: Kind) -> Iterator[System]:
    """One for all: silent, everything subscribed."""
    # The server gives a subscriber up after 10 s without room in its socket. For a test of seconds it is told less.
    nats = "" if span.soaking else "write_deadline: '1s'"
    with System(tmp_path_factory.mktemp("load"), {"instruments": INSTRUMENTS, "rate": 0}, nats, kind) as system:
        yield system


@pytest.fixture(scope="module")
def worker(system: System) -> Process:
    return system.worker("*")


@pytest.fixture(scope="module")
def healthy(system: System, worker: Process) -> Iterator[Consumer]:
    with follower(system, "healthy") as consumer:
        yield consumer


def take(consumer: Consumer) -> Arrivals:
    return msgspec.convert(consumer.ask("take"), Arrivals)


async def quiet(system: System, consumer: Consumer) -> Arrivals:
    """All instruments are subscribed and nothing is on its way any more; gives what came so far."""
    async with system.connect() as bus:
        await system.until(bus, lambda status: status.ticks >= INSTRUMENTS, "a tick of every subscription")
    count = -1
    while (now := consumer.ask("count")["count"]) != count:
        count = now
        await asyncio.sleep(0.2)
    return take(consumer)


async def drained(run: Continuity, consumer: Consumer, system: System, within: float = 20.0) -> tuple[Verdict, float]:
    """The judgement once everything has come, and the seconds that took; or once nothing has come for 3 s."""
    began = moved = time.monotonic()
    books = system.lab.control.oracle()
    while True:
        arrivals = take(consumer)
        run.add(arrivals.live)
        verdict, now = run.verdict(books), time.monotonic()
        moved = now if arrivals.live else moved
        if verdict.clean or now - moved > 3 or now - began > within:
            return verdict, moved - began
        await asyncio.sleep(0.02)


@pytest.mark.row(1, "0 lost, in order, memory flat; p99 SDK→client printed", scaled="ctp", once=True)
async def test_a_steady_stream_is_complete_in_order_and_takes_no_memory(
    system: System, worker: Process, healthy: Consumer, span: Span, measured: Measured
) -> None:
    rate, seconds = (5000 if span.soaking else 1000), span.seconds(3.0, 3600)
    await quiet(system, healthy)
    run = Continuity(system.lab.control.oracle())
    memory: list[float] = []
    worst: list[float] = []
    usual: list[float] = []
    system.lab.control.rate(rate)
    began = time.monotonic()
    while (left := seconds - (time.monotonic() - began)) > 0:
        await asyncio.sleep(min(LOOK, left))
        arrivals = take(healthy)
        run.add(arrivals.live)
        assert arrivals.sdk is not None
        usual.append(arrivals.sdk.p50 / 1e6)
        worst.append(arrivals.sdk.p99 / 1e6)
        memory.append(cost(worker.pid).rss / 2**20)
    system.lab.control.rate(0)
    ran = time.monotonic() - began
    verdict, backlog = await drained(run, healthy, system)
    measured("steady stream, sent", verdict.sent, "ticks")
    measured("steady stream, sent a second", verdict.sent / ran, "ticks/s")
    measured("steady stream, SDK→client p50, median of the looks", median(usual), "ms")
    measured("steady stream, SDK→client p99, median of the looks", median(worst), "ms")
    measured("steady stream, SDK→client p99, worst of the looks", max(worst), "ms")
    measured("steady stream, backlog drained", backlog)
    assert verdict.clean, verdict.words
    assert verdict.sent > 0.9 * rate * seconds
    assert backlog <= 1
    if len(memory) >= 20:
        part = len(memory) // 5
        growth = median(memory[-part:]) - median(memory[part : 2 * part])
        measured("steady stream, growth of the worker after its warm-up", growth, "MiB")
        assert growth <= FLAT


@pytest.mark.row(
    2, "tick drops, if any, counted with cause and visible as gaps; the rest in order", scaled="ctp", once=True
)
async def test_every_tick_of_a_burst_arrives_or_is_told_missing(
    system: System, healthy: Consumer, span: Span, measured: Measured
) -> None:
    count = span.count(20_000, 500_000)
    start = await quiet(system, healthy)
    books = system.lab.control.oracle()
    run = Continuity(books)
    burst = await asyncio.to_thread(system.lab.control.burst, count)
    system.lab.control.rate(5 * INSTRUMENTS)  # a tick of each instrument after the burst shows what its end lost
    await asyncio.sleep(1)
    system.lab.control.rate(0)
    sent = expected(books, system.lab.control.oracle()).total
    verdict, backlog = await drained(run, healthy, system, within=60)
    end = take(healthy)
    async with system.connect() as bus:
        status = await system.ready(bus)
    measured("burst, taken by the SDK", burst["sent"] / burst["seconds"], "ticks/s")
    measured("burst, missing", verdict.missing, "ticks")
    measured("burst, last tick taken by the SDK → everything at the client", backlog)
    assert burst["sent"] == count
    assert verdict.sent == sent
    assert (verdict.disordered, verdict.unsent) == (0, 0)
    assert verdict.missing == end.missed - start.missed
    assert sum(status.drops.values()) >= verdict.missing
    assert bool(status.drops) is bool(verdict.missing)


@pytest.mark.row(3, "others unaffected; the victim gets its gaps, then fresh snapshots", scaled="ctp", once=True)
async def test_a_stalled_subscriber_costs_nobody_else_anything(
    system: System, healthy: Consumer, span: Span, measured: Measured
) -> None:
    rate, seconds = (5000 if span.soaking else 1000), span.seconds(2.0, 60)
    await quiet(system, healthy)
    with follower(system, "victim") as victim:
        await quiet(system, victim)
        books = system.lab.control.oracle()
        run = Continuity(books)
        system.lab.control.rate(rate)
        await eventually(lambda: victim.ask("count")["count"] > 100, "ticks at the victim")
        victim.send(signal.SIGSTOP)
        began = time.monotonic()
        worst: list[float] = []
        while (left := seconds - (time.monotonic() - began)) > 0:
            await asyncio.sleep(min(LOOK, left))
            arrivals = take(healthy)
            run.add(arrivals.live)
            assert arrivals.sdk is not None
            worst.append(arrivals.sdk.p99 / 1e6)
        if not span.soaking:  # more than the sockets between the two hold
            system.lab.control.rate(0)
            await asyncio.to_thread(system.lab.control.burst, 30_000)
            assert (await drained(run, healthy, system))[0].clean
            await eventually(lambda: "Slow Consumer" in system.nats.log.read_text(), "the server's patience to end")
            system.lab.control.rate(rate)
        victim.send(signal.SIGCONT)
        woken = time.monotonic()
        await asyncio.sleep(1)
        system.lab.control.rate(0)
        verdict, _ = await drained(run, healthy, system)
        assert verdict.clean, verdict.words
        measured("a stalled subscriber beside, SDK→client p99, worst of the looks", max(worst), "ms")

        last = {symbol: book["last"] for symbol, book in system.lab.control.oracle().items()}
        live: dict[str, list[int]] = {}
        seen: dict[str, set[int]] = {}
        newest: dict[str, int] = {}
        missed = 0

        def caught_up() -> bool:
            nonlocal missed
            arrivals = take(victim)
            missed = arrivals.missed
            for symbol, volumes in arrivals.live.items():
                live.setdefault(symbol, []).extend(volumes)
                seen.setdefault(symbol, set()).update(volumes)
            for symbol, volume in arrivals.snapshots.items():
                seen.setdefault(symbol, set()).add(volume)
            newest.update({symbol: max(volumes) for symbol, volumes in seen.items()})
            return newest == last

        await eventually(caught_up, "the victim's last values", every=0.1)
        measured("stalled subscriber woken → has the last value of everything", time.monotonic() - woken)
        assert all(volumes == sorted(set(volumes)) for volumes in live.values())
        sent = expected(books, system.lab.control.oracle())
        lost = sum(len(set(volumes) - seen[symbol]) for symbol, volumes in sent.volumes.items())
        measured("stalled subscriber, missed", missed, "ticks")
        assert missed > 0  # the server cut it off
        assert lost == missed
