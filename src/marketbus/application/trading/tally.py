"""How much of each kind was told: whoever heard as much since then has missed nothing, and need not be told again."""

from array import array
from bisect import bisect_right

from marketbus.ports.trading_publisher import TradingPayload

KEPT = 200_000
"""Positions kept of each kind; what is older is counted no more."""


class Tally:
    """Positions of the journal at which this process told something, rising."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._since: int | None = None
        """Everything told after it is here."""
        self._positions: dict[type[TradingPayload], array[int]] = {}

    def add(self, payload: TradingPayload) -> None:
        """Count one, in the journal's order."""
        position = payload.journal_position
        if self._since is None:
            self._since = position - 1
        positions = self._positions.setdefault(type(payload), array("q"))
        positions.append(position)
        if len(positions) > self._kept:
            self._since = max(self._since, positions[self._kept // 2])
            del positions[: self._kept // 2 + 1]

    def count(self, kind: type[TradingPayload], since: int, upto: int) -> int | None:
        """Told after a position and up to another one; None: not all of that is known here."""
        if self._since is None or since < self._since:
            return None
        positions = self._positions.get(kind, array("q"))
        return bisect_right(positions, upto) - bisect_right(positions, since)
