"""MD: ticks and subscriptions."""

import time

import pytest

from marketbus import Tick, TickFlag, UnknownInstrument
from marketbus.ports.gateway import Capability
from tests.contract.line import MAIN, Line
from tests.system import Recorder, eventually


@pytest.mark.card("MD-01", needs=Capability.MARKET_DATA)
async def test_md_01_ticks_are_the_venues_numbered_stamped_and_flagged(line: Line) -> None:
    async with line.connect() as bus:
        await line.serving(bus)
        seen = Recorder()
        async with await line.follow(bus, seen, line.pinned, line.other):
            await eventually(lambda: len(symbols(seen.live)) == 2, "ticks of both")
            line.venue.pause()
            line.venue.burst(20)
            sent = {symbol: line.venue.sent(symbol) for symbol in (line.pinned, line.other)}
            complete = lambda: all(newest(seen, symbol).volume == sent[symbol].volume for symbol in sent)  # noqa: E731
            await eventually(complete, "the newest ticks")
            line.venue.resume()
    assert not seen.gaps
    for symbol, truth in sent.items():
        ticks = [tick for tick in seen.ticks if tick.vt_symbol == symbol and not tick.flags & TickFlag.SNAPSHOT]
        assert [tick.seq for tick in ticks] == list(range(ticks[0].seq, ticks[0].seq + len(ticks)))
        last = newest(seen, symbol)
        assert last.gateway == MAIN
        assert (last.last_price, last.bid_price_1, last.ask_price_1, last.volume) == truth[2:]
        assert abs((last.time - truth.time).total_seconds()) <= 1
        assert last.trading_day == truth.trading_day
        assert abs(time.time_ns() - last.received) < 30 * 10**9
        assert bool(last.flags & TickFlag.SIMULATED) is line.registered.simulated
        assert not last.flags & (TickFlag.CROSSED | TickFlag.NO_LAST)
        if line.registered.simulated:  # another host does not know the market's clock and may take it for a replay
            assert not last.flags & TickFlag.OUT_OF_SESSION


@pytest.mark.card("MD-02", needs=Capability.MARKET_DATA)
async def test_md_02_a_subscription_is_requested_at_the_venue_and_acknowledged(line: Line) -> None:
    async with line.connect() as bus:
        before = await line.serving(bus)
        assert before.simulated is line.registered.simulated
        async with await line.follow(bus, Recorder(), line.other):
            status = await line.until(bus, lambda s: s.acknowledged == s.requested == 2, "the answer", MAIN)
            wanted = {one.vt_symbol: one for one in await bus.subscriptions(MAIN)}
            assert wanted.keys() == {line.pinned, line.other}
            assert all(one.requested and one.acknowledged for one in wanted.values())
            assert {line.pinned, line.other} <= line.venue.subscribed()
            assert status.leases == 1


@pytest.mark.card("MD-03", needs=Capability.MARKET_DATA)
async def test_md_03_after_a_new_login_each_instrument_is_asked_for_exactly_once(line: Line) -> None:
    async with line.connect() as bus:
        await line.serving(bus)
        seen = Recorder()
        async with await line.follow(bus, seen, line.pinned, line.other):
            # Ticks alone show nothing: a gateway that cannot unsubscribe still has them from a card before.
            await line.until(bus, lambda s: s.acknowledged == s.requested == 2, "both asked for", MAIN)
            await eventually(lambda: len(symbols(seen.live)) == 2, "ticks of both")
            asked, logins = len(line.venue.subscribe_requests()), line.venue.logins_tried()
            line.venue.drop()
            await eventually(lambda: line.venue.logins_tried() > logins, "the next login")
            both = {line.pinned, line.other}
            await eventually(lambda: both <= line.venue.subscribed(), "both at the venue again")
            before = len(seen.live)
            await eventually(lambda: symbols(seen.live[before:]) == both, "ticks of both again")
            again = line.venue.subscribe_requests()[asked:]
            assert [again.count(symbol.partition(".")[0]) for symbol in line.registered.symbols] == [1, 1]
            assert line.venue.logins_tried() == logins + 1


@pytest.mark.card("MD-04", needs=Capability.CONTRACTS)
async def test_md_04_an_unknown_symbol_is_answered_and_costs_the_others_nothing(line: Line) -> None:
    stranger = line.registered.stranger
    async with line.connect() as bus:
        await line.serving(bus)
        await eventually(lambda: f"{stranger} matches no contract" in line.main.words(), "the word on the pin")
        with pytest.raises(UnknownInstrument):
            await bus.on_ticks([line.other, stranger], Recorder().tick, gateway=MAIN, wait=0)
        seen = Recorder()
        async with await line.follow(bus, seen, line.pinned):
            await eventually(lambda: seen.live, "ticks of the known one")
        assert {one.vt_symbol for one in await bus.subscriptions(MAIN)} == {line.pinned}


@pytest.mark.card("MD-05", needs=Capability.UNSUBSCRIBE)
async def test_md_05_what_nobody_wants_any_more_is_unsubscribed(line: Line) -> None:
    async with line.connect() as bus:
        await line.serving(bus)
        seen = Recorder()
        async with await line.follow(bus, seen, line.pinned, line.other):
            await eventually(lambda: len(symbols(seen.live)) == 2, "ticks of both")
        await eventually(lambda: line.venue.subscribed() == {line.pinned}, "the end at the venue")


@pytest.mark.card("MD-05", lacks=Capability.UNSUBSCRIBE)
async def test_md_05_a_gateway_that_cannot_unsubscribe_is_not_asked_to(line: Line) -> None:
    async with line.connect() as bus:
        before = await line.serving(bus)
        seen = Recorder()
        async with await line.follow(bus, seen, line.pinned, line.other):
            await eventually(lambda: len(symbols(seen.live)) == 2, "ticks of both")
        status = await line.until(bus, lambda s: s.requested == 1 and s.leases == 0, "the lease's end", MAIN)
        assert Capability.UNSUBSCRIBE not in status.capabilities
        assert line.venue.subscribed() == {line.pinned, line.other}
        assert (status.epoch, status.errors) == (before.epoch, {})


def symbols(ticks: list[Tick]) -> set[str]:
    return {tick.vt_symbol for tick in ticks}


def newest(seen: Recorder, symbol: str) -> Tick:
    return next(tick for tick in reversed(seen.ticks) if tick.vt_symbol == symbol)
