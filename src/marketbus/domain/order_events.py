"""What can happen to an order: the venue's words, and what we ourselves did or failed to do. Fills are `Trade`s."""

import msgspec

from marketbus.domain.instrument import Exchange
from marketbus.domain.order import OrderState
from marketbus.domain.order_terms import Direction, HedgeFlag, Offset, OrderType


class OrderReport(msgspec.Struct, frozen=True, tag=True, tag_field="event"):
    """What the venue says of one order, pushed or queried. It need not be ours."""

    gateway: str
    account: str
    symbol: str
    exchange: Exchange
    state: OrderState
    """SENT: at the counter, no word of the exchange yet. UNKNOWN: a state we have no word for."""
    direction: Direction
    offset: Offset
    type: OrderType
    price: float
    volume: float
    traded: float = 0.0
    venue_ref: str = ""
    venue_id: str = ""
    client_order_id: str = ""
    """Where the venue carries it."""
    reference: str = ""
    hedge: HedgeFlag = HedgeFlag.SPECULATION
    error_id: int | None = None
    error_msg: str = ""
    trading_day: int = 0
    datetime: int = 0
    """Insertion, exchange time, ns UTC."""
    received: int = 0
    """ns UTC"""
    queried: bool = False
    """From a complete query: it holds against what we believed."""
    terms: bool = False
    """`price` and `volume` are what the venue holds now: they may have become others since it was sent."""
    ext: dict[str, str | int | float | bool | None] | None = None


class Sent(msgspec.Struct, frozen=True, tag=True, tag_field="event"):
    """The SDK took the order."""

    client_order_id: str
    at: int
    venue_ref: str = ""


class Denied(msgspec.Struct, frozen=True, tag=True, tag_field="event"):
    """We said no."""

    client_order_id: str
    at: int
    rule: str
    words: str
    facts: dict[str, str | int | float | bool | None] | None = None
    """Limit, value and what else the sentence names."""


class Refused(msgspec.Struct, frozen=True, tag=True, tag_field="event"):
    """The venue or its SDK refused the order in an answer that carries no report of it."""

    client_order_id: str
    at: int
    error_id: int | None = None
    words: str = ""


class Lost(msgspec.Struct, frozen=True, tag=True, tag_field="event"):
    """A time-out, disconnect or crash between the SDK call and the venue's word."""

    client_order_id: str
    at: int


class Absent(msgspec.Struct, frozen=True, tag=True, tag_field="event"):
    """Two complete queries, some seconds apart, do not have the order."""

    client_order_id: str
    at: int
    trading_day: int
    """yyyymmdd, of the queries."""


class CancelSent(msgspec.Struct, frozen=True, tag=True, tag_field="event"):
    """The SDK took a cancel of the order."""

    client_order_id: str
    at: int


class CancelRefused(msgspec.Struct, frozen=True, tag=True, tag_field="event"):
    """The venue refused a cancel; the order stands as it stood."""

    client_order_id: str
    at: int
    error_id: int | None = None
    words: str = ""


class ModifySent(msgspec.Struct, frozen=True, tag=True, tag_field="event"):
    """Other terms of the order are asked for."""

    client_order_id: str
    at: int
    price: float
    volume: float


class ModifyRefused(msgspec.Struct, frozen=True, tag=True, tag_field="event"):
    """They are not had; the order stands as it stood."""

    client_order_id: str
    at: int
    error_id: int | None = None
    words: str = ""


OwnEvent = Sent | Denied | Refused | Lost | Absent | CancelSent | CancelRefused | ModifySent | ModifyRefused
"""Events that name the order by our id."""
