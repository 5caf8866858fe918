"""An order with two others that end what it begins: a limit that takes the profit, and a stop that ends a loss."""

from itertools import pairwise
from math import isfinite

import msgspec
from msgspec.structs import replace

from marketbus.domain.errors import BadRequest
from marketbus.domain.order_request import MAX_CLIENT_ORDER_ID, MAX_PRICE, OrderRequest
from marketbus.domain.order_terms import Direction, Offset, OrderType

TAKE_PROFIT, STOP_LOSS = ".tp", ".sl"
"""What their ids have after the entry's."""
_ENTRIES = frozenset({OrderType.LIMIT, OrderType.MARKET, OrderType.STOP})


class BracketRequest(msgspec.Struct, frozen=True):
    """The entry, and the prices of its legs: each of its volume, the other way; one fills, the other ends.

    Raises (on construction):
        BadRequest: names the field.
    """

    entry: OrderRequest
    take_profit: float
    """The limit of the one."""
    stop_loss: float
    """What touches the other off."""

    def __post_init__(self) -> None:
        entry = self.entry
        if len(entry.client_order_id) > MAX_CLIENT_ORDER_ID - len(TAKE_PROFIT):
            raise BadRequest(f"client_order_id: a bracket's has at most {MAX_CLIENT_ORDER_ID - len(TAKE_PROFIT)}")
        if entry.type not in _ENTRIES:
            raise BadRequest("type: a bracket is entered by a LIMIT, MARKET or STOP order")
        if entry.offset.closes:
            raise BadRequest("offset: a bracket opens")
        for name, price in (("take_profit", self.take_profit), ("stop_loss", self.stop_loss)):
            if not (isfinite(price) and abs(price) <= MAX_PRICE):
                raise BadRequest(f"{name}: {price}, must be a number within ±{MAX_PRICE:g}")
        sign = 1 if entry.direction is Direction.LONG else -1
        prices = [self.stop_loss, self.take_profit]
        if entry.type is not OrderType.MARKET:
            prices.insert(1, entry.price)
        if any((then - now) * sign <= 0 for now, then in pairwise(prices)):
            raise BadRequest("take_profit, stop_loss: the one better than the entry's price, the other worse")

    def orders(self) -> tuple[OrderRequest, OrderRequest, OrderRequest]:
        """Entry, take profit, stop loss."""
        entry = self.entry
        leg = replace(
            entry, direction=entry.direction.opposite, offset=Offset.NONE, parent=entry.client_order_id, ext=None
        )  # fmt: skip
        name = entry.client_order_id
        return (
            entry,
            replace(leg, client_order_id=name + TAKE_PROFIT, type=OrderType.LIMIT, price=self.take_profit),
            replace(leg, client_order_id=name + STOP_LOSS, type=OrderType.STOP, price=self.stop_loss),
        )
