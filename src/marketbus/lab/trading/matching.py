"""Matches orders against each other and the simulated market's book, best price first, then who came first."""

import math
from bisect import insort
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Generic, Protocol, TypeVar

from marketbus.lab.trading.order import Side

Level = tuple[Decimal, int]
"""Price in yuan, lots."""


@dataclass(frozen=True, slots=True)
class Depth:
    """The market at one tick: levels best first. `number` tells ticks apart; `lots` were traded at `last` in it."""

    number: int
    last: Decimal
    lots: int
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    lower: Decimal
    upper: Decimal

    def against(self, side: Side) -> tuple[Level, ...]:
        """What an order of that side may take."""
        return self.asks if side is Side.BUY else self.bids


class Matchable(Protocol):
    """What matching asks of an order, whoever's counter it is of. `number` rises with time."""

    @property
    def symbol(self) -> str:
        """Of its instrument."""
        ...

    @property
    def side(self) -> Side:
        """Which it is of."""
        ...

    @property
    def number(self) -> int:
        """Its place in time."""
        ...

    @property
    def limit(self) -> Decimal:
        """The worst price it may get."""
        ...

    @property
    def rest(self) -> int:
        """Lots not filled."""
        ...

    @property
    def minimum(self) -> int:
        """Fewer lots at once than this, and none at all."""
        ...


OrderT = TypeVar("OrderT", bound=Matchable)


@dataclass(frozen=True, slots=True)
class Fill(Generic[OrderT]):
    """`order` got `volume` lots at `price`; `against` None: the market's."""

    order: OrderT
    price: Decimal
    volume: int
    against: OrderT | None = None


@dataclass(slots=True)
class _Queue(Generic[OrderT]):
    """Resting orders of one instrument; what was taken from the market's book since its last tick."""

    buys: list[OrderT] = field(default_factory=list[OrderT])
    sells: list[OrderT] = field(default_factory=list[OrderT])
    tick: int = -1
    taken: defaultdict[tuple[Side, Decimal], int] = field(default_factory=lambda: defaultdict(int))

    def of(self, side: Side) -> list[OrderT]:
        return self.buys if side is Side.BUY else self.sells

    def see(self, depth: Depth) -> None:
        if depth.number != self.tick:
            self.tick = depth.number
            self.taken.clear()


class Matching(Generic[OrderT]):
    """The venue's books. Every method that fills tells fills in order; the caller books them."""

    def __init__(self) -> None:
        self._queues: defaultdict[str, _Queue[OrderT]] = defaultdict(lambda: _Queue[OrderT]())

    def resting(self) -> set[str]:
        """Symbols with orders that wait."""
        return {symbol for symbol, queue in self._queues.items() if queue.buys or queue.sells}

    def bounds(self) -> dict[str, tuple[float, float]]:
        """Symbol → the highest price bid and the lowest asked by orders that wait, NaN where there is none."""
        return {
            symbol: (
                float(queue.buys[0].limit) if queue.buys else math.nan,
                float(queue.sells[0].limit) if queue.sells else math.nan,
            )
            for symbol, queue in self._queues.items()
            if queue.buys or queue.sells
        }

    def enter(self, order: OrderT, depth: Depth) -> list[Fill[OrderT]]:
        """What an arriving order gets at once; nothing when that is less than it asks for at least."""
        queue, wanted = self._queues[order.symbol], order.rest
        queue.see(depth)
        fills: list[Fill[OrderT]] = []
        left = wanted
        for price, volume, resting in self._offers(queue, order.side, depth, order.limit):
            got = min(left, volume)
            fills.append(Fill(order, price, got, resting))
            left -= got
            if not left:
                break
        if wanted - left < order.minimum:
            return []
        for fill in fills:
            if fill.against is None:
                queue.taken[order.side, fill.price] += fill.volume
        return fills

    def rest(self, order: OrderT) -> None:
        """Puts an order into its queue."""
        sign = order.side.sign
        waiting = self._queues[order.symbol].of(order.side)
        insort(waiting, order, key=lambda each: (-sign * each.limit, each.number))

    def remove(self, order: OrderT) -> None:
        """Takes an order out of its queue, if it is there."""
        waiting = self._queues[order.symbol].of(order.side)
        if order in waiting:
            waiting.remove(order)

    def move(self, symbol: str, depth: Depth) -> list[Fill[OrderT]]:
        """What resting orders get from a new tick, at their own price.

        That is whatever the book now offers at their price or better, and else their share of the lots that were traded
        at their price or through it.
        """
        queue = self._queues[symbol]
        queue.see(depth)
        fills: list[Fill[OrderT]] = []
        for side in Side:
            traded = depth.lots
            for order in queue.of(side):
                left = order.rest
                for price, volume in self._levels(queue, side, depth, order.limit):
                    got = min(left, volume)
                    queue.taken[side, price] += got
                    left -= got
                if left == order.rest and (order.limit - depth.last) * side.sign >= 0:
                    got = min(left, traded)
                    traded -= got
                    left -= got
                if left < order.rest:
                    fills.append(Fill(order, order.limit, order.rest - left))
        return fills

    def strike(self, symbol: str, side: Side, price: Decimal, volume: int) -> list[Fill[OrderT]]:
        """What resting orders get when somebody else's order of `side` arrives with that limit."""
        fills: list[Fill[OrderT]] = []
        for order in self._queues[symbol].of(side.other):
            got = min(volume, order.rest)
            if not got or (price - order.limit) * side.sign < 0:
                break
            fills.append(Fill(order, order.limit, got))
            volume -= got
        return fills

    def clear(self) -> Iterable[OrderT]:
        """The day is over: every order that waited."""
        waiting = [order for queue in self._queues.values() for order in (*queue.buys, *queue.sells)]
        self._queues.clear()
        return waiting

    def _offers(
        self, queue: _Queue[OrderT], side: Side, depth: Depth, limit: Decimal
    ) -> Iterator[tuple[Decimal, int, OrderT | None]]:
        """(price, lots, whose) that an order of `side` may take, best first, at one price those who wait first."""
        offers: list[tuple[Decimal, int, OrderT | None]] = [
            (order.limit, order.rest, order) for order in queue.of(side.other) if (limit - order.limit) * side.sign >= 0
        ]
        offers += [(price, volume, None) for price, volume in self._levels(queue, side, depth, limit)]
        return iter(sorted(offers, key=lambda offer: side.sign * offer[0]))

    def _levels(self, queue: _Queue[OrderT], side: Side, depth: Depth, limit: Decimal) -> Iterator[Level]:
        """What is left of the market's book within the limit."""
        for price, volume in depth.against(side):
            if (limit - price) * side.sign < 0:
                return
            left = volume - queue.taken[side, price]
            if left > 0:
                yield price, left
