import time
from collections.abc import Callable
from threading import Event, Thread

from marketbus.application.market_data import MarketData, Tally, snapshot
from marketbus.domain.instrument import Pattern
from marketbus.domain.tick import Tick, TickFlag
from tests.unit.application.fakes import FakeTicks, tick


def test_every_instrument_is_numbered_from_one_without_a_hole() -> None:
    ticks = FakeTicks()
    market_data = MarketData(7, ticks)
    for vt_symbol in ("rb2701.SHFE", "au2612.SHFE", "rb2701.SHFE", "rb2701.INE"):
        market_data.tick(tick(vt_symbol))
    assert [(t.vt_symbol, t.epoch, t.seq) for t in ticks.sent] == [
        ("rb2701.SHFE", 7, 1),
        ("au2612.SHFE", 7, 1),
        ("rb2701.SHFE", 7, 2),
        ("rb2701.INE", 7, 1),
    ]


class Unhurried(FakeTicks):
    """Lets other threads have the GIL in the middle of a hand-over."""

    def tick(self, tick: Tick) -> None:
        time.sleep(0)
        super().tick(tick)


def in_threads(*feeds: Callable[[], None]) -> None:
    threads = [Thread(target=feed) for feed in feeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads)


def test_the_order_on_the_bus_is_the_order_of_the_numbers_whatever_threads_call() -> None:
    ticks = Unhurried()
    market_data = MarketData(1, ticks)
    market_data.market_now = lambda: tick("rb2701.SHFE").datetime

    def feed() -> None:
        for _ in range(1000):
            for vt_symbol in ("rb2701.SHFE", "au2612.SHFE"):
                market_data.tick(tick(vt_symbol))

    in_threads(*[feed] * 4)
    for symbol in ("rb2701", "au2612"):
        assert [t.seq for t in ticks.sent if t.symbol == symbol] == list(range(1, 4001))
    assert market_data.count == 8000
    assert market_data.from_venue().count == 2 * 4000 // 8


def test_an_instrument_whose_tick_is_under_way_holds_up_no_other() -> None:
    going, go = Event(), Event()

    class Held(FakeTicks):
        def tick(self, tick: Tick) -> None:
            if tick.symbol == "rb2701":
                going.set()
                assert go.wait(20)
            super().tick(tick)

    ticks = Held()
    market_data = MarketData(1, ticks)
    under_way = Thread(target=market_data.tick, args=(tick("rb2701.SHFE"),))
    under_way.start()
    assert going.wait(20)
    in_threads(lambda: market_data.tick(tick("au2612.SHFE")), lambda: market_data.tick(tick("cu2701.SHFE")))
    assert (len(market_data.newest()), market_data.count) == (3, 3)
    go.set()
    under_way.join(20)
    assert [t.symbol for t in ticks.sent][-1] == "rb2701"


def test_a_snapshot_is_the_newest_of_each_flagged_as_such() -> None:
    market_data = MarketData(1, FakeTicks())
    for volume in (1, 2):
        market_data.tick(tick("rb2701.SHFE", volume))
        market_data.tick(tick("au2612.SHFE", volume))
    (one,) = snapshot(market_data, [Pattern("rb2701.SHFE")])
    assert (one.volume, one.seq, one.flags) == (2, 2, TickFlag.SNAPSHOT)
    assert len(snapshot(market_data, [Pattern("*.SHFE"), Pattern("rb2701.SHFE")])) == 2
    assert snapshot(market_data, [Pattern("cu2701.SHFE")]) == []
    last = market_data.last(one.instrument)
    assert last is not None
    assert not last.flags & TickFlag.SNAPSHOT


def test_a_tally_speaks_at_powers_of_ten() -> None:
    tally = Tally()
    assert [n for n in range(1, 201) if tally.add("x")] == [1, 10, 100]
    assert tally.counts() == {"x": 200}
