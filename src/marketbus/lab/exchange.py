"""One deterministic market behind every simulator: prices walk, books follow, the day's figures add up.

Each tick is a pure function of (seed, instrument, how many ticks it has had), so neither pacing nor batching changes
what an instrument does. Prices are whole ticks inside; yuan outside.
"""

from dataclasses import dataclass, fields
from datetime import date

import numpy as np
from numpy.typing import NDArray

from marketbus.lab.instruments import Listing

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Words = NDArray[np.uint64]

LEVELS = 5
HISTORY = 60
"""Ticks each instrument already had when the lab opens its doors, so that a day's figures exist."""

_LIMIT = 0.10
_MIX_1, _MIX_2, _GOLDEN = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB), np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class Ticks:
    """A batch in the order it happened. `rows` index the listings; prices in yuan, NaN where there is none.

    `volume` lots and `turnover` yuan since the trading day began; `open_interest` lots; the book's arrays have shape
    (batch, LEVELS), best first.
    """

    rows: Ints
    last: Floats
    open: Floats
    high: Floats
    low: Floats
    average: Floats
    volume: Ints
    turnover: Floats
    open_interest: Ints
    bid: Floats
    ask: Floats
    bid_volume: Ints
    ask_volume: Ints


_STATE = tuple(field.name for field in fields(Ticks) if field.name != "rows")


class Exchange:
    """The state of every listed instrument; `step` makes their next ticks."""

    def __init__(self, listings: list[Listing], trading_day: date, *, seed: int = 1, oracle: bool = True) -> None:
        self.listings = listings
        self.rows = {listing.symbol: row for row, listing in enumerate(listings)}
        self.trading_day = trading_day
        self.seed = seed
        self.oracle = oracle
        count = len(listings)
        self.tick = np.array([listing.tick for listing in listings], np.float64)
        self._multiplier = np.array([listing.multiplier for listing in listings], np.float64)
        rows = np.arange(count, dtype=np.uint64)
        self._key = _mix(rows * _GOLDEN + np.array([seed % 2**64], np.uint64) * _MIX_1)
        base = np.rint(np.array([listing.base for listing in listings]) / self.tick)
        drift = (_mix(self._key) % np.uint64(2001)).astype(np.int64) - 1000
        self._pre_settle = (base * (1 + drift / 100_000)).astype(np.int64)
        self._positive = np.array([listing.base > 0 for listing in listings])
        self._pre_settle[self._positive] = np.maximum(self._pre_settle[self._positive], 1)
        self._pre_close = self._pre_settle.copy()
        self._interest_base = (self._key % np.uint64(900_000)).astype(np.int64) + 100_000
        self.pre_open_interest = self._interest_base.copy()
        self._number = np.zeros(count, np.int64)
        self._interest = self._interest_base.copy()
        self._last = self._pre_settle.copy()
        self._begin_day()
        self.latest = self._empty()
        self.step(np.arange(count), HISTORY)

    @property
    def pre_settlement(self) -> Floats:
        """Yesterday's settlement price, yuan."""
        return self._yuan(self._pre_settle)

    @property
    def pre_close(self) -> Floats:
        """Yesterday's last price, yuan."""
        return self._yuan(self._pre_close)

    @property
    def upper_limit(self) -> Floats:
        """Highest price of the day, yuan."""
        return self._yuan(self._upper)

    @property
    def lower_limit(self) -> Floats:
        """Lowest price of the day, yuan."""
        return self._yuan(self._lower)

    @property
    def volume(self) -> Ints:
        """Lots since the trading day began; in oracle mode the number of ticks."""
        return self._volume

    def open_day(self, trading_day: date) -> None:
        """Settles and begins `trading_day`: limits around the settlement price, figures from zero."""
        self.trading_day = trading_day
        traded = self._volume > 0
        average = np.divide(self._cost, self._volume, out=self._last.astype(np.float64), where=traded)
        self._pre_settle = np.rint(average).astype(np.int64)
        self._pre_close = self._last.copy()
        self.pre_open_interest = self._interest.copy()
        self._begin_day()

    def relisted(self, listings: list[Listing], trading_day: date) -> "Exchange":
        """The market of the next trading day: what stays listed goes on from its settlement, what is new begins."""
        self.open_day(trading_day)
        following = Exchange(listings, trading_day, seed=self.seed, oracle=self.oracle)
        following.open_day(trading_day)
        stays = [
            (row, self.rows[listing.symbol]) for row, listing in enumerate(listings) if listing.symbol in self.rows
        ]
        new, old = np.array(stays, np.int64).reshape(-1, 2).T
        for name, values in vars(self).items():
            if isinstance(values, np.ndarray):
                getattr(following, name)[new] = values[old]
        for name in _STATE:
            getattr(following.latest, name)[new] = getattr(self.latest, name)[old]
        return following

    def step(self, rows: Ints, rounds: int = 1) -> Ticks:
        """The next `rounds` ticks of each of `rows` (no row twice), round by round."""
        numbers = self._number[rows] + np.arange(1, rounds + 1)[:, None]
        words = _mix(self._key[rows] + numbers.astype(np.uint64) * _GOLDEN)
        last = self._walk(rows, words)
        lots = np.ones_like(last) if self.oracle else (words >> np.uint64(20)).astype(np.int64) % 20 + 1
        volume = self._volume[rows] + np.cumsum(lots, axis=0)
        cost = self._cost[rows] + np.cumsum(lots * last, axis=0)
        interest = self._interest[rows] + np.cumsum((words >> np.uint64(8)).astype(np.int64) % 3 - 1, axis=0)
        interest = np.maximum(interest, 0)
        opening = np.where(self._volume[rows] > 0, self._open[rows], last[0])
        high = np.maximum(np.maximum.accumulate(last, axis=0), self._high[rows])
        low = np.minimum(np.minimum.accumulate(last, axis=0), self._low[rows])
        self._number[rows] = numbers[-1]
        self._last[rows], self._volume[rows], self._cost[rows] = last[-1], volume[-1], cost[-1]
        self._interest[rows] = interest[-1]
        self._open[rows], self._high[rows], self._low[rows] = opening, high[-1], low[-1]
        ticks = self._ticks(
            np.broadcast_to(rows, last.shape).ravel(),
            words.ravel(),
            last.ravel(),
            np.broadcast_to(opening, last.shape).ravel(),
            high.ravel(),
            low.ravel(),
            volume.ravel(),
            cost.ravel(),
            interest.ravel(),
        )
        self._remember(rows, ticks)
        return ticks

    def snapshot(self, rows: Ints) -> Ticks:
        """The latest tick of each of `rows`, as it was."""
        return Ticks(rows, *(getattr(self.latest, name)[rows] for name in _STATE))

    def _begin_day(self) -> None:
        reach = np.maximum(np.floor(np.abs(self._pre_settle) * _LIMIT).astype(np.int64), 20)
        self._upper = self._pre_settle + reach
        self._lower = np.where(self._positive, np.maximum(self._pre_settle - reach, 1), self._pre_settle - reach)
        self._anchor = np.clip(self._last, self._lower, self._upper)
        self._steps = np.zeros_like(self._last)
        self._volume = np.zeros_like(self._last)
        self._cost = np.zeros_like(self._last)
        self._open = self._last.copy()
        self._high = np.full_like(self._last, np.iinfo(np.int64).min)
        self._low = np.full_like(self._last, np.iinfo(np.int64).max)

    def _walk(self, rows: Ints, words: Words) -> Ints:
        """Random steps, folded at the day's limits: a fold, unlike a clip, does not depend on how ticks are batched."""
        moves = (words % np.uint64(5)).astype(np.int64)
        steps = self._steps[rows] + np.cumsum((moves == 0).astype(np.int64) - (moves == 1), axis=0)
        self._steps[rows] = steps[-1]
        lower, upper = self._lower[rows], self._upper[rows]
        width = upper - lower
        place = (self._anchor[rows] - lower + steps) % np.maximum(2 * width, 1)
        return lower + np.where(place > width, 2 * width - place, place)

    def _ticks(
        self,
        rows: Ints,
        words: Words,
        last: Ints,
        opening: Ints,
        high: Ints,
        low: Ints,
        volume: Ints,
        cost: Ints,
        interest: Ints,
    ) -> Ticks:
        tick, multiplier = self.tick[rows], self._multiplier[rows]
        lifted = ((words >> np.uint64(30)) & np.uint64(1)).astype(np.int64)
        depth = np.arange(LEVELS)
        bid = (last - 1 + lifted)[:, None] - depth
        ask = bid[:, :1] + 1 + depth
        sizes = (words[:, None] >> (np.arange(2 * LEVELS, dtype=np.uint64) * np.uint64(3) + np.uint64(32))).astype(
            np.int64
        ) % 200 + 1
        # Beyond the price limits nobody may bid or ask: the side is empty there.
        no_bid, no_ask = bid < self._lower[rows][:, None], ask > self._upper[rows][:, None]
        grid = tick[:, None]
        return Ticks(
            rows=rows,
            last=_round(last * tick),
            open=_round(opening * tick),
            high=_round(high * tick),
            low=_round(low * tick),
            average=cost / volume * tick,
            volume=volume,
            turnover=_round(cost * tick * multiplier),
            open_interest=interest,
            bid=np.where(no_bid, np.nan, _round(bid * grid)),
            ask=np.where(no_ask, np.nan, _round(ask * grid)),
            bid_volume=np.where(no_bid, 0, sizes[:, :LEVELS]),
            ask_volume=np.where(no_ask, 0, sizes[:, LEVELS:]),
        )

    def _remember(self, rows: Ints, ticks: Ticks) -> None:
        for name in _STATE:
            getattr(self.latest, name)[rows] = getattr(ticks, name)[-len(rows) :]

    def _empty(self) -> Ticks:
        count = len(self.listings)
        book = (count, LEVELS)
        return Ticks(
            rows=np.arange(count),
            last=np.zeros(count),
            open=np.zeros(count),
            high=np.zeros(count),
            low=np.zeros(count),
            average=np.zeros(count),
            volume=np.zeros(count, np.int64),
            turnover=np.zeros(count),
            open_interest=np.zeros(count, np.int64),
            bid=np.zeros(book),
            ask=np.zeros(book),
            bid_volume=np.zeros(book, np.int64),
            ask_volume=np.zeros(book, np.int64),
        )

    def _yuan(self, prices: Ints) -> Floats:
        return _round(prices * self.tick)


def _round(prices: Floats) -> Floats:
    # 3100 * 0.2 must print as 620.0: exchanges send decimal prices, not products of floats.
    return np.round(prices, 6)


def _mix(words: Words) -> Words:
    """The finaliser of SplitMix64: well-spread 64 bits from a counter."""
    words = (words ^ (words >> np.uint64(30))) * _MIX_1
    words = (words ^ (words >> np.uint64(27))) * _MIX_2
    return words ^ (words >> np.uint64(31))
