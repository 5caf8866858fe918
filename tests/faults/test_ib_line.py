"""A worker on TWS through what only TWS does: it has one socket for data and orders, and loses IB while it keeps us."""

import asyncio
import time
from collections.abc import AsyncGenerator

import pytest
from nats.aio.client import Client

import marketbus
from tests.conftest import Measured, Systems
from tests.faults.order_lane import WIDE, venue_account
from tests.faults.tws_account import account
from tests.faults.venue_account import VenueAccount
from tests.system import IB, Recorder, Span, System, Tws, eventually, symbol
from tests.system.trader import WAIT, Trader
from tests.system.tws import NUMBERS

RATE = 50.0
SOON = 1.0
MUTE = 5.0
"""Seconds within which a TWS that says nothing is told."""


class Line:
    """A worker that is READY, with ticks of two instruments, and a client that trades the first."""

    def __init__(self, system: System, bus: marketbus.Bus, trader: Trader, venue: VenueAccount) -> None:
        self.system, self.bus, self.trader, self.venue = system, bus, trader, venue
        self._count = 0

    @property
    def tws(self) -> Tws:
        return self.system.tws

    async def ready(self) -> None:
        """Data and orders."""
        await self.system.until(self.bus, lambda s: s.md.state == s.td.state == "READY", "both sessions ready")

    async def order(self) -> tuple[dict[str, object], float]:
        """Send one that rests far from the market: the answer, and after how many seconds it came."""
        self._count += 1
        began = time.monotonic()
        terms = {"direction": "long", "offset": "open", "volume": self._count, "price": float(self.venue.lower)}
        return await self.trader.send(IB.one, f"a{self._count}", **terms), time.monotonic() - began

    async def ticks_again(self) -> None:
        """Of both."""
        seen = Recorder()
        async with await seen.follow(self.bus, *IB.instruments[:2]):
            await eventually(lambda: {tick.vt_symbol for tick in seen.live} == set(IB.instruments[:2]), "ticks of both")


@pytest.fixture
async def line(systems: Systems) -> AsyncGenerator[Line]:
    system = systems(accounts=(account(1),), rate=RATE)
    venue = venue_account(system, 1, IB.one)
    system.start(system.config("ctp.toml", ctp=venue.section(risk=WIDE) | {"subscribe": list(IB.instruments[:2])}))
    client = Client()
    await client.connect(system.nats.url)  # pyright: ignore[reportUnknownMemberType]
    trader = Trader(client)
    await trader.listen()
    async with system.connect() as bus:
        line = Line(system, bus, trader, venue)
        await line.ready()
        await line.ticks_again()
        yield line
    await client.close()


@pytest.mark.row(6, "state published, tried again, everything asked for again exactly once", kinds=(IB,))
async def test_a_tws_that_hangs_up_refuses_or_says_nothing_is_found_again(line: Line, measured: Measured) -> None:
    system, bus, control = line.system, line.bus, line.tws.control
    wanted = {symbol(each) for each in IB.instruments[:2]}

    async def back(what: str, since: float) -> None:
        asked = line.tws.call(lambda lab: lab.market.requests)
        await line.ready()
        await eventually(lambda: line.tws.subscribed == wanted, "both asked for again")
        await line.ticks_again()
        measured(f"{what} → READY, ticks of all", time.monotonic() - since)
        assert line.tws.call(lambda lab: lab.market.requests) - asked <= len(wanted)

    control.refuse()
    began = time.monotonic()
    control.drop()
    await system.until(bus, lambda s: s.md.state != "READY" and s.td.state != "READY", "the loss")
    measured("TWS hung up → told", time.monotonic() - began)
    await system.until(bus, lambda s: "ctive sockets" in s.md.message.lower() or s.md.state == "CONNECTING", "refused")
    control.refuse(on=False)
    await back("TWS listens again", time.monotonic())
    began = time.monotonic()
    control.mute()
    told = await system.until(bus, lambda s: s.md.state == "DISCONNECTED" and "said nothing" in s.md.message, "mute")
    measured("TWS mute → told", time.monotonic() - began)
    assert time.monotonic() - began <= MUTE
    assert told.td.state == "DISCONNECTED"
    control.mute(on=False)
    await back("mute TWS speaks", time.monotonic())


@pytest.mark.row(12, "orders denied <= 1 s with the reason; without data orders go, and cancels", kinds=(IB,))
async def test_tws_without_ib_takes_no_orders_and_orders_go_without_a_data_farm(line: Line, measured: Measured) -> None:
    system, bus, control = line.system, line.bus, line.tws.control
    sent, _ = await line.order()
    assert sent["state"] in ("SENT", "ACCEPTED"), sent
    await line.trader.until("a1", "ACCEPTED")

    control.connectivity("lost")  # 1100: TWS keeps our socket
    await system.until(bus, lambda s: s.td.state == "DISCONNECTED", "1100")
    denied, took = await line.order()
    measured("TWS without IB → order denied", took)
    assert denied["denied_by"] == "session", denied
    assert "DISCONNECTED" in str(denied["error_msg"])
    assert took <= SOON
    refused = await line.trader.ask("cancel_order", client_order_id="a1", valid_until=time.time_ns() + WAIT)
    assert refused["code"] == "not_sent", refused
    assert len(line.venue.orders()) == 1
    control.connectivity("restored")
    await line.ready()
    await line.ticks_again()

    control.farm(on=False)  # 2103: the data alone are away
    status = await system.until(bus, lambda s: s.md.state == "STALE", "2103")
    assert status.td.state == "READY"
    sent, _ = await line.order()
    assert sent["state"] in ("SENT", "ACCEPTED"), sent
    await line.trader.until("a3", "ACCEPTED")
    await line.trader.cancel("a3")
    await line.trader.until("a3", "CANCELLED")
    control.farm(on=True)
    await line.ready()
    await line.ticks_again()


@pytest.mark.row(
    5, "TWS's messages are taken all the while; ticks resume ≤ 2 s after NATS returns", scaled="ctp", kinds=(IB,)
)
async def test_nats_away_leaves_the_line_to_tws_alone(line: Line, span: Span, measured: Measured) -> None:
    """In the soak only; `scaled` names another kind."""
    system, bus = line.system, line.bus
    before = await system.status(bus)
    assert before is not None
    seen, connections = Recorder(), line.tws.call(lambda lab: lab.connections)
    async with await seen.follow(bus, *IB.instruments[:2]):
        await eventually(lambda: seen.live, "ticks")
        system.nats.kill()
        sent = line.tws.control.status()["sent"]
        outage = span.seconds(2.5, 30)
        await asyncio.sleep(outage)
        during = len(seen.ticks)
        assert line.tws.control.status()["sent"] - sent > 0.8 * RATE * outage, "TWS waits for nobody"
        system.nats.start()
        back = time.monotonic()
        await eventually(lambda: seen.first_after(back), "live ticks", within=10)
        measured("NATS back → ticks at the client", seen.times[during] - back)
        assert seen.times[during] - back <= 2
        await eventually(lambda: {gap.symbol for gap in seen.gaps} == set(map(symbol, IB.instruments[:2])), "the gaps")
        after = await system.until(bus, lambda s: s.ticks - before.ticks > 0.8 * RATE * outage, "all of them taken")
        line.tws.control.pause()
        last = line.tws.control.oracle()
        await eventually(
            lambda: all(
                seen.volumes()[symbol(each)][-1] == last[str(NUMBERS[each])]["last"] for each in IB.instruments[:2]
            ),
            "the last tick of each",
        )
    assert (after.epoch, after.pid) == (before.epoch, before.pid)
    assert line.tws.call(lambda lab: lab.connections) == connections
