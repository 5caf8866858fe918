"""An entry with its two ends: one claim, one judgement, one call."""

from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

import pytest

from marketbus.domain.bracket import BracketRequest
from marketbus.domain.errors import BadRequest
from marketbus.domain.journal_entry import Entry
from marketbus.domain.order import Order, OrderState
from tests.unit.application.trading.lab_venue import PRICE
from tests.unit.application.trading.world import World


@pytest.fixture
async def world(tmp_path: Path) -> AsyncGenerator[World]:
    world = World(tmp_path)
    await world.start()
    await world.ready()
    yield world
    await world.kill_9()


async def send(world: World, order_id: str = "b1", volume: int = 1) -> Sequence[Order]:
    request = BracketRequest(world.request(order_id, volume), float(PRICE + 200), float(PRICE - 200))
    return await world.trading.desk.send_bracket(request)


async def test_all_three_are_journalled_together_before_the_one_call(world: World) -> None:
    appended: list[list[str]] = []

    def look(step: str, entries: Sequence[Entry]) -> None:
        if step == "before the journal":
            appended.append([f"{each.kind} {each.client_order_id}" for each in entries])

    world.journal.at = look
    orders = await send(world)
    three = ("b1", "b1.tp", "b1.sl")
    assert appended[0] == [f"{kind} {each}" for each in three for kind in ("claimed", "new")]
    assert [(each.client_order_id, each.parent) for each in orders] == [("b1", ""), ("b1.tp", "b1"), ("b1.sl", "b1")]
    assert len({each.venue_ref for each in orders}) == 3
    assert world.venue.sends == ["b1"]
    again = await send(world)
    assert [each.client_order_id for each in again] == list(three)
    assert world.venue.sends == ["b1"]


async def test_an_id_that_any_order_has_had_takes_the_whole_of_it_away(world: World) -> None:
    await world.send("b1.tp", volume=1)
    with pytest.raises(BadRequest, match=r"b1\.tp"):
        await send(world)
    assert "b1" not in world.trading.ledger.book
    await world.kill_9()
    await world.start()
    world.trading.ledger.book.__init__()  # as if it were of a day that is not read back
    await world.ready()
    with pytest.raises(BadRequest, match=r"b1\.tp"):
        await send(world)
    assert world.venue.sends == ["b1.tp"]
    assert await world.entries("b1") == []
    assert {world.state(each) for each in ("b1", "b1.sl")} == {OrderState.DENIED}


async def test_what_a_rule_denies_is_denied_and_written_down_in_all_its_parts(world: World) -> None:
    world.trading.kill.kill("boss")
    orders = await send(world)
    assert [each.denied_by for each in orders] == ["killed"] * 3
    for each in orders:
        assert await world.entries(each.client_order_id) == ["claimed", "denied"]
    assert not world.venue.sends


async def test_a_call_that_fails_refuses_all_and_lets_go_of_what_was_reserved(world: World) -> None:
    world.venue.refuse_calls.add("send")
    assert {each.state for each in await send(world)} == {OrderState.REJECTED}
    assert not world.trading.ledger.risk.reserved.orders
