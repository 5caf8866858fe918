"""When a line is logged in afresh: before the markets open, so that a session starts with nothing old in it."""

from datetime import datetime, time, timedelta
from enum import StrEnum

from marketbus.domain.calendar import TradingCalendar
from marketbus.domain.times import SHANGHAI, from_datetime, to_datetime

DAY = time(8, 45)
NIGHT = time(20, 45)
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
    day = to_datetime(after).date()
    for _ in range(_SEARCH):
        times = [DAY] if calendar.is_trading_day(day) else []
        if schedule is Schedule.CN_FUTURES and calendar.has_night(day):
            times.append(NIGHT)
        for at in times:
            login = from_datetime(datetime.combine(day, at, SHANGHAI))
            if login > after:
                return login
        day += timedelta(days=1)
    raise ValueError(f"no trading day within {_SEARCH} days of {to_datetime(after).date()}")
