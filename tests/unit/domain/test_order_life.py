"""The life of one order: in order, out of order, doubled, contradicted."""

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketbus.domain.order import NEVER_RECEIVED, Order, OrderState
from marketbus.domain.order_events import (
    Absent,
    CancelRefused,
    CancelSent,
    Denied,
    Lost,
    ModifyRefused,
    ModifySent,
    OrderReport,
    OwnEvent,
    Refused,
    Sent,
)
from marketbus.domain.order_life import Change, OrderLife, Outcome
from marketbus.domain.order_terms import Direction
from marketbus.domain.trade import Trade
from tests.unit.domain.orders import DAY, fill, report, request

NEW, SENT, ACCEPTED, PARTIAL, FILLED, CANCELLED, REJECTED, DENIED, UNKNOWN = OrderState
Event = OrderReport | Trade | OwnEvent


def life(**changes: Any) -> OrderLife:
    return OrderLife(request(**changes).order(now=1, trading_day=DAY))


def feed(it: OrderLife, event: Event) -> Change:
    if isinstance(event, OrderReport):
        return it.report(event)
    return it.fill(event) if isinstance(event, Trade) else it.own(event)


def after(*events: Event, **changes: Any) -> tuple[Order, Change]:
    it = life(**changes)
    for event in events[:-1]:
        feed(it, event)
    last = feed(it, events[-1])
    return it.order, last


def test_an_order_is_sent_accepted_and_filled() -> None:
    it = life()
    assert feed(it, Sent("a1", 10, "1_2_3")).outcome is Outcome.APPLIED
    assert (it.order.state, it.order.sent, it.order.venue_ref) == (SENT, 10, "1_2_3")
    feed(it, report(ACCEPTED))
    assert (it.order.state, it.order.venue_id, it.order.left) == (ACCEPTED, "77", 3)
    feed(it, fill("t1", 1, 3100))
    assert (it.order.state, it.order.traded, it.order.left) == (PARTIAL, 1, 2)
    feed(it, fill("t2", 2, 3106))
    assert (it.order.state, it.order.average_price, it.order.left) == (FILLED, 3104, 0)
    assert [trade.client_order_id for trade in it.trades] == ["a1", "a1"]


def test_the_venue_may_speak_before_the_call_has_returned() -> None:
    order, change = after(fill("t1", 3), Sent("a1", 10, "1_2_3"))
    assert (order.state, order.sent, order.venue_ref) == (FILLED, 10, "1_2_3")
    assert change.outcome is Outcome.LATE


def test_a_fill_counts_once() -> None:
    order, change = after(fill("t1"), fill("t1"))
    assert (change.outcome, change.trade, order.traded) == (Outcome.DUPLICATE, None, 1)


def test_a_fill_that_comes_again_with_other_numbers_is_told() -> None:
    order, change = after(fill("t1"), fill("t1", 2))
    assert (change.outcome, order.traded) == (Outcome.MISFIT, 1)
    assert "t1" in change.why


def test_the_last_fill_after_a_cancel_makes_it_filled() -> None:
    order, change = after(report(CANCELLED, 2), fill("t1", 2), fill("t2", 1))
    assert (order.state, order.traded, change.outcome) == (FILLED, 3, Outcome.APPLIED)


def test_a_report_of_the_last_fill_may_follow_the_cancel_too() -> None:
    order, change = after(report(CANCELLED, 2), report(FILLED, 3))
    assert (order.state, order.traded, change.outcome) == (FILLED, 3, Outcome.APPLIED)


def test_a_late_fill_that_leaves_some_stays_cancelled() -> None:
    order, change = after(report(CANCELLED), fill("t1", 1))
    assert (order.state, order.traded, order.left, change.outcome) == (CANCELLED, 1, 0, Outcome.APPLIED)
    assert change.trade is not None


def test_more_fills_than_asked_for_are_kept_and_told() -> None:
    order, change = after(fill("t1", 3), fill("t2", 1))
    assert (order.traded, change.outcome) == (3, Outcome.MISFIT)
    assert change.trade is not None


@pytest.mark.parametrize("refused", [Refused("a1", 9, 31, "资金不足"), Denied("a1", 9, "max_volume", "no")])
def test_a_fill_of_what_was_refused_is_kept_and_told(refused: OwnEvent) -> None:
    order, change = after(refused, fill("t1"))
    assert (change.outcome, order.traded, order.state.is_final) == (Outcome.MISFIT, 1, True)
    assert change.trade is not None


def test_a_refusal_keeps_the_venues_words() -> None:
    order, _ = after(Sent("a1", 5), Refused("a1", 9, 31, "CTP:资金不足"))
    assert (order.state, order.error_id, order.error_msg) == (REJECTED, 31, "CTP:资金不足")


def test_a_refusal_that_ctp_says_twice_and_as_a_cancel_stays_a_refusal() -> None:
    order, change = after(report(REJECTED, error_id=31), Refused("a1", 9, 31), report(CANCELLED))
    assert (order.state, change.outcome) == (REJECTED, Outcome.LATE)


def test_a_denial_names_its_rule_and_only_a_new_order_can_be_denied() -> None:
    order, _ = after(Denied("a1", 9, "max_volume", "3 > 2", {"limit": 2}))
    assert (order.state, order.denied_by, order.ext) == (DENIED, "max_volume", {"limit": 2})
    assert after(Sent("a1", 5), Denied("a1", 9, "max_volume", ""))[1].outcome is Outcome.MISFIT


def test_what_is_lost_is_unknown_until_the_venue_speaks() -> None:
    order, _ = after(Sent("a1", 5), Lost("a1", 8))
    assert (order.state, order.is_active) == (UNKNOWN, True)
    assert after(Sent("a1", 5), Lost("a1", 8), report(ACCEPTED, queried=True))[0].state is ACCEPTED
    assert after(report(ACCEPTED), Lost("a1", 8))[0].state is ACCEPTED


def test_never_received_after_complete_queries() -> None:
    order, _ = after(Sent("a1", 5), Lost("a1", 8), Absent("a1", 20, DAY))
    assert (order.state, order.denied_by) == (REJECTED, NEVER_RECEIVED)
    assert "从未" in order.error_msg or "未曾" in order.error_msg


def test_a_live_order_that_queries_do_not_show_is_a_contradiction_on_its_day_and_over_on_the_next() -> None:
    order, change = after(report(ACCEPTED), Absent("a1", 20, DAY))
    assert (order.state, change.outcome) == (ACCEPTED, Outcome.MISFIT)
    assert after(report(ACCEPTED), Absent("a1", 20, DAY + 1))[0].state is CANCELLED
    assert after(Lost("a1", 8), Absent("a1", 20, DAY + 1))[0].state is CANCELLED


def test_an_order_said_never_received_that_turns_up_is_told_and_a_query_corrects_it() -> None:
    lost = (Lost("a1", 8), Absent("a1", 20, DAY))
    order, change = after(*lost, report(ACCEPTED))
    assert (order.state, change.outcome) == (REJECTED, Outcome.MISFIT)
    order, change = after(*lost, report(ACCEPTED, queried=True))
    assert (order.state, order.denied_by, change.outcome) == (ACCEPTED, "", Outcome.CORRECTED)


def test_a_query_answered_before_the_cancel_does_not_bring_the_order_back() -> None:
    order, change = after(report(CANCELLED), report(ACCEPTED, queried=True))
    assert (order.state, change.outcome) == (CANCELLED, Outcome.LATE)


def test_a_state_without_a_word_changes_nothing() -> None:
    order, change = after(report(ACCEPTED), report(UNKNOWN))
    assert (order.state, change.outcome) == (ACCEPTED, Outcome.MISFIT)


def test_a_refused_cancel_leaves_the_order_standing() -> None:
    order, _ = after(report(ACCEPTED), CancelSent("a1", 30))
    assert order.cancel_sent == 30
    order, _ = after(report(ACCEPTED), CancelSent("a1", 30), CancelRefused("a1", 31, 26, "已成交"))
    assert (order.state, order.cancel_sent, order.error_id) == (ACCEPTED, 0, 26)
    assert after(report(ACCEPTED), CancelSent("a1", 30), report(CANCELLED))[0].cancel_sent == 0


def test_a_report_brings_the_venues_numbers_its_day_and_its_words() -> None:
    it = OrderLife(request().order(now=1))
    it.report(report(CANCELLED, error_id=30, error_msg="资金不足", datetime=44))
    order = it.order
    assert (order.venue_ref, order.venue_id, order.trading_day, order.datetime) == ("1_2_3", "77", DAY, 44)
    assert (order.error_id, order.error_msg) == (30, "资金不足")
    it.report(report(CANCELLED))
    assert it.order.error_msg == "资金不足"


def test_a_fill_brings_the_exchanges_number() -> None:
    assert after(fill("t1"))[0].venue_id == "77"


@pytest.mark.parametrize(
    "events",
    [
        (report(PARTIAL, 4),),
        (report(FILLED, 4),),
        (fill("t1"), report(REJECTED)),
        (report(REJECTED), report(PARTIAL, 1)),
        (fill("t1"), Refused("a1", 9)),
        (report(REJECTED), report(FILLED, 3)),
        (report(CANCELLED, 1), Refused("a1", 9)),
    ],
)
def test_what_cannot_be_changes_nothing(events: tuple[Event, ...]) -> None:
    before = after(*events[:-1])[0] if len(events) > 1 else life().order
    order, change = after(*events)
    assert (change.outcome, order) == (Outcome.MISFIT, before)
    assert change.why


def test_the_legs_of_a_combination_are_kept_and_the_reports_count_its_lots() -> None:
    legs = [
        fill("t1", 1, symbol="rb2705"),
        fill("t2", 1, symbol="rb2701b", direction=Direction.SHORT),
    ]
    it = life()
    changes = [it.fill(leg) for leg in legs]
    assert all(change.trade is not None and change.outcome is Outcome.APPLIED for change in changes)
    assert (it.order.traded, it.order.average_price) == (0, None)
    it.report(report(PARTIAL, 1))
    assert (it.order.state, it.order.traded, len(it.trades)) == (PARTIAL, 1, 2)


def test_the_time_of_the_last_change_does_not_go_back() -> None:
    assert after(report(ACCEPTED, received=90), fill("t1", received=80))[0].updated == 90


def test_fractional_lots_add_up() -> None:
    order, change = after(fill("t1", 0.1), fill("t2", 0.2), volume=0.3)
    assert (order.state, order.traded, change.outcome) == (FILLED, 0.3, Outcome.APPLIED)


HISTORIES: dict[str, tuple[list[Event], OrderState, float]] = {
    "filled": (
        [Sent("a1", 2), report(SENT, venue_id=""), report(ACCEPTED), fill("t1"), report(PARTIAL, 1), fill("t2", 2),
         report(FILLED, 3)],
        FILLED, 3,
    ),
    "cancelled with a fill": (
        [Sent("a1", 2), report(ACCEPTED), fill("t1"), CancelSent("a1", 4), report(PARTIAL, 1), report(CANCELLED, 1)],
        CANCELLED, 1,
    ),
    "filled while the cancel was under way": (
        [report(ACCEPTED), CancelSent("a1", 4), fill("t1", 3), CancelRefused("a1", 5, 26), report(FILLED, 3)],
        FILLED, 3,
    ),
    "rejected by the exchange": (
        [Sent("a1", 2), report(SENT, venue_id=""), report(REJECTED, error_id=31), Refused("a1", 9, 31)],
        REJECTED, 0,
    ),
    "lost and found": ([Sent("a1", 2), Lost("a1", 3), report(ACCEPTED, queried=True), fill("t1", 3)], FILLED, 3),
}  # fmt: skip


@pytest.mark.parametrize("name", HISTORIES)
def test_every_order_of_arrival_ends_the_same(name: str) -> None:
    events, state, traded = HISTORIES[name]
    for arrival in permutations(events):
        it = life()
        outcomes = [feed(it, event).outcome for event in arrival]
        assert (it.order.state, it.order.traded, it.order.cancel_sent) == (state, traded, 0), arrival
        assert Outcome.MISFIT not in outcomes, arrival


EVENTS = st.one_of(
    st.builds(report, st.sampled_from(OrderState), st.integers(0, 4), queried=st.booleans()),
    st.builds(fill, st.sampled_from("abcd"), st.integers(1, 2)),
    st.sampled_from(
        [Sent("a1", 2), Denied("a1", 3, "r", ""), Refused("a1", 4), Lost("a1", 5), Absent("a1", 6, DAY),
         CancelSent("a1", 7), CancelRefused("a1", 8)]
    ),
)  # fmt: skip


@given(st.lists(EVENTS, max_size=12))
def test_whatever_comes_nothing_is_lost_and_the_numbers_stay_sane(events: list[Event]) -> None:
    it = life()
    told: dict[str, float] = {}
    for event in events:
        before = it.order
        change = feed(it, event)
        assert change.order == it.order
        assert it.order.traded >= before.traded
        assert it.order.traded <= it.order.volume
        assert it.order.left == 0 or not it.order.state.is_final
        assert not (it.order.state is FILLED and it.order.traded < it.order.volume)
        if change.trade is not None:
            assert change.trade.tradeid not in told
            told[change.trade.tradeid] = change.trade.volume
    assert set(told) == {event.tradeid for event in events if isinstance(event, Trade)}
    assert sum(told.values()) == sum(trade.volume for trade in it.trades)


ASKED = ModifySent("a1", 70, 3090.0, 5.0)


def told(state: OrderState, traded: float = 0, price: float = 3100.0, volume: float = 3.0, **more: Any) -> OrderReport:
    return report(state, traded, price=price, volume=volume, terms=True, **more)


def terms(order: Order) -> tuple[float, float, int, float]:
    return order.price, order.volume, order.modify_sent, order.left


def test_other_terms_are_had_when_the_venue_says_so() -> None:
    order, _ = after(report(ACCEPTED), ASKED)
    assert terms(order) == (3100.0, 3.0, 70, 5.0)
    order, _ = after(report(ACCEPTED), ASKED, told(ACCEPTED))  # an old word that was on its way
    assert terms(order) == (3100.0, 3.0, 70, 5.0)
    order, _ = after(report(ACCEPTED), ASKED, told(ACCEPTED, 1, 3090.0, 5.0))
    assert (terms(order), order.state) == ((3090.0, 5.0, 0, 4.0), PARTIAL)
    assert (order.first_price, order.first_volume, order.new_price) == (3100.0, 3.0, None)
    assert not request().differs_from(order)
    assert request(price=3090.0).differs_from(order) == "price"


def test_a_refusal_or_an_end_leaves_what_the_venue_has() -> None:
    order, _ = after(report(ACCEPTED), ASKED, ModifyRefused("a1", 80, 201, "no"))
    assert (terms(order), order.error_id) == ((3100.0, 3.0, 0, 3.0), 201)
    for end in (CANCELLED, FILLED):
        order, _ = after(report(ACCEPTED), ASKED, report(end))
        assert (terms(order), order.state) == ((3100.0, 3.0, 0, 0.0), end)
    order, change = after(report(ACCEPTED), ModifyRefused("a1", 80, 201, "no"))
    assert (change.outcome, order.error_id) == (Outcome.LATE, None)


def test_fills_beyond_the_old_volume_wait_for_the_venues_word() -> None:
    order, change = after(report(ACCEPTED), ASKED, fill("t1", 3))
    assert (order.state, order.left, change.outcome) == (PARTIAL, 2, Outcome.APPLIED)
    order, _ = after(report(ACCEPTED), ASKED, fill("t1", 3), told(FILLED, 3))
    assert (order.state, order.volume, order.traded) == (FILLED, 3, 3)
    order, _ = after(report(ACCEPTED), ASKED, fill("t1", 5), told(FILLED, 5, 3090.0, 5.0))
    assert (order.state, order.volume, order.traded) == (FILLED, 5, 5)


def test_terms_that_somebody_else_changed_are_the_venues_too() -> None:
    order, _ = after(report(ACCEPTED), told(ACCEPTED, 0, 3080.0, 2.0))
    assert terms(order) == (3080.0, 2.0, 0, 2.0)
    order, _ = after(report(ACCEPTED), report(ACCEPTED, price=3080.0, volume=2.0))
    assert terms(order) == (3100.0, 3.0, 0, 3.0), "a venue that does not change orders may write them otherwise"
