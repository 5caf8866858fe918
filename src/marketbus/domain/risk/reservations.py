"""What open orders will need if they fill: reserved before they are sent, let go as they fill or end."""

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from math import fsum

from marketbus.domain.holding import splits_days
from marketbus.domain.instrument import Instrument
from marketbus.domain.order import Order, OrderState
from marketbus.domain.order_terms import Direction, Offset
from marketbus.domain.position_keeper import HoldingKey

_AT_THE_VENUE = frozenset({OrderState.ACCEPTED, OrderState.PARTIAL})


class Reservation:
    """One open order and what it needs: `adds` lots that raise the position, `notional` and `margin` per lot."""

    __slots__ = ("_adds", "_margin", "_notional", "adding", "exposure", "in_funds", "instrument", "margin", "order")

    def __init__(self, order: Order, adds: float, notional: float = 0.0, margin: float = 0.0) -> None:
        self._adds, self._notional, self._margin = adds, notional, margin
        self.order = order
        self.instrument = order.instrument
        self.in_funds = False
        """The venue's own figure of the funds has been reduced by it already."""
        self.follow(order)

    def follow(self, order: Order) -> None:
        """The order as it stands now. While other terms are asked for, the worse of both count."""
        before, self.order = self.order, order
        if (order.price, order.volume) != (before.price, before.volume):
            self._adds = self._with(order.volume - before.volume)
            self._notional *= (share := _share(order.price, before.price))
            self._margin *= share
            self.in_funds = self.in_funds and order.volume <= before.volume and share <= 1.0
        worse = 1.0 if order.new_price is None else max(1.0, _share(order.new_price, order.price))
        self.adding = min(order.left, self._with(order.most - order.volume))
        """Lots that it may still add."""
        self.exposure = self._notional * worse * self.adding
        self.margin = self._margin * worse * self.adding

    def _with(self, more: float) -> float:
        """Lots that it adds with so many more of them: whatever else happened, more of a close only closes."""
        return self._adds if self.order.offset.closes or self.order.parent else max(0.0, self._adds + more)


def _share(price: float, of: float) -> float:
    return abs(price / of) if of else 1.0


class Reservations:
    """Of all open orders of one account. Sums are made afresh: nothing drifts."""

    def __init__(self) -> None:
        self._open: dict[str, Reservation] = {}
        self._by_instrument: dict[Instrument, dict[str, Reservation]] = {}

    def __len__(self) -> int:
        return len(self._open)

    def __contains__(self, client_order_id: str) -> bool:
        return client_order_id in self._open

    @property
    def orders(self) -> tuple[Order, ...]:
        """The open orders."""
        return tuple(each.order for each in self._open.values())

    def of(self, instrument: Instrument) -> tuple[Order, ...]:
        """The open orders of one instrument."""
        return tuple(each.order for each in self._of(instrument))

    def put(self, reservation: Reservation) -> None:
        """Reserve for an open order."""
        name = reservation.order.client_order_id
        self._open[name] = reservation
        self._by_instrument.setdefault(reservation.instrument, {})[name] = reservation

    def follow(self, order: Order) -> bool:
        """An order as it stands now; False when it was never reserved, or is over."""
        known = self._open.get(order.client_order_id)
        if known is None:
            return False
        if order.is_active:
            known.follow(order)
            return True
        del self._open[order.client_order_id]
        del self._by_instrument[known.instrument][order.client_order_id]
        return False

    @contextmanager
    def without(self, client_order_id: str) -> Generator[None]:
        """As if this order were not there."""
        known = self._open.pop(client_order_id, None)
        there = {} if known is None else self._by_instrument[known.instrument]
        there.pop(client_order_id, None)
        try:
            yield
        finally:
            if known is not None:
                self._open[client_order_id] = there[client_order_id] = known

    def funds_seen(self) -> None:
        """The venue told its funds: orders that it has accepted are in that figure."""
        for each in self._open.values():
            each.in_funds = each.in_funds or each.order.state in _AT_THE_VENUE

    def adding(self, instrument: Instrument, direction: Direction) -> float:
        """Lots that may be added to one side."""
        return fsum(each.adding for each in self._of(instrument) if each.order.direction is direction)

    def claimed(self, key: HoldingKey) -> tuple[float, float]:
        """Lots of a position that close orders claim: of today and of yesterday; all in one where days are one."""
        today: list[float] = []
        rest: list[float] = []
        for each in self._of(key.instrument):
            order = each.order
            if not order.offset.closes or order.hedge is not key.hedge or order.direction is key.direction:
                continue
            split = splits_days(order.exchange) and order.offset is Offset.CLOSETODAY
            (today if split else rest).append(order.left)
        return fsum(today), fsum(rest)

    @property
    def exposure(self) -> float:
        """Currency, of what may be added."""
        return fsum(each.exposure for each in self._open.values())

    @property
    def margin(self) -> float:
        """Currency that the orders will need and the venue's figure does not show yet."""
        return fsum(each.margin for each in self._open.values() if not each.in_funds)

    def _of(self, instrument: Instrument) -> Iterable[Reservation]:
        return self._by_instrument.get(instrument, {}).values()
