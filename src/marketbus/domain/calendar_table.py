"""A market calendar as data: what one process hands to another, and the way back."""

from datetime import date, timedelta

import msgspec

from marketbus.domain.calendar import TradingCalendar
from marketbus.domain.errors import MarketBusError
from marketbus.domain.market_calendar import MarketCalendar
from marketbus.domain.trading_hours import Hours, TradingHours


class BeyondCalendar(MarketBusError):
    """A day that the calendar does not reach."""

    code = "beyond_calendar"


class CalendarTable(msgspec.Struct, frozen=True):
    """Holidays of some years, and the trading hours. Dates are `YYYY-MM-DD`, times Shanghai's `HH:MM:SS`."""

    first: date
    """First day that it reaches."""
    last: date
    holidays: tuple[date, ...]
    """Weekdays from `first` to `last` on which the exchanges are closed; weekends are always."""
    unknown_years: tuple[int, ...]
    """Years whose holidays were not published when this was asked: only those with a date in the law are in it."""
    hours: tuple[Hours, ...]
    """Of two rows of a product with the same `since`, the later holds."""


def table_of(market: MarketCalendar, first: int, last: int) -> CalendarTable:
    """The table of the years from `first` to `last`."""
    begin, end = date(first, 1, 1), date(last, 12, 31)
    days = (begin + timedelta(days=n) for n in range((end - begin).days + 1))
    holidays = tuple(day for day in days if day.weekday() < 5 and not market.days.is_trading_day(day))
    unknown = tuple(year for year in range(first, last + 1) if not market.days.knows(year))
    return CalendarTable(begin, end, holidays, unknown, market.hours.table)


def calendar_of(table: CalendarTable) -> MarketCalendar:
    """The calendar that computes with a table. Asked about a day beyond it, it raises BeyondCalendar."""
    holidays = frozenset(table.holidays)
    unknown = frozenset(table.unknown_years)

    def is_holiday(day: date) -> bool:
        if not table.first <= day <= table.last:
            raise BeyondCalendar(f"{day} is beyond the calendar", f"it reaches from {table.first} to {table.last}")
        return day in holidays

    return MarketCalendar(TradingCalendar(is_holiday, lambda year: year not in unknown), TradingHours(table.hours))
