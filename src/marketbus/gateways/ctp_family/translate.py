"""A depth market data record (the SDK's dict) to a domain tick."""

import sys
from collections.abc import Mapping
from operator import itemgetter
from typing import Any, NamedTuple

from marketbus.domain.exchange_time import ExchangeTime
from marketbus.domain.market_calendar import MarketCalendar
from marketbus.domain.tick import Tick, TickFlag
from marketbus.gateways.ctp_family.dialect import Dialect
from marketbus.gateways.ctp_family.symbols import Facts, Symbols

ABSENT = sys.float_info.max
"""CTP writes DBL_MAX for a price that does not exist."""
_DEPTH = 5
_LEVELS = [(side, level) for side in ("Bid", "Ask") for level in range(1, _DEPTH + 1)]
_PRICES = itemgetter(*(f"{side}Price{level}" for side, level in _LEVELS))
_VOLUMES = itemgetter(*(f"{side}Volume{level}" for side, level in _LEVELS))
_STATISTICS = itemgetter(
    "UpperLimitPrice", "LowerLimitPrice", "OpenPrice", "HighestPrice", "LowestPrice", "PreClosePrice"
)
_SETTLEMENTS = itemgetter("PreSettlementPrice", "SettlementPrice", "PreOpenInterest")
_SANE = 1e15
"""No price or turnover comes near; NaN, infinities and DBL_MAX fail `-_SANE < x < _SANE`."""


class BadTick(Exception):
    """A record that cannot become a tick; `cause` is counted."""

    def __init__(self, cause: str, detail: str) -> None:
        super().__init__(detail)
        self.cause = cause


class Placed(NamedTuple):
    """What a record is about and when it was."""

    facts: Facts
    instant: int
    """ns UTC"""
    trading_day: int
    inferred: bool
    flags: int
    """Without CROSSED and NO_LAST."""


class Translator:
    """Keeps what translation needs from one tick to the next: last volumes."""

    def __init__(
        self,
        dialect: Dialect,
        gateway: str,
        symbols: Symbols,
        times: ExchangeTime,
        market: MarketCalendar,
        *,
        simulated: bool,
    ) -> None:
        self.average_divisor = dialect.average_divisor
        self._gateway = gateway
        self._symbols = symbols
        self._times = times
        self._market = market
        self.flags = int(TickFlag.SIMULATED) if simulated else 0
        """Of every tick."""
        self._volumes: dict[str, tuple[int, float]] = {}

    def tick(self, data: Mapping[str, Any], received: int, market_now: int) -> Tick:
        """Translate one record, in the SDK's thread.

        Raises:
            BadTick: unknown instrument, no or impossible time, impossible volume.
        """
        symbol: str = data["InstrumentID"]
        volume: int = data["Volume"]
        facts, instant, trading_day, _, flags = self.place(
            symbol,
            data["TradingDay"],
            data["ActionDay"],
            data["UpdateTime"],
            data["UpdateMillisec"],
            volume,
            market_now,
        )
        last_price: float = data["LastPrice"]
        if not -_SANE < last_price < _SANE:
            last_price = 0.0
            flags |= int(TickFlag.NO_LAST)
        prices, volumes = list(_PRICES(data)), list(_VOLUMES(data))
        for index, price in enumerate(prices):
            # A level exists if and only if its volume is positive and its price is a price.
            if volumes[index] <= 0 or not -_SANE < price < _SANE:
                prices[index], volumes[index] = 0.0, 0
        if volumes[0] and volumes[_DEPTH] and prices[0] >= prices[_DEPTH]:
            flags |= int(TickFlag.CROSSED)

        turnover: float = data["Turnover"]
        open_interest: float = data["OpenInterest"]
        values: list[Any] = [  # by position, in the order of Tick's fields: a third of the time of keywords
            self._gateway,
            symbol,
            facts.exchange,
            instant,
            received,
            0,
            0,
            trading_day,
            flags,
            facts.name,
            float(volume),
            turnover if -_SANE < turnover < _SANE else 0.0,
            open_interest if -_SANE < open_interest < _SANE else 0.0,
            last_price,
            self._last_volume(symbol, trading_day, float(volume)),
            *map(_price, _STATISTICS(data)),
            *prices,
            *map(float, volumes),
            *map(_price, _SETTLEMENTS(data)),
            self._average(data["AveragePrice"], facts),
        ]
        return Tick(*values)

    def place(
        self,
        symbol: str,
        trading_day: str,
        action_day: str,
        update_time: str,
        millisec: int,
        volume: int,
        market_now: int,
    ) -> Placed:
        """What the record is about and when it was, of its own fields.

        Raises:
            BadTick: as `tick`.
        """
        facts = self._symbols.get(symbol)
        if facts is None:
            raise BadTick("unknown_instrument", "neither listed nor subscribed")
        if not update_time:
            raise BadTick("no_time", "UpdateTime is empty")
        try:
            instant, day, inferred = self._times.resolve(
                facts.exchange, trading_day, action_day, update_time, millisec, market_now
            )
        except ValueError as error:
            raise BadTick("bad_time", str(error)) from None
        flags = self.flags | self._market.flags(facts.exchange, facts.product, instant, market_now)
        if inferred:
            flags |= int(TickFlag.DATE_INFERRED)
        if volume < 0:
            raise BadTick("bad_volume", f"Volume {volume}")
        return Placed(facts, instant, day, inferred, flags)

    def _average(self, value: float, facts: Facts) -> float | None:
        divisor = self.average_divisor(facts.exchange, facts.size)
        return value / divisor if divisor and -_SANE < value < _SANE else None

    def _last_volume(self, symbol: str, trading_day: int, volume: float) -> float:
        day, before = self._volumes.get(symbol, (0, volume))
        self._volumes[symbol] = (trading_day, volume)
        return max(volume - before, 0.0) if day == trading_day else 0.0


def _price(value: float) -> float | None:
    return value if -_SANE < value < _SANE else None
