from threading import Thread

from marketbus.application.market_data import MarketData, Tally, snapshot
from marketbus.domain.instrument import Pattern
from marketbus.domain.tick import TickFlag
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


def test_the_order_on_the_bus_is_the_order_of_the_numbers_whatever_threads_call() -> None:
    ticks = FakeTicks()
    market_data = MarketData(1, ticks)

    def feed() -> None:
        for _ in range(2000):
            market_data.tick(tick("rb2701.SHFE"))

    threads = [Thread(target=feed) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [t.seq for t in ticks.sent] == list(range(1, 8001))


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
