"""Feeds over a real NATS server: what arrives, what does not, and what is said about it."""

import asyncio
import random
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest

import marketbus
from marketbus import Bus, Gap, GapCause, Tick, TickFlag
from marketbus.wire import codec
from tests.unit.client.fakes import Server, Worker, running_server, until, working

RB, RB2, AU = "rb2701.SHFE", "rb2705.SHFE", "au2706.SHFE"


@pytest.fixture
def server(tmp_path: Path) -> Generator[Server, None, None]:
    with running_server(tmp_path) as one:
        yield one


@pytest.fixture
async def worker(server: Server) -> AsyncGenerator[Worker, None]:
    async with working(server.url, "ctp", RB, RB2, AU) as one:
        yield one


@pytest.fixture
async def bus(server: Server) -> AsyncGenerator[Bus, None]:
    async with marketbus.connect(server.url) as one:
        yield one


class Sink:
    """Collects a callback feed."""

    def __init__(self) -> None:
        self.ticks: list[Tick] = []
        self.gaps: list[Gap] = []

    @property
    def seqs(self) -> list[int]:
        return [tick.seq for tick in self.ticks]


async def test_the_last_value_comes_first_then_every_live_tick(worker: Worker, bus: Bus) -> None:
    await worker.tick(RB, 3)
    seen: list[Tick] = []
    async for tick in bus.ticks(RB):
        seen.append(tick)
        if len(seen) == 1:
            await worker.tick(RB, 5)
        if len(seen) == 6:
            break
    assert [tick.seq for tick in seen] == [3, 4, 5, 6, 7, 8]
    assert [bool(tick.flags & TickFlag.SNAPSHOT) for tick in seen] == [True] + [False] * 5


async def test_ticks_sent_while_the_snapshot_is_taken_are_neither_lost_nor_doubled(worker: Worker, bus: Bus) -> None:
    await worker.tick(RB, 2)

    async def meanwhile() -> None:
        await worker.tick(RB, 4)

    worker.before_snapshot = meanwhile
    sink = Sink()
    async with await bus.on_ticks(RB, sink.ticks.append, on_gap=sink.gaps.append):
        worker.before_snapshot = None
        await worker.tick(RB, 2)
        await until(lambda: sink.seqs[-1:] == [8])
    assert sink.seqs == [6, 7, 8]
    assert not sink.gaps


async def test_breaking_out_of_the_loop_gives_the_lease_back(worker: Worker, bus: Bus) -> None:
    await worker.tick(RB)
    async for tick in bus.ticks("rb*.SHFE"):
        assert len(worker.wishes.leases) == 1
        assert tick.seq == 1
        break
    await until(lambda: not worker.wishes.leases)


async def test_closing_the_bus_gives_every_lease_back_and_ends_the_loops(server: Server, worker: Worker) -> None:
    async def follow(bus: Bus) -> int:
        return len([tick async for tick in bus.ticks(RB)])

    bus = await marketbus.connect(server.url)
    await bus.on_ticks(AU, lambda _: None)
    await worker.tick(RB)
    task = asyncio.create_task(follow(bus))
    await until(lambda: bus.stats.ticks == 1 and len(worker.wishes.leases) == 2)
    await bus.close()
    assert await task == 1
    assert not worker.wishes.leases


async def test_leases_are_renewed_while_it_listens(worker: Worker, bus: Bus) -> None:
    async with await bus.on_ticks(RB, lambda _: None, ttl=0.15):
        await until(lambda: worker.asked.count("renew") >= 4)
        worker.wishes.release(worker.wishes.leases[0].owner)
        await until(lambda: len(worker.wishes.leases) == 1)


async def test_a_handler_that_raises_is_counted_and_the_feed_goes_on(worker: Worker, bus: Bus) -> None:
    calls = 0

    def bad(_: Tick) -> None:
        nonlocal calls
        calls += 1
        raise ZeroDivisionError

    async with await bus.on_ticks(RB, bad):
        await worker.tick(RB, 1000)
        await until(lambda: calls == 1000)
        assert bus.stats.handler_errors == 1000
        await worker.tick(RB)
        await until(lambda: calls == 1001)


async def test_batches_and_coroutine_handlers(worker: Worker, bus: Bus) -> None:
    batches: list[list[Tick]] = []
    awaited: list[int] = []

    async def slowly(tick: Tick) -> None:
        await asyncio.sleep(0)
        awaited.append(tick.seq)

    async with await bus.on_ticks(RB, batches.append, batch=True), await bus.on_ticks(RB, slowly):
        await worker.tick(RB, 500)
        await until(lambda: sum(map(len, batches)) == 500 and len(awaited) == 500)
    assert [tick.seq for batch in batches for tick in batch] == list(range(1, 501)) == awaited
    assert len(batches) < 500


async def test_a_hole_in_the_numbers_is_reported_once_with_its_bounds(worker: Worker, bus: Bus) -> None:
    told: list[Gap] = []
    bus.on_gap(told.append)
    async with bus.ticks(RB, gaps=True) as feed:
        await worker.tick(RB)
        worker.make(RB)
        worker.make(RB)
        await worker.tick(RB)
        out = [await anext(feed) for _ in range(3)]
    assert isinstance(out[1], Gap)
    assert (out[1].cause, out[1].missed, out[1].first, out[1].last) == (GapCause.SEQUENCE, 2, 2, 3)
    assert told == [out[1]]
    assert bus.stats.gaps["sequence"] == 1
    assert bus.stats.missed == 2


async def test_nats_dies_and_returns(server: Server, worker: Worker, bus: Bus) -> None:
    sink = Sink()
    async with await bus.on_ticks("rb*.SHFE", sink.ticks.append, on_gap=sink.gaps.append):
        await worker.tick(RB, 2)
        await until(lambda: sink.seqs == [1, 2])
        server.kill()
        await until(lambda: not bus.connected)
        with pytest.raises(marketbus.BusUnavailable):
            await bus.snapshot(RB, wait=0)
        for _ in range(3):
            worker.make(RB)  # what the publisher had to drop meanwhile
        server.start()
        await until(lambda: worker.nc.is_connected)
        await worker.tick(RB, 2)
        await until(lambda: sink.seqs[-1:] == [7])
        await until(lambda: len(worker.wishes.leases) == 1)
    assert sink.seqs in ([1, 2, 6, 7], [1, 2, 7], [1, 2, 5, 6, 7])
    assert {gap.cause for gap in sink.gaps} == {GapCause.RECONNECT}
    assert sum(gap.missed or 0 for gap in sink.gaps) == 7 - len(sink.seqs)


async def test_a_quiet_outage_leaves_no_gap_but_brings_missed_values(server: Server, worker: Worker, bus: Bus) -> None:
    sink = Sink()
    async with await bus.on_ticks("*.SHFE", sink.ticks.append, on_gap=sink.gaps.append):
        await worker.tick(RB, 2)
        await worker.tick(AU, 1)
        await until(lambda: len(sink.ticks) == 3)
        server.kill()
        await until(lambda: not bus.connected)
        worker.make(AU)
        server.start()
        await until(lambda: len(sink.ticks) == 4)
    assert sink.ticks[-1].vt_symbol == AU
    assert sink.ticks[-1].flags & TickFlag.SNAPSHOT
    assert not sink.gaps


async def test_a_gateway_restarts(worker: Worker, bus: Bus) -> None:
    sink = Sink()
    async with await bus.on_ticks("rb*.SHFE", sink.ticks.append, on_gap=sink.gaps.append):
        await worker.tick(RB, 3)
        await until(lambda: sink.seqs == [1, 2, 3])
        stale = worker.make(RB)
        worker.asked.clear()
        await worker.restart()
        # Its last values are taken before it has any; else the first tick might come with them.
        await until(lambda: len(worker.wishes.leases) == 1 and "snapshot" in worker.asked)
        await worker.tick(RB, 2)
        await until(lambda: [(tick.epoch, tick.seq) for tick in sink.ticks[3:]] == [(2, 1), (2, 2)])
        await worker.send(stale)
        await until(lambda: bus.stats.stale == 1)
    assert [(gap.cause, gap.missed) for gap in sink.gaps] == [(GapCause.EPOCH, None)]


async def test_ticks_of_a_new_process_wait_until_the_gateway_confirms_it(worker: Worker, bus: Bus) -> None:
    sink = Sink()
    async with await bus.on_ticks(RB, sink.ticks.append, on_gap=sink.gaps.append):
        await worker.tick(RB, 2)
        await until(lambda: len(sink.ticks) == 2)
        worker.epoch, worker.seqs = 2, {}
        await worker.tick(RB, 3)
        await until(lambda: len(sink.ticks) == 5)
    assert [(tick.epoch, tick.seq) for tick in sink.ticks[2:]] == [(2, 1), (2, 2), (2, 3)]


async def test_one_mad_epoch_does_not_silence_a_feed(worker: Worker, bus: Bus) -> None:
    sink = Sink()
    async with await bus.on_ticks(RB, sink.ticks.append, on_gap=sink.gaps.append):
        await worker.tick(RB, 1)
        mad = worker.make(RB)
        await worker.send(Tick("ctp", mad.symbol, mad.exchange, 0, 0, 2**62, 1))
        await worker.send(mad)
        await worker.tick(RB, 1)
        await until(lambda: sink.seqs == [1, 2, 3])
        await until(lambda: bus.stats.bad_payloads == 1)
    assert not sink.gaps


async def test_fuzzed_payloads_are_counted_and_change_nothing(worker: Worker, bus: Bus) -> None:
    dice = random.Random(7)
    sink = Sink()
    async with await bus.on_ticks("*.SHFE", sink.ticks.append):
        good = codec.encode(worker.make(RB))
        for _ in range(500):
            await worker.nc.publish("md.tick.ctp.SHFE.rb2701", dice.randbytes(dice.randrange(0, 64)))
            await worker.nc.publish("md.tick.ctp.SHFE.rb2701", good[: dice.randrange(len(good))])
        await worker.nc.publish("md.tick.ctp.SHFE.rb%zz", good)
        await worker.nc.publish("md.tick.ctp.SHFE.au2706", good)
        await worker.nc.publish("md.tick.ctp.SHFE.rb2701", b"\x91" * 70_000)
        await worker.nc.publish("sys.gateway.ctp", b"\xc1")
        await worker.nc.publish("md.tick.ctp.SHFE.rb2701", good)
        await worker.tick(RB)
        await until(lambda: sink.seqs == [1, 2])
    assert bus.stats.bad_payloads == 1004


async def test_a_slow_consumer_loses_the_oldest_and_hears_of_it(worker: Worker, bus: Bus) -> None:
    async with bus.ticks(RB, AU, gaps=True, limit=100) as feed:
        await worker.tick(AU)
        await worker.tick(RB, 1000)
        await until(lambda: bus.stats.ticks == 1001)
        await worker.tick(RB)
        out = [await anext(feed)]
        while not (isinstance(out[-1], Tick) and (out[-1].symbol, out[-1].seq) == ("rb2701", 1001)):
            out.append(await anext(feed))
    gap = next(one for one in out if isinstance(one, Gap))
    assert (gap.vt_symbol, gap.cause, gap.first) == (RB, GapCause.SLOW_CONSUMER, 1)
    assert gap.missed == gap.last
    rb = [one.seq for one in out if isinstance(one, Tick) and one.symbol == "rb2701"]
    assert rb == list(range((gap.last or 0) + 1, 1002))
    au = [one for one in out if isinstance(one, Tick) and one.symbol == "au2706"]
    assert [one.flags & TickFlag.SNAPSHOT for one in au] == [TickFlag.SNAPSHOT]


async def test_conflated_and_in_session(worker: Worker, bus: Bus) -> None:
    async with bus.ticks(RB, conflate=True) as latest, bus.ticks(RB, in_session=True) as session:
        await worker.tick(RB, 99)
        await worker.tick(RB, flags=TickFlag.OUT_OF_SESSION)
        await until(lambda: bus.stats.ticks == 199)
        assert (await anext(latest)).seq == 100
        assert [(await anext(session)).seq for _ in range(99)] == list(range(1, 100))


async def test_newly_listed_contracts_are_followed(worker: Worker, bus: Bus) -> None:
    sink = Sink()
    async with await bus.on_ticks("rb*.SHFE", sink.ticks.append):
        await worker.announce("rb2709.SHFE")
        asked = len(worker.asked)
        await until(lambda: "snapshot" in worker.asked[asked:])
        await worker.tick("rb2709.SHFE", 2)
        await until(lambda: sink.seqs == [1, 2])


async def test_a_gateway_that_appears_later_is_taken_in(server: Server, worker: Worker, bus: Bus) -> None:
    sink = Sink()
    async with await bus.on_ticks("*", sink.ticks.append), working(server.url, "sopt", "10005000.SSE") as late:
        await until(lambda: late.wishes.leases)
        await late.tick("10005000.SSE")
        await until(lambda: [tick.gateway for tick in sink.ticks] == ["sopt"])


async def test_a_wide_glob_is_filtered_here(server: Server, bus: Bus) -> None:
    many = [f"m{n}.DCE" for n in range(400)]
    async with working(server.url, "ctp", *many, "y2701.DCE") as worker:
        sink = Sink()
        async with await bus.on_ticks("m*.DCE", sink.ticks.append):
            await worker.tick("y2701.DCE")
            await worker.tick("m399.DCE")
            await until(lambda: sink.ticks)
        assert [tick.symbol for tick in sink.ticks] == ["m399"]
