"""The simulated market as orders see it: depth in the whole-numbered increments of each contract's size."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

import numpy as np

from marketbus.lab.clock import LabClock
from marketbus.lab.exchange import Exchange, Ticks
from marketbus.lab.trading.matching import Depth, Level
from marketbus.lab.trading.terms import exact
from marketbus.lab.tws.catalogue import Catalogue
from marketbus.lab.tws.contract import Contract


class Venue:
    """One exchange model through the eyes of a broker."""

    def __init__(self, exchange: Exchange, clock: LabClock, catalogue: Catalogue) -> None:
        self._exchange = exchange
        self._clock = clock
        self._catalogue = catalogue
        self._lower, self._upper = exchange.lower_limit.tolist(), exchange.upper_limit.tolist()

    def now(self) -> datetime:
        """The market's time."""
        return self._clock.now()

    def last(self, contract: Contract) -> Decimal:
        """The latest price; the middle of the quote where nothing trades."""
        row = self._exchange.rows[contract.row]
        return exact(self._exchange.latest.last[row])

    def depth(self, contract: Contract) -> Depth:
        """As of the latest tick; nothing was traded in it any more."""
        row = self._exchange.rows[contract.row]
        return self._depth(self._exchange.latest, row, row, 0)

    def moved(self, ticks: Ticks, symbols: set[str]) -> Iterator[tuple[str, Depth]]:
        """Those of the ticks, in order, that are of the symbols."""
        rows = [self._exchange.rows[symbol] for symbol in symbols]
        for at in np.flatnonzero(np.isin(ticks.rows, rows)).tolist():
            row = int(ticks.rows[at])
            yield self._exchange.listings[row].symbol, self._depth(ticks, at, row, 1)

    def increments(self, contract: Contract, lots: int) -> int:
        """Lots of the exchange model in increments of the contract's size."""
        return int(lots * contract.lot / contract.size_increment)

    def _depth(self, ticks: Ticks, at: int, row: int, lots: int) -> Depth:
        contract = self._catalogue.by_id[int(self._exchange.listings[row].symbol)]

        def levels(prices: list[float], volumes: list[int]) -> tuple[Level, ...]:
            return tuple(
                (exact(price), self.increments(contract, volume))
                for price, volume in zip(prices, volumes, strict=True)
                if volume
            )

        return Depth(
            number=int(ticks.volume[at]),  # rises with every tick of the day
            last=exact(ticks.last[at]),
            lots=self.increments(contract, lots),
            bids=levels(ticks.bid[at].tolist(), ticks.bid_volume[at].tolist()),
            asks=levels(ticks.ask[at].tolist(), ticks.ask_volume[at].tolist()),
            lower=exact(self._lower[row]),
            upper=exact(self._upper[row]),
        )
