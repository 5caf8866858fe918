"""Trading day and session flags of an instrument's ticks: the same until its session is over, so asked for once."""

from typing import NamedTuple

from vnpy.trader.constant import Exchange as VnpyExchange

from marketbus.domain.instrument import product_code
from marketbus.domain.market_calendar import LATE, MarketCalendar, Phase
from marketbus.domain.times import yyyymmdd
from marketbus.vnpy_types.market import exchange_from_vnpy


class _Known(NamedTuple):
    start: int
    end: int
    """ns UTC, of a session; it has one trading day."""
    trading_day: int
    flags: int


_NONE = _Known(0, 0, 0, 0)


class SessionMarks:
    """Any thread may ask: what two find out at the same time is the same."""

    def __init__(self, market: MarketCalendar) -> None:
        self._market = market
        self._known: dict[tuple[str, VnpyExchange], _Known] = {}

    def marks(self, symbol: str, exchange: VnpyExchange, instant: int, now: int) -> tuple[int, int]:
        """yyyymmdd and bits of Tick.flags at `instant`; `now` is the market's time, both ns UTC.

        Raises:
            ValueError: no exchange of vnpy's.
        """
        start, end, trading_day, flags = self._known.get((symbol, exchange), _NONE)
        if start <= instant < end and now <= end + LATE:
            return trading_day, flags
        market, ours, product = self._market, exchange_from_vnpy(exchange), product_code(symbol)
        flags, trading_day = market.flags(ours, product, instant, now), yyyymmdd(market.days.trading_day_of(instant))
        stretch = market.stretch(ours, product, instant)
        if stretch is not None and stretch.phase is not Phase.CLOSED and now <= stretch.end + LATE:
            self._known[symbol, exchange] = _Known(stretch.start, stretch.end, trading_day, flags)
        return trading_day, flags
