from typing import Any

from marketbus.application.trading.steps import OrderSteps
from marketbus.domain.instrument import Exchange
from marketbus.domain.order import Order, OrderState
from marketbus.domain.order_terms import Direction, Offset, OrderType
from marketbus.domain.times import NS

S = OrderState


def an_order(state: OrderState, **times: Any) -> Order:
    terms = (Direction.LONG, Offset.OPEN, OrderType.LIMIT, 3100.0, 1.0)
    return Order("ctp", "main", "rb2701", Exchange.SHFE, "o1", *terms, state=state, **times)


def of_the_venue(*states: Order) -> tuple[int, float]:
    """How often the venue's first word was timed, and the seconds in sum, of an order that stood like that in turn."""
    steps = OrderSteps()
    before = None
    for order in states:
        steps.moved(before, order)
        before = order
    found = steps.venue.now()
    return found.count, found.total


def test_the_venue_takes_from_the_call_to_its_first_word() -> None:
    sent, told = an_order(S.SENT, sent=5 * NS), an_order(S.ACCEPTED, sent=5 * NS, updated=7 * NS)
    filled = an_order(S.FILLED, sent=5 * NS, updated=9 * NS)
    assert of_the_venue(an_order(S.NEW), sent, told, filled) == (1, 2.0)
    assert of_the_venue(an_order(S.NEW), sent, an_order(S.REJECTED, sent=5 * NS, updated=6 * NS)) == (1, 1.0)


def test_a_venue_that_answers_before_the_call_has_returned_is_counted_too() -> None:
    assert of_the_venue(an_order(S.NEW), an_order(S.FILLED, updated=7 * NS)) == (1, 0.0)


def test_what_the_venue_never_heard_is_no_word_of_its() -> None:
    for state in (S.DENIED, S.REJECTED):
        assert of_the_venue(an_order(S.NEW), an_order(state, updated=7 * NS)) == (0, 0.0)
    assert of_the_venue(an_order(S.ACCEPTED)) == (0, 0.0)
