"""When a line is logged in afresh, and when it must be there: before the markets open, until they close."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from marketbus.domain.calendar import TradingCalendar
from marketbus.domain.times import NS, SHANGHAI, from_datetime, to_datetime

DAY = time(8, 45)
NIGHT = time(20, 45)
AHEAD = timedelta(minutes=30)
"""So long before a scheduled login the counter may open, and is looked at again and again."""
ATTENDED = {DAY: timedelta(hours=6, minutes=45), NIGHT: timedelta(hours=6)}
"""From a scheduled login until the last close that follows, 15:15 and 02:30, and 15 minutes."""
_SEARCH = 40
"""Days within which there is a trading day."""


class Schedule(StrEnum):
    """Which openings a line prepares for."""

    CN_FUTURES = "cn-futures"
    """08:45 on trading days, 20:45 before night sessions."""
    CN_OPTIONS = "cn-options"
    """08:45 on trading days: stock and ETF options have no night session."""
    NEVER = "never"
    """The line stays as it is: whoever else takes care of it."""
    ALWAYS = "always"
    """A 7x24 environment: no scheduled login either, and its ticks are not judged by trading hours."""


def next_login(schedule: Schedule, calendar: TradingCalendar, after: int) -> int | None:
    """The next scheduled login after an instant (both ns UTC); None for `never` and `always`."""
    if schedule in (Schedule.NEVER, Schedule.ALWAYS):
        return None
    return next(
        at for login in _logins(schedule, calendar, to_datetime(after).date()) if (at := from_datetime(login)) > after
    )


def unattended(schedule: Schedule, calendar: TradingCalendar, now: int) -> float:
    """Seconds from `now` (ns UTC) until the line must be there again: half an hour before a scheduled login.

    0 from then until the close that follows, and always without scheduled logins: nobody knows when such a line is
    wanted.
    """
    if schedule in (Schedule.NEVER, Schedule.ALWAYS):
        return 0.0
    yesterday = to_datetime(now).date() - timedelta(days=1)
    coming = next(
        login for login in _logins(schedule, calendar, yesterday) if now < from_datetime(login + ATTENDED[login.time()])
    )
    return max(0.0, (from_datetime(coming - AHEAD) - now) / NS)


def _logins(schedule: Schedule, calendar: TradingCalendar, day: date) -> Iterator[datetime]:
    """From `day` on."""
    for _ in range(_SEARCH):
        if calendar.is_trading_day(day):
            yield datetime.combine(day, DAY, SHANGHAI)
        if schedule is Schedule.CN_FUTURES and calendar.has_night(day):
            yield datetime.combine(day, NIGHT, SHANGHAI)
        day += timedelta(days=1)
    raise ValueError(f"no trading day within {_SEARCH} days before {day}")
