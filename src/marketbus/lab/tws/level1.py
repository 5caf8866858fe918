"""One market data line: what changed in a tick, as TWS tells it.

Order within one tick: time of the trade, its price and size, volume, the best bid and ask, the day's high and low.
Prices and sizes that did not change are not told again; Volume is, with every trade.
"""

import math
from collections.abc import Callable

from marketbus.lab.tws.contract import Contract
from marketbus.lab.tws.feed import RawTick
from marketbus.lab.tws.frame import number
from marketbus.lab.tws.messages import ticks
from marketbus.lab.tws.messages.ticks import DELAYED_TYPE, Tick
from marketbus.lab.tws.session import Session

_SECOND_NS, _MS_NS = 1_000_000_000, 1_000_000
_LATE_NS = 15 * 60 * _SECOND_NS
"""Delayed data are those of now, told with the time of then."""
_NONE = "-1.0"
_RT_VOLUME, _MARK, _INTEREST = "233", "221", "588"


def sizes(contract: Contract) -> Callable[[int], str]:
    """Lots of the exchange model as the contract's units."""
    lot = contract.lot
    return str if lot == 1 else lambda lots: number(lots * lot)


class Level1:
    """`request` its ticker id; `generic` the generic ticks asked for; `delayed`: real time is not subscribed."""

    def __init__(self, session: Session, contract: Contract, request: int, generic: set[str], *, delayed: bool) -> None:
        self.session = session
        self.contract = contract
        self.delayed = delayed
        self._request = request
        self._generic = generic
        self._size = sizes(contract)
        self._told: dict[int, str] = {}

    def begin(self, tick: RawTick) -> bytes:
        """What a line begins with: the latest of everything, the day's open and yesterday's close."""
        parts = [self.ticked(tick)]
        if self.contract.sec_type != "CASH":
            parts.append(self._price(Tick.OPEN, str(tick.open), "0"))
        parts.append(self._price(Tick.CLOSE, str(tick.close), "0"))
        return b"".join(parts)

    def ticked(self, tick: RawTick) -> bytes:
        """What one tick changed."""
        parts: list[bytes] = []
        if self.contract.traded:
            self._trade(tick, parts)
        self._side(Tick.BID, Tick.BID_SIZE, tick.bids[0], tick.bid_lots[0], parts)
        self._side(Tick.ASK, Tick.ASK_SIZE, tick.asks[0], tick.ask_lots[0], parts)
        self._changed(Tick.HIGH, str(tick.high), parts)
        self._changed(Tick.LOW, str(tick.low), parts)
        if self.contract.sec_type == "OPT":
            parts.append(self._model(tick))
        return b"".join(parts)

    def _trade(self, tick: RawTick, parts: list[bytes]) -> None:
        now = tick.now_ns - (_LATE_NS if self.delayed else 0)
        last, volume = str(tick.last), self._size(tick.volume)
        index = self.contract.sec_type == "IND"  # has no trades, and so no sizes
        lot = "0" if index else self._size(1)
        parts.append(ticks.text(self._request, self._type(Tick.LAST_TIME), str(now // _SECOND_NS)))
        if self._told.get(Tick.LAST) != last:
            self._told[Tick.LAST] = last
            parts.append(self._price(Tick.LAST, last, lot, 1))
            if not index:
                parts.append(self._amount(Tick.LAST_SIZE, lot))
        if index:
            return
        if _RT_VOLUME in self._generic and not self.delayed:
            value = f"{last};{lot};{now // _MS_NS};{volume};{tick.average:.8f};true"
            parts.append(ticks.text(self._request, Tick.RT_VOLUME, value))
        parts.append(self._amount(Tick.VOLUME, volume))
        if _MARK in self._generic and not self.delayed:
            parts.append(ticks.price(self._request, Tick.MARK_PRICE, last, "0"))
        if _INTEREST in self._generic and self.contract.sec_type == "FUT" and not self.delayed:
            parts.append(ticks.size(self._request, Tick.FUTURES_INTEREST, str(tick.interest)))

    def _side(self, tick: Tick, size_tick: Tick, price: float, lots: int, parts: list[bytes]) -> None:
        absent = not self.contract.quoted or math.isnan(price)
        value, size = (_NONE, "0") if absent else (str(price), self._size(lots))
        if self._told.get(tick) != value:
            self._told[tick], self._told[size_tick] = value, size
            parts.append(self._price(tick, value, size, 0 if absent else 1))
            if not absent:
                parts.append(self._amount(size_tick, size))
        elif self._told.get(size_tick) != size:
            self._told[size_tick] = size
            parts.append(self._amount(size_tick, size))

    def _changed(self, tick: Tick, value: str, parts: list[bytes]) -> None:
        if self._told.get(tick) != value:
            self._told[tick] = value
            parts.append(self._price(tick, value, "0"))

    def _model(self, tick: RawTick) -> bytes:
        # Figures of the right form, of no model: a delta by the strike, the rest fixed.
        call = self.contract.right == "C"
        delta = "0.5" if call else "-0.5"
        figures = ("0.25", delta, str(tick.last), "0", "0.02", "0.3", "-0.05", "230.0")
        return ticks.option(self._request, self._type(Tick.MODEL_OPTION), figures)

    def _type(self, tick: Tick) -> int:
        return DELAYED_TYPE[tick] if self.delayed else tick

    def _price(self, tick: Tick, value: str, size: str, mask: int = 0) -> bytes:
        return ticks.price(self._request, self._type(tick), value, size, mask)

    def _amount(self, tick: Tick, value: str) -> bytes:
        return ticks.size(self._request, self._type(tick), value)
