"""RPC on the bus: requests and replies are JSON objects, validated at the edge; errors are a code and a sentence."""

from enum import StrEnum
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from marketbus.domain.bar import Interval
from marketbus.domain.errors import (
    AmbiguousGateway,
    BadPayload,
    BadRequest,
    BusUnavailable,
    ConfigError,
    GatewayError,
    MarketBusError,
    NotPermitted,
    NotSent,
    NotSupported,
    OrderDenied,
    OutcomeUnknown,
    SymbolError,
    UnknownGateway,
    UnknownInstrument,
    UnknownOrder,
)
from marketbus.domain.heard import Heard
from marketbus.domain.history import LATEST, TickKind

SERVICE = "marketbus"
"""Name of the NATS micro service that each gateway runs."""

MAX_REQUEST = 262_144
ERROR_HEADER = "Nats-Service-Error"
ERROR_CODE_HEADER = "Nats-Service-Error-Code"

PatternText = Annotated[str, Meta(min_length=1, max_length=100)]
Patterns = Annotated[list[PatternText], Meta(max_length=5000)]
Owner = Annotated[str, Meta(min_length=1, max_length=64)]
Instant = Annotated[int, Meta(ge=0, le=LATEST)]
Ttl = Annotated[float, Meta(gt=0, le=3600)]


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A request; an empty body is an empty object."""


class Nothing(Request, frozen=True):
    """A request, or a reply, that says nothing more."""


class Select(Request, frozen=True):
    """Which instruments."""

    patterns: Patterns


class Subscribe(Request, frozen=True):
    """Lease patterns for `ttl` seconds; replaces the owner's former lease."""

    owner: Owner
    patterns: Patterns
    ttl: Ttl = 30.0


class Renew(Request, frozen=True):
    """Keep a lease alive, and say how the ticks arrived since the last time."""

    owner: Owner
    ttl: Ttl = 30.0
    heard: Heard | None = None


class Unsubscribe(Request, frozen=True):
    """Give a lease back."""

    owner: Owner


class QueryHistory(Request, frozen=True):
    """Bars that begin, or ticks that happened, from `start` on and before `end`: ns since 1970 UTC, `end` 0 is now.

    What comes is `bar/1`, or with interval `tick` `tick/1`, in time's order; between and at last `progress/1`: all
    before its `until` has been told. Unless the last is complete, ask for the rest from there, after `wait` seconds.
    """

    symbol: PatternText
    interval: Interval
    start: Instant
    end: Instant = 0
    ticks: TickKind = TickKind.TRADES


class Renewed(msgspec.Struct, frozen=True):
    """`known` False: the lease ran out or the gateway is a new process; subscribe again."""

    known: bool
    epoch: int


class Pinned(msgspec.Struct, frozen=True):
    """The pins after the call, configuration's included."""

    pins: list[str]


class Fault(msgspec.Struct, frozen=True):
    """The body of an error reply."""

    code: str
    message: str
    hint: str = ""
    rule: str = ""
    """Of a cancel that was denied: the rule of ours that said no."""


class Group(StrEnum):
    """Groups of verbs; NATS permissions are given by group."""

    MD = "md"
    TD = "td"
    OPS = "ops"


class Verb(msgspec.Struct, frozen=True):
    """One verb: its request, and either one reply or a stream of messages that ends with an empty one."""

    group: Group
    name: str
    request: type[Request]
    reply: str
    stream: bool
    summary: str


VERBS = (
    Verb(Group.MD, "status", Nothing, "GatewayStatus object", False, "The gateway's status, now"),
    Verb(Group.MD, "subscribe", Subscribe, "Coverage", False, "Lease subscriptions"),
    Verb(Group.MD, "renew", Renew, "Renewed", False, "Keep a lease alive"),
    Verb(Group.MD, "unsubscribe", Unsubscribe, "Nothing", False, "Give a lease back"),
    Verb(Group.MD, "subscriptions", Nothing, "Interest", True, "Every instrument that is wanted"),
    Verb(Group.MD, "snapshot", Select, "Tick payload", True, "Last known ticks"),
    Verb(Group.MD, "contracts", Select, "Contract payload", True, "Contracts"),
    Verb(Group.MD, "calendar", Nothing, "CalendarTable", False, "Holidays of the years around, and trading hours"),
    Verb(Group.MD, "query_history", QueryHistory, "Bar, Tick or Progress payload", True, "Bars or ticks of the past"),
    Verb(Group.OPS, "pin", Select, "Pinned", False, "Subscribe for good"),
    Verb(Group.OPS, "unpin", Select, "Pinned", False, "Take pins back"),
    Verb(Group.OPS, "reconnect", Nothing, "Nothing", False, "Replace the worker: a fresh login"),
)

R = TypeVar("R")


def decode_request(kind: type[R], data: bytes) -> R:
    """A request's body.

    Raises:
        BadRequest: too large, not JSON, or not the verb's schema.
    """
    if len(data) > MAX_REQUEST:
        raise BadRequest(f"request of {len(data)} bytes, limit {MAX_REQUEST}")
    try:
        return msgspec.json.decode(data or b"{}", type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequest(f"{kind.__name__}: {error}") from None


def decode_reply(kind: type[R], data: bytes) -> R:
    """A reply's body.

    Raises:
        BadPayload: not what the verb promises.
    """
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadPayload(f"{kind.__name__}: {error}") from None


_BY_CODE: dict[str, type[MarketBusError]] = {
    error.code: error
    for error in (
        SymbolError,
        GatewayError,
        NotPermitted,
        NotSupported,
        BadRequest,
        BadPayload,
        BusUnavailable,
        OutcomeUnknown,
        UnknownOrder,
        NotSent,
        MarketBusError,
    )
}
_STATUS: dict[type[MarketBusError], int] = {
    UnknownInstrument: 404,
    UnknownGateway: 404,
    UnknownOrder: 404,
    OrderDenied: 409,
    AmbiguousGateway: 409,
    BadRequest: 400,
    SymbolError: 400,
    ConfigError: 400,
    NotPermitted: 403,
    NotSupported: 501,
    BusUnavailable: 503,
}


def fault_of(error: MarketBusError) -> tuple[int, Fault]:
    """An error as an HTTP-like status number and a reply body."""
    rule = error.rule if isinstance(error, OrderDenied) else ""
    return _STATUS.get(type(error), 500), Fault(error.code, error.message, error.hint, rule)


def error_of(fault: Fault) -> MarketBusError:
    """The error a client raises for a fault it received."""
    if fault.code == OrderDenied.code:
        return OrderDenied(fault.rule, fault.message, fault.hint)
    kind = _BY_CODE.get(fault.code, MarketBusError)
    return kind(fault.message, fault.hint)
