"""The way of one order: written down before it is sent, sent once, and told as it goes."""

import asyncio
from collections.abc import AsyncGenerator
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from marketbus.application.trading.reconciliation import CALM
from marketbus.domain.errors import BadRequest, UnknownOrder
from marketbus.domain.order import Order, OrderState
from marketbus.domain.order_request import CancelRequest
from marketbus.domain.order_terms import Offset
from marketbus.domain.times import NS
from marketbus.domain.trade import Trade
from marketbus.lab.trading import order as lab
from marketbus.lab.trading.order import Side
from tests.unit.application.trading.world import World


@pytest.fixture
async def world(tmp_path: Path) -> AsyncGenerator[World]:
    world = World(tmp_path)
    await world.start()
    yield world
    await world.kill_9()


async def test_an_order_is_journalled_before_it_is_sent_and_told_to_its_end(world: World) -> None:
    await world.ready()
    at_the_sdk: list[list[str]] = []
    world.venue.at = lambda step: at_the_sdk.append([step])
    order = await world.send("a1")
    assert order.state in (OrderState.SENT, OrderState.ACCEPTED)
    assert world.venue.sends == ["a1"]
    world.venue.fill(Side.SELL, 1)
    world.venue.fill(Side.SELL, 2)
    await world.settle()
    kinds = await world.entries("a1")
    assert kinds[:2] == ["claimed", "new"]
    assert kinds.count("trade") == 2
    told = [each for each in world.bus.heard if isinstance(each, Order)]
    assert told[0].state is OrderState.NEW
    assert told[-1].state is OrderState.FILLED
    positions = [each.journal_position for each in world.bus.heard]
    assert positions == sorted(positions)
    assert min(positions) > 0
    world.agree()


async def test_the_same_id_again_gives_the_order_that_has_it_and_sends_nothing(world: World) -> None:
    await world.ready()
    first = world.begin(world.trading.desk.send(world.request("a1")))
    second = world.begin(world.trading.desk.send(world.request("a1")))
    await world.settle()
    assert first.result().client_order_id == second.result().client_order_id
    with pytest.raises(BadRequest, match="another volume"):
        await world.send("a1", volume=7)
    assert world.venue.sends == ["a1"]


async def test_an_id_of_an_earlier_worker_is_still_taken(world: World) -> None:
    await world.ready()
    await world.send("a1")
    await world.kill_9()
    await world.start()
    world.trading.ledger.book.__init__()  # as if it were of a day that is not read back
    await world.ready()
    known = await world.send("a1")
    assert known.state is OrderState.ACCEPTED
    with pytest.raises(BadRequest, match="another price"):
        await world.send("a1", price=1234.0)
    assert world.venue.sends == ["a1"]


async def test_a_late_request_is_denied_for_good(world: World) -> None:
    await world.ready()
    order = await world.send("a1", valid_until=world.time.ns - 1)
    assert (order.state, order.denied_by) == (OrderState.DENIED, "valid_until")
    assert (await world.send("a1")).state is OrderState.DENIED
    assert await world.entries("a1") == ["claimed", "denied"]
    assert not world.venue.sends


async def test_a_request_that_gets_late_while_the_disk_is_slow_is_not_sent(world: World) -> None:
    await world.ready()

    def slow(step: str, _entries: object) -> None:
        if step == "after the journal":
            world.time.ns += 6 * NS

    world.journal.at = slow
    order = await world.send("a1")
    assert (order.state, order.denied_by) == (OrderState.DENIED, "valid_until")
    assert not world.venue.sends


async def test_a_request_valid_for_too_long_is_refused(world: World) -> None:
    with pytest.raises(BadRequest, match="valid_until"):
        await world.send("a1", valid_until=world.time.ns + 3600 * NS)


async def test_nothing_goes_out_before_the_books_are_matched(world: World) -> None:
    assert (await world.send("a1")).denied_by == "session"
    world.venue.connect()
    await world.settle()
    syncing = await world.send("a2")
    assert (syncing.denied_by, "SYNCING" in syncing.error_msg) == ("session", True)
    await world.pass_(5)
    assert (await world.send("a3")).state is not OrderState.DENIED
    world.venue.disconnect()
    await world.settle()
    assert (await world.send("a4")).denied_by == "session"
    assert world.venue.sends == ["a3"]


async def test_a_rule_of_risk_denies_by_its_name(world: World) -> None:
    await world.ready()
    order = await world.send("a1", symbol="xx2701")
    assert (order.state, order.denied_by) == (OrderState.DENIED, "contract")
    assert (await world.send("a2", price=3000.5)).denied_by == "price_tick"
    assert (await world.send("a3", offset=Offset.CLOSETODAY)).denied_by == "closable"
    assert not world.venue.sends


async def test_what_the_sdk_refuses_is_rejected_in_its_words(world: World) -> None:
    await world.ready()
    world.venue.refuse_calls.add("send")
    order = await world.send("a1")
    assert (order.state, "flow control" in order.error_msg) == (OrderState.REJECTED, True)
    assert not world.trading.ledger.risk.reserved.orders


async def test_what_the_venue_refuses_is_rejected(world: World) -> None:
    await world.ready()
    await world.send("a1", price=5000.0)  # beyond the day's limit: the exchange says no
    await world.send("a2", volume=501)  # the counter says no
    assert world.state("a1") == OrderState.REJECTED
    assert world.state("a2") == OrderState.REJECTED
    world.agree()


async def test_a_call_that_hangs_leaves_the_outcome_unknown_until_the_venue_is_asked(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("marketbus.application.trading.desk.PATIENCE", 0.05)
    await world.ready()
    world.venue.mute = True
    world.venue.deaf_calls.add("send")
    order = await world.send("a1")
    assert order.state is OrderState.UNKNOWN
    world.venue.unheard.clear()
    await world.pass_(5)
    assert world.state("a1") == OrderState.ACCEPTED
    assert world.venue.sends == ["a1"]
    assert "resolved" in await world.entries("a1")


async def test_an_order_without_an_answer_is_asked_for_and_never_sent_again(world: World) -> None:
    await world.ready()
    world.venue.mute = True
    await world.send("a1")
    world.venue.unheard.clear()
    assert world.state("a1") == OrderState.SENT
    await world.pass_(12)
    assert world.state("a1") == OrderState.ACCEPTED
    assert world.venue.sends == ["a1"]


async def test_a_cancel_is_asked_once_and_its_fill_on_the_way_is_counted(world: World) -> None:
    await world.ready()
    await world.send("a1")
    world.venue.held = True
    await world.cancel("a1")
    world.venue.fill(Side.SELL, 2)
    world.venue.held = False
    world.venue.arrive()
    await world.settle()
    order = world.trading.ledger.book.get("a1")
    assert order is not None
    assert (order.state, order.traded) == (OrderState.CANCELLED, 2)
    assert (await world.entries("a1")).count("cancel_requested") == 1
    assert (await world.cancel("a1")).state is OrderState.CANCELLED
    assert world.venue.cancels == ["a1"]
    world.agree()


async def test_a_cancel_never_overtakes_its_order(world: World) -> None:
    await world.ready()
    sent = world.begin(world.trading.desk.send(world.request("a1")))
    await asyncio.sleep(0)
    cancelled = world.begin(world.trading.desk.cancel(CancelRequest("a1", valid_until=world.time.ns + NS)))
    await world.settle()
    assert sent.done()
    assert cancelled.done()
    assert world.state("a1") == OrderState.CANCELLED
    with pytest.raises(UnknownOrder, match="no order"):
        await world.cancel("nobody")


async def test_a_refused_cancel_leaves_the_order_as_it_stood(world: World) -> None:
    await world.ready()
    await world.send("a1")
    world.venue.held = True
    await world.cancel("a1")
    world.venue.fill(Side.SELL, 3)
    world.venue.held = False
    world.venue.arrive()
    await world.settle()
    assert world.state("a1") == OrderState.FILLED
    world.agree()


async def test_cancel_all_takes_other_terminals_orders_too(world: World) -> None:
    await world.ready()
    await world.send("a1")
    await world.send("a2", price=3050.0)
    world.venue.other_terminal(lab.Request("rb2701", Side.BUY, lab.Offset.OPEN, 1, Decimal(3000)))
    await world.settle()
    asked = await world.trading.desk.cancel_all("li")
    await world.settle()
    assert len(asked) == 3
    assert not world.venue.live
    world.agree()


async def test_fills_doubled_and_shuffled_are_counted_once(world: World) -> None:
    await world.ready()
    world.venue.mute = True
    await world.send("a1", volume=5)
    for _ in range(4):
        world.venue.fill(Side.SELL, 1)
    for seed in range(3):
        said = list(world.venue.unheard)
        world.venue.speak(Random(seed))
        world.venue.unheard = said
    await world.settle()
    trades = {each.tradeid for each in world.bus.heard if isinstance(each, Trade)}
    assert len(trades) == len([each for each in world.bus.heard if isinstance(each, Trade)]) == 4
    world.agree()


async def test_a_fill_during_the_query_has_only_positions_and_funds_asked_for_again(world: World) -> None:
    await world.ready()
    await world.send("a1", volume=5)
    told: list[str] = []
    world.venue.at = told.append
    world.trading.reconciliation.wake()
    await world.pass_(CALM + 0.3)  # the trades were told, the positions were not
    world.venue.fill(Side.SELL, 1)
    await world.pass_(2)
    assert told == ["books told", "holdings told"]
    world.agree()


async def test_rates_of_what_is_traded_are_asked_for_once_and_used(world: World) -> None:
    await world.ready()
    await world.send("a1", volume=2)
    world.venue.fill(Side.SELL, 2)
    await world.pass_(100)
    assert [each.vt_symbol for each in world.venue.asked_rates] == ["rb2701.SHFE"]
    (held,) = world.trading.ledger.positions()
    assert held.margin == pytest.approx(2 * 3000 * 10 * 0.12)
