"""Payloads: MessagePack arrays, tag first, then the fields in their frozen order. Bytes off the bus are hostile."""

from typing import Any, TypeVar

import msgspec

from marketbus.domain.account import Account
from marketbus.domain.bar import Bar
from marketbus.domain.contract import Contract
from marketbus.domain.errors import BadPayload
from marketbus.domain.history import Progress
from marketbus.domain.order import Order
from marketbus.domain.position import Position
from marketbus.domain.status import GatewayStatus, LogRecord
from marketbus.domain.tick import Tick
from marketbus.domain.trade import Trade

Payload = Tick | Bar | Progress | Contract | Order | Trade | Position | Account | GatewayStatus | LogRecord
P = TypeVar("P", Tick, Bar, Progress, Contract, Order, Trade, Position, Account, GatewayStatus, LogRecord)

MAX_BYTES = 65_536
"""No payload of ours comes near this; anything larger is refused before it is parsed."""

_encoder = msgspec.msgpack.Encoder()
_decoders: dict[type, msgspec.msgpack.Decoder[Any]] = {
    kind: msgspec.msgpack.Decoder(kind)
    for kind in (Tick, Bar, Progress, Contract, Order, Trade, Position, Account, GatewayStatus, LogRecord)
}

_ARRAY_HEADERS = {**dict.fromkeys(range(0x90, 0xA0), 1), 0xDC: 3, 0xDD: 5}
"""MessagePack: how many bytes begin an array, by the first of them."""

encode = _encoder.encode
"""A payload to bytes. Safe to call from any thread."""


def decode(kind: type[P], data: bytes) -> P:
    """Bytes to a payload of the expected kind; appended fields of a newer writer are ignored.

    Raises:
        BadPayload: too large, not MessagePack, another tag, or fields of the wrong type.
    """
    if len(data) > MAX_BYTES:
        raise BadPayload(f"{kind.__name__} of {len(data)} bytes, limit {MAX_BYTES}")
    try:
        return _decoders[kind].decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadPayload(f"not a {kind.__name__}: {error}") from None


def tag_of(data: bytes) -> str:
    """The tag of a payload, without reading more of it; empty when there is none."""
    start = _ARRAY_HEADERS.get(data[0]) if data else None
    if start is None:
        return ""
    head = data[start : start + 1]
    if not head or not 0xA0 <= head[0] <= 0xBF:  # a tag is a short text
        return ""
    return data[start + 1 : start + 1 + (head[0] & 0x1F)].decode("ascii", "replace")


def to_object(payload: Payload) -> dict[str, Any]:
    """A payload as a JSON object, field names as keys (what RPC replies and `--json` show)."""
    return {name: msgspec.to_builtins(getattr(payload, name)) for name in payload.__struct_fields__}


def from_object(kind: type[P], fields: dict[str, Any]) -> P:
    """The inverse of `to_object`; unknown keys are ignored.

    Raises:
        BadPayload: fields missing or of the wrong type.
    """
    hints = {field.name: field.type for field in msgspec.structs.fields(kind)}
    try:
        known = {name: msgspec.convert(fields[name], hint) for name, hint in hints.items() if name in fields}
        return kind(**known)
    except (msgspec.ValidationError, TypeError) as error:
        raise BadPayload(f"not a {kind.__name__}: {error}") from None
