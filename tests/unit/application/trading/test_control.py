"""Orders end with the control over them, where the account is configured so."""

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
    world.cancel_on_disconnect = True
    await world.start()
    await world.ready()
    yield world
    await world.kill_9()


async def test_orders_of_who_does_not_renew_are_cancelled_and_nobody_elses(world: World) -> None:
    control = world.trading.control
    control.hold("li", 2.0)
    await world.send("mine", origin="li")
    await world.send("free", price=2990.0, origin="wang")
    world.venue.other_terminal(lab.Request("rb2701", Side.BUY, lab.Offset.OPEN, 1, Decimal(2980)))
    for _ in range(5):
        await world.pass_(1)
        control.hold("li", 2.0)
    assert world.state("mine") == OrderState.ACCEPTED
    await world.pass_(3)
    assert world.state("mine") == OrderState.CANCELLED
    assert world.state("free") == OrderState.ACCEPTED
    assert len(world.venue.live) == 2
    assert "control.lost" in world.log.codes
    bodies = [each.entry for each in await world.journal.order("main", "mine")]
    (asked,) = (entry for entry in bodies if entry.kind == "cancel_requested")
    assert "control of li lost" in asked.body


async def test_a_lease_given_back_leaves_the_orders(world: World) -> None:
    world.trading.control.hold("li", 2.0)
    await world.send("mine")
    world.trading.control.hold("li", 0)
    await world.pass_(10)
    assert world.state("mine") == OrderState.ACCEPTED


async def test_a_cancel_that_fails_is_tried_again_and_a_renewal_ends_that(world: World) -> None:
    world.trading.control.hold("li", 1.0)
    await world.send("a1")
    await world.send("a2", price=2990.0)
    world.venue.refuse_calls.add("cancel")
    await world.pass_(3)
    assert world.state("a1") == OrderState.ACCEPTED
    world.venue.refuse_calls.clear()
    world.trading.control.hold("li", 100.0)
    await world.pass_(3)
    assert world.state("a1") == OrderState.ACCEPTED, "it is back"
    world.trading.control.hold("li", 0.5)
    world.venue.disconnect()
    await world.pass_(3)
    await world.ready()
    await world.pass_(3)
    assert world.state("a1") == world.state("a2") == OrderState.CANCELLED


async def test_after_a_restart_whoever_does_not_come_back_has_lost_it(world: World) -> None:
    world.trading.control.hold("li", 2.0)
    await world.send("mine")
    world.trading.control.hold("wang", 2.0)
    await world.send("theirs", price=2990.0, origin="wang")
    await world.send("free", price=2980.0, origin="zhao")
    await world.kill_9()
    await world.start()
    await world.ready()
    assert world.state("mine") == OrderState.ACCEPTED, "there is time to come back"
    world.trading.control.hold("wang", 60.0)
    await world.pass_(10)
    assert world.state("mine") == OrderState.CANCELLED
    assert world.state("theirs") == OrderState.ACCEPTED
    assert world.state("free") == OrderState.ACCEPTED


async def test_without_the_option_a_lease_means_nothing(tmp_path: Path) -> None:
    world = World(tmp_path)
    await world.start()
    await world.ready()
    world.trading.control.hold("li", 1.0)
    await world.send("mine")
    await world.pass_(20)
    assert world.state("mine") == OrderState.ACCEPTED
    await world.kill_9()
