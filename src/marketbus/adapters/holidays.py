"""Chinese public holidays, from the `chinesecalendar` package (State Council notices, published a year ahead)."""

from collections.abc import Callable
from datetime import date

import chinese_calendar  # pyright: ignore[reportMissingTypeStubs]


class ChineseHolidays:
    """Whether a day is a public holiday; feeds `domain.calendar.TradingCalendar`."""

    def __init__(self, on_unknown_year: Callable[[int], None]) -> None:
        """`on_unknown_year` hears once of each year that the package knows nothing of: weekends only are free then."""
        self._on_unknown_year = on_unknown_year
        self._unknown: set[int] = set()

    def __call__(self, day: date) -> bool:
        """True on public holidays and on weekends that are not worked in lieu."""
        try:
            return not chinese_calendar.is_workday(day)  # pyright: ignore[reportUnknownMemberType]
        except NotImplementedError:  # what the package raises beyond its data
            if day.year not in self._unknown:
                self._unknown.add(day.year)
                self._on_unknown_year(day.year)
            return day.weekday() >= 5
