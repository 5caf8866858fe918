"""What is known of one instrument's market, changed by one message at a time, and a tick of it."""

from math import isfinite
from typing import Any, NamedTuple

from marketbus.domain.contract import Contract
from marketbus.domain.tick import Tick, TickFlag
from marketbus.domain.times import NS
from marketbus.gateways.ib.depth import LEVELS, Depth, Level

BID, ASK, LAST, HIGH, LOW, CLOSE, OPEN = range(7)
PRICES = {
    # IBKR, tick types: live and delayed
    1: BID, 66: BID, 2: ASK, 67: ASK, 4: LAST, 68: LAST, 6: HIGH, 72: HIGH, 7: LOW, 73: LOW, 9: CLOSE, 75: CLOSE,
    14: OPEN, 76: OPEN,
}  # fmt: skip
SIZES = {0: "bid_volume", 69: "bid_volume", 3: "ask_volume", 70: "ask_volume", 5: "last_size", 71: "last_size",
         8: "volume", 74: "volume", 22: "open_interest", 27: "open_interest", 28: "open_interest",
         86: "open_interest"}  # fmt: skip
DELAYED = frozenset({66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 88})
TIMES = frozenset({45, 88})
TRADES = frozenset({48, 77})
_STATISTICS = {HIGH: "high", LOW: "low", CLOSE: "close", OPEN: "open"}
_SANE = 1e15
_TURN = 3 * NS // 2
"""TWS gives trades whole seconds: one that looks older than the quote before it by less is not."""


class BadValue(ValueError):
    """A value that cannot be one of a market."""


class RtVolume(NamedTuple):
    """One trade in TWS's words: `701.28;1;1348075471534;67854;701.46918464;true`."""

    price: float | None
    size: float
    time: int | None
    """ns UTC"""
    volume: float | None
    average: float | None


def rt_volume(text: str) -> RtVolume:
    """Read the words of a trade; empty parts say nothing. Raises ValueError."""
    price, size, time, volume, average, *_ = text.split(";")
    return RtVolume(
        float(price) if price else None,
        float(size or 0),
        int(time) * 1_000_000 if time else None,
        float(volume) if volume else None,
        float(average) if average else None,
    )


class Quote:
    """The values; None or volume 0 where there is none. Sizes are exact: 0.3 is never 0.30000000000000004."""

    __slots__ = (
        "ask", "average", "bid", "close", "delayed", "depth", "high", "lag", "last", "last_size", "low", "moment",
        "open", "open_interest", "told_volume", "trade_time", "volume",
    )  # fmt: skip

    def __init__(self) -> None:
        self.bid = self.ask = Level(0.0, 0.0)
        self.last: float | None = None
        self.last_size = self.open_interest = 0.0
        self.volume: float | None = None
        self.told_volume: float | None = None
        self.high: float | None = None
        self.low: float | None = None
        self.close: float | None = None
        self.open: float | None = None
        self.average: float | None = None
        self.trade_time = 0
        """Of the last trade, ns UTC; 0 where TWS did not say."""
        self.moment = 0
        self.lag: int | None = None
        """ns from the exchange to us, at best."""
        self.delayed = False
        self.depth: Depth | None = None

    def price(self, kind: int, price: float, size: float) -> bool:
        """Whether it brought anything new. Raises BadValue."""
        what = PRICES[kind]
        if not isfinite(price) or not isfinite(size) or size < 0:
            raise BadValue(f"price {price}, size {size}")
        absent = not -_SANE < price < _SANE or (price in (-1.0, 0.0) and size == 0)
        if what in (BID, ASK):
            level = Level(0.0, 0.0) if absent or size == 0 else Level(price, exact(size))
            return self._set("bid" if what == BID else "ask", level)
        if what == LAST:
            if absent:
                return False
            self.last_size = exact(size) or self.last_size
            return self._set("last", price)
        return self._set(_STATISTICS[what], None if absent or price == -1.0 else price)

    def size(self, kind: int, size: float) -> bool:
        """Whether it brought anything new. Raises BadValue."""
        name = SIZES[kind]
        if not isfinite(size) or size < 0 or size >= _SANE:
            raise BadValue(f"size {size}")
        volume = exact(size)
        if name == "bid_volume":
            return self._set("bid", Level(self.bid.price, volume) if volume and self.bid.volume else Level(0.0, 0.0))
        if name == "ask_volume":
            return self._set("ask", Level(self.ask.price, volume) if volume and self.ask.volume else Level(0.0, 0.0))
        if name == "open_interest" and not volume:
            return False  # of an option, the other right's
        return self._set(name, volume)

    def trade(self, trade: RtVolume) -> None:
        """A trade that carries its own time."""
        values = (trade.price or 0.0, trade.size, trade.volume or 0.0, trade.average or 0.0)
        if not all(map(isfinite, values)) or trade.size < 0 or (trade.volume or 0.0) < 0:
            raise BadValue(f"trade {trade}")
        if trade.price is not None:
            self.last = trade.price
        self.last_size = exact(trade.size)
        self.volume = self.volume if trade.volume is None else exact(trade.volume)
        self.average = self.average if trade.average is None else trade.average
        self.trade_time = trade.time or self.trade_time

    def _set(self, name: str, value: object) -> bool:
        if getattr(self, name) == value:
            return False
        setattr(self, name, value)
        return True

    def time(self, given: int, now: int) -> tuple[int, int]:
        """When the market was like this (ns UTC), and DATE_INFERRED where TWS gave no time; `given` 0: it did not.

        TWS gives trades seconds or milliseconds, and quotes nothing: those are as late as the quickest trade was. Times
        go back by no less than TWS's seconds are coarse.
        """
        flag = 0
        if given % NS:
            self.lag = now - given if self.lag is None else min(self.lag, now - given)
        elif not given:
            flag = int(TickFlag.DATE_INFERRED)
            given = self.trade_time if self.delayed and self.trade_time else now - (self.lag or 0)
        if 0 < self.moment - given < _TURN:
            given = self.moment
        self.moment = given
        return given, flag

    def tick(self, contract: Contract, instant: int, received: int, trading_day: int, flags: int) -> Tick:
        """The market as it is now, under one of its contract's names."""
        if self.last is None:
            flags |= TickFlag.NO_LAST
        if self.delayed:
            flags |= TickFlag.DELAYED
        bids, asks = self._levels()
        if bids[0].volume and asks[0].volume and bids[0].price >= asks[0].price:
            flags |= TickFlag.CROSSED
        values: list[Any] = [  # by position, in the order of Tick's fields: a third of the time of keywords
            contract.gateway,
            contract.symbol,
            contract.exchange,
            instant,
            received,
            0,
            0,
            trading_day,
            int(flags),
            contract.name,
            self.volume or 0.0,
            0.0,
            self.open_interest,
            0.0 if self.last is None else self.last,
            self._new_volume(),
            None,
            None,
            self.open,
            self.high,
            self.low,
            self.close,
            *(level.price for level in bids),
            *(level.price for level in asks),
            *(level.volume for level in bids),
            *(level.volume for level in asks),
            None,
            None,
            None,
            self.average,
        ]
        return Tick(*values)

    def was_told(self) -> None:
        """A tick of it went out."""
        self.told_volume = self.volume

    def _new_volume(self) -> float:
        """Since the last tick; 0 on a new day, and of what was traded before the first."""
        if self.volume is None or self.told_volume is None:
            return 0.0
        return max(0.0, exact(self.volume - self.told_volume))

    def _levels(self) -> tuple[list[Level], list[Level]]:
        if self.depth is None:
            return [self.bid, *_NO_MORE], [self.ask, *_NO_MORE]
        return _five(self.depth.bids), _five(self.depth.asks)


_NO_LEVEL = Level(0.0, 0.0)
_NO_MORE = [_NO_LEVEL] * (LEVELS - 1)


def _five(rows: list[Level]) -> list[Level]:
    """The best levels; a book of several exchanges has a row of each."""
    levels: list[Level] = []
    for row in rows:
        if levels and levels[-1].price == row.price:
            levels[-1] = Level(row.price, exact(levels[-1].volume + row.volume))
        elif len(levels) < LEVELS and row.volume > 0:
            levels.append(row)
    return levels + [_NO_LEVEL] * (LEVELS - len(levels))


def exact(size: float) -> float:
    """A size as it was written: sums of fractions in binary miss the last digit."""
    return float(f"{size:.12g}")
