"""The process dies at every step of an order; the next one knows only its journal, and asks the venue."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

import msgspec
import pytest

from marketbus.domain.journal_entry import Entry, EntryKind
from marketbus.domain.order import NEVER_RECEIVED, OrderState
from marketbus.domain.order_terms import Offset
from marketbus.domain.trade import Trade
from marketbus.lab.trading.order import Side
from tests.unit.application.trading.lab_venue import Crash
from tests.unit.application.trading.world import WIDE, World

VENUE_STEPS = ("before the counter", "after the counter", "before the cancel", "after the cancel", "books told")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncGenerator[World]:
    world = World(tmp_path)
    await world.start()
    await world.ready()
    yield world
    await world.kill_9()


def dies_at(world: World, step: str, kind: EntryKind | None = None) -> list[str]:
    """From now on; gives where it died."""
    died: list[str] = []

    def die(where: str, entries: Sequence[Entry] = ()) -> None:
        if where == step and (kind is None or any(entry.kind is kind for entry in entries)) and not died:
            died.append(where)
            world.die()
            raise Crash(where)

    world.venue.at = die
    world.journal.at = die
    return died


async def one_life(world: World) -> None:
    """An order is sent, filled in part, and cancelled, as far as it gets."""
    world.begin(world.trading.desk.send(world.request("a1")))
    await world.settle()
    world.venue.fill(Side.SELL, 1)
    await world.settle()
    world.begin(world.cancel("a1"))
    await world.settle()
    await world.pass_(40)


STEPS: list[tuple[str, EntryKind | None]] = [
    *((step, None) for step in VENUE_STEPS),
    *(
        (step, kind)
        for step in ("before the journal", "after the journal")
        for kind in (EntryKind.NEW, EntryKind.SENT, EntryKind.VENUE_EVENT, EntryKind.TRADE, EntryKind.CANCEL_REQUESTED)
    ),
]


@pytest.mark.parametrize(("step", "kind"), STEPS)
async def test_a_death_at_any_step_leaves_no_duplicate_and_no_orphan(
    world: World, step: str, kind: EntryKind | None
) -> None:
    died = dies_at(world, step, kind)
    await one_life(world)
    assert died, "this step never came"
    await world.kill_9()
    began = world.time.ns
    await world.start()
    world.venue.connect()
    while not world.session.ready:
        await world.pass_(0.1)
        assert world.time.ns - began < 10e9, "READY within 10 s"
    world.agree()
    again = await world.send("a1")
    assert world.venue.inserts["a1"] <= 1
    reached = world.venue.inserts["a1"] == 1
    claimed = step != "before the journal" or kind is not EntryKind.NEW
    if reached:
        assert again.state in (OrderState.PARTIAL, OrderState.CANCELLED, OrderState.ACCEPTED)
    elif claimed:
        assert (again.state, again.denied_by) == (OrderState.REJECTED, NEVER_RECEIVED)
    else:
        assert again.state is not OrderState.REJECTED  # never claimed: this was its first time
    assert not any(order.external for order in world.trading.ledger.book)
    told = world.bus.orders()
    await world.pass_(3)
    assert {each.client_order_id: each.state for each in told.values()} | {} == {
        each.client_order_id: each.state for each in world.trading.ledger.book
    }


async def test_a_death_during_reconciliation_changes_nothing(world: World) -> None:
    await world.send("a1")
    world.venue.mute = True
    await world.send("a2")
    await world.kill_9()
    world.venue.mute = False
    for step, kind in (("books told", None), ("before the journal", EntryKind.RESOLVED), ("after the journal", None)):
        await world.start()
        died = dies_at(world, step, kind)
        world.venue.connect()
        await world.pass_(12)
        assert died, step
        await world.kill_9()
    await world.start()
    await world.ready()
    world.agree()
    assert not any(order.external for order in world.trading.ledger.book)


async def test_orders_of_other_terminals_are_adopted_once(world: World) -> None:
    from decimal import Decimal

    from marketbus.lab.trading import order as lab

    request = lab.Request("rb2701", Side.BUY, lab.Offset.OPEN, 2, Decimal(3000))
    world.venue.disconnect()
    world.venue.other_terminal(request)
    world.venue.fill(Side.SELL, 1)
    await world.ready()
    for _ in range(2):
        world.agree()
        (order,) = list(world.trading.ledger.book)
        assert (order.external, order.traded) == (True, 1)
        await world.kill_9()
        await world.start()
        await world.ready()


async def test_an_order_is_never_received_only_after_two_complete_queries_apart(world: World) -> None:
    world.venue.held = True
    dies_at(world, "before the counter")
    world.begin(world.trading.desk.send(world.request("a1")))
    await world.settle()
    await world.kill_9()
    await world.start()
    world.venue.incomplete = 3
    world.venue.connect()
    before = world.trading.reconciliation.queries
    while world.state("a1") == OrderState.UNKNOWN:
        assert not world.session.ready
        await world.pass_(0.1)
    assert world.trading.reconciliation.queries - before == 2
    order = world.trading.ledger.book.get("a1")
    assert order is not None
    assert order.denied_by == NEVER_RECEIVED


async def test_an_order_that_arrives_after_all_is_believed(world: World) -> None:
    """It was delayed beyond all patience; the venue's complete answer holds against what we concluded."""
    world.venue.mute = True
    sent = world.venue.counter.insert

    kept: list[tuple[object, ...]] = []
    world.venue.counter.insert = lambda *args, **more: kept.append((*args, *more.values()))  # type: ignore[method-assign]
    await world.send("a1")
    await world.pass_(20)
    assert world.state("a1") == OrderState.REJECTED
    world.venue.counter.insert = sent  # type: ignore[method-assign]
    world.venue.mute = False
    (account, request, tag) = kept[0]
    sent(account, request, tag=tag)  # type: ignore[arg-type]
    await world.pass_(40)
    assert world.state("a1") == OrderState.ACCEPTED
    world.agree()


async def test_positions_and_frozen_lots_are_the_venues_after_a_restart(world: World) -> None:
    await world.send("a1", volume=5)
    world.venue.fill(Side.SELL, 5)
    await world.settle()
    await world.send("a2", volume=2, offset=Offset.CLOSETODAY)
    world.agree()
    (held,) = world.trading.ledger.positions()
    assert (held.volume, held.frozen) == (5, 2)
    await world.kill_9()
    world.venue.fill(Side.BUY, 1)
    await world.start()
    await world.ready()
    world.agree()
    (held,) = world.trading.ledger.positions()
    assert (held.volume, held.frozen) == (4, 1)
    denied = await world.send("a3", volume=4, offset=Offset.CLOSETODAY)
    assert denied.denied_by == "closable"


async def test_counters_of_the_day_survive(world: World) -> None:
    await world.send("a1")
    await world.send("a2")
    await world.cancel("a1")
    await world.kill_9()
    await world.start()
    await world.ready()
    assert world.trading.ledger.risk.flow.actions == 3


async def test_what_was_never_told_is_told_by_the_next_worker_also_when_nothing_was_ever_announced(
    tmp_path: Path,
) -> None:
    world = World(tmp_path)
    await world.start()
    world.bus.down = True
    await world.ready()
    await world.send("a1")
    world.venue.fill(Side.SELL, 1)
    await world.settle()
    await world.kill_9()
    world.bus.down = False
    await world.start()
    await world.ready()
    assert world.bus.orders()["a1"].traded == 1
    assert [each.volume for each in world.bus.heard if isinstance(each, Trade)] == [1]
    await world.kill_9()


async def test_a_disconnect_makes_unanswered_orders_unknown_and_the_next_session_settles_them(world: World) -> None:
    world.venue.mute = True
    await world.send("a1")
    world.venue.disconnect()
    await world.settle()
    assert world.state("a1") == OrderState.UNKNOWN
    world.venue.mute = False
    world.venue.fill(Side.SELL, 3)
    await world.ready()
    assert world.state("a1") == OrderState.FILLED
    world.agree()


async def test_a_session_that_ends_during_its_reconciliation_begins_anew(world: World) -> None:
    world.venue.disconnect()
    world.venue.connect()
    await world.pass_(0.3)
    world.venue.disconnect()
    await world.settle()
    assert not world.session.connected
    await world.pass_(5)
    assert (await world.send("a1")).denied_by == "session"
    await world.ready()
    assert (await world.send("a2")).state is OrderState.ACCEPTED


async def test_an_older_copy_of_the_journal_never_gets_ready(world: World, tmp_path: Path) -> None:
    await world.kill_9()
    copy = world.path.read_bytes()
    await world.start()
    await world.ready()
    await world.send("a1")
    await world.pass_(3)
    await world.kill_9()
    for path in tmp_path.iterdir():
        path.unlink()
    world.path.write_bytes(copy)
    await world.start()
    world.venue.connect()
    await world.pass_(20)
    assert not world.session.ready
    assert "desk.journal_old" in world.log.codes
    refused = await world.send("a2")
    announced = world.bus.head
    assert announced is not None
    assert "older" in refused.error_msg
    assert f"accept_journal = {announced.position}" in refused.error_msg, "what to do"
    assert world.venue.sends == ["a1"]
    assert world.bus.head == announced, "an old journal announces nothing"
    await world.kill_9()
    world.accept_journal = announced.position - 1  # of another occasion
    await world.start()
    world.venue.connect()
    await world.pass_(20)
    assert not world.session.ready
    await world.kill_9()
    world.accept_journal = announced.position
    await world.start()
    await world.ready()
    assert world.state("a1") == "", "what only the lost part held is another terminal's now"
    assert [order.external for order in world.trading.ledger.book.active()] == [True]
    kept = await world.journal.latest("main", EntryKind.HEAD_ANNOUNCED)
    assert kept is not None
    assert f'"accepted_instead_of":{announced.position}' in kept.entry.body
    await world.pass_(5)
    assert world.bus.head == world.journal.head
    world.accept_journal = 0
    await world.kill_9()
    await world.start()
    await world.ready()


async def test_books_of_a_session_that_is_over_are_not_taken(world: World) -> None:
    world.venue.disconnect()
    world.venue.at = lambda step: world.venue.disconnect() if step == "books told" else None
    world.venue.connect()
    await world.pass_(20)
    assert not world.session.ready
    assert (await world.send("a1")).denied_by == "session"


async def test_a_word_that_cannot_be_handled_ends_the_worker_and_the_next_one_asks(world: World) -> None:
    """Going on would mean books that nobody may trust."""
    await world.send("a1")
    world.venue.fill(Side.SELL, 1)
    await world.settle()
    (trade,) = world.trading.ledger.book.trades("a1")
    asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
    world.session.venue(msgspec.structs.replace(trade, tradeid="x", volume="many"))  # pyright: ignore[reportArgumentType]
    with pytest.raises(BaseExceptionGroup):
        await world.ended()
    await world.start()
    await world.ready()
    world.agree()


@pytest.mark.parametrize("after", [0.1, 0.3, 0.5])
async def test_a_fill_in_the_middle_of_the_queries_is_neither_lost_nor_counted_twice(
    world: World, after: float
) -> None:
    """Before or after the trades were asked for, before or after the positions."""
    await world.send("a1", volume=4)
    world.venue.disconnect()
    await world.settle()
    world.venue.connect()
    await world.pass_(after)
    world.venue.fill(Side.SELL, 1)
    while not world.session.ready:
        await world.pass_(0.1)
    world.agree()


async def test_the_days_loss_stop_holds_over_a_restart_also_when_prices_came_back(tmp_path: Path) -> None:
    world = World(tmp_path, msgspec.structs.replace(WIDE, max_daily_loss=100.0))
    await world.start()
    world.venue.loss = 200.0
    await world.ready()
    assert (await world.send("a1")).denied_by == "daily_loss"
    await world.kill_9()
    world.venue.loss = 0.0
    await world.start()
    await world.ready()
    assert (await world.send("a2")).denied_by == "daily_loss"
    await world.kill_9()
