"""What a worker writes down about orders: the audit trail, and the outbox that td.* events carry the position of."""

import hashlib
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, TypeVar

import msgspec

T = TypeVar("T", bound=msgspec.Struct)


class EntryKind(StrEnum):
    """What an entry says. Once released, a new kind comes with a new schema version of the journal."""

    STARTED = "started"
    """A worker began to write; body: process and versions."""
    CLAIMED = "claimed"
    """A client_order_id is taken, once for ever; body: the request."""
    DENIED = "denied"
    """We said no, the SDK was never called; body: rule, limit, value."""
    NEW = "new"
    """Passed every rule, about to go out; body: the order, each rule's verdict."""
    SENT = "sent"
    """The SDK was called; body: what it was given and what it returned."""
    VENUE_EVENT = "venue_event"
    """The venue's word on an order or on a cancel."""
    TRADE = "trade"
    """A fill, by the venue's trade id."""
    CANCEL_REQUESTED = "cancel_requested"
    """A cancel goes to the venue."""
    MODIFY_REQUESTED = "modify_requested"
    """Another price or volume of an order is asked of the venue."""
    MODIFY_DENIED = "modify_denied"
    """We said no to one, the SDK was never called; body: rule, limit, value."""
    OUTCOME_UNKNOWN = "outcome_unknown"
    """Time-out, disconnect or crash between SENT and the venue's word."""
    RESOLVED = "resolved"
    """What the venue's books say of an order whose outcome was unknown."""
    ADOPTED = "adopted"
    """An order that the venue knows and we did not: another terminal's."""
    RECONCILED = "reconciled"
    """Complete queries were matched with the journal; body: what differed."""
    RISK_CHANGED = "risk_changed"
    """A limit was tightened at run time."""
    KILL = "kill"
    """New orders are denied from here on, open ones cancelled."""
    FLAT = "flat"
    """The venue confirmed that no order of ours is open."""
    RELEASE = "release"
    """The kill is lifted."""
    HEAD_ANNOUNCED = "head_announced"
    """This journal's head was told to the bus; body: the head."""
    RESUMED = "resumed"
    """The journal could not be written for a while, and now can; made by the journal itself."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be written down. Texts are empty, and numbers 0, where there is nothing to say."""

    kind: EntryKind
    time: int
    """ns UTC, real clock, of what is told; not necessarily rising with the position"""
    trading_day: int = 0
    """yyyymmdd, the market's"""
    account: str = ""
    """Alias, never a number."""
    client_order_id: str = ""
    vt_symbol: str = ""
    principal: str = ""
    """Who asked."""
    host: str = ""
    """Where from."""
    strategy: str = ""
    trader: str = ""
    body: str = "{}"
    """A JSON object, see `body_of`."""


class Recorded(msgspec.Struct, frozen=True):
    """An entry in its place."""

    position: int
    """+1 per entry of a worker's journal, from 1"""
    hash: str
    """SHA-256 over the hash before and this entry, hexadecimal."""
    entry: Entry


class Head(msgspec.Struct, frozen=True):
    """The last entry of a journal; position 0 with the genesis hash when there is none."""

    position: int
    hash: str


class Standing(StrEnum):
    """A journal beside a head that was announced."""

    SAME = "same"
    NEWER = "newer"
    """Has that entry, and more."""
    OLDER = "older"
    """Ends before that entry: a restored disk, another machine."""
    FORKED = "forked"
    """Has another entry in that place."""


def body_of(facts: msgspec.Struct) -> str:
    """A JSON object with the fields by name, also of structs that are arrays on the wire. NaN and infinities are null.

    Structs inside keep their own form.
    """
    return msgspec.json.encode({name: getattr(facts, name) for name in facts.__struct_fields__}).decode()


def from_body(kind: type[T], body: str) -> T:
    """The inverse of `body_of`; unknown names are passed over.

    Raises:
        msgspec.ValidationError: a field is missing or of the wrong type.
    """
    given = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    fields: dict[str, Any] = {
        field.name: msgspec.json.decode(given[field.name], type=field.type)
        for field in msgspec.structs.fields(kind)
        if field.name in given
    }
    try:
        return kind(**fields)
    except TypeError as error:
        raise msgspec.ValidationError(f"not a {kind.__name__}: {error}") from None


def genesis(gateway: str) -> str:
    """The hash that the first entry rests on."""
    return hashlib.sha256(f"marketbus journal of {gateway}".encode()).hexdigest()


def fields_of(position: int, entry: Entry) -> tuple[str | int, ...]:
    """What the hash of an entry covers, in order; the columns of the journal's table but the hash."""
    return (
        position,
        entry.time,
        entry.trading_day,
        entry.kind.value,
        entry.account,
        entry.client_order_id,
        entry.vt_symbol,
        entry.principal,
        entry.host,
        entry.strategy,
        entry.trader,
        entry.body,
    )


def link(before: str, fields: Sequence[str | int]) -> str:
    """The hash of an entry: SHA-256 of the hash before it (hexadecimal), then its `fields_of` as JSON without spaces.

    The JSON is what Python's `json.dumps(fields, ensure_ascii=False, separators=(",", ":"))` gives.

    Raises:
        UnicodeEncodeError: a text that is not Unicode.
    """
    return hashlib.sha256(before.encode() + msgspec.json.encode(fields)).hexdigest()
