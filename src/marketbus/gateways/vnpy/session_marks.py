"""Trading day and session flags of an instrument's ticks, asked for once: they stay until its session is over.

Where no hours are known or judged, a session lasts from evening to evening, as a trading day does.
"""

from typing import NamedTuple

from vnpy.trader.constant import Exchange as VnpyExchange

from marketbus.domain.instrument import product_code
from marketbus.domain.market_calendar import LATE, MarketCalendar
from marketbus.domain.times import yyyymmdd
from marketbus.vnpy_types.market import exchange_from_vnpy

_FIRST, _LAST = -(2**63), 2**63 - 1


class Marks(NamedTuple):
    """What ticks from `start` until before `end` have in common while the market's time is within `since` and `until`.

    Times are ns UTC.
    """

    start: int
    end: int
    since: int
    until: int
    trading_day: int
    """yyyymmdd"""
    flags: int
    """Bits of Tick.flags."""


_NONE = Marks(0, 0, 0, 0, 0, 0)


class SessionMarks:
    """Any thread may ask: what two find out at the same time is the same."""

    def __init__(self, market: MarketCalendar) -> None:
        self._market = market
        self._known: dict[tuple[str, VnpyExchange], Marks] = {}

    def marks(self, symbol: str, exchange: VnpyExchange, instant: int, now: int) -> Marks:
        """Those of a tick of `instant`; `now` is the market's time, both ns UTC.

        Raises:
            ValueError: no exchange of vnpy's.
        """
        known = self._known.get((symbol, exchange), _NONE)
        if known.start <= instant < known.end and known.since <= now <= known.until:
            return known
        market, ours, product = self._market, exchange_from_vnpy(exchange), product_code(symbol)
        start, end = market.days.span(instant)
        since, until = _FIRST, _LAST
        stretch = market.stretch(ours, product, instant)
        if stretch is not None:
            over = stretch.end + LATE  # what comes later is a replay
            since, until = (_FIRST, over) if now <= over else (over + 1, _LAST)
            start, end = max(start, stretch.start), min(end, stretch.end)
        flags, trading_day = market.flags(ours, product, instant, now), yyyymmdd(market.days.trading_day_of(instant))
        found = self._known[symbol, exchange] = Marks(start, end, since, until, trading_day, flags)
        return found
