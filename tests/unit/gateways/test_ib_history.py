"""The past at IB's pace: what a span is cut into, how often IB is asked, and what its rows become."""

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from ib_async.contract import Contract as IbContract
from ib_async.objects import BarData, HistoricalTickBidAsk, HistoricalTickLast, TickAttribBidAsk, TickAttribLast

from marketbus.domain.bar import DAY, Bar, Interval
from marketbus.domain.contract import Contract, Product
from marketbus.domain.instrument import Exchange
from marketbus.domain.tick import TickFlag
from marketbus.domain.times import NS, from_datetime, to_datetime
from marketbus.gateways.ib.catalogue import Entry
from marketbus.gateways.ib.history_pace import AGAIN, LONGEST, Asked, HistoryPace
from marketbus.gateways.ib.history_pieces import MOST_TICKS, Piece, bar_size, pieces, stride
from marketbus.gateways.ib.history_rows import bars_of, quote_of, trade_of
from marketbus.gateways.ib.hours import Hours
from marketbus.gateways.ib.notices import OnHistory, on_history

INTERVALS = [each for each in Interval if bar_size(each) is not None]
NOW = 1_795_100_400 * NS  # 2026-11-19 10:00 in New York
LONGEST_OF = {
    # TWS API, "Historical Data Limitations", step sizes: duration and the bar sizes that are allowed with it
    "1 secs": 1800, "5 secs": 3600, "10 secs": 14_400, "15 secs": 14_400, "30 secs": 28_800, "1 min": DAY,
    "2 mins": 2 * DAY, "3 mins": 7 * DAY, "5 mins": 7 * DAY, "10 mins": 7 * DAY, "15 mins": 7 * DAY,
    "20 mins": 7 * DAY, "30 mins": 30 * DAY, "1 hour": 30 * DAY, "2 hours": 30 * DAY, "3 hours": 30 * DAY,
    "4 hours": 30 * DAY, "8 hours": 30 * DAY, "1 day": 365 * DAY,
}  # fmt: skip
UNITS = {"S": 1, "D": DAY}


@given(st.sampled_from(INTERVALS), st.integers(0, 2 * NOW), st.integers(1, 400_000), st.integers(0, NS - 1))
@example(Interval.DAILY, NOW, 366 * DAY, 0)
@example(Interval.SECOND, NOW, 3600, 1)
def test_a_span_is_cut_without_gap_or_overlap_into_what_ib_allows(
    interval: Interval, start: int, seconds: int, odd: int
) -> None:
    end = start + seconds * min(interval.seconds, 3600) * NS + odd
    found: list[Piece] = []
    for piece in pieces(interval, start, end):
        if len(found) == 200:  # a long one goes on like this
            end = found[-1].end
            break
        found.append(piece)
    if interval is not Interval.DAILY:
        assert [piece.begin for piece in found] == [start, *(piece.end for piece in found[:-1])]
        assert found[-1].end == end
    for piece in found:
        assert piece.begin < piece.end
        many, unit = piece.duration.split()
        assert int(many) * UNITS[unit] <= LONGEST_OF[piece.size]
        # Of what begins within the piece IB is asked for everything, a bar more on either side.
        more = 0 if interval is Interval.DAILY else interval.seconds * NS
        assert piece.until >= piece.end + more
        if unit == "S":
            assert piece.until // NS - int(many) <= (piece.begin - more) // NS + 1


@given(st.integers(1_700_000_000, 1_800_000_000), st.integers(1, 900))
def test_every_midnight_of_a_span_is_in_one_piece_of_days(start: int, days: int) -> None:
    start, end = start * NS, (start + days * DAY) * NS
    dates: list[int] = []
    for piece in pieces(Interval.DAILY, start, end):
        midnight = piece.begin - (piece.begin + 8 * 3600 * NS) % (DAY * NS)
        midnight += 0 if midnight == piece.begin else DAY * NS
        asked = int(piece.duration.split()[0])
        while midnight < piece.end:
            dates.append(midnight)
            asked -= 1
            midnight += DAY * NS
        assert asked == 2  # sessions more than there are dates
        assert piece.until == dates[-1] + (DAY + 20 * 3600) * NS  # noon of the next day, UTC
    assert len(dates) == days
    assert dates == sorted(set(dates))
    assert all(to_datetime(each).strftime("%H%M%S") == "000000" for each in dates)


families = st.sampled_from([(1, "SMART", "TRADES"), (1, "SMART", "BID_ASK"), (2, "CME", "TRADES")])


@given(st.lists(st.tuples(families, st.integers(0, 3)), min_size=80, max_size=120))
def test_ib_is_never_asked_more_often_than_it_allows(questions: list[tuple[tuple[int, str, str], int]]) -> None:
    pace, now = HistoryPace(), 0.0
    sent: list[tuple[float, Asked]] = []
    for family, number in questions:
        asked = Asked(*family, (str(number),))
        wait = pace.wait(asked, now)
        assert wait <= 601
        now += wait
        assert pace.wait(asked, now) == 0
        pace.sent(asked, now)
        sent.append((now, asked))
    for at, asked in sent:
        assert sum(each.weight for then, each in sent if at <= then < at + 600) <= 60
        assert sum(each.family == asked.family for then, each in sent if at <= then < at + 2) <= 5
        assert sum(each == asked for then, each in sent if at <= then < at + 15) == 1
    quickest = sum(each.weight for _, each in sent) // 60 - 1
    assert now >= quickest * 600


def test_what_may_go_goes_at_once() -> None:
    pace = HistoryPace()
    for number in range(5):
        asked = Asked(1, "SMART", "TRADES", (str(number),))
        assert pace.wait(asked, 0.0) == 0
        pace.sent(asked, 0.0)
    assert pace.wait(Asked(1, "SMART", "TRADES", ("5",)), 0.0) == 2.25
    assert pace.wait(Asked(2, "SMART", "TRADES", ("5",)), 0.0) == 0
    assert pace.wait(Asked(1, "SMART", "TRADES", ("4",)), 0.0) == 15.25


def test_after_a_violation_everything_rests_longer_each_time() -> None:
    pace, asked, now = HistoryPace(), Asked(1, "SMART", "TRADES", ()), 0.0
    waits: list[float] = []
    for _ in range(5):
        pace.violated(now)
        waits.append(pace.wait(asked, now))
        now += waits[-1]
    assert waits == [AGAIN, 2 * AGAIN, 4 * AGAIN, LONGEST, LONGEST]
    pace.answered()
    pace.violated(now)
    assert pace.wait(asked, now) == AGAIN


@given(
    st.lists(st.tuples(st.integers(1, 40), st.integers(1, 1500)), min_size=1, max_size=12),
    st.booleans(),
)
def test_ticks_are_walked_over_without_loss_or_repeat(steps: list[tuple[int, int]], completes: bool) -> None:
    """Any number in a second: with a TWS that completes the last one of an answer, and with one that cuts it off.

    The latter gives no more than a thousand of one second, whoever asks.
    """
    second, all_seconds = 100, list[int]()
    for gap, many in steps:
        second += gap
        all_seconds += [second] * (many if completes else min(many, MOST_TICKS))

    def tws(since: int) -> list[int]:
        rest = [each for each in all_seconds if each >= since]
        answer = rest[:MOST_TICKS]
        return [each for each in rest if each <= answer[-1]] if answer and completes else answer

    at, more, found = 90, True, list[int]()
    for _ in range(3 * len(all_seconds) // MOST_TICKS + 2 * len(steps) + 3):
        rows = tws(at)
        keep, at, more = stride(rows, at)
        found += rows[:keep]
        if not more:
            break
    assert not more
    assert found == all_seconds


CONTRACT = Contract("ib", "ES-20261218-USD-FUT", Exchange.CME, "E-mini", Product.FUTURES, 50.0, 0.25)
HOURS = Hours("US/Central", "20261118:1700-20261119:1600;20261119:1700-20261120:1600")
ENTRY = Entry(CONTRACT, IbContract(conId=1, exchange="CME"), HOURS)


def ignore(cause: str, what: str) -> None:
    pass


def row(date: object, *prices: float, volume: float = 3.0, average: float = 2.5) -> BarData:
    opened, high, low, closed = prices or (2.0, 3.0, 1.0, 2.5)
    return BarData(str(date), opened, high, low, closed, volume, average, 5)  # pyright: ignore[reportArgumentType] (as it comes)


def test_bars_are_those_of_the_span_that_are_over_and_nothing_else() -> None:
    rejects: list[tuple[str, str]] = []

    def bars(interval: Interval, *rows: BarData, span: tuple[int, int] = (NOW - DAY * NS, NOW)) -> list[Bar]:
        return [*bars_of(rows, ENTRY, interval, span, NOW, 0, lambda cause, what: rejects.append((cause, what)))]

    minute = NOW // NS - 60
    (one,) = bars(Interval.MINUTE, row(minute), row(minute + 60), row(minute - DAY))
    assert one == bars(Interval.MINUTE, row(minute), row(minute))[0]
    assert (one.datetime, one.trading_day, one.volume, one.turnover) == (minute * NS, 20261119, 3.0, 375.0)
    # The session begins at half past; its first bar is over when the hour is, the one that goes on is left out.
    half = NOW // NS - 1800
    assert [each.datetime // NS for each in bars(Interval.HOUR, row(half), row(half + 1800))] == [half]
    empty = bars(Interval.MINUTE, row(minute, volume=-1.0, average=-1.0))[0]
    assert (empty.volume, empty.turnover) == (0.0, 0.0)
    negative = bars(Interval.MINUTE, row(minute, -37.0, -1.0, -40.0, -37.63))[0]
    assert negative.close_price == -37.63
    nan, inf = float("nan"), float("inf")
    bad = [row(minute, nan, 1, 1, 1), row(minute, 1, inf, 1, 1), row(minute, 1, 1, 2, 1), row("20261119 x"),
           row(minute, -1, -1, -1, -1, volume=-1)]  # fmt: skip
    assert bars(Interval.MINUTE, *bad) == []
    assert [cause for cause, _ in rejects] == ["bad_bar"] * len(bad)


def test_days_are_dated_as_the_venue_dates_them_and_today_is_left_out() -> None:
    span = (from_datetime(datetime(2026, 11, 17)), from_datetime(datetime(2026, 11, 21)))
    rows = [row(f"202611{day}") for day in (16, 17, 18, 19)]
    found = bars_of(rows, ENTRY, Interval.DAILY, span, NOW, 0, ignore)
    assert [(bar.trading_day, str(bar.time)) for bar in found] == [
        (20261117, "2026-11-17 00:00:00+08:00"),
        (20261118, "2026-11-18 00:00:00+08:00"),
    ]
    evening = from_datetime(datetime(2026, 11, 19, 23, 30, tzinfo=UTC))  # the next day has begun
    assert bars_of(rows, ENTRY, Interval.DAILY, span, evening, 0, ignore)[-1].trading_day == 20261119


def test_ticks_of_the_past_are_ticks() -> None:
    time = datetime(2026, 11, 19, 0, 30, tzinfo=UTC)
    said = TickAttribLast(pastLimit=False, unreported=True)
    trade = trade_of(HistoricalTickLast(time, said, 5800.25, 0.30000000000000004, "CME", ""), ENTRY, 7, 128)
    assert (trade.datetime, trade.trading_day, trade.received, trade.simulated) == (
        from_datetime(time), 20261119, 7, True,
    )  # fmt: skip
    assert (trade.last_price, trade.last_volume, trade.extra) == (5800.25, 0.3, {"exchange": "CME", "unreported": True})
    quote = quote_of(HistoricalTickBidAsk(time, TickAttribBidAsk(), 10.5, 10.0, 2.0, 3.0), ENTRY, 7, 0)
    assert quote.flags == TickFlag.NO_LAST | TickFlag.CROSSED
    empty = quote_of(HistoricalTickBidAsk(time, TickAttribBidAsk(), -1.0, 10.0, 0.0, 3.0), ENTRY, 7, 0)
    assert (empty.bid_price_1, empty.bid_volume_1, empty.ask_volume_1) == (0.0, 0.0, 3.0)
    with pytest.raises(ValueError, match="nan"):
        trade_of(HistoricalTickLast(time, said, float("nan"), 1.0, "", ""), ENTRY, 7, 0)


@pytest.mark.parametrize(
    ("code", "words", "meaning"),
    [
        (162, "Historical Market Data Service error message:HMDS query returned no data: ES@CME Trades", "NO_DATA"),
        (162, "Historical Market Data Service error message:Historical data request pacing violation", "TOO_FAST"),
        (162, "Historical Market Data Service error message:No market data permissions for CME FUT", "REFUSED"),
        (321, "Error validating request.-'bQ' : cause - pacing violation", "REFUSED"),
    ],
)
def test_162_is_many_things(code: int, words: str, meaning: str) -> None:
    assert on_history(code, words) is OnHistory[meaning]
