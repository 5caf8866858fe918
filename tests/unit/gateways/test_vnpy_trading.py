"""Orders, trades, positions, accounts and requests to vnpy's objects and back."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vnpy.trader.constant import Direction as VnpyDirection
from vnpy.trader.constant import Exchange as VnpyExchange
from vnpy.trader.constant import Offset as VnpyOffset
from vnpy.trader.constant import OrderType as VnpyOrderType
from vnpy.trader.constant import Status
from vnpy.trader.object import AccountData, OrderData, PositionData, TradeData
from vnpy.trader.object import CancelRequest as VnpyCancelRequest
from vnpy.trader.object import OrderRequest as VnpyOrderRequest

from marketbus.domain.account import Account
from marketbus.domain.errors import BadRequest
from marketbus.domain.instrument import Exchange
from marketbus.domain.order import Order, OrderState
from marketbus.domain.order_terms import Direction, Offset, OrderType
from marketbus.domain.position import Position
from marketbus.domain.trade import Trade
from marketbus.vnpy_types.trading import (
    STATE_OF,
    STATUS_OF,
    account_from_vnpy,
    account_to_vnpy,
    cancel_from_vnpy,
    cancel_to_vnpy,
    order_request_from_vnpy,
    order_request_to_vnpy,
    order_to_vnpy,
    position_from_vnpy,
    position_to_vnpy,
    report_from_vnpy,
    trade_from_vnpy,
    trade_to_vnpy,
)

NUMBER = st.floats(-1e9, 1e9)
VOLUME = st.integers(1, 10**6).map(float)
EXCHANGES = st.sampled_from([each for each in Exchange if each is not Exchange.UNKNOWN])
SIDES = st.sampled_from([Direction.LONG, Direction.SHORT])
OFFSETS = st.sampled_from([each for each in Offset if each is not Offset.UNKNOWN])
TYPES = st.sampled_from([each for each in OrderType if each is not OrderType.UNKNOWN])
TIMES = st.integers(1, 4 * 10**9).map(lambda seconds: seconds * 10**9)
NAME = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=20)

orders = st.builds(
    Order, NAME, NAME, NAME, EXCHANGES, NAME, SIDES, OFFSETS, TYPES, NUMBER, VOLUME, VOLUME,
    st.sampled_from(OrderState), NAME, datetime=TIMES,
)  # fmt: skip
trades = st.builds(
    Trade, NAME, st.just("main"), NAME, EXCHANGES, NAME, st.just(""), SIDES, OFFSETS, NUMBER, VOLUME, TIMES
)
positions = st.builds(
    Position, NAME, st.just("main"), NAME, EXCHANGES, st.sampled_from([Direction.LONG, Direction.SHORT, Direction.NET]),
    VOLUME, VOLUME, VOLUME, NUMBER, NUMBER,
)  # fmt: skip


def test_the_words_are_vnpys() -> None:
    assert {each.name for each in VnpyDirection} == {each.name for each in Direction} - {"UNKNOWN"}
    assert {each.name for each in VnpyOffset} == {each.name for each in Offset} - {"UNKNOWN"}
    assert {each.name for each in VnpyOrderType} == {each.name for each in OrderType} - {"UNKNOWN"}
    for kind, words in ((Direction, VnpyDirection), (Offset, VnpyOffset), (OrderType, VnpyOrderType)):
        for word in words:  # whatever language vnpy speaks on this machine
            assert kind(word.value).name == word.name


def test_every_state_has_a_status_and_every_status_a_state() -> None:
    assert set(STATUS_OF) == set(OrderState)
    assert set(STATE_OF) == set(Status)
    for status, state in STATE_OF.items():
        assert STATUS_OF[state] is status


@given(st.sampled_from(OrderState))
def test_what_is_active_for_us_is_active_for_vnpy(state: OrderState) -> None:
    order = Order("g", "a", "rb2701", Exchange.SHFE, "1", Direction.LONG, Offset.OPEN, OrderType.LIMIT, 1.0, 1.0,
                  state=state)  # fmt: skip
    data = order_to_vnpy(order)
    assert data.is_active() == (not state.is_final)


@given(orders)
def test_an_order_is_vnpys_with_our_id(order: Order) -> None:
    data = order_to_vnpy(order)
    assert isinstance(data, OrderData)
    assert (data.vt_orderid, data.vt_symbol, data.reference) == (order.vt_orderid, order.vt_symbol, order.reference)
    back = report_from_vnpy(data, order.account, received=7, trading_day=8)
    for name in ("gateway", "account", "symbol", "exchange", "direction", "offset", "type", "price", "volume", "traded",
                 "reference", "datetime"):  # fmt: skip
        assert getattr(back, name) == getattr(order, name), name
    assert (back.venue_ref, back.received, back.trading_day) == (order.client_order_id, 7, 8)
    assert back.state is STATE_OF[STATUS_OF[order.state]]


@given(trades)
def test_a_trade_survives_the_way_there_and_back(trade: Trade) -> None:
    data = trade_to_vnpy(trade)
    assert isinstance(data, TradeData)
    assert (data.vt_tradeid, data.vt_orderid) == (trade.vt_tradeid, trade.vt_orderid)
    assert trade_from_vnpy(data, "main", 0, 0) == trade


@given(positions)
def test_a_position_survives_the_way_there_and_back(position: Position) -> None:
    data = position_to_vnpy(position)
    assert isinstance(data, PositionData)
    back = position_from_vnpy(data, "main", 10, 5, 20261123)
    for name in Position.__struct_fields__[:10]:
        assert getattr(back, name) == getattr(position, name), name
    assert back.position_cost == pytest.approx(position.price * position.volume * 10)


def test_funds_keep_the_venues_available_and_hide_the_number() -> None:
    data = AccountData("ctp", accountid="88001234", balance=1e6, frozen=1e4)
    data.available = 7e5
    account = account_from_vnpy(data, "main", 5, 20261123)
    assert account == Account("ctp", "main", 1e6, 7e5, 1e4, trading_day=20261123, updated=5)
    back = account_to_vnpy(account)
    assert (back.accountid, back.balance, back.frozen, back.available) == ("main", 1e6, 1e4, 7e5)


def test_a_vnpy_apps_request_there_and_back() -> None:
    data = VnpyOrderRequest(
        "rb2701", VnpyExchange.SHFE, VnpyDirection.SHORT, VnpyOrderType.FAK, 2, 3100, VnpyOffset.CLOSETODAY, "cta"
    )
    request = order_request_from_vnpy(data, "c1", "ctp", "main", 99)
    assert (request.client_order_id, request.valid_until, request.type) == ("c1", 99, OrderType.FAK)
    assert order_request_to_vnpy(request) == data


def test_a_vnpy_apps_bad_request_is_named() -> None:
    data = VnpyOrderRequest("rb2701", VnpyExchange.SHFE, VnpyDirection.NET, VnpyOrderType.LIMIT, 2)
    with pytest.raises(BadRequest, match="direction"):
        order_request_from_vnpy(data, "c1", "ctp", "main", 99)


def test_cancels() -> None:
    order = Order("ctp", "main", "rb2701", Exchange.SHFE, "c1", Direction.LONG, Offset.OPEN, OrderType.LIMIT, 1.0, 1.0,
                  venue_ref="1_2_3")  # fmt: skip
    assert cancel_to_vnpy(order) == VnpyCancelRequest("1_2_3", "rb2701", VnpyExchange.SHFE)
    asked = VnpyCancelRequest("c1", "rb2701", VnpyExchange.SHFE)
    assert cancel_from_vnpy(asked, "ctp", "main", 9).client_order_id == "c1"


def test_an_order_that_vnpy_does_not_place_in_time_or_direction() -> None:
    data = OrderData("ctp", "rb2701", VnpyExchange.SHFE, "1_2_3")
    report = report_from_vnpy(data, "main", 0, 0)
    assert (report.datetime, report.direction, report.state) == (0, Direction.UNKNOWN, OrderState.SENT)
    data.datetime = datetime(2026, 11, 23, 9, 30)
    assert report_from_vnpy(data, "main", 0, 0).datetime == 1_795_397_400_000_000_000
