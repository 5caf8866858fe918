"""The journal and the bus, joined: each fill once, each order's newest state, whatever was lost, doubled or late."""

from collections.abc import Sequence
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

import marketbus.client.trading.join as client_join
from marketbus.client.trading.join import MAX_HELD, Join
from marketbus.domain.account import Account
from marketbus.domain.instrument import Exchange
from marketbus.domain.order import Order
from marketbus.domain.order_terms import Direction, Offset, OrderType
from marketbus.domain.trade import Trade

NAMES = ("a", "b", "c")


def order(name: str, position: int, updated: int | None = None) -> Order:
    return Order(
        "ctp", "main", "rb2701", Exchange.SHFE, name, Direction.LONG, Offset.OPEN, OrderType.LIMIT, 1.0, 1.0,
        journal_position=position, updated=position if updated is None else updated,
    )  # fmt: skip


def trade(position: int) -> Trade:
    return Trade(
        "ctp", "main", "rb2701", Exchange.SHFE, f"t{position}", "a", Direction.LONG, Offset.OPEN, 1.0, 1.0,
        journal_position=position,
    )  # fmt: skip


def positions(payloads: Sequence[Order | Trade | Account]) -> list[int]:
    return [payload.journal_position for payload in payloads]


def test_a_snapshot_is_followed_by_what_is_newer_only() -> None:
    join: Join[Order] = Join(floor=10)
    join.hold()
    join.live(order("a", 11))  # the snapshot knows it already
    join.live(order("a", 12))
    assert len(join.snapshot([order("a", 0, updated=11), order("b", 7)])) == 2
    assert positions(join.release() or []) == [12]
    assert not join.live(order("b", 9))
    assert positions(join.live(order("b", 13))) == [13]


def test_an_order_in_the_same_nanosecond_as_the_snapshot_is_newer_if_it_says_something_else() -> None:
    join: Join[Order] = Join(floor=10)
    join.snapshot([order("a", 0, updated=5)])
    assert not join.live(order("a", 11, updated=5))
    assert positions(join.live(replace(order("a", 12, updated=5), traded=1.0))) == [12]


def test_fills_of_the_snapshot_are_not_given_again() -> None:
    join: Join[Trade] = Join(floor=10)
    join.snapshot([replace(trade(11), journal_position=0)])
    assert not join.live(trade(11))
    assert positions(join.live(trade(12))) == [12]


def test_funds_whose_clock_was_set_back_are_told_all_the_same() -> None:
    join: Join[Account] = Join(floor=10)
    join.snapshot([Account("ctp", "main", balance=5.0, updated=100)])
    assert not join.live(Account("ctp", "main", balance=5.0, updated=90, journal_position=11))
    assert positions(join.live(Account("ctp", "main", balance=6.0, updated=90, journal_position=12))) == [12]


def test_after_a_cut_nothing_overtakes_what_was_missed() -> None:
    join: Join[Order] = Join()
    assert join.live(order("a", 1))
    join.hold()
    assert not join.live(order("a", 4))
    assert positions(join.recorded([order("a", 1), order("a", 2), order("a", 3)], upto=3)) == [2, 3]
    assert positions(join.release() or []) == [4]


def test_a_cut_too_long_to_be_kept_asks_the_journal_again() -> None:
    join: Join[Trade] = Join()
    join.hold()
    for position in range(1, MAX_HELD + 3):
        join.live(trade(position))
    assert join.release() is None
    assert join.held
    assert len(join.recorded(map(trade, range(1, MAX_HELD + 3)), upto=MAX_HELD + 2)) == MAX_HELD + 2
    assert join.release() == []


_events = st.lists(st.sampled_from(NAMES), min_size=1, max_size=40)


@given(_events, st.randoms(use_true_random=False), st.data())
def test_whatever_the_bus_loses_doubles_and_reorders(names: list[str], random: Random, data: st.DataObject) -> None:
    """The journal has everything; the bus brings any part of it, in any order, any number of times."""
    orders = [order(name, position) for position, name in enumerate(names, 1)]
    live = [each for each in orders for _ in range(random.choice((0, 1, 1, 2)))]
    if data.draw(st.booleans(), "in disorder"):
        random.shuffle(live)
    of_orders: Join[Order] = Join()
    of_trades: Join[Trade] = Join()
    got: list[Order] = []
    fills: list[Trade] = []

    def ask_the_journal() -> None:
        upto = data.draw(st.integers(of_orders.floor, len(orders)), "the journal's head")
        page = [each for each in orders if of_orders.floor < each.journal_position <= upto]
        got.extend(of_orders.recorded(page, upto))
        fills.extend(of_trades.recorded([trade(each.journal_position) for each in page], upto))
        got.extend(of_orders.release() or [])
        fills.extend(of_trades.release() or [])

    for each in live:
        happens = random.randrange(8)
        if happens == 0:
            of_orders.hold()
            of_trades.hold()
        elif happens == 1:
            ask_the_journal()
        got.extend(of_orders.live(each))
        fills.extend(of_trades.live(trade(each.journal_position)))
    rest = [each for each in orders if each.journal_position > of_orders.floor]
    got.extend(of_orders.recorded(rest, len(orders)))
    got.extend(of_orders.release() or [])
    fills.extend(of_trades.recorded([trade(each.journal_position) for each in rest], len(orders)))
    fills.extend(of_trades.release() or [])

    assert sorted(positions(fills)) == list(range(1, len(orders) + 1))
    for name in NAMES:
        told = positions([each for each in got if each.client_order_id == name])
        assert all(before < after for before, after in pairwise(told))
        truth = positions([each for each in orders if each.client_order_id == name])
        assert told[-1:] == truth[-1:]


@given(_events, st.randoms(use_true_random=False))
def test_nothing_is_skipped_when_every_cut_is_known(names: list[str], random: Random) -> None:
    orders = [order(name, position) for position, name in enumerate(names, 1)]
    join: Join[Order] = Join()
    got: list[Order] = []
    for each in orders:
        if join.held:
            if random.random() < 0.5:
                join.live(each)  # or it was lost
            if random.random() < 0.3:
                upto = each.journal_position
                got += join.recorded([one for one in orders if join.floor < one.journal_position <= upto], upto)
                got += join.release() or []
        else:
            if random.random() < 0.2:
                join.hold()
            else:
                got += join.live(each)
                got += join.live(each)
    got += join.recorded([one for one in orders if join.floor < one.journal_position], len(orders))
    got += join.release() or []
    assert positions(got) == list(range(1, len(orders) + 1))


def test_as_much_heard_as_told_is_complete() -> None:
    join: Join[Order] = Join(floor=10)
    for position in (11, 13, 13, 14):  # one comes twice, one says nothing new of its order
        join.live(order("a", position))
    assert not join.complete(14, 4)
    assert join.complete(13, 2)
    assert join.floor == 13
    assert not join.live(order("a", 12)), "that is below the floor now"
    assert join.complete(14, 1)
    assert join.complete(20, 0)


def test_what_cannot_be_remembered_is_not_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_join, "MAX_HEARD", 2)
    join: Join[Order] = Join()
    for position in (1, 2, 3):
        join.live(order("a", position))
    assert not join.complete(3, 3)
    join.recorded([], 3)
    join.live(order("a", 4))
    assert join.complete(4, 1)
