"""Other terms for an order that stands: judged and written down first; in the end they are the venue's."""

from collections.abc import AsyncGenerator
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from marketbus.domain.errors import BadRequest, NotSupported, OrderDenied, UnknownOrder
from marketbus.domain.order import Order, OrderState
from marketbus.domain.order_terms import Direction
from marketbus.domain.times import NS
from marketbus.lab.trading.order import Side
from marketbus.ports.trading import NotSent
from tests.unit.application.trading.lab_venue import PRICE, Crash
from tests.unit.application.trading.world import WIDE, World

LOW = float(PRICE - 100)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncGenerator[World]:
    world = World(tmp_path)
    await world.start()
    yield world
    await world.kill_9()


def order(world: World, order_id: str = "a1") -> Order:
    found = world.trading.ledger.book.get(order_id)
    assert found is not None
    return found


def terms(world: World, order_id: str = "a1") -> tuple[float, float, int]:
    found = order(world, order_id)
    return found.price, found.volume, found.modify_sent


async def test_it_is_written_down_before_it_is_sent_and_told_once_the_venue_has_it(world: World) -> None:
    await world.ready()
    await world.send("a1")
    at_the_sdk: list[list[str]] = []
    inner = world.journal.inner

    def look(step: str) -> None:
        if step == "before the modification":
            at_the_sdk.append([f"{inner.head.position}", str(order(world).modify_sent > 0)])

    world.venue.at = look
    before = inner.head.position
    await world.modify("a1", price=LOW + 3, volume=5.0)
    assert at_the_sdk == [[str(before + 1), "True"]]
    assert terms(world) == (LOW + 3, 5.0, 0)
    kinds = await world.entries("a1")
    assert kinds[kinds.index("modify_requested") + 1 :] == ["venue_event"]
    told = [each for each in world.bus.heard if isinstance(each, Order) and each.modify_sent]
    assert [(each.price, each.new_price, each.new_volume) for each in told] == [(LOW, LOW + 3, 5.0)]
    assert (order(world).first_price, order(world).first_volume) == (LOW, 3.0)
    world.agree()


async def test_the_request_that_began_it_still_names_it(world: World) -> None:
    await world.ready()
    await world.send("a1")
    await world.modify("a1", volume=4.0)
    assert (await world.send("a1")).volume == 4.0
    with pytest.raises(BadRequest, match="another volume"):
        await world.send("a1", volume=4)
    assert world.venue.sends == ["a1"]


async def test_the_same_terms_send_nothing_and_one_goes_at_a_time(world: World) -> None:
    await world.ready()
    await world.send("a1")
    await world.modify("a1", price=LOW)
    assert not world.venue.modifications
    world.venue.held = True
    await world.modify("a1", volume=4.0)
    assert (await world.modify("a1", volume=4.0)).new_volume == 4.0
    with pytest.raises(OrderDenied) as caught:
        await world.modify("a1", volume=5.0)
    assert caught.value.rule == "modifying"
    assert world.venue.modifications == ["a1"]


@pytest.mark.parametrize(("volume", "filled", "state"), [(2.0, 2, "PARTIAL"), (5.0, 3, "FILLED"), (2.0, 3, "FILLED")])
async def test_a_fill_that_is_faster_leaves_the_order_as_the_venue_has_it(
    world: World, volume: float, filled: int, state: str
) -> None:
    await world.ready()
    await world.send("a1")
    world.venue.held = True
    await world.modify("a1", volume=volume)
    world.venue.fill(Side.SELL, filled)
    world.venue.held = False
    world.venue.arrive()
    await world.settle()
    assert (str(order(world).state), order(world).volume, order(world).modify_sent) == (state, 3.0, 0)
    world.agree()


async def test_fills_of_new_lots_may_be_told_before_the_new_terms(world: World) -> None:
    await world.ready()
    await world.send("a1")
    world.venue.mute = True
    await world.modify("a1", volume=7.0)
    world.venue.fill(Side.SELL, 5)
    said = [each for each in world.venue.unheard if type(each).__name__ == "Trade"]
    rest = [each for each in world.venue.unheard if type(each).__name__ != "Trade"]
    world.venue.unheard, world.venue.mute = [*said, *rest], False
    world.venue.speak()
    await world.settle()
    assert (str(order(world).state), order(world).traded, order(world).volume) == ("PARTIAL", 5.0, 7.0)
    assert not world.trading.ledger.misfits
    world.agree()


@pytest.mark.parametrize(("step", "had"), [("before the modification", False), ("after the modification", True)])
async def test_a_crash_on_the_way_leaves_the_terms_of_the_venue(world: World, step: str, had: bool) -> None:
    await world.ready()
    await world.send("a1")

    def die(at: str) -> None:
        if at == step:
            world.die()
            raise Crash(at)

    world.venue.at = die
    world.begin(world.modify("a1", price=LOW + 1, volume=6.0))
    await world.settle()
    await world.kill_9()
    await world.start()
    assert order(world).modify_sent, "journalled, and nobody knows"
    assert order(world).left == 6.0, "the worse of both is reserved"
    world.venue.connect()
    await world.pass_(12)
    assert terms(world) == ((LOW + 1, 6.0, 0) if had else (LOW, 3.0, 0))
    assert world.venue.modifications == (["a1"] if had else [])
    world.agree()


async def test_without_an_answer_the_venue_is_asked_and_nothing_is_sent_again(world: World) -> None:
    await world.ready()
    await world.send("a1")
    world.venue.mute = True
    await world.modify("a1", volume=1.0)
    world.venue.unheard.clear()
    await world.pass_(12)
    assert terms(world) == (LOW, 1.0, 0)
    assert world.venue.modifications == ["a1"]
    world.agree()


async def test_a_call_that_hangs_leaves_it_to_the_venues_books(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("marketbus.application.trading.modify.PATIENCE", 0.05)
    await world.ready()
    await world.send("a1")
    world.venue.held = True
    world.venue.deaf_calls.add("modify")
    await world.modify("a1", volume=1.0)
    world.venue.on_its_way.clear()  # lost
    world.venue.held = False
    await world.pass_(12)
    assert terms(world) == (LOW, 3.0, 0)
    assert "no answer" in order(world).error_msg


async def test_what_stands_is_modified_and_nothing_else(world: World) -> None:
    await world.ready()
    with pytest.raises(UnknownOrder, match="no order"):
        await world.modify("nobody", price=1.0)
    await world.send("a1")
    world.venue.fill(Side.SELL, 2)
    await world.settle()
    with pytest.raises(OrderDenied) as caught:
        await world.modify("a1", volume=2.0)
    assert caught.value.rule == "filled"
    await world.cancel("a1")
    with pytest.raises(OrderDenied) as caught:
        await world.modify("a1", volume=9.0)
    assert caught.value.rule == "not_standing"
    assert not world.venue.modifications
    assert (await world.entries("a1")).count("modify_denied") == 2


async def test_the_kill_switch_denies_them_all(world: World) -> None:
    await world.ready()
    await world.send("a1")
    world.venue.held = True
    world.trading.kill.kill("boss")
    with pytest.raises(OrderDenied) as caught:
        await world.modify("a1", volume=1.0)
    assert caught.value.rule == "killed"


async def test_one_that_gets_late_or_is_killed_while_the_disk_is_slow_is_not_sent(world: World) -> None:
    await world.ready()
    await world.send("a1")

    def slow(step: str, _entries: object) -> None:
        if step == "after the journal":
            world.time.ns += 6 * NS

    world.journal.at = slow
    with pytest.raises(OrderDenied) as caught:
        await world.modify("a1", volume=1.0)
    assert caught.value.rule == "valid_until"
    assert terms(world) == (LOW, 3.0, 0)
    assert (await world.entries("a1"))[-2:] == ["modify_requested", "modify_denied"]
    assert not world.venue.modifications


async def test_what_the_sdk_refuses_leaves_the_order_as_it_stood(world: World) -> None:
    await world.ready()
    await world.send("a1")
    world.venue.refuse_calls.add("modify")
    with pytest.raises(NotSent, match="flow control"):
        await world.modify("a1", volume=1.0)
    assert terms(world) == (LOW, 3.0, 0)


async def test_a_venue_that_changes_no_orders_is_not_asked(world: World) -> None:
    await world.ready()
    await world.send("a1")
    world.trading.modifications._gateway = SimpleNamespace()  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]
    with pytest.raises(NotSupported, match="cannot modify"):
        await world.modify("a1", volume=1.0)


async def test_until_the_answer_the_worse_of_both_terms_is_reserved(tmp_path: Path) -> None:
    world = World(tmp_path, msgspec.structs.replace(WIDE, max_position=8.0, max_order_volume=7.0))
    await world.start()
    await world.ready()
    await world.send("a1")
    with pytest.raises(OrderDenied) as caught:
        await world.modify("a1", volume=8.0)
    assert caught.value.rule == "max_order_volume"
    world.venue.held = True
    await world.modify("a1", volume=6.0)
    assert (await world.send("a2")).denied_by == "max_position"
    world.venue.on_its_way.clear()
    world.venue.held = False
    await world.pass_(12)
    assert (await world.send("a3")).state is not OrderState.DENIED
    with pytest.raises(OrderDenied) as caught:
        await world.modify("a1", volume=6.0)
    assert caught.value.rule == "max_position"
    # fewer lots are judged by nothing that looks at amounts, and are let go of only once the venue has let go
    world.venue.held = True
    await world.modify("a3", volume=1.0)
    assert (await world.send("a4")).denied_by == "max_position"
    world.venue.held = False
    world.venue.arrive()
    await world.settle()
    assert (await world.send("a5", volume=4)).state is not OrderState.DENIED
    await world.kill_9()


async def test_a_price_that_would_meet_our_own_order_is_denied_also_while_that_is_under_way(world: World) -> None:
    await world.ready()
    await world.send("a1")
    await world.send("a2", direction=Direction.SHORT, price=float(PRICE + 100))
    with pytest.raises(OrderDenied) as caught:
        await world.modify("a2", price=LOW)
    assert caught.value.rule == "self_trade"
    world.venue.held = True
    await world.modify("a2", price=LOW + 1)
    with pytest.raises(OrderDenied) as caught:
        await world.modify("a1", price=LOW + 1)
    assert caught.value.rule == "self_trade"


async def test_modifications_count_as_orders_over_restarts_too(world: World) -> None:
    await world.ready()
    await world.send("a1")
    await world.modify("a1", volume=4.0)
    assert world.trading.ledger.risk.flow.actions == 2
    await world.kill_9()
    await world.start()
    assert world.trading.ledger.risk.flow.actions == 2
