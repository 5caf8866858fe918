"""A bar: what an instrument's market did in one interval."""

import datetime as dt
from enum import StrEnum

import msgspec

from marketbus.domain.instrument import Exchange, Instrument
from marketbus.domain.times import NS, to_datetime


class Interval(StrEnum):
    """How long a bar is: vnpy's words (vnpy.trader.constant.Interval), and in their manner what venues have besides."""

    SECOND = "1s"
    SECOND_5 = "5s"
    SECOND_10 = "10s"
    SECOND_15 = "15s"
    SECOND_30 = "30s"
    MINUTE = "1m"
    MINUTE_2 = "2m"
    MINUTE_3 = "3m"
    MINUTE_5 = "5m"
    MINUTE_10 = "10m"
    MINUTE_15 = "15m"
    MINUTE_20 = "20m"
    MINUTE_30 = "30m"
    HOUR = "1h"
    HOUR_2 = "2h"
    HOUR_3 = "3h"
    HOUR_4 = "4h"
    HOUR_8 = "8h"
    DAILY = "d"
    WEEKLY = "w"
    TICK = "tick"
    """No bars: the ticks themselves."""
    UNKNOWN = "unknown"

    @classmethod
    def _missing_(cls, value: object) -> "Interval":
        return cls.UNKNOWN

    @property
    def seconds(self) -> int:
        """How long at most; 0 of ticks."""
        return _SECONDS.get(self, 0)

    @property
    def intraday(self) -> bool:
        """Whether a bar is a part of a day."""
        return 0 < self.seconds < DAY


DAY = 86_400
_UNITS = {"s": 1, "m": 60, "h": 3600}
_SECONDS = {
    each: int(each.value[:-1]) * _UNITS[each.value[-1]] for each in Interval if each.value[:-1].isdigit()
} | {Interval.DAILY: DAY, Interval.WEEKLY: 7 * DAY}  # fmt: skip


class Bar(msgspec.Struct, frozen=True, array_like=True, tag="bar/1", gc=False):
    """One bar that is over; the fields stand in wire order and carry vnpy's BarData names.

    Prices are in the contract's quote currency, volumes in lots, turnover in currency; 0 where the venue gives none.
    """

    gateway: str
    symbol: str
    exchange: Exchange
    datetime: int
    """When it begins, ns UTC; of a day or a week 00:00 in Asia/Shanghai of its (first) trading day, as in vnpy."""
    interval: Interval
    trading_day: int = 0
    """yyyymmdd"""
    flags: int = 0
    """As a tick's: SIMULATED, DELAYED."""
    volume: float = 0.0
    turnover: float = 0.0
    open_interest: float = 0.0
    open_price: float = 0.0
    high_price: float = 0.0
    low_price: float = 0.0
    close_price: float = 0.0

    @property
    def instrument(self) -> Instrument:
        """Symbol and exchange."""
        return Instrument(self.symbol, self.exchange)

    @property
    def vt_symbol(self) -> str:
        """`rb2701.SHFE`."""
        return f"{self.symbol}.{self.exchange}"

    @property
    def time(self) -> dt.datetime:
        """When it begins, in Asia/Shanghai."""
        return to_datetime(self.datetime)


def spanned(interval: Interval, begin: int, end: int) -> int:
    """Bars that a span (ns) holds at most, were the market never closed; 0 of ticks."""
    step = interval.seconds * NS
    return -((begin - end) // step) if step else 0
