import hashlib
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketbus.domain.journal_entry import Entry, EntryKind, body_of, fields_of, from_body, genesis, link


class Side(msgspec.Struct, frozen=True):
    word: str


class Order(msgspec.Struct, frozen=True, array_like=True, tag="order/1"):
    """As it goes over the wire: an array."""

    symbol: str
    price: float
    side: Side
    ext: dict[str, str] = {}


@given(st.text(), st.text(), st.integers(-(2**63), 2**63 - 1))
def test_an_auditor_needs_only_json_and_sha256_to_recompute_the_chain(text: str, body: str, number: int) -> None:
    entry = Entry(kind=EntryKind.TRADE, time=number, account=text, body=body)
    row = [7, number, 0, "trade", text, "", "", "", "", "", "", body]
    written = genesis("ctp") + json.dumps(row, ensure_ascii=False, separators=(",", ":"))
    assert link(genesis("ctp"), fields_of(7, entry)) == hashlib.sha256(written.encode()).hexdigest()


def test_the_chain_of_another_gateway_begins_elsewhere() -> None:
    assert genesis("ctp") == hashlib.sha256(b"marketbus journal of ctp").hexdigest()
    assert genesis("ctp") != genesis("ctp2")


@given(st.floats(allow_nan=False, allow_infinity=False), st.text(), st.dictionaries(st.text(), st.text()))
def test_a_body_is_read_back_as_it_was(price: float, text: str, ext: dict[str, str]) -> None:
    order = Order(text, price, Side(text), ext)
    assert from_body(Order, body_of(order)) == order


def test_a_body_names_its_fields_and_grows_by_more_of_them() -> None:
    assert body_of(Order("rb2701", 3100.0, Side("多"))) == (
        '{"symbol":"rb2701","price":3100.0,"side":{"word":"多"},"ext":{}}'
    )
    assert from_body(Side, '{"word":"多","later":[1]}') == Side("多")


@pytest.mark.parametrize("body", ["{}", '{"word":1}', "[]", "", '{"word":"多"'])
def test_a_body_that_is_something_else_is_refused(body: str) -> None:
    with pytest.raises(msgspec.MsgspecError):
        from_body(Side, body)
