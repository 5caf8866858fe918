"""The simulated market as the counter's venue."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

import numpy as np

from marketbus.lab import hours
from marketbus.lab.clock import LabClock
from marketbus.lab.exchange import Exchange, Ticks
from marketbus.lab.trading.matching import Depth, Level
from marketbus.lab.trading.terms import Terms, exact, terms_of


class Venue:
    """One exchange model seen through the counter's eyes; `see` tells it of a new day."""

    def __init__(self, exchange: Exchange, clock: LabClock) -> None:
        self._clock = clock
        self.see(exchange)

    def see(self, exchange: Exchange) -> None:
        """A trading day began: on this exchange, whose limits are read now."""
        self.exchange = exchange
        self._lower, self._upper = exchange.lower_limit.tolist(), exchange.upper_limit.tolist()

    def depth(self, symbol: str) -> Depth:
        """As of the latest tick; no lots were traded in it any more."""
        row = self.exchange.rows[symbol]
        return self._depth(self.exchange.latest, row, row, 0)

    def moved(self, ticks: Ticks, bounds: dict[str, tuple[float, float]]) -> Iterator[tuple[str, Depth]]:
        """Those of the ticks, in order, that come to an order's price: highest bid and lowest ask by symbol."""
        listed = self.exchange.rows
        buy, sell = np.full((2, len(listed)), np.nan)
        for symbol, (highest, lowest) in bounds.items():
            if symbol in listed:
                buy[listed[symbol]], sell[listed[symbol]] = highest, lowest
        best_buy, best_sell = buy[ticks.rows], sell[ticks.rows]
        touched = (ticks.ask[:, 0] <= best_buy) | (ticks.last <= best_buy)
        touched |= (ticks.bid[:, 0] >= best_sell) | (ticks.last >= best_sell)
        for at in np.flatnonzero(touched).tolist():
            row = int(ticks.rows[at])
            # Oracle mode trades one lot a tick; otherwise it is told by no tick, and one lot is what is sure.
            yield self.exchange.listings[row].symbol, self._depth(ticks, at, row, 1)

    def last(self, symbol: str) -> Decimal:
        """The latest price."""
        return exact(self.exchange.latest.last[self.exchange.rows[symbol]])

    def open(self, symbol: str) -> bool:
        """Whether it is in session."""
        listing = self.exchange.listings[self.exchange.rows[symbol]]
        return hours.session_end(self._clock.now(), listing.hours) is not None

    def now(self) -> datetime:
        """The market's time."""
        return self._clock.now()

    def trading_day(self) -> date:
        """The counter's."""
        return self.exchange.trading_day

    def terms(self) -> dict[str, Terms]:
        """Of everything listed, today."""
        before = self.exchange.pre_settlement
        return {
            listing.symbol: terms_of(listing, exact(before[row])) for row, listing in enumerate(self.exchange.listings)
        }

    def settlement(self) -> dict[str, Decimal]:
        """Symbol → the last settlement price."""
        before = self.exchange.pre_settlement
        return {listing.symbol: exact(before[row]) for row, listing in enumerate(self.exchange.listings)}

    def _depth(self, ticks: Ticks, at: int, row: int, lots: int) -> Depth:
        def levels(prices: list[float], volumes: list[int]) -> tuple[Level, ...]:
            return tuple((exact(price), volume) for price, volume in zip(prices, volumes, strict=True) if volume)

        return Depth(
            number=int(ticks.volume[at]),  # rises with every tick of the day
            last=exact(ticks.last[at]),
            lots=lots,
            bids=levels(ticks.bid[at].tolist(), ticks.bid_volume[at].tolist()),
            asks=levels(ticks.ask[at].tolist(), ticks.ask_volume[at].tolist()),
            lower=exact(self._lower[row]),
            upper=exact(self._upper[row]),
        )
