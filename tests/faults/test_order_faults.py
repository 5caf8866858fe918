"""Orders through faults that leave their worker alive: no bus, no answer, words of the venue in any order."""

import asyncio
import time
from collections.abc import AsyncGenerator
from random import Random
from typing import Any

import pytest
import pytest_asyncio
from nats.aio.client import Client

from marketbus import BusUnavailable, OutcomeUnknown, Trade
from tests.conftest import Measured
from tests.faults.order_lane import Lane
from tests.faults.tws_account import account
from tests.system import EVERY, Kind, Span, System, eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")
SOON = 1.0
"""Seconds within which an order is refused that cannot go."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lane(kind: Kind, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Lane]:
    """One worker for all tests: each leaves it READY and flat."""
    with System(tmp_path_factory.mktemp("lane"), _options(kind), kind=kind) as system:
        client = Client()
        await client.connect(system.nats.url, reconnect_time_wait=1, max_reconnect_attempts=-1)  # pyright: ignore[reportUnknownMemberType]
        lane = Lane(system, client, 1, kind.one)
        await lane.open()
        yield lane
        await client.close()


def _options(kind: Kind) -> dict[str, Any]:
    return {"rate": 20.0} | ({} if kind.family else {"accounts": (account(1),)})


@pytest.mark.row(
    5,
    "orders refused within 1 s with a reason, none executed late; fills of the outage told after it",
    scaled="ctp",
    kinds=EVERY,
)
async def test_orders_through_an_outage_of_nats(lane: Lane, span: Span, measured: Measured) -> None:
    chance, nats = Random(5), lane.system.nats
    standing = await lane.standing(chance)
    pid = lane.worker.pid
    fills: list[Trade] = []
    gateway = lane.name
    async with lane.system.connect(principal="wang") as bus, await bus.on_trades(fills.append, gateway=gateway):
        nats.kill()
        killed = time.monotonic()
        for wanted in ((BusUnavailable, OutcomeUnknown), BusUnavailable):  # at once, and when the loss is known
            began = time.monotonic()
            with pytest.raises(wanted) as refused:
                await bus.buy(lane.vt_symbol, 2, lane.lowest, gateway=gateway)
            assert str(refused.value)
            measured("NATS killed → order refused", time.monotonic() - began)
            assert time.monotonic() - began <= SOON
            await eventually(lambda: not bus.connected, "the loss")
        # A client that keeps requests for later: this one arrives when the bus is back.
        late, body = lane.order(chance)
        body["valid_until"] = time.time_ns() + 1_000_000_000
        await lane.trader.post("send_order", **body)
        assert lane.strike(standing, 1)
        await asyncio.sleep(span.seconds(2.5, 30) - (time.monotonic() - killed))
        assert not fills
        nats.start()
        back = time.monotonic()
        await eventually(lambda: fills, "the fill of the outage")
        measured("NATS back → fill of the outage told", time.monotonic() - back)
        await eventually(lambda: lane.trader.client.is_connected, "the other client")
        await lane.trader.tell("send_order", **body)  # again: what it kept may have come before the worker was back
        await lane.trader.catch_up()
        await lane.trader.until(standing, "PARTIAL")
        await eventually(lambda: _denied(lane, late), "the late order")
    await lane.agree()
    await lane.trader.cancel(standing)
    await lane.trader.until(standing, "CANCELLED")
    assert len(lane.venue.orders()) == 1
    assert lane.worker.pid == pid


async def _denied(lane: Lane, order_id: str) -> bool:
    return (await lane.trader.ask("order", client_order_id=order_id)).get("denied_by") == "valid_until"


@pytest.mark.row(11, "UNKNOWN → query → ACCEPTED; never sent twice", scaled="ctp", kinds=EVERY)
async def test_an_order_that_the_venue_took_and_did_not_answer(lane: Lane, measured: Measured) -> None:
    chance, before = Random(11), len(lane.venue.orders())
    lane.venue.unheard("drop")
    order_id, body = lane.order(chance)
    assert (await lane.trader.ask("send_order", **body))["state"] == "SENT"
    await eventually(lambda: lane.at_venue(order_id), "the order at the venue")
    # The time-out is awaited on one kind of counter; the other one's session breaks, which leaves the same question.
    if lane.system.kind.name != "ctp":
        lane.venue.break_line()
    began = time.monotonic()
    await lane.trader.until(order_id, "UNKNOWN")
    measured("no answer → UNKNOWN", time.monotonic() - began)
    lane.venue.heal()
    again = await lane.trader.send(lane.vt_symbol, order_id, **lane.asked[order_id])
    assert again["state"] in ("UNKNOWN", "ACCEPTED")
    began = time.monotonic()
    await lane.trader.until(order_id, "ACCEPTED")
    measured("UNKNOWN → ACCEPTED", time.monotonic() - began)
    states = dict.fromkeys(str(order.state) for order in lane.trader.heard if order.client_order_id == order_id)
    assert list(states) == ["NEW", "SENT", "UNKNOWN", "ACCEPTED"]
    await lane.until("READY", 20.0)
    await lane.agree()
    await lane.trader.cancel(order_id)
    await lane.trader.until(order_id, "CANCELLED")
    assert len(lane.venue.orders()) == before + 1


@pytest.mark.row(
    13, "position = sum of unique trade ids, whatever comes twice, late or out of order", scaled="ctp", kinds=EVERY
)
async def test_fills_that_come_twice_late_and_out_of_order(lane: Lane, span: Span) -> None:
    chance = Random(13)
    for _ in range(span.count(4, 100)):
        order_id = await lane.standing(chance)
        lane.venue.muddle(chance)
        for _ in range(chance.randint(1, 3)):
            lane.strike(order_id, 1)
        await lane.trader.cancel(order_id)  # fills that are under way come after it
        await lane.trader.until(order_id, "CANCELLED", "FILLED")
        await lane.agree()
        lane.venue.heal()
    fills = {trade.key: trade for trade in lane.trader.fills}
    held = {direction: lots[0] for direction, lots in lane.venue.held().items() if lots[0]}
    assert lane.venue.sum_of(list(fills.values())) == held
    assert held
