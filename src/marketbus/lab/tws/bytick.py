"""Tick-by-tick streams: every trade, every change of the best quote, every change of the middle."""

import math
from enum import StrEnum

from marketbus.lab.trading.terms import exact
from marketbus.lab.tws.contract import Contract
from marketbus.lab.tws.feed import RawTick
from marketbus.lab.tws.frame import number
from marketbus.lab.tws.level1 import sizes
from marketbus.lab.tws.messages import ticks
from marketbus.lab.tws.session import Session

_SECOND_NS = 1_000_000_000


class Kind(StrEnum):
    """As reqTickByTickData names them."""

    LAST = "Last"
    ALL_LAST = "AllLast"
    BID_ASK = "BidAsk"
    MIDPOINT = "MidPoint"


class ByTick:
    """One stream. `ignore_size`: quotes whose sizes alone changed are not told."""

    def __init__(self, session: Session, contract: Contract, request: int, kind: Kind, *, ignore_size: bool) -> None:
        self.session = session
        self.contract = contract
        self._request = request
        self._kind = kind
        self._ignore_size = ignore_size
        self._size = sizes(contract)
        self._told: tuple[str, ...] = ()

    def ticked(self, tick: RawTick) -> bytes:
        """What a tick brings."""
        seconds = tick.now_ns // _SECOND_NS
        if self._kind in {Kind.LAST, Kind.ALL_LAST}:
            kind = 1 if self._kind is Kind.LAST else 2
            exchange = self.contract.primary or self.contract.exchange
            return ticks.last_by_tick(self._request, kind, seconds, str(tick.last), self._size(1), exchange)
        bid, ask = tick.bids[0], tick.asks[0]
        if math.isnan(bid) or math.isnan(ask):
            return b""
        if self._kind is Kind.MIDPOINT:
            middle = number((exact(bid) + exact(ask)) / 2)
            return ticks.midpoint_by_tick(self._request, seconds, middle) if self._new(middle) else b""
        quote = (str(bid), str(ask), self._size(tick.bid_lots[0]), self._size(tick.ask_lots[0]))
        if not self._new(*(quote[:2] if self._ignore_size else quote)):
            return b""
        return ticks.quote_by_tick(self._request, seconds, *quote)

    def _new(self, *told: str) -> bool:
        if told == self._told:
            return False
        self._told = told
        return True
