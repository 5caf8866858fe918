"""td.*: order, trade, position and account on the wire."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketbus.domain.account import Account
from marketbus.domain.errors import BadPayload
from marketbus.domain.instrument import Exchange, Instrument, Pattern
from marketbus.domain.order import Order, OrderState
from marketbus.domain.order_terms import Direction, HedgeFlag, Offset, OrderType
from marketbus.domain.position import Position
from marketbus.domain.trade import Trade
from marketbus.wire import asyncapi, codec, subjects

KINDS: list[type[Any]] = [Order, Trade, Position, Account]
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
VALUES = {
    float: st.floats(allow_nan=False, allow_infinity=False),
    int: st.integers(0, 2**63 - 1),
    str: TEXT,
    dict: st.dictionaries(TEXT, st.none() | st.integers(-5, 5) | st.booleans() | TEXT, max_size=3),
}
for word in (Exchange, Direction, Offset, OrderType, HedgeFlag, OrderState):
    st.register_type_strategy(word, st.sampled_from(word))


def payloads(kind: type[Any]) -> st.SearchStrategy[Any]:
    fields: dict[str, st.SearchStrategy[Any]] = {}
    for field in msgspec.structs.fields(kind):
        options = getattr(field.type, "__args__", (field.type,)) if str(field.type).find("|") >= 0 else (field.type,)
        drawn = [
            st.none()
            if option is type(None)
            else VALUES.get(getattr(option, "__origin__", option), st.from_type(option))
            for option in options
        ]
        fields[field.name] = st.one_of(*drawn)
    return st.builds(kind, **fields)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_it_survives_the_wire_and_json(kind: type[Any], data: st.DataObject) -> None:
    payload = data.draw(payloads(kind))
    assert codec.decode(kind, codec.encode(payload)) == payload
    assert codec.from_object(kind, msgspec.json.decode(msgspec.json.encode(codec.to_object(payload)))) == payload


@pytest.mark.parametrize("kind", KINDS)
def test_the_published_indices_are_the_wires(kind: type[Any]) -> None:
    items = asyncapi.document("1")["components"]["schemas"][kind.__name__]["prefixItems"]
    assert [item["title"] for item in items] == ["tag", *kind.__struct_fields__]
    assert [item["x-index"] for item in items] == list(range(len(items)))


ORDER = Order(
    "ctp", "main", "rb2701", Exchange.SHFE, "a1", Direction.LONG, Offset.OPEN, OrderType.LIMIT, 3100.0, 3.0,
    1.0, OrderState.PARTIAL, "cta", 42,
)  # fmt: skip


def test_the_order_of_fields_is_frozen() -> None:
    raw: list[Any] = msgspec.msgpack.decode(codec.encode(ORDER))
    assert raw[:15] == [
        "td.order/1", "ctp", "main", "rb2701", "SHFE", "a1", "LONG", "OPEN", "LIMIT", 3100.0, 3.0, 1.0, "PARTIAL",
        "cta", 42,
    ]  # fmt: skip
    assert len(raw) == 1 + 37
    trade = Trade("ctp", "main", "rb2701", Exchange.SHFE, "t1", "a1", Direction.LONG, Offset.OPEN, 3100.0, 1.0)
    raw = msgspec.msgpack.decode(codec.encode(trade))
    assert raw[:11] == ["td.trade/1", "ctp", "main", "rb2701", "SHFE", "t1", "a1", "LONG", "OPEN", 3100.0, 1.0]
    assert (len(raw), Trade.__struct_fields__.index("journal_position") + 1) == (1 + 22, 14)
    raw = msgspec.msgpack.decode(codec.encode(Position("ctp", "main", "rb2701", Exchange.SHFE, Direction.LONG, 3.0)))
    assert raw[:7] == ["td.position/1", "ctp", "main", "rb2701", "SHFE", "LONG", 3.0]
    assert (len(raw), Position.__struct_fields__.index("journal_position") + 1) == (1 + 22, 11)
    raw = msgspec.msgpack.decode(codec.encode(Account("ctp", "main", 1e6, 9e5, 1e4, 7)))
    assert raw[:7] == ["td.account/1", "ctp", "main", 1e6, 9e5, 1e4, 7]
    assert len(raw) == 1 + 21


def test_words_and_fields_of_a_newer_writer_do_no_harm() -> None:
    raw: list[Any] = msgspec.msgpack.decode(codec.encode(ORDER))
    raw[6], raw[7], raw[8], raw[12] = "SIDEWAYS", "HALF", "ICEBERG", "PAUSED"
    order = codec.decode(Order, msgspec.msgpack.encode([*raw, {"new": 1}]))
    assert (order.direction, order.offset, order.type) == (Direction.UNKNOWN, Offset.UNKNOWN, OrderType.UNKNOWN)
    assert order.state is OrderState.UNKNOWN
    assert codec.decode(Order, msgspec.msgpack.encode(raw[:13])).journal_position == 0


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.binary(max_size=200))
def test_hostile_bytes_are_one_typed_error(kind: type[Any], data: bytes) -> None:
    with pytest.raises(BadPayload):
        codec.decode(kind, data)


def test_subjects() -> None:
    spread = Instrument("SPD RM701&RM703", Exchange.CZCE)
    place = "CZCE.SPD%20RM701%26RM703"
    assert subjects.order("ctp-main", "主", spread) == f"td.order.ctp-main.%E4%B8%BB.{place}"
    assert subjects.trade("g", "a", spread) == f"td.trade.g.a.{place}"
    assert subjects.position("g", "a", spread) == f"td.position.g.a.{place}"
    assert subjects.account("g", "a") == "td.account.g.a"
    assert subjects.account("*", "*") == "td.account.*.*"


@pytest.mark.parametrize(
    ("pattern", "subject"),
    [("rb2701.SHFE", "td.order.g.*.SHFE.rb2701"), ("rb*.SHFE", "td.order.g.*.SHFE.*"), ("*", "td.order.g.*.*.*")],
)
def test_the_narrowest_wildcard(pattern: str, subject: str) -> None:
    assert subjects.td_wildcard("order", "g", "*", Pattern(pattern)) == subject
