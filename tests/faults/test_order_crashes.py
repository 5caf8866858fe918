"""Row 10: the worker dies by SIGKILL at every step of an order, and the venue's own books are the judge."""

import asyncio
import contextlib
import signal
import sqlite3
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Generator, Iterator
from decimal import Decimal
from functools import partial
from random import Random
from statistics import quantiles

import pytest
from nats.aio.client import Client

from marketbus.domain.journal_entry import EntryKind
from marketbus.lab.instruments import Kind as ListingKind
from tests.conftest import Measured, Systems
from tests.faults.order_lane import Lane, Step
from tests.faults.tws_account import TwsAccount, account
from tests.system import EVERY, IB, Span, System, eventually
from tests.system.nursery import Nursery
from tests.system.stepping import step_until, stop

READY = 10.0
"""Seconds from the start of the next worker until it takes orders."""
SLICE = 0.00003
"""Seconds: from one step of an order to the next are some tenths of a millisecond."""
TRIES = 6
"""Orders within one life that may run past the step where the worker is to die."""
LANES = (4, 2)
"""In an ordinary run; in a soak, where each worker is a fresh interpreter that has much to import."""
SEEDS = {"ctp": (12, 300), "sopt": (8, 200), "ib": (20, 200)}
"""In an ordinary run, and in a soak."""
MORE = 4
"""Further tries for a step that no kill has hit: an order is where it is wanted for less than a millisecond."""


async def before_the_journal(lane: Lane, chance: Random) -> str:
    if chance.random() < 0.5:
        with lane.journal_held():
            order_id = await lane.tell(chance)
            await asyncio.sleep(chance.uniform(0, 0.1))
            lane.kill()
        return order_id
    order_id = await lane.tell_stopped(chance)
    lane.kill()
    return order_id


async def after_the_journal(lane: Lane, chance: Random) -> str:
    return await _caught(lane, chance, Step.AFTER_JOURNAL, EntryKind.NEW)


async def inside_the_sdk_call(lane: Lane, chance: Random) -> str:
    way = chance.random()
    if way < 0.4:  # before anything has left it
        lane.stick_in_the_next_call()
        order_id = await lane.tell(chance)
        await eventually(lambda: EntryKind.NEW in lane.kinds(order_id), "a journalled order", 5, 0.001)
        await asyncio.sleep(chance.uniform(0, 0.1))
        lane.kill()
        return order_id
    if way < 0.6:
        return await _caught(lane, chance, Step.INSIDE_CALL, None)  # after it has
    order_id = await lane.tell_stopped(chance)  # the same, and its end cannot be written
    in_journal = partial(_in_journal, lane, order_id, EntryKind.NEW)
    if await asyncio.to_thread(step_until, lane.worker.pid, in_journal, SLICE):
        with contextlib.suppress(sqlite3.OperationalError), lane.journal_held():
            lane.worker.send(signal.SIGCONT)
            await eventually(lambda: lane.at_venue(order_id), "the order at the venue", 5, 0.001)
            lane.kill()
            return order_id
    lane.kill()
    return order_id


async def on_the_way_to_the_venue(lane: Lane, chance: Random) -> str:
    lane.venue.late_orders(chance.uniform(200, 1500))
    order_id, body = lane.order(chance)
    assert (await lane.trader.ask("send_order", **body)).get("state") == "SENT"
    await asyncio.sleep(chance.uniform(0, 0.1))
    lane.kill()
    return order_id


async def after_the_venue_accepted(lane: Lane, chance: Random) -> str:
    if chance.random() < 0.5:  # and the worker has not heard of it
        lane.venue.unheard(chance.choice(("delay", "drop")))
    order_id, body = lane.order(chance)
    await lane.trader.ask("send_order", **body)
    await eventually(lambda: lane.at_venue(order_id), "an order at the venue", 5, 0.001)
    await asyncio.sleep(chance.uniform(0, 0.02))
    lane.kill()
    return order_id


async def between_partial_fills(lane: Lane, chance: Random) -> str:
    order_id = await lane.standing(chance)
    lane.strike(order_id, 1)
    await asyncio.sleep(chance.uniform(0, 0.01))
    lane.kill()
    return order_id


async def during_the_cancel(lane: Lane, chance: Random) -> str:
    order_id = await lane.standing(chance)
    lane.venue.late_cancels(chance.uniform(0, 800))
    stop(lane.worker.pid)
    await lane.trader.tell("cancel_order", client_order_id=order_id, valid_until=lane.valid())
    there = partial(_in_journal, lane, order_id, EntryKind.CANCEL_REQUESTED)
    await asyncio.to_thread(step_until, lane.worker.pid, there, chance.choice((SLICE, 0.002)))
    lane.kill()
    return order_id


async def during_reconciliation(lane: Lane, chance: Random) -> str:
    kill = chance.choice((after_the_journal, inside_the_sdk_call, after_the_venue_accepted, between_partial_fills))
    order_id = await kill(lane, chance)
    lasts = lane.venue.slow_books()
    lane.start()
    await lane.until("SYNCING", READY)
    await asyncio.sleep(chance.uniform(0, lasts))
    lane.kill()
    return order_id


async def _caught(lane: Lane, chance: Random, step: Step, kind: EntryKind | None) -> str:
    """Orders are stepped through the worker until one stands where it is wanted; there the worker dies."""
    order_id = ""
    for _ in range(TRIES):
        order_id = await lane.tell_stopped(chance)
        there = partial(_in_journal, lane, order_id, kind) if kind else partial(_at_venue, lane, order_id)
        await asyncio.to_thread(step_until, lane.worker.pid, there, SLICE)
        stop(lane.worker.pid)
        await asyncio.sleep(0.01)  # what has left it arrives
        if lane.step_of(order_id) is step:
            break
        lane.worker.send(signal.SIGCONT)
    lane.kill()
    return order_id


def _in_journal(lane: Lane, order_id: str, kind: EntryKind) -> bool:
    return kind in lane.kinds(order_id)


def _at_venue(lane: Lane, order_id: str) -> bool:
    return lane.at_venue(order_id) is not None


KILLS: dict[Step, Callable[[Lane, Random], Awaitable[str]]] = {
    Step.BEFORE_JOURNAL: before_the_journal,
    Step.AFTER_JOURNAL: after_the_journal,
    Step.INSIDE_CALL: inside_the_sdk_call,
    Step.ON_THE_WAY: on_the_way_to_the_venue,
    Step.ACCEPTED: after_the_venue_accepted,
    Step.BETWEEN_FILLS: between_partial_fills,
    Step.DURING_CANCEL: during_the_cancel,
    Step.RECONCILING: during_reconciliation,
}


async def one_life(lane: Lane, seed: int) -> tuple[Step, float]:
    """An order, its worker's death, and what the next one makes of it; where it died, and seconds to READY."""
    chance, wanted = Random(seed), list(KILLS)[seed % len(KILLS)]
    if chance.random() < 0.5:  # something else under way
        other = await lane.standing(chance)
        lane.strike(other, chance.randint(0, 1))
        await lane.trader.cancel(other)
    order_id = await KILLS[wanted](lane, chance)
    await asyncio.sleep(0.02)  # what had left it arrives
    step = lane.step_of(order_id)
    if wanted is Step.RECONCILING and not lane.reconciled():
        step = wanted
    # The market goes on without it.
    lane.strike(order_id, chance.choice((0, 1, 9)))
    lane.venue.heal()
    lane.start()
    took = await lane.until("READY", 30.0)
    await lane.agree()
    # Whoever did not hear the answer asks again: it is the same order.
    known = await lane.trader.ask("order", client_order_id=order_id)
    again = await lane.trader.send(lane.vt_symbol, order_id, **lane.asked[order_id])
    assert "code" not in again, again
    assert step is Step.BEFORE_JOURNAL or again["state"] == known["state"], (known, again)
    await lane.trader.until(order_id, "ACCEPTED", "PARTIAL", "FILLED", "CANCELLED", "REJECTED")
    await lane.trader.ask("cancel_all")
    await eventually(lambda: not lane.live(), "all cancelled")
    await lane.agree()
    return step, took


@pytest.fixture
def brisk() -> Generator[None]:
    """The lab's thread must not keep the one that steps for CPython's usual 5 ms."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.0001)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("brisk")
@pytest.mark.row(10, "0 duplicate orders, 0 orphans after reconciliation; READY ≤ 10 s", once=True, kinds=EVERY)
async def test_a_killed_worker_leaves_no_duplicate_and_no_orphan(
    systems: Systems, span: Span, measured: Measured
) -> None:
    system, instruments = _venue(systems)
    steps: Counter[Step] = Counter()
    ready: list[float] = []
    client = Client()
    await client.connect(system.nats.url)  # pyright: ignore[reportUnknownMemberType]

    async def lives(lane: Lane, seeds: Iterator[int]) -> None:
        for seed in seeds:
            try:
                step, took = await one_life(lane, seed)
            except BaseException as error:
                error.add_note(f"{lane.name}, seed {seed}")
                raise
            steps[step] += 1
            ready.append(took)

    async def run(seeds: Iterator[int]) -> None:
        async with asyncio.TaskGroup() as tasks:
            for lane in lanes:
                tasks.create_task(lives(lane, seeds))

    count, width = span.count(*SEEDS[system.kind.name]), span.count(*LANES)
    with Nursery(system.env, *(() if system.kind.family else TwsAccount.warm)) as nursery:
        warm = None if span.soaking else nursery
        lanes = [Lane(system, client, number, one, warm) for number, one in enumerate(instruments[:width], 1)]
        await asyncio.gather(*(lane.open() for lane in lanes))
        await run(iter(range(count)))
        for again in range(MORE):
            await run(iter(_never(steps, count + again)))
    await client.close()
    for step in Step:
        measured(f"killed {step}", steps[step], "kills")
    measured("kill -9 → READY, p50", quantiles(ready, n=100)[49])
    measured("kill -9 → READY, max", max(ready))
    assert set(steps) == set(Step), f"never died {', '.join(set(Step) - set(steps))}"
    assert max(ready) <= READY


def _never(hit: Counter[Step], round_: int) -> list[int]:
    """Seeds of steps that no kill has hit."""
    return [round_ * len(KILLS) + place for place, step in enumerate(KILLS) if step not in hit]


def _venue(systems: Systems) -> tuple[System, list[str]]:
    """A venue whose price does not walk up to the orders, however long it takes; an instrument for each lane."""
    if systems.kind is IB:
        accounts = tuple(account(number) for number in range(1, max(LANES) + 1))
        return systems(rate=0.0, money=Decimal(10**10), accounts=accounts), list(IB.instruments)
    system = systems(money=1e10)
    system.lab.control.rate(0)
    listed = system.lab.listings.values()
    named = system.kind.instruments if system.kind.name == "ctp" else ()
    options = [f"{each.symbol}.{each.exchange}" for each in listed if each.kind is ListingKind.OPTION]
    return system, [*named, *options]
