"""Fresh logins: 08:45 and 20:45, never for a session that does not take place."""

from datetime import date, datetime

import pytest

from marketbus.domain.calendar import TradingCalendar
from marketbus.domain.schedule import Schedule, next_login, unattended
from marketbus.domain.times import NS, from_datetime, to_datetime

NATIONAL_DAY = {date(2026, 10, day) for day in range(1, 8)}


@pytest.mark.parametrize(
    ("schedule", "after", "expected"),
    [
        (Schedule.CN_FUTURES, "2026-11-19T08:44:59", "2026-11-19T08:45"),
        (Schedule.CN_FUTURES, "2026-11-19T08:45:00", "2026-11-19T20:45"),
        (Schedule.CN_FUTURES, "2026-11-20T20:44:00", "2026-11-20T20:45"),  # Friday night belongs to Monday
        (Schedule.CN_FUTURES, "2026-11-20T20:45:00", "2026-11-23T08:45"),
        (Schedule.CN_FUTURES, "2026-11-21T20:00:00", "2026-11-23T08:45"),  # Saturday
        (Schedule.CN_FUTURES, "2026-09-30T09:00:00", "2026-10-08T08:45"),  # no night before the holiday
        (Schedule.CN_OPTIONS, "2026-11-19T09:00:00", "2026-11-20T08:45"),
        (Schedule.CN_OPTIONS, "2026-11-20T09:00:00", "2026-11-23T08:45"),
    ],
)
def test_the_next_login(schedule: Schedule, after: str, expected: str) -> None:
    found = next_login(
        schedule, TradingCalendar(NATIONAL_DAY.__contains__), from_datetime(datetime.fromisoformat(after))
    )
    assert found is not None
    assert f"{to_datetime(found):%Y-%m-%dT%H:%M}" == expected


@pytest.mark.parametrize(
    ("schedule", "now", "until"),
    [
        (Schedule.CN_FUTURES, "2026-11-19T08:14:59", "2026-11-19T08:15"),
        (Schedule.CN_FUTURES, "2026-11-19T08:15:00", None),
        (Schedule.CN_FUTURES, "2026-11-19T12:00:00", None),  # a break is no time to rest
        (Schedule.CN_FUTURES, "2026-11-19T15:29:59", None),
        (Schedule.CN_FUTURES, "2026-11-19T15:30:00", "2026-11-19T20:15"),
        (Schedule.CN_FUTURES, "2026-11-20T02:44:59", None),
        (Schedule.CN_FUTURES, "2026-11-20T02:45:00", "2026-11-20T08:15"),
        (Schedule.CN_FUTURES, "2026-11-21T02:30:00", None),  # Friday night ends on Saturday
        (Schedule.CN_FUTURES, "2026-11-21T03:00:00", "2026-11-23T08:15"),
        (Schedule.CN_FUTURES, "2026-11-22T21:00:00", "2026-11-23T08:15"),
        (Schedule.CN_FUTURES, "2026-09-30T21:00:00", "2026-10-08T08:15"),  # no night before the holiday
        (Schedule.CN_OPTIONS, "2026-11-19T21:00:00", "2026-11-20T08:15"),
        (Schedule.NEVER, "2026-11-21T12:00:00", None),
        (Schedule.ALWAYS, "2026-11-21T12:00:00", None),
    ],
)
def test_until_when_a_line_may_rest(schedule: Schedule, now: str, until: str | None) -> None:
    instant = from_datetime(datetime.fromisoformat(now))
    rest = unattended(schedule, TradingCalendar(NATIONAL_DAY.__contains__), instant)
    if until is None:
        assert rest == 0
    else:
        assert f"{to_datetime(instant + int(rest * NS)):%Y-%m-%dT%H:%M}" == until


@pytest.mark.parametrize("schedule", [Schedule.NEVER, Schedule.ALWAYS])
def test_a_line_that_is_left_alone_has_none(schedule: Schedule) -> None:
    assert next_login(schedule, TradingCalendar(lambda _: False), 0) is None
