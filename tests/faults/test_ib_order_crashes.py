"""Row 10 on Interactive Brokers: the worker dies at every step that TWS sees of an order; TWS's books are the judge.

What happens before TWS sees anything is the desk's alone, and shown in test_order_crashes.py.
"""

from collections import Counter
from decimal import Decimal
from random import Random
from typing import Any, NamedTuple

import pytest
from nats.aio.client import Client

from tests.conftest import Measured, Systems
from tests.faults.order_lane import Lane
from tests.faults.tws_account import TwsAccount, account
from tests.system import IB, Span, eventually
from tests.system.nursery import Nursery

CLIENT = 1
SEEDS = (8, 200)
"""In an ordinary run, and in a soak."""


class Death(NamedTuple):
    """What the worker asks for when it dies, at which step, and how."""

    asks: str
    step: str
    action: str = "kill"
    skip: int = 0


DEATHS = (
    Death("order", "placeOrder"),
    Death("modification", "placeOrder", "kill_after"),
    Death("bracket", "placeOrder", skip=1),
    Death("cancel", "cancelOrder"),
    Death("modification", "openOrder:*"),
    Death("books", "completedOrdersEnd"),
    Death("bracket", "openOrder:*"),
    Death("crossing order", "execDetails"),
    Death("order", "placeOrder", "kill_after"),
    Death("modification", "placeOrder"),
    Death("bracket", "placeOrder"),
    Death("order", "openOrder:*"),
    Death("bracket", "placeOrder", skip=2),
    Death("order", "orderStatus*"),
    Death("modification", "orderStatus*"),
    Death("order", "orderStatus*", "kill_after"),
    Death("crossing order", "commissionReport"),
    Death("cancel", "cancelOrder", "kill_after"),
)
"""Those that come first are in every run."""


async def one_life(lane: Lane, number: int, chance: Random) -> None:
    """An order, its worker's death, and what the next one makes of it."""
    death = DEATHS[number % len(DEATHS)]
    control = lane.system.tws.control
    delay = chance.uniform(0, 30)
    body: dict[str, Any] = {}
    if death.asks == "bracket":
        order_id, body = lane.bracket(chance)
        control.fault(death.step, death.action, ms=delay, skip=death.skip)
        await lane.trader.tell("send_bracket", **body)
    elif death.asks.endswith("order"):
        order_id, body = lane.order(chance, crosses=death.asks == "crossing order")
        control.fault(death.step, death.action, ms=delay)
        await lane.trader.tell("send_order", **body)
    else:
        order_id = await lane.standing(chance)
        if death.asks == "books":
            lane.kill()
        control.fault(death.step, death.action, ms=delay)
        match death.asks:
            case "books":
                lane.start()
            case "cancel":
                await lane.trader.tell("cancel_order", client_order_id=order_id, valid_until=lane.valid())
            case _:
                await lane.trader.tell("modify_order", **lane.other_terms(order_id, chance))
    lane.worker.wait(15.0)
    assert control.heal() == 1, f"{death} was never reached"
    lane.strike(order_id, chance.choice((0, 1, 9)))  # the market goes on without it
    lane.start()
    await lane.until("READY", 30.0)
    await lane.agree()
    # whoever did not hear the answer asks again: it is the same order
    known = await lane.trader.ask("order", client_order_id=order_id)
    if death.asks == "bracket":
        await eventually(lambda: whole(lane, order_id), "all of it or nothing", 15.0)
        again: Any = await lane.trader.ask("send_bracket", **body | {"valid_until": lane.valid()})
        assert [each["client_order_id"] for each in again] == [order_id, f"{order_id}.tp", f"{order_id}.sl"], again
    else:
        again = await lane.trader.send(lane.vt_symbol, order_id, **lane.asked[order_id])
        assert again.get("state") == known["state"], (known, again)
    await lane.trader.ask("cancel_all")
    await eventually(lambda: not lane.live(), "all cancelled")
    await lane.agree()


def whole(lane: Lane, order_id: str) -> bool:
    """No entry works without both of its ends, and no end without its entry."""
    entry, *ends = (lane.at_venue(order_id + leg) for leg in ("", ".tp", ".sl"))
    if entry is None or not (entry.live or entry.traded):
        return not any(each is not None and each.live for each in ends)
    return all(each is not None for each in ends)


@pytest.mark.row(10, "0 duplicate orders, 0 orphans after reconciliation", once=True, kinds=(IB,))
async def test_a_killed_worker_leaves_no_duplicate_and_no_orphan_at_tws(
    systems: Systems, span: Span, measured: Measured
) -> None:
    system = systems(rate=0.0, money=Decimal(10**10), accounts=(account(CLIENT),))
    died: Counter[str] = Counter()
    client = Client()
    await client.connect(system.nats.url)  # pyright: ignore[reportUnknownMemberType]
    with Nursery(system.env, *TwsAccount.warm) as nursery:
        lane = Lane(system, client, CLIENT, IB.one, nursery)
        await lane.open()
        for seed in range(span.count(*SEEDS)):
            try:
                await one_life(lane, seed, Random(seed))
            except BaseException as error:
                error.add_note(f"seed {seed}: {DEATHS[seed % len(DEATHS)]}")
                raise
            died[DEATHS[seed % len(DEATHS)].asks] += 1
    await client.close()
    for asks, count in died.items():
        measured(f"kill -9 among TWS's messages: {asks}", count, "kills")
