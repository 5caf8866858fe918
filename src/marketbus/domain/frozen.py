"""Which held lots the open close orders claim."""

from collections.abc import Iterable
from math import fsum

import msgspec

from marketbus.domain.holding import Holding, splits_days
from marketbus.domain.order import Order
from marketbus.domain.order_terms import Offset


class Frozen(msgspec.Struct, frozen=True):
    """Claimed lots; `today` and `yesterday` apart only on exchanges that tell them apart."""

    volume: float = 0.0
    today: float = 0.0
    yesterday: float = 0.0


def frozen(holding: Holding, orders: Iterable[Order]) -> Frozen:
    """What the orders, all of them closing this holding, claim of it; never more than there is."""
    today: list[float] = []
    rest: list[float] = []
    split = False
    for order in orders:
        if order.is_active and order.offset.closes:
            split = splits_days(order.exchange)
            (today if split and order.offset is Offset.CLOSETODAY else rest).append(order.left)
    if not split:
        return Frozen(volume=min(fsum(rest), holding.volume))
    td, yd = min(fsum(today), holding.td_volume), min(fsum(rest), holding.yd_volume)
    return Frozen(td + yd, td, yd)
