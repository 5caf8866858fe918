"""An order that was sent, to be awaited."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from marketbus.client.trading.calls import Desk
from marketbus.domain.errors import BusUnavailable, ModifyRejected, OrderDenied, OrderRejected
from marketbus.domain.order import Order, OrderState

_SILENT = frozenset({OrderState.NEW, OrderState.SENT, OrderState.UNKNOWN})
"""The venue has said nothing yet, as far as is known."""

PRICED = 1.0
"""Seconds to wait for the fills of an order that is over."""


class OrderHandle:
    """Follows one order. Belongs to the bus that gave it, and goes on over every disconnect and restart.

    `order` is the order as it stands; the others wait for it to change.
    """

    def __init__(
        self,
        order: Order,
        cancel: Callable[[], Awaitable[Order]],
        modify: Callable[[float | None, float | None], Awaitable[Order]],
    ) -> None:
        self._order = order
        self._cancel = cancel
        self._modify = modify
        self._asked: tuple[float, float] | None = None
        self._changed = asyncio.Event()
        self._closed = False

    @property
    def order(self) -> Order:
        """As it stands, as far as this client was told."""
        return self._order

    @property
    def client_order_id(self) -> str:
        """Its name for ever."""
        return self._order.client_order_id

    @property
    def desk(self) -> Desk:
        """Gateway and account."""
        return Desk(self._order.gateway, self._order.account)

    async def accepted(self, within: float | None = None) -> Order:
        """The order once the venue took it, whatever became of it since: ACCEPTED, PARTIAL, FILLED or CANCELLED.

        An order in state UNKNOWN is waited for: the desk asks the venue what became of it.

        Args:
            within: seconds; for ever, if None.

        Raises:
            OrderRejected: the venue said no, or has never received it.
            TimeoutError: the venue has said nothing in time. The order stands as `order` says.
            BusUnavailable: the bus was closed.
        """
        order = await self._until(lambda order: order.state not in _SILENT, within)
        if order.state is OrderState.REJECTED:
            raise OrderRejected(order)
        if order.state is OrderState.DENIED:
            raise denial(order)
        return order

    async def done(self, within: float | None = None) -> Order:
        """The order once it is over: FILLED, CANCELLED, REJECTED or DENIED; look at its state.

        The venue says that an order is filled before it says at which price: that is waited for too, a second at most.

        Raises:
            TimeoutError: it is not over yet.
            BusUnavailable: the bus was closed.
        """
        order = await self._until(lambda order: order.state.is_final, within)
        if order.traded and order.average_price is None:
            with contextlib.suppress(TimeoutError):
                return await self._until(lambda order: order.average_price is not None, PRICED)
        return order

    async def modify(self, *, price: float | None = None, volume: float | None = None) -> Order:
        """Ask for another price, or another volume (in all, fills included); that it is had is told by `modified()`.

        Raises:
            MarketBusError: as `Bus.modify`; the order stands as it stood.
        """
        order = await self._modify(price, volume)
        self._asked = order.price if price is None else price, order.volume if volume is None else volume
        self.update(order)
        return self._order

    async def modified(self, within: float | None = None) -> Order:
        """The order once the venue has answered the last `modify`: it stands with the new terms.

        Raises:
            ModifyRejected: the venue said no, or the order was over before: `error.order` is the order as it stands.
            TimeoutError: no answer in time; `order.modify_sent` is above 0 while it is waited for.
            BusUnavailable: the bus was closed.
        """
        order = await self._until(lambda order: not order.modify_sent, within)
        if self._asked not in (None, (order.price, order.volume)):
            raise ModifyRejected(order)
        return order

    async def cancel(self) -> Order:
        """Ask for its cancel; that it is cancelled is told by `done()`. One that is over is given back as it stands.

        Raises:
            MarketBusError: as `Bus.cancel`.
        """
        order = await self._cancel()
        self.update(order)
        return self._order

    def update(self, order: Order) -> None:
        """The order stands so; an older state than the present one is passed over. Not for users."""
        if order.updated > self._order.updated or (
            order.updated == self._order.updated and order.journal_position > self._order.journal_position
        ):
            self._order = order
            self._wake()

    def close(self) -> None:
        """Nothing more will be heard. Not for users."""
        self._closed = True
        self._wake()

    async def _until(self, check: Callable[[Order], bool], within: float | None) -> Order:
        async with asyncio.timeout(within):
            while not check(self._order):
                if self._closed:
                    raise BusUnavailable(
                        f"the bus was closed while order {self.client_order_id} was {self._order.state}",
                        "look it up by its id",
                    )
                await self._changed.wait()
        return self._order

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def __repr__(self) -> str:
        order = self._order
        return f"<OrderHandle {order.client_order_id} {order.vt_symbol} {order.direction} {order.offset} {order.state}>"


class Bracket(NamedTuple):
    """An entry and its legs: the one that fills ends the other."""

    entry: OrderHandle
    take_profit: OrderHandle
    stop_loss: OrderHandle


def denial(order: Order) -> OrderDenied:
    """What the desk's no is told as."""
    return OrderDenied(order.denied_by, order.error_msg, order=order)
