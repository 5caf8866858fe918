"""Row 10 on Interactive Brokers: the worker dies at every step that TWS sees of an order; TWS's books are the judge.

What happens before TWS sees anything is the desk's alone, and shown in test_order_crashes.py.
"""

from collections import Counter
from decimal import Decimal
from random import Random
from typing import NamedTuple

import pytest
from nats.aio.client import Client

from tests.conftest import Measured, Systems
from tests.faults.order_lane import Lane
from tests.faults.tws_account import TwsAccount, account
from tests.system import IB, Span, eventually
from tests.system.nursery import Nursery

CLIENT = 1
SEEDS = (6, 200)
"""In an ordinary run, and in a soak."""


class Death(NamedTuple):
    """What the worker asks for when it dies, at which step, and how."""

    asks: str
    step: str
    action: str = "kill"


DEATHS = (
    Death("order", "placeOrder"),
    Death("modification", "placeOrder", "kill_after"),
    Death("cancel", "cancelOrder"),
    Death("modification", "openOrder:*"),
    Death("books", "completedOrdersEnd"),
    Death("crossing order", "execDetails"),
    Death("order", "placeOrder", "kill_after"),
    Death("modification", "placeOrder"),
    Death("order", "openOrder:*"),
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
    if death.asks.endswith("order"):
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
    again = await lane.trader.send(lane.vt_symbol, order_id, **lane.asked[order_id])
    assert "code" not in again, again
    assert again["state"] == known["state"], (known, again)
    await lane.trader.ask("cancel_all")
    await eventually(lambda: not lane.live(), "all cancelled")
    await lane.agree()


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
