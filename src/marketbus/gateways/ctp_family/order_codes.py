"""The family's characters for the words of an order.

Source: THOST_FTDC_* in ThostFtdcUserApiDataType.h of both members; what is sent for a type of order is what vnpy's
gateways send (ORDERTYPE_VT2CTP).
"""

from typing import NamedTuple

from marketbus.domain.order import OrderState
from marketbus.domain.order_terms import Direction, HedgeFlag, Offset, OrderType


class Terms(NamedTuple):
    """OrderPriceType, TimeCondition, VolumeCondition."""

    price: str
    time: str
    volume: str


LIMIT_PRICE, ANY_PRICE = "2", "1"
IOC, GFD = "1", "3"
ANY_VOLUME, ALL_VOLUME = "1", "3"
IMMEDIATELY = "1"
"""ContingentCondition."""
NOT_FORCED = "0"
"""ForceCloseReason."""
DELETE = "0"
"""ActionFlag."""
INSERT_REJECTED = "4"
"""OrderSubmitStatus."""

TERMS = {
    OrderType.LIMIT: Terms(LIMIT_PRICE, GFD, ANY_VOLUME),
    OrderType.MARKET: Terms(ANY_PRICE, GFD, ANY_VOLUME),
    OrderType.FAK: Terms(LIMIT_PRICE, IOC, ANY_VOLUME),
    OrderType.FOK: Terms(LIMIT_PRICE, IOC, ALL_VOLUME),
}
_OTHER_MARKET = frozenset({ANY_PRICE, "3", "G", "H"})
"""AnyPrice, BestPrice, FiveLevelPrice, BestPriceThisSide: what other terminals send."""

DIRECTIONS = {Direction.LONG: "0", Direction.SHORT: "1"}
DIRECTION_OF = {code: direction for direction, code in DIRECTIONS.items()}
POSITION_DIRECTION_OF = {"1": Direction.NET, "2": Direction.LONG, "3": Direction.SHORT}

OFFSETS = {Offset.OPEN: "0", Offset.CLOSE: "1", Offset.CLOSETODAY: "3", Offset.CLOSEYESTERDAY: "4"}
OFFSET_OF = {code: offset for offset, code in OFFSETS.items()} | dict.fromkeys("256", Offset.CLOSE)
"""ForceClose, ForceOff and LocalForceClose are the broker's closes."""

HEDGES = {
    HedgeFlag.SPECULATION: "1",
    HedgeFlag.ARBITRAGE: "2",
    HedgeFlag.HEDGE: "3",
    HedgeFlag.MARKET_MAKER: "5",
}
"""What all members have."""

STATE_OF = {
    "0": OrderState.FILLED,
    "1": OrderState.PARTIAL,
    # "Not queueing" is said of what has left the exchange's queue, and not why: it stands until it is said to be over.
    "2": OrderState.PARTIAL,
    "3": OrderState.ACCEPTED,
    "4": OrderState.ACCEPTED,
    "5": OrderState.CANCELLED,
    "a": OrderState.SENT,
    "b": OrderState.SENT,  # a conditional order that waits at the counter
}
CANCELLED_AS_ASKED = "已撤单"
"""StatusMsg of an ordinary cancel; anything else is a reason (vnpy_ctp logs those too)."""


def type_of(terms: Terms, contingent: str) -> OrderType:
    """What another terminal's order amounts to in vnpy's words."""
    if contingent not in {"", IMMEDIATELY}:
        return OrderType.STOP
    if terms.price in _OTHER_MARKET:
        return OrderType.MARKET
    if terms.price != LIMIT_PRICE:
        return OrderType.UNKNOWN
    if terms.time == IOC:
        return OrderType.FOK if terms.volume == ALL_VOLUME else OrderType.FAK
    return OrderType.LIMIT
