"""What open orders will need if they fill: reserved before they are sent, let go as they fill or end."""

from collections.abc import Iterator
from math import fsum

import msgspec

from marketbus.domain.holding import splits_days
from marketbus.domain.instrument import Instrument
from marketbus.domain.order import Order, OrderState
from marketbus.domain.order_terms import Direction, Offset
from marketbus.domain.position_keeper import HoldingKey

_AT_THE_VENUE = frozenset({OrderState.ACCEPTED, OrderState.PARTIAL})


class Reservation(msgspec.Struct, frozen=True):
    """One open order and what a lot of it needs."""

    order: Order
    adds: float
    """Lots of it that raise the position."""
    notional: float = 0.0
    """Currency per lot."""
    margin: float = 0.0
    """Currency per lot."""
    in_funds: bool = False
    """The venue's own figure of the funds has been reduced by it already."""

    @property
    def adds_left(self) -> float:
        """Lots that it may still add."""
        return min(self.order.left, self.adds)


class Reservations:
    """Of all open orders of one account. Sums are made afresh: nothing drifts."""

    def __init__(self) -> None:
        self._open: dict[str, Reservation] = {}

    def __len__(self) -> int:
        return len(self._open)

    def __contains__(self, client_order_id: str) -> bool:
        return client_order_id in self._open

    @property
    def orders(self) -> tuple[Order, ...]:
        """The open orders."""
        return tuple(each.order for each in self._open.values())

    def put(self, reservation: Reservation) -> None:
        """Reserve, unless the order is over."""
        if reservation.order.is_active:
            self._open[reservation.order.client_order_id] = reservation

    def follow(self, order: Order) -> bool:
        """An order as it stands now; False when it was never reserved, or is over."""
        known = self._open.get(order.client_order_id)
        if known is None:
            return False
        if order.is_active:
            self._open[order.client_order_id] = msgspec.structs.replace(known, order=order)
            return True
        del self._open[order.client_order_id]
        return False

    def funds_seen(self) -> None:
        """The venue told its funds: orders that it has accepted are in that figure."""
        for name, each in self._open.items():
            if each.order.state in _AT_THE_VENUE and not each.in_funds:
                self._open[name] = msgspec.structs.replace(each, in_funds=True)

    def adding(self, instrument: Instrument, direction: Direction) -> float:
        """Lots that may be added to one side."""
        return fsum(
            each.adds_left
            for each in self._open.values()
            if each.order.direction is direction and each.order.instrument == instrument
        )

    def claimed(self, key: HoldingKey) -> tuple[float, float]:
        """Lots of a position that close orders claim: of today and of yesterday; all in one where days are one."""
        today: list[float] = []
        rest: list[float] = []
        for order in self._closing(key):
            split = splits_days(order.exchange) and order.offset is Offset.CLOSETODAY
            (today if split else rest).append(order.left)
        return fsum(today), fsum(rest)

    @property
    def exposure(self) -> float:
        """Currency, of what may be added."""
        return fsum(each.notional * each.adds_left for each in self._open.values())

    @property
    def margin(self) -> float:
        """Currency that the orders will need and the venue's figure does not show yet."""
        return fsum(each.margin * each.adds_left for each in self._open.values() if not each.in_funds)

    def _closing(self, key: HoldingKey) -> Iterator[Order]:
        for each in self._open.values():
            order = each.order
            same = order.instrument == key.instrument and order.hedge is key.hedge
            if same and order.offset.closes and order.direction is key.direction.opposite:
                yield order
