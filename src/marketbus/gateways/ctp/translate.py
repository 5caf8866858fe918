"""A CTP depth market data record (the SDK's dict) to a domain tick."""

import sys
from collections.abc import Mapping
from typing import Any

from marketbus.domain.exchange_time import ExchangeTime
from marketbus.domain.instrument import Exchange
from marketbus.domain.tick import Tick, TickFlag
from marketbus.domain.times import NS
from marketbus.domain.trading_hours import TradingHours
from marketbus.gateways.ctp.symbols import Facts, Symbols

ABSENT = sys.float_info.max
"""CTP writes DBL_MAX for a price that does not exist."""
_SANE = 1e15
"""No price or turnover comes near; NaN, infinities and DBL_MAX fail `-_SANE < x < _SANE`."""


class BadTick(Exception):
    """A record that cannot become a tick; `cause` is counted."""

    def __init__(self, cause: str, detail: str) -> None:
        super().__init__(detail)
        self.cause = cause


class Translator:
    """Keeps what translation needs from one tick to the next: last volumes and the market's phase by second."""

    def __init__(
        self, gateway: str, symbols: Symbols, times: ExchangeTime, hours: TradingHours, *, simulated: bool
    ) -> None:
        self._gateway = gateway
        self._symbols = symbols
        self._times = times
        self._hours = hours
        self._flags = int(TickFlag.SIMULATED) if simulated else 0
        self._volumes: dict[str, tuple[int, float]] = {}
        self._phases: dict[tuple[Exchange, str, int], int] = {}

    def tick(self, data: Mapping[str, Any], received: int, market_now: int) -> Tick:
        """Translate one record, in the SDK's thread.

        Raises:
            BadTick: unknown instrument, no or impossible time, impossible volume.
        """
        symbol: str = data["InstrumentID"]
        facts = self._symbols.get(symbol)
        if facts is None:
            raise BadTick("unknown_instrument", "neither listed nor subscribed")
        exchange = facts.exchange
        update_time: str = data["UpdateTime"]
        if not update_time:
            raise BadTick("no_time", "UpdateTime is empty")
        try:
            instant, trading_day, inferred = self._times.resolve(
                exchange, data["TradingDay"], data["ActionDay"], update_time, data["UpdateMillisec"], market_now
            )
        except ValueError as error:
            raise BadTick("bad_time", str(error)) from None
        flags = self._flags | self._phase_flag(exchange, facts.product, instant)
        if inferred:
            flags |= TickFlag.DATE_INFERRED

        last_price: float = data["LastPrice"]
        if not -_SANE < last_price < _SANE:
            last_price = 0.0
            flags |= TickFlag.NO_LAST
        volume: int = data["Volume"]
        if volume < 0:
            raise BadTick("bad_volume", f"Volume {volume}")

        b1, b2, b3, b4, b5 = (
            data["BidPrice1"],
            data["BidPrice2"],
            data["BidPrice3"],
            data["BidPrice4"],
            data["BidPrice5"],
        )
        a1, a2, a3, a4, a5 = (
            data["AskPrice1"],
            data["AskPrice2"],
            data["AskPrice3"],
            data["AskPrice4"],
            data["AskPrice5"],
        )
        bv1, bv2, bv3, bv4, bv5 = (
            data["BidVolume1"],
            data["BidVolume2"],
            data["BidVolume3"],
            data["BidVolume4"],
            data["BidVolume5"],
        )
        av1, av2, av3, av4, av5 = (
            data["AskVolume1"],
            data["AskVolume2"],
            data["AskVolume3"],
            data["AskVolume4"],
            data["AskVolume5"],
        )
        # A level exists if and only if its volume is positive and its price is a price.
        if bv1 <= 0 or not -_SANE < b1 < _SANE:
            b1 = bv1 = 0
        if bv2 <= 0 or not -_SANE < b2 < _SANE:
            b2 = bv2 = 0
        if bv3 <= 0 or not -_SANE < b3 < _SANE:
            b3 = bv3 = 0
        if bv4 <= 0 or not -_SANE < b4 < _SANE:
            b4 = bv4 = 0
        if bv5 <= 0 or not -_SANE < b5 < _SANE:
            b5 = bv5 = 0
        if av1 <= 0 or not -_SANE < a1 < _SANE:
            a1 = av1 = 0
        if av2 <= 0 or not -_SANE < a2 < _SANE:
            a2 = av2 = 0
        if av3 <= 0 or not -_SANE < a3 < _SANE:
            a3 = av3 = 0
        if av4 <= 0 or not -_SANE < a4 < _SANE:
            a4 = av4 = 0
        if av5 <= 0 or not -_SANE < a5 < _SANE:
            a5 = av5 = 0
        if bv1 and av1 and b1 >= a1:
            flags |= TickFlag.CROSSED

        turnover: float = data["Turnover"]
        open_interest: float = data["OpenInterest"]
        return Tick(
            self._gateway,
            symbol,
            exchange,
            instant,
            received,
            0,
            0,
            trading_day,
            int(flags),
            facts.name,
            float(volume),
            turnover if -_SANE < turnover < _SANE else 0.0,
            open_interest if -_SANE < open_interest < _SANE else 0.0,
            last_price,
            self._last_volume(symbol, trading_day, float(volume)),
            _price(data["UpperLimitPrice"]),
            _price(data["LowerLimitPrice"]),
            _price(data["OpenPrice"]),
            _price(data["HighestPrice"]),
            _price(data["LowestPrice"]),
            _price(data["PreClosePrice"]),
            float(b1),
            float(b2),
            float(b3),
            float(b4),
            float(b5),
            float(a1),
            float(a2),
            float(a3),
            float(a4),
            float(a5),
            float(bv1),
            float(bv2),
            float(bv3),
            float(bv4),
            float(bv5),
            float(av1),
            float(av2),
            float(av3),
            float(av4),
            float(av5),
            _price(data["PreSettlementPrice"]),
            _price(data["SettlementPrice"]),
            _price(data["PreOpenInterest"]),
            _average(data["AveragePrice"], facts),
        )

    def _phase_flag(self, exchange: Exchange, product_id: str, instant: int) -> int:
        key = (exchange, product_id, instant // NS)
        flag = self._phases.get(key)
        if flag is None:
            if len(self._phases) > 65_536:
                self._phases.clear()
            flag = self._phases[key] = self._hours.flags(exchange, product_id, instant)
        return flag

    def _last_volume(self, symbol: str, trading_day: int, volume: float) -> float:
        day, before = self._volumes.get(symbol, (0, volume))
        self._volumes[symbol] = (trading_day, volume)
        return max(volume - before, 0.0) if day == trading_day else 0.0


def _price(value: float) -> float | None:
    return value if -_SANE < value < _SANE else None


def _average(value: float, facts: Facts) -> float | None:
    # CTP's AveragePrice is turnover / volume, multiplier included, except at CZCE.
    if not -_SANE < value < _SANE:
        return None
    if facts.exchange is Exchange.CZCE:
        return value
    return value / facts.size if facts.size else None
