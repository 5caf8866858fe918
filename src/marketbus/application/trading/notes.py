"""What the desk has to say about an order or an account, as an entry of the journal, and back."""

from functools import cache
from typing import Any, TypeVar

import msgspec

from marketbus.domain.account import Account
from marketbus.domain.journal_entry import Entry, EntryKind, Recorded
from marketbus.domain.order import Order
from marketbus.domain.position import Position
from marketbus.domain.trade import Trade
from marketbus.ports.trading_publisher import TradingPayload

Facts = dict[str, str | int | float | bool | None]
_Body = dict[str, msgspec.Raw]
T = TypeVar("T", bound=msgspec.Struct)


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened, and how matters stand after it."""

    kind: EntryKind
    time: int
    """ns UTC"""
    account: str
    trading_day: int = 0
    order: Order | None = None
    trade: Trade | None = None
    positions: tuple[Position, ...] = ()
    """Those that it changed."""
    funds: Account | None = None
    event: msgspec.Struct | None = None
    """What the venue or we said; not read back."""
    facts: Facts = {}
    principal: str = ""
    host: str = ""
    """Where it was asked from; `trader`: who stands for it."""
    trader: str = ""
    strategy: str = ""
    """Where there is no order to say it."""
    client_order_id: str = ""
    """Where there is no order to say it."""

    @property
    def payloads(self) -> tuple[TradingPayload, ...]:
        """What the bus hears of it. A claim alone is told with what follows it."""
        if self.kind is EntryKind.CLAIMED:
            return ()
        told = (self.order, self.trade, *self.positions, self.funds)
        return tuple(each for each in told if each is not None)


ORDER_FIRST = '{"order":'
"""How the body of an entry begins that tells how an order stands."""
FACTS = '"facts":'
"""What a body with facts holds; others may too, in somebody's words."""


def entry_of(note: Note) -> Entry:
    """The note as an entry. Fields that have their default are left out of the body."""
    body: _Body = {}
    if note.order is not None:
        body["order"] = _plain(note.order)
    if note.trade is not None:
        body["trade"] = _plain(note.trade)
    if note.positions:
        body["positions"] = _raw([_plain(each) for each in note.positions])
    if note.funds is not None:
        body["funds"] = _plain(note.funds)
    if note.event is not None:
        body["event"] = _plain(note.event, type(note.event).__name__)
    if note.facts:
        body["facts"] = _raw(note.facts)
    order = note.order
    return Entry(
        kind=note.kind,
        time=note.time,
        trading_day=note.trading_day,
        account=note.account,
        client_order_id=note.client_order_id if order is None else order.client_order_id,
        vt_symbol="" if order is None else order.vt_symbol,
        principal=note.principal or ("" if order is None else order.origin),
        host=note.host,
        strategy=note.strategy if order is None else order.reference,
        trader=note.trader,
        body=msgspec.json.encode(body).decode(),
    )


def note_of(recorded: Recorded) -> Note:
    """The inverse of `entry_of`, positions of the journal filled in; the event is left out.

    Raises:
        msgspec.MsgspecError: written by something else.
    """
    entry = recorded.entry
    body = body_of(entry)
    positions = (read(Position, each) for each in _positions.decode(body.get("positions", b"[]")))
    note = Note(
        kind=entry.kind,
        time=entry.time,
        account=entry.account,
        trading_day=entry.trading_day,
        order=read(Order, body.get("order")),
        trade=read(Trade, body.get("trade")),
        positions=tuple(each for each in positions if each is not None),
        funds=read(Account, body.get("funds")),
        facts=msgspec.json.decode(body.get("facts", b"{}"), type=Facts),
        principal=entry.principal,
        host=entry.host,
        trader=entry.trader,
        strategy=entry.strategy,
        client_order_id=entry.client_order_id,
    )
    return placed(note, recorded.position)


def placed(note: Note, position: int) -> Note:
    """The note with the journal's position in everything that carries one."""
    return msgspec.structs.replace(
        note,
        order=None if note.order is None else msgspec.structs.replace(note.order, journal_position=position),
        trade=None if note.trade is None else msgspec.structs.replace(note.trade, journal_position=position),
        positions=tuple(msgspec.structs.replace(each, journal_position=position) for each in note.positions),
        funds=None if note.funds is None else msgspec.structs.replace(note.funds, journal_position=position),
    )


def _plain(struct: msgspec.Struct, name: str = "") -> msgspec.Raw:
    fields: dict[str, Any] = {"event": name} if name else {}
    for field, default in _defaults(type(struct)):
        value = getattr(struct, field)
        if value != default:
            fields[field] = value
    return _raw(fields)


@cache
def _defaults(kind: type[msgspec.Struct]) -> tuple[tuple[str, object], ...]:
    """Field and default of what is written; what is required has a default that nothing equals."""
    return tuple(
        (field.name, _NOTHING if field.required else field.default)
        for field in msgspec.structs.fields(kind)
        if field.name != "journal_position"
    )


def _raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


def read(kind: type[T], body: msgspec.Raw | None) -> T | None:
    """What `entry_of` wrote of a struct."""
    return None if body is None else kind(*msgspec.structs.astuple(_decoder(kind).decode(body)))


def body_of(entry: Entry) -> dict[str, msgspec.Raw]:
    """The parts of an entry's body, not yet read."""
    return _body.decode(entry.body)


@cache
def _decoder(kind: type[msgspec.Struct]) -> msgspec.json.Decoder[Any]:
    """By the names of the fields: payloads are arrays on the wire, where this journal is not read."""
    fields = [
        (field.name, field.type) if field.required else (field.name, field.type, field.default)
        for field in msgspec.structs.fields(kind)
    ]
    return msgspec.json.Decoder(msgspec.defstruct(f"{kind.__name__}Fields", fields, gc=False))


_NOTHING = object()
_body = msgspec.json.Decoder(_Body)
_positions = msgspec.json.Decoder(list[msgspec.Raw])
