"""Trading days: weekdays that are not public holidays. (Weekends worked in lieu are not trading days in China.)"""

from collections.abc import Callable
from datetime import date, timedelta


class TradingCalendar:
    """Answers about days; which days are holidays is injected."""

    def __init__(self, is_holiday: Callable[[date], bool]) -> None:
        self._is_holiday = is_holiday

    def is_trading_day(self, day: date) -> bool:
        """Whether the exchanges trade on that day."""
        return day.weekday() < 5 and not self._is_holiday(day)

    def next(self, day: date) -> date:
        """The first trading day after `day`."""
        return self._walk(day, 1)

    def previous(self, day: date) -> date:
        """The last trading day before `day`."""
        return self._walk(day, -1)

    def _walk(self, day: date, step: int) -> date:
        for _ in range(32):
            day += timedelta(days=step)
            if self.is_trading_day(day):
                return day
        raise ValueError(f"no trading day within a month of {day}")
