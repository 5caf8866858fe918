"""Payloads: frozen order, evolution, and hostile bytes."""

import contextlib
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketbus.domain.bar import Bar, Interval
from marketbus.domain.contract import Contract
from marketbus.domain.errors import BadPayload
from marketbus.domain.history import Progress
from marketbus.domain.instrument import Exchange
from marketbus.domain.status import GatewayStatus, LogRecord
from marketbus.domain.tick import Tick
from marketbus.wire import asyncapi, codec

TICK = Tick("g", "rb2701", Exchange.SHFE, 1_700_000_000_000_000_000, 1_700_000_000_000_000_500, 7, 3)
FINITE = st.floats(allow_nan=False, allow_infinity=False)

ticks = st.builds(
    Tick,
    gateway=st.text(st.characters(exclude_categories=("Cs",)), max_size=10),
    symbol=st.text(st.characters(exclude_categories=("Cs",)), max_size=80),
    exchange=st.sampled_from(Exchange),
    datetime=st.integers(0, 2**63 - 1),
    received=st.integers(0, 2**63 - 1),
    epoch=st.integers(0, 2**63 - 1),
    seq=st.integers(0, 2**63 - 1),
    last_price=FINITE,
    limit_up=st.none() | FINITE,
    bid_price_1=FINITE,
    extra=st.none() | st.dictionaries(st.text(max_size=5), st.integers(-5, 5) | st.text(max_size=5), max_size=3),
)


@given(ticks)
def test_a_tick_survives_the_wire(tick: Tick) -> None:
    assert codec.decode(Tick, codec.encode(tick)) == tick


@given(ticks)
def test_a_tick_survives_as_an_object(tick: Tick) -> None:
    assert codec.from_object(Tick, msgspec.json.decode(msgspec.json.encode(codec.to_object(tick)))) == tick


def test_the_order_of_fields_is_frozen() -> None:
    raw: list[Any] = msgspec.msgpack.decode(codec.encode(TICK))
    assert raw[:8] == ["tick/1", "g", "rb2701", "SHFE", TICK.datetime, TICK.received, 7, 3]
    assert len(raw) == 1 + 46
    assert Tick.__struct_fields__.index("last_price") + 1 == 14
    assert Tick.__struct_fields__.index("bid_price_1") + 1 == 22
    assert Tick.__struct_fields__.index("average_price") + 1 == 45


def test_the_published_schema_gives_the_same_indices() -> None:
    items = asyncapi.document("1")["components"]["schemas"]["Tick"]["prefixItems"]
    raw: list[Any] = msgspec.msgpack.decode(codec.encode(TICK))
    assert len(items) == len(raw)
    assert [item["x-index"] for item in items] == list(range(len(raw)))
    assert [item["title"] for item in items[1:]] == list(Tick.__struct_fields__)


def test_fields_of_a_newer_writer_are_ignored_and_missing_ones_default() -> None:
    raw: list[Any] = msgspec.msgpack.decode(codec.encode(TICK))
    assert codec.decode(Tick, msgspec.msgpack.encode([*raw, "new", {"x": 1}])) == TICK
    assert codec.decode(Tick, msgspec.msgpack.encode(raw[:6])) == msgspec.structs.replace(TICK, epoch=0, seq=0)


def test_an_unknown_exchange_decodes_to_unknown() -> None:
    raw: list[Any] = msgspec.msgpack.decode(codec.encode(TICK))
    raw[3] = "MOON"
    assert codec.decode(Tick, msgspec.msgpack.encode(raw)).exchange is Exchange.UNKNOWN


def test_a_bar_keeps_its_order_and_an_interval_of_the_future_is_unknown() -> None:
    bar = Bar("ib", "AAPL-USD-STK", Exchange.SMART, 1, Interval.HOUR, 20261119, 128, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0)
    raw = msgspec.msgpack.decode(codec.encode(bar))
    assert raw == [
        "bar/1", "ib", "AAPL-USD-STK", "SMART", 1, "1h", 20261119, 128, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0,
    ]  # fmt: skip
    assert codec.decode(Bar, msgspec.msgpack.encode([*raw, "new"])) == bar
    raw[5] = "1M"
    assert codec.decode(Bar, msgspec.msgpack.encode(raw)).interval is Interval.UNKNOWN


@pytest.mark.parametrize("kind", [Tick, Bar, Progress, Contract, GatewayStatus, LogRecord])
@given(
    data=st.binary(max_size=200)
    | st.recursive(st.none() | st.integers(0, 9) | st.text(max_size=3), st.lists, max_leaves=9).map(
        msgspec.msgpack.encode
    )
)
def test_hostile_bytes_are_one_typed_error(kind: type[Tick], data: bytes) -> None:
    with pytest.raises(BadPayload):
        codec.decode(kind, data)


@given(st.data())
def test_a_damaged_tick_never_raises_anything_else(data: st.DataObject) -> None:
    raw = bytearray(codec.encode(TICK))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(BadPayload):
        codec.decode(Tick, bytes(raw))


def test_size_is_bounded_before_parsing() -> None:
    with pytest.raises(BadPayload, match="limit"):
        codec.decode(Tick, b"\x00" * (codec.MAX_BYTES + 1))


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(BadPayload):
        codec.decode(Tick, b"\x91" * 60_000)
