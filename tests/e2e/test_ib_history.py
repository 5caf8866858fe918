"""Bars and ticks of the past: the unmodified ib_async on a simulated TWS, which knows what there was."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from marketbus.domain.bar import Bar, Interval
from marketbus.domain.errors import GatewayError, NotSupported, UnknownInstrument
from marketbus.domain.history import HistoryPart, HistoryRequest, TickKind
from marketbus.domain.instrument import parse_instrument
from marketbus.domain.tick import Tick, TickFlag
from marketbus.domain.times import NS, from_datetime
from marketbus.gateways.ib import history, history_pace, session
from marketbus.lab.tws import TwsLab, bars
from marketbus.lab.tws.pacing import HistoryPacing
from tests.system.ib_line import IbLine, ib_line
from tests.system.poll import eventually
from tests.system.tws import Tws

AAPL, ES, EURO = "AAPL-USD-STK.SMART", "ES-20261218-USD-FUT.CME", "EUR-USD-CASH.IDEALPRO"
BITCOIN, CONTINUOUS = "BTC-USD-CRYPTO.GLOBAL", "ES-USD-CONTFUT.CME"
NUMBER = 265598
THURSDAY = datetime(2026, 11, 19, 15, tzinfo=UTC)


@pytest.fixture
def tws() -> Iterator[Tws]:
    tws = Tws()
    yield tws
    tws.stop()


def asked(
    symbol: str, interval: str, start: datetime, end: datetime, ticks: TickKind = TickKind.TRADES
) -> HistoryRequest:
    return HistoryRequest(parse_instrument(symbol), Interval(interval), from_datetime(start), from_datetime(end), ticks)


async def parts(line: IbLine, request: HistoryRequest) -> list[HistoryPart]:
    return [part async for part in line.gateway.query_history(request)]


async def past(line: IbLine, symbol: str, interval: str, start: datetime, end: datetime) -> list[Bar]:
    found = await parts(line, asked(symbol, interval, start, end))
    told = [each for part in found for each in part.items if isinstance(each, Bar)]
    assert [each.datetime for each in told] == sorted({each.datetime for each in told})
    return told


def known(lab: TwsLab, size: int, start: datetime, end: datetime) -> list[tuple[int, float, float, float]]:
    """What TWS knows of Apple, in one go: second, open, close, volume of each bar."""
    contract = lab.terminal.contract(NUMBER)
    request = bars.Request(contract=contract, begin=start, end=end, size=size, show="TRADES", regular=False, epoch=True)
    found = bars.cut(request, lab.history._past, lab.feed.latest(contract).close)  # pyright: ignore[reportPrivateUsage]
    return [(int(each.date), float(each.open), float(each.close), float(each.volume)) for each in found]


def shown(found: Sequence[Bar]) -> list[tuple[int, float, float, float]]:
    return [(each.datetime // NS, each.open_price, each.close_price, each.volume) for each in found]


async def test_bars_of_several_pieces_are_what_there_was(tws: Tws) -> None:
    """Two days of minutes take three requests; seconds take seven, and the sixth waits."""
    async with ib_line(tws) as line:
        begin, end = THURSDAY - timedelta(days=2), THURSDAY
        minutes = await past(line, AAPL, "1m", begin, end)
        assert shown(minutes) == tws.call(lambda lab: known(lab, 60, begin, end))
        assert {each.trading_day for each in minutes} == {20261117, 20261118, 20261119}
        assert all(each.flags & TickFlag.SIMULATED and each.turnover for each in minutes)
        end = THURSDAY + timedelta(seconds=1800 * 7 - 20)
        seconds = await past(line, AAPL, "1s", THURSDAY, end)
        assert shown(seconds) == tws.call(lambda lab: known(lab, 1, THURSDAY, end))
        hours = await past(line, AAPL, "1h", begin, THURSDAY)
        assert shown(hours) == [
            each for each in tws.call(lambda lab: known(lab, 3600, begin, THURSDAY + timedelta(hours=1)))
            if each[0] < THURSDAY.timestamp()
        ]  # fmt: skip
        assert not line.heard.rejects
        assert not line.logged("ib.notice")


async def test_every_kind_has_its_past_and_what_is_not_over_is_left_out(tws: Tws) -> None:
    """It is Friday, half past nine in New York."""
    async with ib_line(tws) as line:
        now = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
        begin, later = now - timedelta(days=3), now + timedelta(days=2)
        days = await past(line, ES, "d", begin - timedelta(days=7), later)
        assert [each.trading_day for each in days] == [20261111, 20261112, 20261113, *range(20261116, 20261120)]
        hours = await past(line, ES, "1h", now - timedelta(hours=3), later)
        assert hours[-1].datetime == from_datetime(now.replace(hour=13, minute=0))
        assert hours[-1].trading_day == 20261120
        euro = await past(line, EURO, "5m", now - timedelta(hours=2), now)
        assert {each.volume for each in euro} == {0.0}
        assert len(euro) == 24
        assert await past(line, BITCOIN, "15m", now - timedelta(hours=2), now)
        assert [each.trading_day for each in await past(line, CONTINUOUS, "d", begin, later)] == [20261118, 20261119]
        saturday = datetime(2026, 11, 14, 6, tzinfo=UTC)
        assert await past(line, AAPL, "1m", saturday, saturday + timedelta(hours=5)) == []
        assert await past(line, AAPL, "1m", later, later + timedelta(hours=1)) == []
        for symbol, interval, start, error in (
            ("AAPPL-USD-STK.SMART", "1m", begin, UnknownInstrument),
            (AAPL, "w", begin, NotSupported),
            (CONTINUOUS, "1m", begin, NotSupported),
            ("265598.CFFEX", "1m", begin, UnknownInstrument),
        ):
            with pytest.raises(error):
                await past(line, symbol, interval, start, later)
        with pytest.raises(NotSupported, match="no trades"):
            await parts(line, asked(EURO, "tick", begin, now))


@pytest.mark.parametrize("kind", TickKind)
async def test_ticks_come_each_once_however_many_a_second_has(tws: Tws, kind: TickKind) -> None:
    async with ib_line(tws) as line:
        begin, end = THURSDAY + timedelta(milliseconds=500), THURSDAY + timedelta(seconds=1500)
        found = await parts(line, asked(AAPL, "tick", begin, end, kind))
        ticks = [each for part in found for each in part.items if isinstance(each, Tick)]
        told = [(each.datetime // NS, each.last_volume or each.bid_volume_1) for each in ticks]

        def there_were(lab: TwsLab) -> list[tuple[int, float]]:
            seconds, lots = lab.history.ticks(lab.terminal.contract(NUMBER), THURSDAY, 100_000, forward=True)
            rows = list(zip(seconds.tolist(), lots.tolist(), strict=True))
            return [row for row in rows if THURSDAY.timestamp() < row[0] < end.timestamp()]

        truth = tws.call(there_were)
        assert len(truth) > 2000
        assert told == truth
        assert all(bool(each.flags & TickFlag.NO_LAST) == (kind is TickKind.QUOTES) for each in ticks)
        assert all(part.until % NS == 0 for part in found)


async def test_what_was_asked_a_moment_ago_is_told_without_asking(tws: Tws) -> None:
    """Several strategies begin with the same bars, and IB would let the second wait for 15 seconds."""
    async with ib_line(tws) as line:
        first = await past(line, AAPL, "1m", THURSDAY - timedelta(hours=2), THURSDAY)
        now = datetime.fromtimestamp(line.gateway.market_clock.now() // NS, UTC)
        several = [past(line, ES, "1m", now - timedelta(hours=1), now + timedelta(hours=1)) for _ in range(4)]
        assert len({len(each) for each in await asyncio.wait_for(asyncio.gather(*several), 5)}) == 1
        tws.control.history_farm(on=False)
        assert await past(line, AAPL, "1m", THURSDAY - timedelta(hours=2), THURSDAY) == first
        with pytest.raises(GatewayError, match=r"\[162\].*HMDS data farm connection is broken"):
            await past(line, AAPL, "1m", THURSDAY - timedelta(hours=3), THURSDAY)


async def test_a_pacing_violation_is_waited_out(tws: Tws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_pace, "AGAIN", 0.3)

    def spent(lab: TwsLab) -> None:
        pacing = lab.history._pacing.setdefault(7, HistoryPacing())  # pyright: ignore[reportPrivateUsage]
        pacing._all.extend([lab.now_ns()] * 60)  # pyright: ignore[reportPrivateUsage]

    tws.control.clock(step=25)
    async with ib_line(tws) as line:
        tws.call(spent)
        found: list[HistoryPart] = []
        monkeypatch.setattr(history_pace, "SAME", 0.1)
        async for part in line.gateway.query_history(asked(AAPL, "1m", THURSDAY, THURSDAY + timedelta(hours=1))):
            found.append(part)
            if part.wait:
                assert part.until == from_datetime(THURSDAY)
                tws.control.clock(step=625)
        assert any(part.wait for part in found)
        assert len(found[-1].items) == 60

        # The minute that had begun when it was asked for is not whole, though it is over when the answer comes.
        tws.call(spent)
        now = line.gateway.market_clock.now()
        told: list[Bar] = []
        begin = datetime.fromtimestamp(now // NS, UTC) - timedelta(minutes=10)
        async for part in line.gateway.query_history(asked(AAPL, "1m", begin, begin + timedelta(days=1))):
            told += [each for each in part.items if isinstance(each, Bar)]
            if part.wait and line.gateway.market_clock.now() < now + 600 * NS:
                tws.control.clock(step=625)
                await eventually(lambda: line.gateway.market_clock.now() > now + 600 * NS, "TWS's time")
        minute = 60 * NS
        assert told[-1].datetime == now // minute * minute - minute


@pytest.mark.parametrize("fault", ["cut", "drop"])
async def test_a_line_that_breaks_in_the_middle_is_waited_for(
    tws: Tws, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """Cut: the connection ends. Drop: an answer never comes, and TWS is told that nobody waits for it."""
    monkeypatch.setattr(history_pace, "SAME", 0.2)
    monkeypatch.setattr(history, "ANSWER", 0.5)
    tws.call(lambda lab: monkeypatch.setattr(lab.history, "_allowed", always))
    async with ib_line(tws) as line:
        begin, end = THURSDAY - timedelta(days=2), THURSDAY
        tws.control.fault("historicalData", fault, skip=1)
        tws.control.fault("cancelHistoricalData", "duplicate")
        assert shown(await past(line, AAPL, "1m", begin, end)) == tws.call(lambda lab: known(lab, 60, begin, end))
        assert tws.control.heal() == (2 if fault == "drop" else 1)
        assert not [each for each in line.logged("ib.notice") if each.fields["error"] == 366]


@pytest.mark.parametrize("fault", ["gone", "mute"])
async def test_a_tws_that_stays_away_ends_it_with_a_reason(
    tws: Tws, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr(history, "RETURN", 0.5)
    monkeypatch.setattr(history_pace, "SAME", 0.1)
    monkeypatch.setattr(session, "ASK_AFTER", 0.3)
    monkeypatch.setattr(session, "MUTE_AFTER", 1.0)
    async with ib_line(tws) as line:
        if fault == "gone":
            await asyncio.to_thread(tws.control.refuse)
            tws.control.fault("reqHistoricalData", "cut")
        else:
            tws.control.mute()
        for _ in range(2):
            with pytest.raises(GatewayError, match="connection to TWS"):
                await past(line, AAPL, "1m", THURSDAY, THURSDAY + timedelta(hours=1))


def always(*_: object) -> bool:
    return True


async def test_who_gives_up_has_it_cancelled_at_tws_and_orders_never_wait(tws: Tws) -> None:
    async with ib_line(tws) as line:
        await line.subscribe(AAPL)
        tws.control.fault("historicalData", "drop")
        tws.control.fault("cancelHistoricalData", "delay", ms=1)
        asking = asyncio.create_task(past(line, AAPL, "1m", THURSDAY, THURSDAY + timedelta(hours=1)))
        await eventually(lambda: tws.call(lambda lab: lab.script.faults[0].hits), "the request")
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await eventually(lambda: tws.call(lambda lab: lab.script.faults[1].hits), "the cancel")
        assert await past(line, AAPL, "1m", THURSDAY - timedelta(hours=1), THURSDAY)
        assert not [each for each in line.logged("ib.notice") if each.fields["error"] == 366]
