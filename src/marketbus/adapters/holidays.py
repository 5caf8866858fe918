"""Chinese public holidays, from the `chinesecalendar` package (State Council notices, published a year ahead)."""

from collections.abc import Callable, Collection
from datetime import date

import chinese_calendar  # pyright: ignore[reportMissingTypeStubs]

_STATUTORY = frozenset({(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)})
"""Month and day of the holidays that the law itself dates (全国年节及纪念日放假办法, 2025)."""


class ChineseHolidays:
    """Whether a day is a public holiday; feeds `domain.calendar.TradingCalendar`."""

    def __init__(
        self,
        on_unknown_year: Callable[[int], None],
        holidays: Collection[date] = (),
        trading_days: Collection[date] = (),
    ) -> None:
        """Take the package's holidays, and ours on top.

        Args:
            on_unknown_year: hears once of each year that neither the package nor `holidays` knows anything of: weekends
                and the holidays with a date in the law are free then.
            holidays: more holidays; one of them covers its year.
            trading_days: weekdays that are none after all.
        """
        self._on_unknown_year = on_unknown_year
        self._holidays = frozenset(holidays)
        self._trading_days = frozenset(trading_days)
        self._covered = {day.year for day in self._holidays}
        self._unknown: set[int] = set()

    def __call__(self, day: date) -> bool:
        """True on public holidays and on weekends that are not worked in lieu."""
        if day in self._trading_days:
            return False
        if day in self._holidays:
            return True
        found = _in_package(day)
        if found is not None:
            return found
        if day.year not in self._covered and day.year not in self._unknown:
            self._unknown.add(day.year)
            self._on_unknown_year(day.year)
        return day.weekday() >= 5 or (day.month, day.day) in _STATUTORY

    def knows(self, year: int) -> bool:
        """Whether the holidays of a year are known."""
        return year in self._covered or _in_package(date(year, 1, 1)) is not None


def _in_package(day: date) -> bool | None:
    try:
        return not chinese_calendar.is_workday(day)  # pyright: ignore[reportUnknownMemberType]
    except NotImplementedError:  # what the package raises beyond its data
        return None
