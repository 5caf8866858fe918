"""The orders of an account: found by any of their numbers, whatever comes first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketbus.domain.errors import BadRequest
from marketbus.domain.order import OrderState
from marketbus.domain.order_book import OrderBook
from marketbus.domain.order_events import OrderReport, Sent
from marketbus.domain.order_life import Outcome
from marketbus.domain.order_terms import Direction
from marketbus.domain.trade import Trade
from tests.unit.domain.orders import DAY, fill, report, request


def test_an_id_is_claimed_once() -> None:
    book = OrderBook()
    first = book.claim(request(), now=1)
    again = book.claim(request(valid_until=9_999), now=2)
    assert first.new
    assert not again.new
    assert again.order is first.order
    with pytest.raises(BadRequest, match="another price"):
        book.claim(request(price=1.0), now=3)
    with pytest.raises(BadRequest, match="missing"):
        book.claim(request(""), now=3)


def test_a_fill_before_its_order_waits_for_it() -> None:
    book = OrderBook()
    book.claim(request(), now=1)
    assert book.fill(fill("t1", 3)).outcome is Outcome.UNMATCHED
    assert book.fill(fill("t1", 3)).outcome is Outcome.DUPLICATE
    assert [each.outcome for each in book.own(Sent("a1", 2, "1_2_3"))] == [Outcome.APPLIED]
    changes = book.report(report(OrderState.ACCEPTED))
    assert [each.trade is not None for each in changes] == [False, True]
    assert not book.unclaimed
    order = book.get("a1")
    assert order is not None
    assert order.state is OrderState.FILLED


def test_an_order_that_has_the_venues_number_alone_is_adopted_with_its_first_word() -> None:
    """Interactive Brokers: another program's, known by its permId."""
    book = OrderBook()
    foreign = report(OrderState.ACCEPTED, venue_id="1800000001", venue_ref="", client_order_id="by hand", trading_day=0)
    (change,) = book.adopt(foreign)
    assert change.order is not None
    assert (change.order.state, change.order.venue_id, change.order.external) == ("ACCEPTED", "1800000001", True)
    assert book.adopt(foreign)[0].outcome is Outcome.DUPLICATE
    assert len(book) == 1


def test_an_order_we_do_not_know_is_adopted_once() -> None:
    book = OrderBook()
    foreign = report(OrderState.PARTIAL, 1, venue_ref="9_9_9", venue_id="88", queried=True)
    assert [each.outcome for each in book.report(foreign)] == [Outcome.UNMATCHED]
    book.fill(fill("t9", venue_id="88"))
    changes = book.adopt(foreign)
    assert [each.outcome for each in changes] == [Outcome.APPLIED, Outcome.APPLIED]
    (order,) = book
    assert (order.external, order.origin, order.traded, order.average_price) == (True, "", 1, 3100)
    assert book.adopt(foreign)[0].outcome is Outcome.DUPLICATE
    assert len(book) == 1


def test_a_number_used_again_on_another_day_is_another_order() -> None:
    book = OrderBook()
    book.restore(request().order(now=1, trading_day=DAY))
    book.own(Sent("a1", 2, "1_2_3"))
    assert book.report(report(OrderState.ACCEPTED, trading_day=DAY + 1))[0].outcome is Outcome.UNMATCHED
    assert book.report(report(OrderState.ACCEPTED, direction=Direction.SHORT))[0].outcome is Outcome.UNMATCHED
    assert book.report(report(OrderState.ACCEPTED))[0].outcome is Outcome.APPLIED


def test_what_we_say_of_an_order_that_is_not_there_is_answered() -> None:
    assert OrderBook().own(Sent("zz", 2))[0].outcome is Outcome.UNMATCHED


def test_restored_orders_know_their_fills() -> None:
    book = OrderBook()
    book.claim(request(), now=1, trading_day=DAY)
    book.report(report(OrderState.ACCEPTED, client_order_id="a1"))
    book.fill(fill("t1"))
    after = OrderBook()
    for order in book:
        after.restore(order, book.trades(order.client_order_id))
    assert after.fill(fill("t1")).outcome is Outcome.DUPLICATE
    assert [order.traded for order in after.active()] == [1]


def test_a_new_day_lets_go_of_what_is_over() -> None:
    book = OrderBook()
    for name in ("a1", "a2"):
        book.claim(request(name), now=1, trading_day=DAY)
        book.own(Sent(name, 2, f"1_2_{name}"))
    book.report(report(OrderState.CANCELLED, venue_ref="1_2_a1"))
    assert book.close_day(DAY) == 0
    assert book.close_day(DAY + 1) == 1
    assert [order.client_order_id for order in book] == ["a2"]
    assert book.report(report(OrderState.CANCELLED, venue_ref="1_2_a1"))[0].outcome is Outcome.UNMATCHED


WORDS: list[OrderReport | Trade] = [
    word
    for number in range(3)
    for word in (
        report(OrderState.ACCEPTED, venue_ref=f"1_2_{number}", venue_id=f"7{number}"),
        fill(f"t{number}", 1, venue_id=f"7{number}"),
        fill(f"u{number}", 2, venue_id=f"7{number}"),
    )
]


@given(st.permutations(WORDS), st.lists(st.sampled_from(WORDS), max_size=6))
def test_however_they_come_each_fill_counts_once_at_its_order(
    words: list[OrderReport | Trade], again: list[OrderReport | Trade]
) -> None:
    book = OrderBook()
    for number in range(3):
        book.claim(request(f"a{number}"), now=1, trading_day=DAY)
        book.own(Sent(f"a{number}", 2, f"1_2_{number}"))
    counted = 0.0
    for word in [*words, *again]:
        changes = book.report(word) if isinstance(word, OrderReport) else [book.fill(word)]
        counted += sum(change.trade.volume for change in changes if change.trade is not None)
    assert counted == 9
    assert [(order.client_order_id, order.traded) for order in book] == [("a0", 3), ("a1", 3), ("a2", 3)]
