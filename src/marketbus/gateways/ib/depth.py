"""The book of one instrument, kept from TWS's changes: an insert moves what is below it down, a delete moves it up."""

from typing import NamedTuple

INSERT, UPDATE, DELETE = 0, 1, 2
ASK, BID = 0, 1
LEVELS = 5


class Level(NamedTuple):
    """One price and what is offered there."""

    price: float
    volume: float


class Misplaced(ValueError):
    """A change of a row that the book does not have: changes before it were lost."""


class Depth:
    """Two lists, the best price first."""

    def __init__(self) -> None:
        self.bids: list[Level] = []
        self.asks: list[Level] = []

    def change(self, position: int, operation: int, side: int, price: float, volume: float) -> None:
        """Apply one message.

        Raises:
            Misplaced: there is no such row; the book stays as it is.
        """
        rows = self.bids if side == BID else self.asks
        there = len(rows)
        if not 0 <= position < there + (operation == INSERT):
            # TWS may give a row it has not inserted yet an update: it is the next one
            if operation == UPDATE and position == there:
                rows.append(Level(price, volume))
                return
            raise Misplaced(f"operation {operation} on row {position} of {there}")
        if operation == INSERT:
            rows.insert(position, Level(price, volume))
            del rows[4 * LEVELS :]
        elif operation == UPDATE:
            rows[position] = Level(price, volume)
        else:
            del rows[position]

    def reset(self) -> None:
        """TWS begins anew (317)."""
        self.bids.clear()
        self.asks.clear()
