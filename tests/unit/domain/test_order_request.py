"""What a request must be before anything looks at it."""

from math import inf, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketbus.domain.errors import BadRequest
from marketbus.domain.instrument import Exchange
from marketbus.domain.order import OrderState, adopted_id
from marketbus.domain.order_request import CancelRequest, is_late
from marketbus.domain.order_terms import Direction, HedgeFlag, Offset, OrderType, word_of
from tests.unit.domain.orders import request


@pytest.mark.parametrize(
    ("kind", "word", "member"),
    [
        (Direction, "多", Direction.LONG),
        (Direction, "空", Direction.SHORT),
        (Direction, "long", Direction.LONG),
        (Offset, "开", Offset.OPEN),
        (Offset, "平", Offset.CLOSE),
        (Offset, "平今", Offset.CLOSETODAY),
        (Offset, "平昨", Offset.CLOSEYESTERDAY),
        (Offset, "Close Today", Offset.CLOSETODAY),
        (Offset, "", Offset.NONE),
        (OrderType, "限价", OrderType.LIMIT),
        (OrderType, "fak", OrderType.FAK),
        (HedgeFlag, "套保", HedgeFlag.HEDGE),
        (HedgeFlag, "market_maker", HedgeFlag.MARKET_MAKER),
    ],
)
def test_words_are_taken_as_people_write_them(kind: Any, word: str, member: Any) -> None:
    assert word_of(kind, word, "field") is member


def test_every_word_is_its_own_value() -> None:
    for kind in (Direction, Offset, OrderType, HedgeFlag):
        for member in kind:
            assert kind(member.value) is member


def test_a_word_that_is_none_of_them_is_named() -> None:
    with pytest.raises(BadRequest, match="offset: 'shut' is none of NONE, OPEN"):
        word_of(Offset, "shut", "offset")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"direction": Direction.NET}, "direction"),
        ({"direction": Direction.UNKNOWN}, "direction"),
        ({"offset": Offset.UNKNOWN}, "offset"),
        ({"type": OrderType.UNKNOWN}, "type"),
        ({"hedge": HedgeFlag.UNKNOWN}, "hedge"),
        ({"exchange": Exchange.UNKNOWN}, "exchange"),
        ({"symbol": ""}, "symbol"),
        ({"symbol": "x" * 81}, "symbol"),
        ({"symbol": "rb\n2701"}, "symbol"),
        ({"volume": 0.0}, "volume"),
        ({"volume": -1.0}, "volume"),
        ({"volume": nan}, "volume"),
        ({"volume": inf}, "volume"),
        ({"volume": 2e9}, "volume"),
        ({"price": nan}, "price"),
        ({"price": -1e13}, "price"),
        ({"reference": "x" * 65}, "reference"),
        ({"client_order_id": "x" * 25}, "client_order_id"),
        ({"client_order_id": "委托"}, "client_order_id"),
        ({"client_order_id": "a b"}, "client_order_id"),
        ({"ext": {str(n): n for n in range(17)}}, "ext"),
        ({"ext": {"note": "x" * 129}}, "ext"),
        ({"ext": {"big": 2**63}}, "ext"),
    ],
)
def test_a_request_beyond_its_bounds_is_refused_by_name(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(BadRequest, match=f"^{field}: "):
        request(**changes)


def test_a_spread_may_be_bought_below_zero() -> None:
    assert request(price=-12.5).price == -12.5


def test_a_cancel_names_its_order() -> None:
    with pytest.raises(BadRequest, match="client_order_id"):
        CancelRequest("")


def test_validity_ends_with_its_last_nanosecond() -> None:
    assert not is_late(5_000, 5_000)
    assert is_late(5_000, 5_001)


def test_a_request_begins_an_order_and_knows_it_again() -> None:
    order = request().order(now=7, trading_day=20261123)
    assert (order.state, order.created, order.vt_orderid) == (OrderState.NEW, 7, "ctp.a1")
    assert request(valid_until=9_000).differs_from(order) == ""
    assert request(price=3101.0).differs_from(order) == "price"
    assert request(account="other").differs_from(order) == "account"


@given(st.text(min_size=1), st.text(min_size=1))
def test_an_adopted_id_fits_and_is_the_venue_keys_own(one: str, other: str) -> None:
    ids = [adopted_id(Exchange.DCE, 20261123, key) for key in (one, other)]
    assert all(len(each) == 24 and CancelRequest(each) for each in ids)
    assert (ids[0] == ids[1]) == (one == other)
