"""The lots held of one instrument on one side: opened, closed oldest first, carried over the day."""

from collections import deque
from collections.abc import Iterable
from math import fsum

import msgspec

from marketbus.domain.instrument import Exchange
from marketbus.domain.order_terms import Offset

_SPLITS_DAYS = frozenset({Exchange.SHFE, Exchange.INE})
_DUST = 1e-9
"""Lots below this are what adding fractional lots (crypto) leaves behind."""


def splits_days(exchange: Exchange) -> bool:
    """Whether an order says which day's lots it closes; CLOSE means yesterday's there.

    Source: trading rules of SHFE and INE; CTP gives it as PositionDateType. Elsewhere the oldest lots go first.
    """
    return exchange in _SPLITS_DAYS


class Lot(msgspec.Struct, frozen=True):
    """What trades at one price, or one row of a position query, left."""

    volume: float
    open_price: float
    price: float
    """Carried at: the open price today, the settlement price of the day before afterwards."""
    today: bool


class Closing(msgspec.Struct, frozen=True):
    """What a close took."""

    taken: tuple[Lot, ...]
    missing: float = 0.0
    """Lots that were not there: the position is not what the venue has, and must be queried."""

    @property
    def today_volume(self) -> float:
        """Of the lots taken, those opened today."""
        return fsum(lot.volume for lot in self.taken if lot.today)

    @property
    def volume(self) -> float:
        """Lots taken."""
        return fsum(lot.volume for lot in self.taken)

    def profit(self, price: float, sign: int, size: float) -> float:
        """Realised against the carried prices (mark to market), in currency; `sign` +1 for long lots."""
        return sign * size * fsum((price - lot.price) * lot.volume for lot in self.taken)

    def profit_since_open(self, price: float, sign: int, size: float) -> float:
        """Realised against the open prices, in currency."""
        return sign * size * fsum((price - lot.open_price) * lot.volume for lot in self.taken)


class Holding:
    """Lots of one instrument, side and hedge flag, the oldest first."""

    def __init__(self, lots: Iterable[Lot] = ()) -> None:
        self._lots: deque[Lot] = deque(lots)

    @property
    def lots(self) -> tuple[Lot, ...]:
        """All of them, the oldest first."""
        return tuple(self._lots)

    @property
    def volume(self) -> float:
        """Lots held."""
        return fsum(lot.volume for lot in self._lots)

    @property
    def yd_volume(self) -> float:
        """Of them, held since before today."""
        return fsum(lot.volume for lot in self._lots if not lot.today)

    @property
    def td_volume(self) -> float:
        """Of them, opened today."""
        return fsum(lot.volume for lot in self._lots if lot.today)

    def open_cost(self, size: float) -> float:
        """Currency, at the prices the lots were opened at."""
        return size * fsum(lot.open_price * lot.volume for lot in self._lots)

    def position_cost(self, size: float) -> float:
        """Currency, at the prices the lots are carried at."""
        return size * fsum(lot.price * lot.volume for lot in self._lots)

    def open(self, volume: float, price: float) -> None:
        """A trade opened lots. One price's stay together: a day may have ten thousand trades."""
        last = self._lots[-1] if self._lots else None
        if last is not None and last.today and last.price == last.open_price == price:
            self._lots[-1] = msgspec.structs.replace(last, volume=last.volume + volume)
        else:
            self._lots.append(Lot(volume, price, price, today=True))

    def close(self, volume: float, offset: Offset, exchange: Exchange) -> Closing:
        """A trade closed lots: those of the day that the offset names where days are kept apart, else the oldest."""
        kept: deque[Lot] = deque()
        taken: list[Lot] = []
        left = volume
        for lot in self._lots:
            part = min(left, lot.volume) if _takes(offset, exchange, lot) else 0.0
            if part <= 0:
                kept.append(lot)
                continue
            left -= part
            taken.append(msgspec.structs.replace(lot, volume=part))
            if lot.volume - part > _DUST:
                kept.append(msgspec.structs.replace(lot, volume=lot.volume - part))
        self._lots = kept
        return Closing(tuple(taken), left if left > _DUST else 0.0)

    def roll(self, settlement: float | None) -> None:
        """The trading day is over: all lots become yesterday's, carried at the settlement price if it is known."""
        self._lots = deque(
            msgspec.structs.replace(lot, today=False, price=lot.price if settlement is None else settlement)
            for lot in self._lots
        )


def _takes(offset: Offset, exchange: Exchange, lot: Lot) -> bool:
    if not splits_days(exchange):
        return True
    return lot.today if offset is Offset.CLOSETODAY else not lot.today
