"""The calendar as a user asks it; 2026-11-20 is a Friday, National Day 2026 takes 10-01 to 10-07."""

from datetime import UTC, date, datetime
from itertools import islice

import msgspec
import pytest

from marketbus import Edge, MarketBusError, Phase, SymbolError
from marketbus.adapters.hours import cn_hours
from marketbus.client.calendar import Calendar, UnknownHours
from marketbus.domain.calendar import TradingCalendar
from marketbus.domain.calendar_table import BeyondCalendar, CalendarTable, calendar_of, table_of
from marketbus.domain.market_calendar import MarketCalendar
from marketbus.domain.times import from_datetime
from marketbus.domain.trading_hours import TradingHours

NATIONAL_DAY = {date(2026, 10, day) for day in range(1, 8)}
HERE = MarketCalendar(TradingCalendar(NATIONAL_DAY.__contains__, lambda year: year < 2027), TradingHours(cn_hours()))
NOW = from_datetime(datetime.fromisoformat("2026-11-20T21:30:00"))


@pytest.fixture
def calendar() -> Calendar:
    sent = msgspec.json.encode(table_of(HERE, 2021, 2027))
    return Calendar(calendar_of(msgspec.json.decode(sent, type=CalendarTable)), lambda: NOW)


def test_the_present_is_the_markets(calendar: Calendar) -> None:
    assert calendar.now().isoformat() == "2026-11-20T21:30:00+08:00"
    assert calendar.is_trading_day()
    assert calendar.trading_day() == date(2026, 11, 23)
    assert (calendar.next(), calendar.previous()) == (date(2026, 11, 23), date(2026, 11, 19))
    assert calendar.has_night()
    assert calendar.is_open("rb2701.SHFE")
    assert not calendar.is_open("IF2612.CFFEX")
    assert calendar.sessions("rb2701.SHFE")[0].begins.isoformat() == "2026-11-20T20:55:00+08:00"


@pytest.mark.parametrize("day", [date(2026, 9, 30), "2026-09-30", 20260930, datetime(2026, 9, 30, 12)])
def test_a_day_is_written_as_you_like(calendar: Calendar, day: date | str | int) -> None:
    assert calendar.next(day) == date(2026, 10, 8)
    assert calendar.next(day, 2) == date(2026, 10, 9)
    assert not calendar.has_night(day)
    assert calendar.is_known(day)


def test_a_moment_is_a_datetime_of_any_zone_or_nanoseconds(calendar: Calendar) -> None:
    utc = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
    for at in (utc, datetime(2026, 11, 20, 9, 30), from_datetime(utc)):
        assert calendar.phase("rb2701.SHFE", at) is Phase.CONTINUOUS
        assert calendar.trading_day(at) == date(2026, 11, 20)
    late = datetime(2026, 11, 19, 20, 0, tzinfo=UTC)  # already the 20th in Shanghai
    assert calendar.previous(late) == date(2026, 11, 19)


@pytest.mark.parametrize("symbol", ["rb2701.SHFE", "SHFE.rb2701", "rb.SHFE", "rb2701C3000.SHFE"])
def test_an_instrument_has_its_products_sessions(calendar: Calendar, symbol: str) -> None:
    assert [each.begins.hour for each in calendar.sessions(symbol, 20261008)] == [8, 9, 10, 13]


def test_an_exchange_is_open_while_anything_trades(calendar: Calendar) -> None:
    assert len(calendar.sessions("SHFE", "2026-11-23")) == 4
    assert calendar.is_open("SHFE", datetime(2026, 11, 21, 2, 0))  # gold
    assert not calendar.is_open("DCE", datetime(2026, 11, 21, 2, 0))
    assert calendar.sessions("SHFE", "2026-10-01") == ()


def test_events_come_in_order(calendar: Calendar) -> None:
    found = islice(calendar.next_events("510050C2612M03000.SSE", datetime(2026, 9, 30, 14, 58)), 3)
    assert [(event.edge, event.session.phase, event.time.isoformat()) for event in found] == [
        (Edge.END, Phase.AUCTION, "2026-09-30T15:00:00+08:00"),
        (Edge.START, Phase.AUCTION, "2026-10-08T09:15:00+08:00"),
        (Edge.END, Phase.AUCTION, "2026-10-08T09:25:00+08:00"),
    ]


@pytest.mark.parametrize(
    ("symbol", "listed"),
    [
        ("rb2701.SHFE", True),
        ("RB.SHFE", True),
        ("SR701C5000.CZCE", True),
        ("10006512.SSE", True),
        ("SHFE", True),
        ("qq.SHFE", False),
    ],
)
def test_a_product_that_is_not_in_the_table_has_its_exchanges_usual_hours(
    calendar: Calendar, symbol: str, listed: bool
) -> None:
    assert calendar.is_listed(symbol) is listed
    assert calendar.sessions(symbol, "2026-11-20")


def test_what_it_cannot_know_it_says(calendar: Calendar) -> None:
    assert not calendar.is_known("2027-02-08")
    with pytest.raises(BeyondCalendar, match="it reaches from 2021-01-01 to 2027-12-31"):
        calendar.is_trading_day("2028-01-04")
    with pytest.raises(UnknownHours, match=r"AAPL\.SMART"):
        calendar.sessions("AAPL.SMART")
    with pytest.raises(UnknownHours, match="SMART"):
        calendar.is_open("SMART")
    with pytest.raises(SymbolError, match=r"such as rb2701\.SHFE, rb\.SHFE or SHFE"):
        calendar.phase("rb2701")
    with pytest.raises(MarketBusError):
        calendar.next_events("rb2701")
