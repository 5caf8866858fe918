"""The market calendar of a configuration."""

from collections.abc import Callable

from marketbus.adapters.holidays import ChineseHolidays
from marketbus.adapters.hours import cn_hours
from marketbus.apps.config import Config
from marketbus.domain.calendar import TradingCalendar
from marketbus.domain.market_calendar import MarketCalendar
from marketbus.domain.trading_hours import TradingHours


def market_calendar(config: Config, on_unknown_year: Callable[[int], None]) -> MarketCalendar:
    """Our holidays and hours, and what `[calendar]` adds to them.

    Raises:
        ConfigError: the hours file is gone since the configuration was checked.
    """
    holidays = ChineseHolidays(on_unknown_year, config.calendar.holidays, config.calendar.trading_days)
    hours = TradingHours((*cn_hours(), *config.trading_hours()))
    return MarketCalendar(TradingCalendar(holidays, holidays.knows), hours)
