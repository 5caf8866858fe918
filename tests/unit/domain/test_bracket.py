"""An order with its two ends: what is one, and what it may cost."""

from typing import Any

import pytest

from marketbus.domain.bracket import BracketRequest
from marketbus.domain.errors import BadRequest
from marketbus.domain.order import OrderState
from marketbus.domain.order_terms import Direction, Offset, OrderType
from marketbus.domain.risk.book import RiskBook
from marketbus.domain.risk.limits import Limits
from marketbus.domain.risk.thresholds import Thresholds
from tests.unit.domain.orders import DAY, request
from tests.unit.domain.risk.surroundings import NOW, contract, market

SHORT: dict[str, Any] = {"direction": Direction.SHORT, "price": 3110.0}


def bracket(profit: float = 3200.0, loss: float = 3000.0, **terms: Any) -> BracketRequest:
    fields: dict[str, Any] = {"valid_until": NOW} | terms
    return BracketRequest(request(**fields), profit, loss)


def test_its_legs_end_what_it_begins() -> None:
    entry, profit, loss = bracket().orders()
    assert (entry.client_order_id, entry.parent) == ("a1", "")
    assert [(each.client_order_id, each.parent) for each in (profit, loss)] == [("a1.tp", "a1"), ("a1.sl", "a1")]
    assert [(each.direction, each.offset, each.volume) for each in (profit, loss)] == [
        (Direction.SHORT, Offset.NONE, 3.0)
    ] * 2
    assert [(each.type, each.price) for each in (profit, loss)] == [(OrderType.LIMIT, 3200.0), (OrderType.STOP, 3000.0)]
    assert entry.differs_from(profit.order(1))


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({"profit": 3000.0, "loss": 3200.0}, "better"),
        ({"loss": 3100.0}, "better"),
        ({"profit": float("nan")}, "take_profit"),
        ({"client_order_id": "x" * 22}, "at most 21"),
        ({"type": OrderType.FAK}, "type"),
        ({"offset": Offset.CLOSE}, "opens"),
        (SHORT, "better"),
    ],
)
def test_what_makes_no_sense_is_refused(terms: dict[str, Any], words: str) -> None:
    with pytest.raises(BadRequest, match=words):
        bracket(**terms)


def test_a_short_one_and_one_at_the_market_have_their_ends_the_right_way() -> None:
    assert bracket(3000.0, 3200.0, **SHORT).orders()[1].direction is Direction.LONG
    assert bracket(3200.0, 3000.0, type=OrderType.MARKET, price=0.0).orders()[0].type is OrderType.MARKET


def test_it_costs_what_its_entry_costs_and_is_taken_whole_or_not_at_all() -> None:
    limits = Limits(max_position=3.0, max_open_orders=5, price_collar=0.01, max_identical=None)
    book = RiskBook(limits, Thresholds())
    book.day(DAY)
    orders = [each.order(NOW) for each in bracket().orders()]
    assert book.reserve_all(orders, market(), NOW) is None
    assert (len(book.reserved), book.flow.actions) == (3, 3)
    assert book.reserved.exposure == pytest.approx(3 * 3100 * 10)
    assert book.reserved.adding(orders[0].instrument, Direction.SHORT) == 0
    more = [each.order(NOW) for each in bracket(client_order_id="a2", volume=1.0).orders()]
    verdict = book.reserve_all(more, market(), NOW)
    assert verdict is not None
    assert verdict.rule == "max_position"
    assert len(book.reserved) == 3
    for order in orders:  # over a restart too
        book.follow(order)
    again = RiskBook(limits, Thresholds())
    for order in orders:
        again.follow(order, contract())
    assert again.reserved.exposure == pytest.approx(3 * 3100 * 10)


def test_the_last_of_it_is_judged_with_the_others_before_it() -> None:
    book = RiskBook(Limits(max_open_orders=2, max_identical=None), Thresholds())
    book.day(DAY)
    orders = [each.order(NOW) for each in bracket().orders()]
    verdict = book.reserve_all(orders, market(), NOW)
    assert verdict is not None
    assert (verdict.rule, verdict.value) == ("open_orders", 3)
    assert not book.reserved.orders
    assert all(order.state is OrderState.NEW for order in orders)
