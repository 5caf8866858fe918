"""One market data line at TWS: what it is of, what was asked for it, and what is known of its market."""

from enum import Enum

from marketbus.domain.instrument import Instrument
from marketbus.gateways.ib.catalogue import Entry
from marketbus.gateways.ib.connection import Call
from marketbus.gateways.ib.quote import Quote

GENERIC = {"STK": "233", "FUT": "233,588", "CONTFUT": "233", "OPT": "233,101", "FOP": "233", "CRYPTO": "233"}
"""Which further ticks to ask for: trades with their own time (233), open interest (101, 588)."""
_QUOTED = frozenset({0, 69, 1, 66, 2, 67, 3, 70})
_TRADED = frozenset({4, 68, 5, 71, 48, 77})
"""Ticks of level 1 that are not needed where tick-by-tick data have come."""


class Feed(Enum):
    """What one request gives."""

    LEVEL_1 = "level 1"
    DEPTH = "depth"
    TRADES = "AllLast"
    QUOTES = "BidAsk"


class MarketLine:
    """One contract: its names, its requests, its market."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.contract = entry.request
        self.names: dict[Instrument, Entry] = {}
        self.numbers: dict[Feed, int] = {}
        self.by_tick: set[Feed] = set()
        """Tick-by-tick feeds that have spoken."""
        self.quote = Quote()
        self.acknowledged = False
        self.generic = GENERIC.get(entry.request.secType, "")
        self.asked_delayed = False

    def has_better(self, kind: int) -> bool:
        """Whether a tick of level 1 comes tick by tick too."""
        return (Feed.TRADES in self.by_tick and kind in _TRADED) or (Feed.QUOTES in self.by_tick and kind in _QUOTED)


def cancellation(feed: Feed, number: int, *, smart: bool) -> Call:
    """What gives a feed back."""
    if feed is Feed.LEVEL_1:
        return lambda client: client.cancelMktData(number)
    if feed is Feed.DEPTH:
        return lambda client: client.cancelMktDepth(number, smart)
    return lambda client: client.cancelTickByTickData(number)
