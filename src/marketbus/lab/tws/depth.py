"""The order book as a client's copy of it: rows inserted, updated and deleted so that the copy is always right.

An insert shifts the rows below it down, a delete shifts them up; a row pushed past the number asked for is deleted
first. Source: TWS API reference, "Market Depth".
"""

import math

from marketbus.lab.exchange import LEVELS
from marketbus.lab.tws.contract import Contract
from marketbus.lab.tws.feed import RawTick
from marketbus.lab.tws.level1 import sizes
from marketbus.lab.tws.messages import ticks
from marketbus.lab.tws.session import Session

_INSERT, _UPDATE, _DELETE = 0, 1, 2
_ASK, _BID = 0, 1

Row = tuple[float, str]
"""Price, size."""


class DepthStream:
    """`rows` at most LEVELS; `smart`: rows of all exchanges, each with its maker."""

    def __init__(self, session: Session, contract: Contract, request: int, rows: int, *, smart: bool) -> None:
        self.session = session
        self.contract = contract
        self._request = request
        self._rows = min(rows, LEVELS)
        self._smart = smart
        self._size = sizes(contract)
        self._told: dict[int, list[Row]] = {_ASK: [], _BID: []}

    def ticked(self, tick: RawTick) -> bytes:
        """What changes the client's copy into the book of this tick."""
        parts: list[bytes] = []
        for side, prices, lots in ((_ASK, tick.asks, tick.ask_lots), (_BID, tick.bids, tick.bid_lots)):
            wanted = [
                (price, self._size(amount)) for price, amount in zip(prices, lots, strict=True) if not math.isnan(price)
            ]
            self._turn(side, wanted[: self._rows], parts)
        return b"".join(parts)

    def _turn(self, side: int, wanted: list[Row], parts: list[bytes]) -> None:
        told = self._told[side]
        prices = {price for price, _ in wanted}
        for place in range(len(told) - 1, -1, -1):
            if told[place][0] not in prices:
                parts.append(self._row(side, place, _DELETE, (0.0, "0")))
                del told[place]
        for place, row in enumerate(wanted):
            if place < len(told) and told[place][0] == row[0]:
                if told[place] != row:
                    parts.append(self._row(side, place, _UPDATE, row))
                    told[place] = row
            else:
                parts.append(self._row(side, place, _INSERT, row))
                told.insert(place, row)

    def _row(self, side: int, place: int, operation: int, row: Row) -> bytes:
        price, size = str(row[0]), row[1]
        if not self._smart and self.contract.sec_type != "STK":
            return ticks.depth(self._request, place, operation, side, price, size)
        maker = self.contract.primary or self.contract.exchange
        return ticks.depth_l2(self._request, place, maker, operation, side, price, size, self._smart)
