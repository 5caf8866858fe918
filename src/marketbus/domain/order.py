"""An order: what was asked, what the venue made of it, and where it stands."""

import datetime as dt
from enum import StrEnum
from hashlib import blake2b

import msgspec

from marketbus.domain.instrument import Exchange, Instrument
from marketbus.domain.order_terms import Direction, HedgeFlag, Offset, OrderType
from marketbus.domain.times import to_datetime

NEVER_RECEIVED = "never_received"
"""`Order.denied_by` of an order that the venue, asked twice for everything, does not have."""


class OrderState(StrEnum):
    """Where an order stands. *We* denied, the *venue* rejected, and *not known* are three different words."""

    NEW = "NEW"
    """In the journal; the SDK has not been called, or we do not know that it was."""
    SENT = "SENT"
    """The SDK took it; no word of the exchange yet (vnpy: SUBMITTING)."""
    ACCEPTED = "ACCEPTED"
    PARTIAL = "PARTIAL"
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"
    REJECTED = "REJECTED"
    """The venue said no, or has never received it (`denied_by` is then `never_received`)."""
    DENIED = "DENIED"
    """We said no: it never reached the SDK; `denied_by` names the rule."""
    UNKNOWN = "UNKNOWN"
    """The outcome is not known; the venue is asked, nothing is sent again."""

    @classmethod
    def _missing_(cls, value: object) -> "OrderState":
        return cls.UNKNOWN

    @property
    def is_final(self) -> bool:
        """Whether nothing more is expected; a fill may still come late, after a cancel."""
        return self in _FINAL


_FINAL = frozenset({OrderState.FILLED, OrderState.CANCELLED, OrderState.REJECTED, OrderState.DENIED})


class Order(msgspec.Struct, frozen=True, array_like=True, tag="td.order/1", tag_field="schema", gc=False):
    """One order as it stands; the fields are in wire order. Prices in quote currency, volumes in lots, times ns UTC."""

    gateway: str
    account: str
    """The alias of the account in the configuration, not its number."""
    symbol: str
    exchange: Exchange
    client_order_id: str
    """Unique per account for ever; of an external order one is made, see `adopted_id`."""
    direction: Direction
    offset: Offset
    type: OrderType
    price: float
    volume: float
    traded: float = 0.0
    """Lots filled, the larger of what the venue reported and what the trades add up to."""
    state: OrderState = OrderState.NEW
    reference: str = ""
    """The caller's own words, such as the strategy's name (vnpy)."""
    journal_position: int = 0
    """Where the journal of the account holds this state; 0 before it does."""
    venue_id: str = ""
    """The exchange's number of the order (CTP: OrderSysID)."""
    venue_ref: str = ""
    """The session's number of the order (CTP: `front_session_ref`, vnpy's orderid)."""
    average_price: float | None = None
    """Of the trades known so far."""
    error_id: int | None = None
    """The venue's error code."""
    error_msg: str = ""
    """The venue's words, or ours in both languages when DENIED."""
    denied_by: str = ""
    """The rule of ours that said no, or `never_received`."""
    hedge: HedgeFlag = HedgeFlag.SPECULATION
    origin: str = ""
    """The principal who asked; empty when external."""
    external: bool = False
    """The venue knew it and we did not: sent from another terminal, or before this journal began."""
    trading_day: int = 0
    """yyyymmdd"""
    datetime: int = 0
    """Insertion, exchange time; 0 until the venue says."""
    created: int = 0
    """When the request was claimed."""
    sent: int = 0
    """When the SDK took it."""
    cancel_sent: int = 0
    """When a cancel was sent that has no answer yet; 0 when none is under way."""
    updated: int = 0
    """When this state was entered or last changed, our clock."""
    valid_until: int = 0
    """The request must not reach the SDK after this; 0 for an external order."""
    ext: dict[str, str | int | float | bool | None] | None = None
    """What only this venue or this denial has."""
    modify_sent: int = 0
    """When other terms were asked for without an answer yet; 0 when none are. Until then `price` and `volume` stand."""
    new_price: float | None = None
    """What is asked for meanwhile, and `new_volume`."""
    new_volume: float | None = None
    first_price: float | None = None
    """What it was sent with, once it has other terms, and `first_volume`."""
    first_volume: float | None = None
    parent: str = ""
    """The id of the order whose position it ends: one of two legs of a bracket, which work once that is filled."""

    @property
    def instrument(self) -> Instrument:
        """Symbol and exchange."""
        return Instrument(self.symbol, self.exchange)

    @property
    def vt_symbol(self) -> str:
        """`rb2701.SHFE`."""
        return f"{self.symbol}.{self.exchange}"

    @property
    def vt_orderid(self) -> str:
        """`ctp-main.ID`, as vnpy names orders."""
        return f"{self.gateway}.{self.client_order_id}"

    @property
    def most(self) -> float:
        """Lots that it may come to: its volume, or the larger one that is asked for."""
        return self.volume if self.new_volume is None else max(self.volume, self.new_volume)

    @property
    def left(self) -> float:
        """Lots that may still be filled; 0 once it is over."""
        return 0.0 if self.state.is_final else max(0.0, self.most - self.traded)

    @property
    def is_active(self) -> bool:
        """Whether it stands or may stand at the venue; UNKNOWN counts."""
        return not self.state.is_final

    @property
    def time(self) -> dt.datetime | None:
        """Insertion at the exchange in Asia/Shanghai; None until the venue says."""
        return to_datetime(self.datetime) if self.datetime else None


def adopted_id(exchange: Exchange, trading_day: int, venue_key: str) -> str:
    """The client_order_id of an order that only the venue knew: the same each time it is adopted, 24 characters."""
    return "ext-" + blake2b(f"{exchange}|{trading_day}|{venue_key}".encode(), digest_size=10).hexdigest()
