"""Dates at night. 2026-11-20 is a Friday; the next trading day is Monday 2026-11-23."""

from datetime import date, datetime

import pytest

from marketbus.domain.calendar import TradingCalendar
from marketbus.domain.exchange_time import ExchangeTime
from marketbus.domain.instrument import Exchange
from marketbus.domain.times import from_datetime, to_datetime

NATIONAL_DAY = {date(2026, 10, day) for day in range(1, 8)}


def at(text: str) -> int:
    return from_datetime(datetime.fromisoformat(text))


@pytest.fixture
def times() -> ExchangeTime:
    return ExchangeTime(TradingCalendar(NATIONAL_DAY.__contains__))


@pytest.mark.parametrize(
    ("exchange", "trading_day", "action_day", "time", "now", "expected", "day"),
    [
        # Friday evening, each exchange's own habit
        (Exchange.SHFE, "20261123", "20261120", "21:00:00", "2026-11-20T21:00:00", "2026-11-20T21:00:00", 20261123),
        (Exchange.DCE, "20261123", "20261123", "21:00:00", "2026-11-20T21:00:00", "2026-11-20T21:00:00", 20261123),
        (Exchange.CZCE, "20261120", "20261120", "21:00:00", "2026-11-20T21:00:00", "2026-11-20T21:00:00", 20261123),
        # after midnight, on Saturday
        (Exchange.INE, "20261123", "20261121", "01:30:00", "2026-11-21T01:30:00", "2026-11-21T01:30:00", 20261123),
        (Exchange.SHFE, "20261123", "20261121", "00:00:00", "2026-11-21T00:00:00", "2026-11-21T00:00:00", 20261123),
        (Exchange.DCE, "20261123", "20261123", "00:00:01", "2026-11-21T00:00:01", "2026-11-21T00:00:01", 20261123),
        # day session
        (Exchange.DCE, "20261123", "20261123", "09:30:00", "2026-11-23T09:30:00", "2026-11-23T09:30:00", 20261123),
        (Exchange.CZCE, "20261123", "20261123", "14:59:59", "2026-11-23T15:00:00", "2026-11-23T14:59:59", 20261123),
        # the snapshot replayed at Monday's login still says Friday
        (Exchange.SHFE, "20261123", "20261120", "22:59:59", "2026-11-23T08:45:00", "2026-11-20T22:59:59", 20261123),
        # the last session before the holiday leads to 8 October
        (Exchange.CZCE, "20260929", "20260929", "21:30:00", "2026-09-29T21:30:00", "2026-09-29T21:30:00", 20260930),
    ],
)
def test_the_known_habits_of_each_exchange(
    times: ExchangeTime,
    exchange: Exchange,
    trading_day: str,
    action_day: str,
    time: str,
    now: str,
    expected: str,
    day: int,
) -> None:
    stamp = times.resolve(exchange, trading_day, action_day, time, 500, at(now))
    assert to_datetime(stamp.instant).isoformat() == f"{expected}.500000+08:00"
    assert stamp.trading_day == day
    assert not stamp.inferred


@pytest.mark.parametrize("action_day", ["", "00000000", "20261399", "garbage!", "２０２６１１２３"])
def test_a_bad_date_is_inferred_from_the_clock_and_said(times: ExchangeTime, action_day: str) -> None:
    stamp = times.resolve(Exchange.SHFE, "20261123", action_day, "09:30:00", 0, at("2026-11-23T09:30:02"))
    assert to_datetime(stamp.instant).isoformat() == "2026-11-23T09:30:00+08:00"
    assert stamp.inferred


def test_what_was_inferred_today_is_not_repeated_tomorrow(times: ExchangeTime) -> None:
    for day in ("2026-11-23", "2026-11-24"):
        stamp = times.resolve(Exchange.SHFE, "", "", "09:30:00", 0, at(f"{day}T09:30:02"))
        assert to_datetime(stamp.instant).isoformat() == f"{day}T09:30:00+08:00"


def test_a_date_in_the_future_is_inferred(times: ExchangeTime) -> None:
    # A front that writes the trading day into ActionDay at night, as DCE does, but on SHFE.
    stamp = times.resolve(Exchange.SHFE, "20261123", "20261123", "21:00:00", 0, at("2026-11-20T21:00:01"))
    assert to_datetime(stamp.instant).isoformat() == "2026-11-20T21:00:00+08:00"
    assert stamp.trading_day == 20261123
    assert stamp.inferred


@pytest.mark.parametrize("time", ["24:00:00", "", "9h30", "25:61:00"])
def test_an_impossible_time_is_refused(times: ExchangeTime, time: str) -> None:
    with pytest.raises(ValueError, match="time data"):
        times.resolve(Exchange.SHFE, "20261123", "20261123", time, 0, at("2026-11-23T09:30:00"))


@pytest.mark.parametrize(("millisec", "micro"), [(5, 5_000), (50, 50_000), (500, 500_000)])
def test_milliseconds_are_milliseconds(times: ExchangeTime, millisec: int, micro: int) -> None:
    stamp = times.resolve(Exchange.SHFE, "20261123", "20261123", "09:30:00", millisec, at("2026-11-23T09:30:00"))
    assert to_datetime(stamp.instant).microsecond == micro


@pytest.mark.parametrize("millisec", [-1, 1000])
def test_impossible_milliseconds_are_refused(times: ExchangeTime, millisec: int) -> None:
    with pytest.raises(ValueError, match="UpdateMillisec"):
        times.resolve(Exchange.SHFE, "20261123", "20261123", "09:30:00", millisec, at("2026-11-23T09:30:00"))
