"""Lots held: one bucket per instrument and side, and per day where the exchange keeps the days apart."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from marketbus.lab.trading.order import Side
from marketbus.lab.trading.terms import Terms

_NIL = Decimal(0)


@dataclass(slots=True)
class Lot:
    """What one trade opened. `price` it was opened at; `basis`: that, or the last settlement once a day is over."""

    opened: date
    trade_id: str
    price: Decimal
    basis: Decimal
    volume: int
    today: bool
    closed: int = 0
    closed_amount: Decimal = _NIL
    closed_profit: Decimal = _NIL


@dataclass(slots=True)
class Bucket:
    """`side` BUY: long. Amounts in yuan, of the trading day where they are flows."""

    terms: Terms
    side: Side
    history: bool
    """Holds yesterday's lots only; never set where the exchange does not keep the days apart."""
    lots: deque[Lot] = field(default_factory=deque[Lot])
    closed_lots: list[Lot] = field(default_factory=list[Lot])
    """Closed whole today: the detail query still names them."""
    volume: int = 0
    today: int = 0
    before: int = 0
    """Lots at the day's beginning."""
    frozen: int = 0
    """Lots that live orders would close."""
    cost: Decimal = _NIL
    open_cost: Decimal = _NIL
    open_volume: int = 0
    close_volume: int = 0
    open_amount: Decimal = _NIL
    close_amount: Decimal = _NIL
    fee: Decimal = _NIL
    close_profit: Decimal = _NIL

    @property
    def margin(self) -> Decimal:
        """In use."""
        return self.margin_of(self.cost, self.volume)

    def margin_of(self, cost: Decimal, volume: int) -> Decimal:
        """What such a position needs."""
        if self.terms.option:
            return self.terms.written * volume if self.side is Side.SELL else _NIL
        return cost * self.terms.margin

    def profit(self, last: Decimal) -> Decimal:
        """Of the lots held, at that price; options have a value instead."""
        if self.terms.option:
            return _NIL
        return (self.terms.turnover(last, self.volume) - self.cost) * self.side.sign

    def open(self, lot: Lot) -> None:
        """Adds a lot."""
        self.lots.append(lot)
        self._count(lot, lot.volume)

    def close(self, volume: int, price: Decimal) -> Iterator[tuple[Lot, int]]:
        """Takes lots back, the oldest first: each with how many of it."""
        while volume:
            lot = self.lots[0]
            taken = min(volume, lot.volume)
            volume -= taken
            lot.volume -= taken
            lot.closed += taken
            lot.closed_amount += self.terms.turnover(price, taken)
            self._count(lot, -taken)
            if not lot.volume:
                self.closed_lots.append(self.lots.popleft())
            yield lot, taken

    def _count(self, lot: Lot, volume: int) -> None:
        self.volume += volume
        self.today += volume if lot.today else 0
        self.cost += self.terms.turnover(lot.basis, volume)
        self.open_cost += self.terms.turnover(lot.price, volume)

    def settled(self, price: Decimal, terms: Terms) -> "Bucket":
        """The same lots on the next trading day, at the settlement price and under that day's terms."""
        following = Bucket(terms, self.side, history=terms.splits_days)
        following.take(self, price)
        return following

    def take(self, other: "Bucket", price: Decimal) -> None:
        """Adds another bucket's lots as yesterday's, at the settlement price."""
        for lot in other.lots:
            self.open(Lot(lot.opened, lot.trade_id, lot.price, price, lot.volume, today=False))
        self.before = self.volume
