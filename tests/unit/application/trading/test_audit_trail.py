"""Who asked, from where, for which strategy; what a journal that cannot be written costs; the figures of a day."""

import json
from collections.abc import AsyncGenerator
from decimal import Decimal
from pathlib import Path

import pytest

from marketbus.apps.cli import audit
from marketbus.domain.journal_entry import Entry
from marketbus.domain.order import Order, OrderState
from marketbus.domain.order_request import CancelRequest
from marketbus.domain.times import NS
from marketbus.lab.trading import order as lab
from marketbus.lab.trading.order import Side
from marketbus.ports.journal import Cause, JournalUnavailable
from tests.unit.application.trading.world import World


@pytest.fixture
async def world(tmp_path: Path) -> AsyncGenerator[World]:
    world = World(tmp_path)
    await world.start()
    await world.ready()
    yield world
    await world.kill_9()


async def entries(world: World, order_id: str) -> list[Entry]:
    return [each.entry for each in await world.journal.order("main", order_id)]


async def test_every_entry_says_who_asked_from_where_and_for_what(world: World) -> None:
    await world.send("a1", reference="grid", host="desk-7", trader="li.m")
    cancel = CancelRequest("a1", origin="boss", valid_until=world.time.ns + NS, host="risk-1", trader="wang")
    await world.trading.desk.cancel(cancel)
    await world.send("a2", price=3000.5, reference="grid", host="desk-7", trader="li.m")
    await world.pass_(2)
    trail = {
        str(entry.kind): (entry.principal, entry.host, entry.trader, entry.strategy)
        for entry in await entries(world, "a1")
    }
    assert trail["claimed"] == trail["new"] == ("li", "desk-7", "li.m", "grid")
    assert trail["sent"] == ("li", "", "", "grid"), "our own doing"
    assert trail["cancel_requested"] == ("boss", "risk-1", "wang", "grid")
    refused = {str(entry.kind): (entry.host, entry.trader, entry.strategy) for entry in await entries(world, "a2")}
    assert refused == dict.fromkeys(("claimed", "denied"), ("desk-7", "li.m", "grid"))


async def test_denials_of_an_unwritable_journal_are_told_counted_and_written_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.send("stands")
    full = JournalUnavailable(Cause.FULL, "journal.sqlite", "the disk is full")

    async def refuse(_entries: object) -> list[int]:
        raise full

    with monkeypatch.context() as patch:
        patch.setattr(world.journal, "append", refuse)
        patch.setattr(type(world.journal), "trouble", property(lambda _self: full))
        monkeypatch.setattr("marketbus.application.trading.outbox.LATER", 2)
        for number in range(5):
            denied = await world.send(f"a{number}")
            assert (denied.state, denied.denied_by) == (OrderState.DENIED, "journal")
            assert "disk is full" in denied.error_msg
        assert world.trading.desk.denied == {"journal": 5}
        del world.trading.ledger.book._lives["stands"]  # pyright: ignore[reportPrivateUsage]  # as of another day
        assert (await world.send("stands")).state is OrderState.ACCEPTED, "an id of another day is no new order"
        monkeypatch.setattr("marketbus.application.trading.desk.WRITING", 0.01)
        await world.cancel("stands")  # goes out without it
        assert world.state("stands") == OrderState.CANCELLED
    await world.pass_(3)
    told = {each.client_order_id for each in world.bus.heard if isinstance(each, Order) and each.denied_by == "journal"}
    assert told == {"a0", "a1"}
    assert (await world.send("a0")).state is OrderState.DENIED, "as it was answered"
    assert [str(entry.kind) for entry in await entries(world, "a0")] == ["claimed", "denied"]
    assert world.venue.sends == ["stands"]
    await world.kill_9()
    await world.start()
    await world.ready()
    assert world.state("a0") == OrderState.DENIED
    assert (await world.send("b1")).state is OrderState.ACCEPTED


BY_HAND = """
#  at     what                              clock second  within the last second
  0.00    6 orders                          0: 6          6
  0.00    1 order of another terminal       not ours
  0.00    1 order that a rule denies        never reached the venue
  0.50    5 cancels                         0: 11         11
  1.20    4 orders                          1: 4          5 + 4 = 9
  1.40    3 cancels                         1: 7          5 + 4 + 3 = 12
  1.50    nothing                           1: 7          4 + 3: those at 0.50 are a second old
  5.00    2 orders, 2 cancels               5: 4          4
# orders 6 + 4 + 2 = 12, cancels 5 + 3 + 2 = 10; seconds of the clock: 11, 7, 4, of which one has 10 or more
# occasions of 10 without sharing: 6 + 4 at 0.00..0.50; then 1 + 4 + 3 = 8 within a second at 1.40: one in all
"""


async def test_the_days_figures_are_those_counted_by_hand(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    second = world.time.ns = (world.time.ns // NS + 10) * NS
    number = 0

    async def orders(count: int) -> None:
        nonlocal number
        for _ in range(count):
            number += 1
            assert (await world.send(f"o{number}", price=3000.0 - number)).state is OrderState.ACCEPTED

    async def cancels(*numbers: int) -> None:
        for each in numbers:
            await world.cancel(f"o{each}")

    def at(seconds: float) -> None:
        world.time.ns = second + round(seconds * NS)

    await orders(6)
    world.venue.other_terminal(lab.Request("rb2701", Side.BUY, lab.Offset.OPEN, 1, Decimal(2900)))
    assert (await world.send("no", price=3000.5)).denied_by == "price_tick"
    at(0.5)
    await cancels(1, 2, 3, 4, 5)
    at(1.2)
    await orders(4)
    at(1.4)
    await cancels(6, 7, 8)
    at(5)
    await orders(2)
    await cancels(9, 10)
    await world.pass_(3)
    asked = audit.Asked(
        None, None, None, None, as_json=True, verify=False, export="2026-11-23", csv=None, file=world.path
    )
    assert audit.audit(asked) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    figures = [
        [
            line[key]
            for key in ("exchange", "symbol", "orders", "cancels", "most_in_a_second", "most_within_1s", "busy_seconds")
        ]
        for line in lines
    ]
    assert figures == [
        ["", "", 12, 10, 11, 12, 1],
        ["SHFE", "", 12, 10, 11, 12, 1],
        ["SHFE", "rb2701", 12, 10, 11, 12, 1],
    ], BY_HAND
    flow = world.trading.ledger.risk.flow.of(world.request("x").exchange)
    assert (flow.orders, flow.cancels, flow.peak, flow.bursts) == (12, 10, 12, 1), BY_HAND
