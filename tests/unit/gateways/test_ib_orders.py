"""An order in IB's words, and the words of others back."""

import pytest
from ib_async.order import Order as IbOrder

from marketbus.domain.instrument import Exchange
from marketbus.domain.order import Order, OrderState
from marketbus.domain.order_terms import Direction, Offset, OrderType
from marketbus.gateways.ib.notices import OnOrder, on_order
from marketbus.gateways.ib.orders import LIMIT_PRICE, OUTSIDE_RTH, ext_of, insertion, price_of, type_of
from marketbus.gateways.ib.standing import Standing
from marketbus.ports.trading import NotSent


def order(kind: OrderType, price: float = 230.25, volume: float = 3.0, **ext: float | bool) -> Order:
    return Order(
        gateway="ib", account="main", symbol="AAPL-USD-STK", exchange=Exchange.SMART, client_order_id="mine",
        direction=Direction.SHORT, offset=Offset.NONE, type=kind, price=price, volume=volume, ext={**ext} or None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "ext", "name", "tif", "limit", "stop"),
    [
        (OrderType.LIMIT, {}, "LMT", "DAY", "230.25", None),
        (OrderType.FAK, {}, "LMT", "IOC", "230.25", None),
        (OrderType.FOK, {}, "LMT", "FOK", "230.25", None),
        (OrderType.MARKET, {}, "MKT", "DAY", None, None),
        (OrderType.STOP, {}, "STP", "DAY", None, "230.25"),
        (OrderType.STOP, {LIMIT_PRICE: 229.5}, "STP LMT", "DAY", "229.5", "230.25"),
    ],
)
def test_every_kind_goes_out_and_is_known_again(
    kind: OrderType, ext: dict[str, float], name: str, tif: str, limit: str | None, stop: str | None
) -> None:
    given = insertion(order(kind, **ext), "DU1")
    assert (given.action, given.orderType, given.tif, given.account) == ("SELL", name, tif, "DU1")
    assert (given.orderRef, given.totalQuantity, given.transmit) == ("mine", "3.0", True)
    unset = IbOrder()
    assert given.lmtPrice == (limit or unset.lmtPrice)
    assert given.auxPrice == (stop or unset.auxPrice)
    assert type_of(given) is kind
    assert price_of(given) == (0.0 if kind is OrderType.MARKET else 230.25)
    assert ext_of(given) == (ext or None)


def test_small_numbers_are_written_out() -> None:
    given = insertion(order(OrderType.LIMIT, 0.00005, 0.00000012), "")
    assert (given.lmtPrice, given.totalQuantity) == ("0.00005", "0.00000012")
    assert insertion(order(OrderType.LIMIT, **{OUTSIDE_RTH: True}), "").outsideRth


def test_what_ib_has_no_word_for_is_not_sent() -> None:
    with pytest.raises(NotSent, match="LIMIT, MARKET, STOP, FAK, FOK"):
        insertion(order(OrderType.RFQ), "")


def test_what_only_ib_has_is_told_in_its_words() -> None:
    foreign = IbOrder(orderType="TRAIL", tif="GTC", action="BUY")
    assert type_of(foreign) is OrderType.UNKNOWN
    assert ext_of(foreign) == {"order_type": "TRAIL", "tif": "GTC"}
    assert price_of(foreign) == 0.0


@pytest.mark.parametrize(
    ("statuses", "filled", "error", "expected"),
    [
        (["PendingSubmit"], 0, None, OrderState.SENT),
        (["PreSubmitted", "Submitted"], 0, None, OrderState.ACCEPTED),
        (["Submitted", "PendingCancel"], 0, None, OrderState.ACCEPTED),
        (["Submitted", "Filled"], 3, None, OrderState.FILLED),
        (["Submitted", "ApiCancelled"], 1, None, OrderState.CANCELLED),
        (["Inactive"], 0, None, OrderState.REJECTED),
        (["Inactive"], 0, (201, "no"), OrderState.REJECTED),
        (["Submitted", "Inactive"], 0, None, OrderState.ACCEPTED),  # held for a while: TWS still has it
        (["Submitted", "Inactive"], 0, (201, "margin"), OrderState.REJECTED),
        (["Submitted", "Inactive"], 1, (201, "margin"), OrderState.CANCELLED),
        (["Discombobulated"], 0, None, OrderState.UNKNOWN),
    ],
)
def test_where_an_order_stands(
    statuses: list[str], filled: float, error: tuple[int, str] | None, expected: OrderState
) -> None:
    from ib_async.contract import Contract

    standing = Standing(1, 7, Contract(), IbOrder(totalQuantity=3, permId=9))
    standing.error = error
    for status in statuses:
        standing.became(status, filled)
    assert standing.state is expected
    assert standing.report("ib", "main", 0) is None  # its contract has no name yet


def test_errors_about_an_order_are_told_apart() -> None:
    assert {on_order(code) for code in (399, 404, 2109, 10349)} == {OnOrder.ADVICE}
    assert on_order(202) is OnOrder.CANCELLED
    assert {on_order(code) for code in (135, 161, 10147, 10148)} == {OnOrder.CANCEL_REFUSED}
    assert {on_order(code) for code in (103, 110, 200, 201, 321)} == {OnOrder.REJECTED}
