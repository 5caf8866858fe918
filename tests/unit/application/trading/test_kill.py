"""The kill switch: at once, until it is released, and flat only when the venue says so."""

from collections.abc import AsyncGenerator
from decimal import Decimal
from pathlib import Path

import pytest

from marketbus.domain.order import OrderState
from marketbus.lab.trading import order as lab
from marketbus.lab.trading.order import Side
from tests.unit.application.trading.world import World


@pytest.fixture
async def world(tmp_path: Path) -> AsyncGenerator[World]:
    world = World(tmp_path)
    await world.start()
    await world.ready()
    yield world
    await world.kill_9()


async def kinds(world: World) -> list[str]:
    return [each.entry.kind async for page in world.journal.inner.events(0) for each in page]


async def test_it_denies_at_once_and_is_flat_on_the_venues_word_only(world: World) -> None:
    await world.send("a1")
    await world.send("a2", price=3050.0)
    world.venue.held = True
    world.trading.kill.kill("li", "it runs away")
    assert (await world.send("a3")).denied_by == "killed"
    await world.pass_(1)
    assert sorted(world.venue.cancels) == ["a1", "a2"]
    assert not world.trading.kill.flat.is_set()
    world.venue.held = False
    world.venue.arrive()
    await world.pass_(1)
    assert world.trading.kill.flat.is_set()
    assert not world.venue.live
    assert [kind for kind in await kinds(world) if kind in ("kill", "flat")] == ["kill", "flat"]


async def test_an_order_between_journal_and_sdk_does_not_slip_through(world: World) -> None:
    def pull(step: str, _entries: object) -> None:
        if step == "after the journal":
            world.trading.kill.kill("li")

    world.journal.at = pull
    order = await world.send("a1")
    assert (order.state, order.denied_by) == (OrderState.DENIED, "killed")
    assert not world.venue.sends


async def test_a_cancel_that_fails_is_tried_until_the_order_is_gone(world: World) -> None:
    await world.send("a1")
    world.venue.refuse_calls.add("cancel")
    world.trading.kill.kill("li")
    await world.pass_(2)
    assert world.venue.live
    assert not world.trading.kill.flat.is_set()
    world.venue.refuse_calls.clear()
    await world.pass_(2)
    assert world.trading.kill.flat.is_set()


async def test_it_survives_a_restart_and_cancels_what_it_finds(world: World) -> None:
    await world.send("a1")
    world.venue.mute = True
    await world.send("a2")
    world.venue.held = True
    world.trading.kill.kill("li")
    await world.settle()
    await world.kill_9()
    world.venue.mute = world.venue.held = False
    world.venue.on_its_way.clear()
    for order in world.venue.account.orders:
        order.cancelling = False
    await world.start()
    assert world.trading.kill.pulled
    assert not world.trading.kill.flat.is_set()
    await world.ready()
    assert (await world.send("a3")).denied_by == "killed"
    await world.pass_(5)
    assert world.trading.kill.flat.is_set()
    assert not world.venue.live
    await world.trading.kill.release("li")
    assert (await world.send("a4")).state is OrderState.ACCEPTED
    await world.kill_9()
    await world.start()
    assert not world.trading.kill.pulled


async def test_orders_placed_by_hand_after_it_are_left_alone(world: World) -> None:
    """Whoever pulled it may be closing positions on the broker's terminal."""
    request = lab.Request("rb2701", Side.BUY, lab.Offset.OPEN, 1, Decimal(3000))
    before = world.venue.other_terminal(request)
    await world.settle()
    world.time.ns = max(order.datetime for order in world.trading.ledger.book) + 1
    world.trading.kill.kill("li")
    await world.pass_(2)
    assert before is not None
    assert not before.live


async def test_it_works_while_the_journal_cannot_be_written(world: World) -> None:
    await world.send("a1")
    world.path.rename(world.path.with_suffix(".away"))
    denied = await world.send("a2")
    assert (denied.state, denied.denied_by) == (OrderState.DENIED, "journal")
    assert (await world.send("a3")).denied_by == "journal"
    world.trading.kill.kill("li")
    await world.pass_(2)
    assert world.trading.kill.flat.is_set()
    assert not world.venue.live
    assert world.venue.sends == ["a1"]


async def test_a_cancel_goes_out_and_events_wait_while_the_journal_cannot_be_written(world: World) -> None:
    import asyncio

    await world.send("a1")
    await world.send("a2", price=3050.0)
    away = world.path.with_suffix(".away")
    world.path.rename(away)
    assert (await world.send("a3")).denied_by == "journal"
    await world.cancel("a1")
    world.venue.fill(Side.SELL, 3)
    await world.settle()
    assert world.state("a1") == OrderState.CANCELLED
    assert world.bus.orders()["a2"].state is OrderState.ACCEPTED, "nothing is told that is not written"
    away.rename(world.path)
    async with asyncio.timeout(10):
        while not world.trading.outbox.idle:
            await world.pass_(0.5)
            await asyncio.sleep(0.05)  # the journal tries again by real time
    told = world.bus.orders()
    assert (told["a1"].state, told["a2"].state) == (OrderState.CANCELLED, OrderState.FILLED)
    assert (await world.send("a4")).state is OrderState.ACCEPTED
    world.agree()
