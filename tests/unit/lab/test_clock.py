from datetime import date, datetime, timedelta

import pytest

from marketbus.lab import hours
from marketbus.lab.clock import LabClock, to_ns
from marketbus.lab.errors import LabError
from marketbus.lab.hours import SHANGHAI, Hours


class Real:
    def __init__(self, moment: datetime) -> None:
        self.ns = to_ns(moment)

    def __call__(self) -> int:
        return self.ns

    def pass_(self, seconds: float) -> None:
        self.ns += int(seconds * 1e9)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def test_starts_in_the_latest_day_session() -> None:
    assert LabClock(real_ns=Real(at("2026-11-21T03:00"))).now() == at("2026-11-20T09:30")
    assert LabClock(real_ns=Real(at("2026-11-19T23:00"))).now() == at("2026-11-19T09:30")


def test_runs_at_its_speed() -> None:
    real = Real(at("2026-11-21T03:00"))
    clock = LabClock(at("2026-11-20T09:00"), 10, real)
    real.pass_(60)
    assert clock.now() == at("2026-11-20T09:10")


@pytest.mark.parametrize(
    ("start", "following"),
    [
        ("2026-11-19T10:14:59", "2026-11-19T10:30"),
        ("2026-11-19T11:29:59", "2026-11-19T13:30"),
        ("2026-11-19T14:59:59", "2026-11-19T21:00"),
        ("2026-11-19T22:59:59", "2026-11-20T09:00"),
        ("2026-11-20T22:59:59", "2026-11-23T09:00"),
        ("2026-11-20T02:29:59", "2026-11-20T09:00"),
        # The evening before the National Day holiday has no night session.
        ("2026-09-30T14:59:59", "2026-10-08T09:00"),
    ],
)
def test_jumps_over_breaks(start: str, following: str) -> None:
    real = Real(at("2026-11-21T03:00"))
    clock = LabClock(at(start), 1, real)
    assert not clock.advance()
    real.pass_(1)
    assert clock.advance()
    assert clock.now() == at(following)


@pytest.mark.parametrize(
    ("start", "following"),
    [
        ("2026-11-20T09:24:59", "2026-11-20T09:30"),
        ("2026-11-20T11:29:59", "2026-11-20T13:00"),
        ("2026-11-20T14:59:59", "2026-11-23T09:15"),
    ],
)
def test_a_market_of_options_on_funds_has_its_own_breaks(start: str, following: str) -> None:
    real = Real(at("2026-11-21T03:00"))
    clock = LabClock(at(start), 1, real, live_in=Hours.STOCK_OPTION)
    real.pass_(1)
    assert clock.advance()
    assert clock.now() == at(following)


def test_a_start_when_nothing_trades_waits_for_the_opening() -> None:
    assert LabClock(at("2026-11-21T12:00"), real_ns=Real(at("2026-11-21T03:00"))).now() == at("2026-11-23T09:00")


def test_a_late_night_start_lasts_as_long_as_gold_trades() -> None:
    clock = LabClock(at("2026-11-19T23:30"), real_ns=Real(at("2026-11-21T03:00")))
    assert clock.seconds_to_end() == pytest.approx(3 * 3600)


@pytest.mark.parametrize("speed", [0, -1, float("nan"), float("inf")])
def test_impossible_speeds_are_refused(speed: float) -> None:
    with pytest.raises(LabError, match="speed"):
        LabClock(speed=speed)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-11-19T21:30", "2026-11-20"),
        ("2026-11-20T21:30", "2026-11-23"),
        ("2026-11-21T01:30", "2026-11-23"),
        ("2026-11-20T01:30", "2026-11-20"),
        ("2026-11-20T14:00", "2026-11-20"),
    ],
)
def test_a_night_belongs_to_the_next_trading_day(moment: str, day: str) -> None:
    assert hours.trading_day(at(moment)) == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("moment", "open_hours"),
    [
        ("2026-11-20T09:15", {Hours.DAY, Hours.NIGHT_23, Hours.NIGHT_01, Hours.NIGHT_0230, Hours.STOCK_OPTION}),
        ("2026-11-20T10:20", {Hours.INDEX, Hours.BOND, Hours.STOCK_OPTION}),
        ("2026-11-20T13:15", {Hours.INDEX, Hours.BOND, Hours.STOCK_OPTION}),
        ("2026-11-20T15:10", {Hours.BOND}),
        ("2026-11-20T21:30", {Hours.NIGHT_23, Hours.NIGHT_01, Hours.NIGHT_0230}),
        ("2026-11-20T23:30", {Hours.NIGHT_01, Hours.NIGHT_0230}),
        ("2026-11-21T01:30", {Hours.NIGHT_0230}),
        ("2026-11-21T09:30", set[Hours]()),
    ],
)
def test_each_product_has_its_hours(moment: str, open_hours: set[Hours]) -> None:
    assert {each for each in Hours if hours.session_end(at(moment), each)} == open_hours


def test_a_session_across_midnight_ends_once() -> None:
    assert hours.session_end(at("2026-11-20T22:00"), Hours.NIGHT_0230) == at("2026-11-21T02:30")
    assert hours.session_end(at("2026-11-21T00:00"), Hours.NIGHT_0230) == at("2026-11-21T02:30")
    assert at("2026-11-21T02:30") - at("2026-11-20T22:00") == timedelta(hours=4.5)
