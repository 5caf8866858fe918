"""When products trade. 2026-11-20 is a Friday; National Day takes 2026-10-01 to 2026-10-07 (Thursday to Wednesday)."""

from datetime import date, datetime, time, timedelta
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketbus.domain.calendar import TradingCalendar
from marketbus.domain.instrument import Exchange
from marketbus.domain.market_calendar import Edge, MarketCalendar, Phase, events
from marketbus.domain.tick import TickFlag
from marketbus.domain.times import NS, from_datetime, to_datetime
from marketbus.domain.trading_hours import Hours, TradingHours

SHFE = Exchange.SHFE
NATIONAL_DAY = {date(2026, 10, day) for day in range(1, 8)}
FOREVER = date(2020, 1, 1)


def hours(products: tuple[str, ...], sessions: list[tuple[str, str]], since: date = FOREVER) -> Hours:
    pairs = tuple((time.fromisoformat(start), time.fromisoformat(end)) for start, end in sessions)
    auction = ((time(20, 55), time(21)),) if any(start == time(21) for start, _ in pairs) else ()
    return Hours(SHFE, products, pairs, (*auction, (time(8, 55), time(9))), since, "test")


DAY = [("09:00", "10:15"), ("10:30", "11:30"), ("13:30", "15:00")]
TABLE = [
    hours(("*",), [("21:00", "23:00"), *DAY]),
    hours(("wr",), DAY),
    hours(("au",), [("21:00", "02:30"), *DAY]),
    hours(("au",), [("21:00", "23:00"), *DAY], since=date(2027, 1, 1)),
]
DAYS = TradingCalendar(NATIONAL_DAY.__contains__)


@pytest.fixture
def market() -> MarketCalendar:
    return MarketCalendar(DAYS, TradingHours(TABLE))


def at(text: str) -> int:
    return from_datetime(datetime.fromisoformat(text))


def shown(market: MarketCalendar, product: str, day: date) -> list[str]:
    return [
        f"{each.phase} {each.begins:%m-%d %H:%M} {each.ends:%d %H:%M}" for each in market.sessions(SHFE, product, day)
    ]


def test_the_night_of_a_friday_belongs_to_monday_and_runs_into_saturday(market: MarketCalendar) -> None:
    assert shown(market, "au", date(2026, 11, 23)) == [
        "auction 11-20 20:55 20 21:00",
        "continuous 11-20 21:00 21 02:30",
        "auction 11-23 08:55 23 09:00",
        "continuous 11-23 09:00 23 10:15",
        "continuous 11-23 10:30 23 11:30",
        "continuous 11-23 13:30 23 15:00",
    ]


def test_after_a_public_holiday_there_was_no_night(market: MarketCalendar) -> None:
    assert shown(market, "au", date(2026, 10, 8))[0] == "auction 10-08 08:55 08 09:00"
    assert not DAYS.has_night(date(2026, 9, 30))  # the eve
    assert not DAYS.has_night(date(2026, 10, 3))  # the holiday
    assert not DAYS.has_night(date(2026, 11, 21))  # a Saturday
    assert DAYS.has_night(date(2026, 9, 29))
    assert DAYS.has_night(date(2026, 11, 20))  # a Friday


def test_a_day_without_trading_has_no_sessions(market: MarketCalendar) -> None:
    assert market.sessions(SHFE, "au", date(2026, 10, 1)) == ()
    assert market.sessions(SHFE, "au", date(2026, 11, 21)) == ()


@pytest.mark.parametrize(
    ("product", "moment", "phase"),
    [
        ("rb", "2026-11-20T09:00:00", Phase.CONTINUOUS),
        ("rb", "2026-11-20T10:15:00.999", Phase.CONTINUOUS),  # the closing second's snapshot
        ("rb", "2026-11-20T10:15:01", Phase.CLOSED),
        ("rb", "2026-11-20T08:54:59.999", Phase.CLOSED),
        ("rb", "2026-11-20T20:58:00", Phase.AUCTION),
        ("AU", "2026-11-21T02:29:59", Phase.CONTINUOUS),
        ("au", "2026-11-21T02:30:01", Phase.CLOSED),
        ("au", "2026-11-23T02:00:00", Phase.CLOSED),  # Monday morning: the night was Friday's
        ("rb", "2026-11-21T09:30:00", Phase.CLOSED),  # a Saturday
        ("rb", "2026-09-29T21:30:00", Phase.CONTINUOUS),
        ("rb", "2026-09-30T21:30:00", Phase.CLOSED),  # the eve of the holiday
        ("au", "2026-10-01T01:00:00", Phase.CLOSED),
        ("rb", "2026-10-02T09:30:00", Phase.CLOSED),  # the holiday, a Friday
        ("rb", "2026-10-07T21:30:00", Phase.CLOSED),  # its last evening
        ("rb", "2026-10-08T09:30:00", Phase.CONTINUOUS),
        ("wr", "2026-11-20T21:30:00", Phase.CLOSED),
        ("au", "2026-12-31T23:30:00", Phase.CLOSED),  # new hours from 2027-01-01 on, the night before included
    ],
)
def test_phases(market: MarketCalendar, product: str, moment: str, phase: Phase) -> None:
    assert market.phase(SHFE, product, at(moment)) is phase


def flags(market: MarketCalendar, moment: str, now: str) -> int:
    return market.flags(SHFE, "rb", at(moment), at(now))


def test_flags_say_the_phase(market: MarketCalendar) -> None:
    assert flags(market, "2026-11-20T09:30:00", "2026-11-20T09:30:00") == 0
    assert flags(market, "2026-11-20T20:56:00", "2026-11-20T20:56:00") == TickFlag.AUCTION
    assert flags(market, "2026-11-21T09:30:00", "2026-11-21T09:30:00") == TickFlag.OUT_OF_SESSION


def test_a_replay_of_a_session_that_is_over_is_out_of_session(market: MarketCalendar) -> None:
    assert flags(market, "2026-11-20T15:00:00", "2026-11-20T15:00:03") == 0
    assert flags(market, "2026-11-20T15:00:00", "2026-11-20T20:45:00") == TickFlag.OUT_OF_SESSION
    assert flags(market, "2026-11-20T13:35:00", "2026-11-20T14:55:00") == 0  # old, and its session goes on


def test_a_stretch_lasts_from_one_change_to_the_next(market: MarketCalendar) -> None:
    closed = market.stretch(SHFE, "rb", at("2026-10-03T12:00:00"))
    assert closed == (at("2026-09-30T15:00:01"), at("2026-10-08T08:55:00"), Phase.CLOSED)
    auction = market.stretch(SHFE, "rb", at("2026-10-08T08:57:00"))
    assert auction == (at("2026-10-08T08:55:00"), at("2026-10-08T09:00:00"), Phase.AUCTION)


def test_unknown_hours_are_no_statement(market: MarketCalendar) -> None:
    assert market.phase(Exchange.NYSE, "AAPL", 0) is None
    assert market.flags(Exchange.NYSE, "AAPL", 0, 0) == 0
    assert market.sessions(Exchange.NYSE, "AAPL", date(2026, 11, 20)) == ()
    assert not market.knows(Exchange.NYSE, "AAPL", date(2026, 11, 20))
    assert market.phase(SHFE, "rb", at("2019-11-20T09:30:00")) is None  # before the table begins


def test_what_starts_next(market: MarketCalendar) -> None:
    now = at("2026-09-30T13:30:00")
    following = events(market.coming(SHFE, "rb", now), now)
    assert [f"{each.edge} {each.session.phase} {each.time:%m-%d %H:%M}" for each in islice(following, 4)] == [
        "end continuous 09-30 15:00",
        "start auction 10-08 08:55",
        "end auction 10-08 09:00",
        "start continuous 10-08 09:00",
    ]
    assert list(market.coming(Exchange.NYSE, "AAPL", 0)) == []


def test_exchanges_are_open_while_any_of_their_products_is(market: MarketCalendar) -> None:
    opening = market.opening([SHFE, Exchange.NYSE], date(2026, 11, 23))
    assert [f"{each.begins:%m-%d %H:%M} {each.ends:%d %H:%M}" for each in opening] == [
        "11-20 20:55 21 02:30",
        "11-23 08:55 23 10:15",
        "11-23 10:30 23 11:30",
        "11-23 13:30 23 15:00",
    ]
    now, following = islice(market.coming_openings([SHFE], at("2026-09-30T14:00:00")), 2)
    assert (now.end, following.start) == (at("2026-09-30T15:00:00"), at("2026-10-08T08:55:00"))
    assert list(market.coming_openings([Exchange.NYSE], 0)) == []
    assert market.next_opening([SHFE], at("2026-09-30T14:00:00")) == following
    assert market.next_opening([Exchange.NYSE], 0) is None


@given(st.sampled_from(["rb", "wr", "au"]), st.integers(at("2026-01-01T00:00:00"), at("2027-12-31T00:00:00")))
def test_events_come_in_order_and_in_pairs(product: str, instant: int) -> None:
    found = list(islice(events(MARKET.coming(SHFE, product, instant), instant), 20))
    assert all(one.at <= other.at for one, other in pairwise(found))
    assert found[0].at > instant
    starts = [event for event in found if event.edge is Edge.START]
    assert all(
        other.edge is Edge.END and other.session == one.session for one, other in pairwise(found) if one in starts
    )


DATES = st.dates(date(2026, 1, 1), date(2027, 12, 31))
INSTANTS = st.integers(at("2026-01-01T00:00:00"), at("2027-12-31T00:00:00"))
MARKET = MarketCalendar(DAYS, TradingHours(TABLE))


@given(st.sampled_from(["rb", "wr", "au"]), INSTANTS)
def test_the_phase_is_what_the_sessions_say(product: str, instant: int) -> None:
    """Judged by a search of all sessions near by: an instant lies in the last one begun, closing second included."""
    around = [
        session
        for day in range(-12, 13)
        for session in MARKET.sessions(SHFE, product, to_datetime(instant).date() + timedelta(days=day))
    ]
    begun = [session for session in around if session.start <= instant]
    open_still = [session for session in begun if instant < session.end + NS]
    expected = open_still[-1].phase if open_still else Phase.CLOSED
    stretch = MARKET.stretch(SHFE, product, instant)
    assert stretch is not None
    assert (stretch.start <= instant < stretch.end, stretch.phase) == (True, expected)
    if open_still:
        assert open_still[-1].trading_day == DAYS.trading_day_of(instant)


@given(st.sampled_from(["rb", "wr", "au"]), DATES)
def test_sessions_are_in_order_and_do_not_overlap(product: str, day: date) -> None:
    sessions = [*MARKET.sessions(SHFE, product, day), *MARKET.sessions(SHFE, product, DAYS.next(day))]
    assert all(session.start < session.end for session in sessions)
    assert all(one.end <= other.start for one, other in pairwise(sessions))


@given(INSTANTS, INSTANTS)
def test_the_trading_day_never_goes_back(one: int, other: int) -> None:
    early, late = sorted((one, other))
    assert DAYS.trading_day_of(early) <= DAYS.trading_day_of(late)
    assert DAYS.is_trading_day(DAYS.trading_day_of(early))


@given(DATES, st.integers(1, 40))
def test_next_and_previous_undo_each_other(day: date, n: int) -> None:
    trading = DAYS.latest(day)
    assert DAYS.previous(DAYS.next(trading, n), n) == trading
    assert DAYS.next(DAYS.previous(trading, n), n) == trading
    assert DAYS.next(day, n) > day > DAYS.previous(day, n)
    if n > 1:
        assert DAYS.next(day, n) == DAYS.next(DAYS.next(day, n - 1))


@pytest.mark.parametrize("n", [0, -1])
def test_neighbours_are_counted_from_one(n: int) -> None:
    with pytest.raises(ValueError, match="1 or more"):
        DAYS.next(date(2026, 11, 20), n)
