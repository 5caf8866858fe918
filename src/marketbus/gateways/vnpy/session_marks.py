"""Trading day and session flags of an instrument's ticks, asked for once: they stay until its session is over.

Where no hours are known or judged, a session lasts from evening to evening, as a trading day does.
"""

from typing import NamedTuple

from vnpy.trader.constant import Exchange as VnpyExchange

from marketbus.domain.instrument import product_code
from marketbus.domain.market_calendar import LATE, MarketCalendar, Phase
from marketbus.domain.times import yyyymmdd
from marketbus.vnpy_types.market import exchange_from_vnpy


class Marks(NamedTuple):
    """What the ticks of a session have in common; it has one trading day."""

    start: int
    end: int
    """ns UTC; both 0 where it holds for the instant only that was asked for."""
    until: int
    """The market's time up to which it holds: what comes later is a replay."""
    trading_day: int
    """yyyymmdd"""
    flags: int
    """Bits of Tick.flags."""


_NONE = Marks(0, 0, 0, 0, 0)
_FOREVER = 2**63 - 1


class SessionMarks:
    """Any thread may ask: what two find out at the same time is the same."""

    def __init__(self, market: MarketCalendar) -> None:
        self._market = market
        self._known: dict[tuple[str, VnpyExchange], Marks] = {}

    def marks(self, symbol: str, exchange: VnpyExchange, instant: int, now: int) -> Marks:
        """Those of `instant`; `now` is the market's time, both ns UTC.

        Raises:
            ValueError: no exchange of vnpy's.
        """
        known = self._known.get((symbol, exchange), _NONE)
        if known.start <= instant < known.end and now <= known.until:
            return known
        market, ours, product = self._market, exchange_from_vnpy(exchange), product_code(symbol)
        flags, trading_day = market.flags(ours, product, instant, now), yyyymmdd(market.days.trading_day_of(instant))
        stretch = market.stretch(ours, product, instant)
        if stretch is None:
            found = Marks(*market.days.span(instant), _FOREVER, trading_day, flags)
        elif stretch.phase is Phase.CLOSED or now > stretch.end + LATE:
            return Marks(0, 0, 0, trading_day, flags)
        else:
            found = Marks(stretch.start, stretch.end, stretch.end + LATE, trading_day, flags)
        self._known[symbol, exchange] = found
        return found
