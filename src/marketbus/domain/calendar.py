"""Trading days: weekdays that are not public holidays. (Weekends worked in lieu are not trading days in China.)"""

from collections.abc import Callable
from datetime import date, time, timedelta

from marketbus.domain.times import NS

EVENING = time(18)
"""From here on an instant belongs to the next trading day: every day session is over, no night session has begun."""
MORNING = time(6)
"""Until here an instant belongs to the night that began on the evening before."""
_DAY = timedelta(days=1)
_DAY_NS = 86_400 * NS
_FIRST_EVENING = 10 * 3600 * NS
"""18:00 of 1970-01-01 in Shanghai, in UTC."""
_FIRST_DAY = date(1970, 1, 2).toordinal()
_SEARCH = 32
"""Days within which there is a trading day: the longest break, the Spring Festival's with its weekends, takes 10."""


class TradingCalendar:
    """Answers about days; which days are holidays is injected."""

    def __init__(self, is_holiday: Callable[[date], bool], knows: Callable[[int], bool] = lambda _: True) -> None:
        """`knows`: whether the holidays of a year are known; for the others it is a guess."""
        self.knows = knows
        self._is_holiday = is_holiday
        self._known: dict[date, bool] = {}
        self._from_evening: dict[int, date] = {}

    def is_trading_day(self, day: date) -> bool:
        """Whether the exchanges trade on that day."""
        known = self._known.get(day)
        if known is None:
            known = self._known[day] = day.weekday() < 5 and not self._is_holiday(day)
        return known

    def next(self, day: date, n: int = 1) -> date:
        """The n-th trading day after `day`, which need not be one.

        Raises:
            ValueError: n < 1.
        """
        return self._walk(day, n, _DAY)

    def previous(self, day: date, n: int = 1) -> date:
        """The n-th trading day before `day`, which need not be one.

        Raises:
            ValueError: n < 1.
        """
        return self._walk(day, n, -_DAY)

    def latest(self, day: date) -> date:
        """`day`, or the last trading day before it."""
        return day if self.is_trading_day(day) else self.previous(day)

    def has_night(self, day: date) -> bool:
        """Whether the futures market trades on the evening of `day`: every trading day's but a public holiday's eve.

        The night of a Friday belongs to Monday; when anything but a plain weekend lies before the next trading day,
        there is none (the exchanges say so in each holiday's notice).
        """
        if not self.is_trading_day(day):
            return False
        return self.next(day) - day == (3 * _DAY if day.weekday() == 4 else _DAY)

    def trading_day_of(self, instant: int) -> date:
        """The trading day that an instant (ns UTC) belongs to: evenings, weekends and holidays are the next one's."""
        evening = (instant - _FIRST_EVENING) // _DAY_NS  # counted, since every tick asks
        found = self._from_evening.get(evening)
        if found is None:
            day = date.fromordinal(_FIRST_DAY + evening)
            found = self._from_evening[evening] = day if self.is_trading_day(day) else self.next(day)
        return found

    def span(self, instant: int) -> tuple[int, int]:
        """The day from evening to evening, ns UTC, that an instant lies in: within it `trading_day_of` is the same."""
        start = instant - (instant - _FIRST_EVENING) % _DAY_NS
        return start, start + _DAY_NS

    def _walk(self, day: date, n: int, step: timedelta) -> date:
        if n < 1:
            raise ValueError(f"n is {n}, must be 1 or more")
        for _ in range(n):
            day = self._neighbour(day, step)
        return day

    def _neighbour(self, day: date, step: timedelta) -> date:
        start = day
        for _ in range(_SEARCH):
            day += step
            if self.is_trading_day(day):
                return day
        raise ValueError(f"no trading day within a month of {start}")
