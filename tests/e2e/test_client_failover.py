"""Two gateways with the same contracts, over a real NATS server: one serves, another takes over, the first returns."""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

import marketbus
from marketbus import Bus, Gap, Tick, TickFlag
from marketbus.client import health
from marketbus.domain.session import SessionState
from tests.unit.client.fakes import Server, Worker, running_server, until, working

RB, RB2, AU = "rb2701.SHFE", "rb2705.SHFE", "au2706.SHFE"
STALE, READY = SessionState.STALE, SessionState.READY


@pytest.fixture
def server(tmp_path: Path) -> Generator[Server, None, None]:
    with running_server(tmp_path) as one:
        yield one


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of the waiting; the figures themselves are tested with a clock of their own."""
    monkeypatch.setattr(health, "SILENT", 0.5)
    monkeypatch.setattr(health, "HOLD", 0.4)


class Pair:
    """Two workers that report ten times a second."""

    def __init__(self, server: Server, a: Worker, b: Worker) -> None:
        self.server, self.a, self.b = server, a, b
        self.speaking = {a, b}

    async def speak(self) -> None:
        while True:
            for worker in list(self.speaking):
                with contextlib.suppress(Exception):
                    await worker.report()
            await asyncio.sleep(0.1)

    async def say(self, worker: Worker, state: SessionState) -> None:
        worker.state = state
        await worker.report()

    async def both(self, symbol: str = RB, count: int = 1, flags: int = 0) -> None:
        """The market moves, and both see it."""
        for _ in range(count):
            now = time.time_ns()
            await self.b.send(self.b.make(symbol, flags=flags, at=now))
            await self.a.send(self.a.make(symbol, flags=flags, at=now))
        await self.a.nc.flush()
        await self.b.nc.flush()

    def connect(self) -> Bus:
        return marketbus.connect(self.server.url, preferred=["ctp-a", "ctp-b"])


@pytest.fixture
async def pair(server: Server) -> AsyncGenerator[Pair, None]:
    async with AsyncExitStack() as stack:
        a = await stack.enter_async_context(working(server.url, "ctp-a", RB, RB2, AU))
        b = await stack.enter_async_context(working(server.url, "ctp-b", RB, RB2, AU))
        pair = Pair(server, a, b)
        speaking = asyncio.create_task(pair.speak())
        yield pair
        speaking.cancel()


class Sink:
    def __init__(self) -> None:
        self.seen: list[Tick | Gap] = []

    @property
    def marks(self) -> list[str]:
        """`a1` a tick, `a1*` a last value, `->b` a gap of a failover."""
        return [
            f"->{one.gateway[-1]}"
            if isinstance(one, Gap) and one.cause is marketbus.GapCause.FAILOVER
            else str(one.cause)
            if isinstance(one, Gap)
            else f"{one.gateway[-1]}{one.seq}{'*' if one.flags & TickFlag.SNAPSHOT else ''}"
            for one in self.seen
        ]


async def test_lost_served_by_the_other_and_returned_to(pair: Pair, caplog: pytest.LogCaptureFixture) -> None:
    sink = Sink()
    caplog.set_level(logging.WARNING, "marketbus")
    async with pair.connect() as bus:
        async with await bus.on_ticks(RB, sink.seen.append, on_gap=sink.seen.append) as feed:
            assert len(pair.a.wishes.leases) == len(pair.b.wishes.leases) == 1
            await pair.both(count=2)
            await until(lambda: sink.marks == ["a1", "a2"] and bus.stats.standby == 2)
            await pair.b.tick(RB)
            await until(lambda: bus.stats.standby == 3)
            assert feed.gateways == ("ctp-a",)
            lost = time.monotonic()
            await pair.say(pair.a, STALE)
            await until(lambda: sink.marks[2:] == ["->b", "b3*"])
            assert time.monotonic() - lost < 0.5
            assert feed.gateways == ("ctp-b",)
            await pair.both()
            await until(lambda: sink.marks[4:] == ["b4"])
            await pair.say(pair.a, READY)
            await until(lambda: feed.gateways == ("ctp-a",))
            assert time.monotonic() - lost > 0.4 - 2 * health.BEAT
            await pair.both()
            await until(lambda: sink.marks[5:] == ["->a", "a4"])
        assert not pair.a.wishes.leases
        assert not pair.b.wishes.leases
        assert (bus.stats.failovers, bus.stats.gaps["failover"], bus.stats.missed) == (2, 2, 0)
        assert bus.stats.ticks == 5
    there, back = (record.message for record in caplog.records)
    assert there == "ctp-a is STALE, ctp-b is READY: 1 instruments come from ctp-b now, no longer from ctp-a"
    assert back == "ctp-b is READY, ctp-a is READY: 1 instruments come from ctp-a now, no longer from ctp-b"


async def test_silence_is_a_loss_too_and_a_new_process_is_no_reason_to_return_at_once(pair: Pair) -> None:
    sink = Sink()
    async with pair.connect() as bus, await bus.on_ticks("*", sink.seen.append, on_gap=sink.seen.append) as feed:
        await pair.both()
        await until(lambda: sink.marks == ["a1"])
        pair.speaking.discard(pair.a)
        await pair.a.stop()
        await until(lambda: feed.gateways == ("ctp-b",))
        await pair.b.tick(RB)
        await until(lambda: sink.marks == ["a1", "->b", "b2"])
        await pair.a.restart()
        pair.speaking.add(pair.a)
        await until(lambda: pair.a.wishes.leases)
        await pair.both()
        await until(lambda: sink.marks[3:] == ["b3"])
        await until(lambda: feed.gateways == ("ctp-a",))
        await pair.both()
        await until(lambda: sink.marks[4:] == ["->a", "a2"])  # the epoch changed while it stood by: one gap says it all
        assert bus.stats.gaps == {"failover": 2}


async def test_the_ways_of_asking(pair: Pair) -> None:
    """Gaps inline, the latest only, one gateway by name, and both in the order of another user."""
    async with (
        pair.connect() as bus,
        marketbus.connect(pair.server.url, preferred="ctp-b,ctp-a") as other,
        bus.ticks("rb*.SHFE", gaps=True) as inline,
        bus.ticks(RB, conflate=True) as latest,
        bus.ticks(RB, gateway="ctp-a") as named,
        bus.ticks(RB, in_session=True) as session,
        other.ticks(RB) as turned,
    ):
        await pair.both(count=3)
        await pair.both(flags=TickFlag.OUT_OF_SESSION)
        await until(lambda: bus.stats.ticks == 4 + 4 + 4 + 3 and other.stats.ticks == 4)
        await pair.say(pair.a, STALE)
        await until(lambda: latest.gateways == ("ctp-b",))
        await pair.both()
        await until(lambda: bus.stats.ticks >= 19)
        sink = Sink()
        sink.seen = list(await inline.batch())
        assert sink.marks == ["a1", "a2", "a3", "a4", "->b", "b5"]
        assert [one.seq for one in await latest.batch()] == [5]
        assert [(one.gateway, one.seq) for one in await named.batch()] == [("ctp-a", n) for n in range(1, 6)]
        assert named.gateways == ("ctp-a",)
        assert [one.seq for one in await session.batch()] == [1, 2, 3, 5]
        assert {one.gateway for one in await turned.batch()} == {"ctp-b"}
        assert (await bus.snapshot(RB))[0].gateway == "ctp-b"
        assert (await bus.contract(RB)).gateway == "ctp-b"
        assert await bus.pin(AU) == {"ctp-a": [AU], "ctp-b": [AU]}


async def test_the_preferred_one_is_lost_before_it_begins_or_comes_later(server: Server, pair: Pair) -> None:
    await pair.say(pair.a, STALE)
    await pair.b.tick(RB)
    sink = Sink()
    async with pair.connect() as bus, await bus.on_ticks(RB, sink.seen.append, on_gap=sink.seen.append) as feed:
        assert feed.gateways == ("ctp-b",)
        assert sink.marks == ["b1*"]
    pair.speaking.discard(pair.a)
    await pair.a.stop()
    async with pair.connect() as bus, await bus.on_ticks("*.SHFE", sink.seen.append, on_gap=sink.seen.append) as feed:
        assert feed.gateways == ("ctp-b",)
        await pair.b.tick(RB)
        pair.a.state = READY
        await pair.a.restart()
        pair.speaking.add(pair.a)
        await until(lambda: feed.gateways == ("ctp-a",))
        await pair.both()
        await pair.a.announce("rb2709.SHFE")
        await pair.b.announce("rb2709.SHFE")
        await until(lambda: sink.marks == ["b1*", "b1*", "b2", "->a", "a1"])
        await pair.both("rb2709.SHFE")
        await until(lambda: sink.marks[5:] == ["a1"])


async def test_a_silent_gateway_does_not_keep_a_feed_from_opening(pair: Pair) -> None:
    """Its endpoints are there but nobody answers, as of a worker that is frozen."""
    for late in (False, True):
        async with pair.connect() as bus:
            if late:  # it was well when this client came
                pair.speaking.add(pair.a)
                await pair.a.restart()
                await until(lambda: bus._hub.health.good("ctp-a"))  # pyright: ignore[reportPrivateUsage]
            pair.speaking.discard(pair.a)
            await pair.a.stop()
            mute = await pair.b.nc.subscribe("rpc.ctp-a.>")  # pyright: ignore[reportUnknownMemberType]
            await pair.b.nc.flush()
            if late:
                await until(lambda: bus._hub.health.silent("ctp-a"))  # pyright: ignore[reportPrivateUsage]
            began = time.monotonic()
            async with bus.ticks(RB) as feed:
                assert feed.gateways == ("ctp-b",)
                assert time.monotonic() - began < 2
            await mute.unsubscribe()


async def test_an_outage_of_nats_blames_neither(server: Server, pair: Pair) -> None:
    sink = Sink()
    async with pair.connect() as bus, await bus.on_ticks(RB, sink.seen.append, on_gap=sink.seen.append) as feed:
        await pair.both()
        await until(lambda: sink.marks == ["a1"])
        server.kill()
        await until(lambda: not bus.connected)
        await asyncio.sleep(0.7)  # longer than any silence that is forgiven
        server.start()
        await until(lambda: bus.connected and pair.a.nc.is_connected and pair.b.nc.is_connected)
        await until(lambda: pair.a.asked.count("snapshot") == 2)
        await pair.both()
        await until(lambda: sink.marks[1:] == ["a2"])
        assert feed.gateways == ("ctp-a",)
        assert bus.stats.failovers == 0


async def test_without_asyncio(pair: Pair) -> None:
    loop = asyncio.get_running_loop()

    def script() -> list[str]:
        def market(count: int = 1) -> None:
            asyncio.run_coroutine_threadsafe(pair.both(count=count), loop).result(5)

        with marketbus.connect_sync(pair.server.url, preferred=["ctp-a", "ctp-b"]) as bus:
            gaps: list[Gap] = []
            switched = threading.Event()
            bus.on_gap(lambda gap: (gaps.append(gap), switched.set()))
            with bus.ticks(RB) as feed:
                market()
                seen = [next(feed).gateway, *feed.gateways]
                asyncio.run_coroutine_threadsafe(pair.say(pair.a, STALE), loop).result(5)
                assert switched.wait(5)
                market()
                seen += [next(feed).gateway, *feed.gateways]
            return [*seen, str(gaps[0].cause)]

    assert await asyncio.to_thread(script) == ["ctp-a", "ctp-a", "ctp-b", "ctp-b", "failover"]
