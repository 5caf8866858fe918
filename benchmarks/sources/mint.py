"""Fresh TickData at a price that leaves something to measure: making one must not cost more than carrying it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from time import time_ns
from typing import Any
from zoneinfo import ZoneInfo

from vnpy.trader.constant import Exchange
from vnpy.trader.object import TickData

from marketbus.lab.instruments import Listing

OPEN = datetime(2026, 9, 1, 13, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
"""Ticks are stamped from here on: a figure must not depend on whether it is day or night in Shanghai."""
STATES = 4
"""Books of an instrument, in turn; more would not stay in the processor's cache, as a venue's latest would."""


class Mint:
    """Makes the ticks of some instruments, one object each; Volume rises by exactly 1 a tick.

    vnpy's constructor costs several times what carrying a tick may cost. The constant fields of a tick are therefore
    copied from one that it made.
    """

    def __init__(self, gateway_name: str, listed: Sequence[Listing], began: int) -> None:
        """`began`: when the market opened, ns of the wall clock."""
        self._began = began
        self._books = [[vars(_tick(gateway_name, each, state)) for state in range(STATES)] for each in listed]
        self._volumes = [0] * len(listed)
        self._symbols = [each.symbol for each in listed]
        self._moment = OPEN

    @property
    def volumes(self) -> dict[str, int]:
        """The newest of each instrument, by symbol."""
        return dict(zip(self._symbols, self._volumes, strict=True))

    def look(self) -> None:
        """At the clock, before some ticks: the market's time is stamped on all of them."""
        self._moment = OPEN + timedelta(0, 0, (time_ns() - self._began) // 1000)

    def tick(self, place: int) -> TickData:
        """The next tick of the instrument at that place."""
        volume = self._volumes[place] = self._volumes[place] + 1
        fields: dict[str, Any] = self._books[place][volume % STATES].copy()
        fields["volume"] = volume
        fields["turnover"] = volume * fields["last_price"]
        fields["open_interest"] = 100_000 + volume
        fields["datetime"] = self._moment
        tick = TickData.__new__(TickData)
        tick.__dict__ = fields
        return tick


def market_offset(began: int) -> int:
    """The market's time minus ours, ns."""
    return round(OPEN.timestamp()) * 1_000_000_000 - began


def _tick(gateway_name: str, listing: Listing, state: int) -> TickData:
    step = listing.tick
    price = float(listing.base + state * step)
    tick = TickData(
        symbol=listing.symbol,
        exchange=Exchange(listing.exchange),
        datetime=OPEN,
        name=listing.name,
        last_price=price,
        last_volume=1,
        limit_up=listing.base * 1.1,
        limit_down=listing.base * 0.9,
        open_price=float(listing.base),
        high_price=price + step,
        low_price=price - step,
        pre_close=float(listing.base),
        gateway_name=gateway_name,
    )
    for level in range(1, 6):
        for side, sign in (("bid", -1), ("ask", 1)):
            setattr(tick, f"{side}_price_{level}", price + sign * level * step)
            setattr(tick, f"{side}_volume_{level}", state % (5 + 2 * level) + level)
    return tick
