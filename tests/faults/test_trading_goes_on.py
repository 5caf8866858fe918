"""What is lost takes nothing else along: the trading session without the data, the journal without cancels and kill."""

import asyncio
import resource
import signal
import sqlite3
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from nats.aio.client import Client

import marketbus
from marketbus.apps import paths
from tests.conftest import Measured, Systems
from tests.faults.order_lane import WIDE, venue_account
from tests.faults.tws_account import account as account_name
from tests.faults.venue_account import VenueAccount, VenueOrder
from tests.system import EVERY, Process, System, eventually
from tests.system.trader import WAIT, Trader

SOON = 1.0
"""Seconds from a fault to a denial with its reason."""


class Trading:
    """A worker that takes orders, and a client of it."""

    def __init__(
        self, system: System, bus: marketbus.Bus, trader: Trader, worker: Process, account: VenueAccount
    ) -> None:
        self.system, self.bus, self.trader, self.worker = system, bus, trader, worker
        self.one, self.account = system.kind.one, account
        self._count = 0

    async def order(self) -> dict[str, Any]:
        """One that rests far from the market; DENIED, when it is."""
        self._count += 1
        low, volume = float(self.account.lower), 1 + self._count % 7
        return await self.trader.send(
            self.one, f"a{self._count}", direction="long", offset="open", volume=volume, price=low
        )

    async def until_denied(self, rule: str) -> tuple[dict[str, Any], float]:
        """The first denial by that rule, and after how many seconds."""
        began = time.monotonic()
        while (order := await self.order()).get("denied_by") != rule:
            assert time.monotonic() - began < 10, order
        return order, time.monotonic() - began

    async def data_goes_on(self) -> None:
        """Ticks, counted by the worker."""
        before = await self.system.status(self.bus)
        assert before is not None
        await self.system.until(self.bus, lambda status: status.ticks > before.ticks + 5, "ticks", within=5)

    def standing(self) -> list[VenueOrder]:
        """Open orders at the venue."""
        return [order for order in self.account.orders() if order.state == "ACCEPTED"]


@pytest.fixture
async def trading(systems: Systems) -> AsyncGenerator[Trading]:
    options: dict[str, Any] = {} if systems.kind.family else {"accounts": (account_name(1),)}
    system = systems(**options)
    account = venue_account(system, 1, system.kind.one)
    worker = system.start(system.config("ctp.toml", ctp=account.section(risk=WIDE)))
    client = Client()
    await client.connect(system.nats.url)  # pyright: ignore[reportUnknownMemberType]
    trader = Trader(client)
    await trader.listen()
    async with system.connect() as bus:
        await system.ready(bus)
        one = Trading(system, bus, trader, worker, account)
        await eventually(lambda: _has_tick(bus, one.one), "a tick")
        yield one
    await client.close()


@pytest.mark.row(12, "orders denied <= 1 s with the reason; data goes on", scaled="ctp")
async def test_without_a_trading_session_orders_are_denied_at_once_and_data_goes_on(
    trading: Trading, measured: Measured
) -> None:
    assert (await trading.order())["state"] in ("SENT", "ACCEPTED")
    control = trading.system.lab.control
    control.refuse(front="td")
    control.drop("td")
    denied, took = await trading.until_denied("session")
    measured("trading session gone → order denied", took)
    assert took <= SOON
    assert "DISCONNECTED" in denied["error_msg"]
    await trading.data_goes_on()
    status = await trading.system.status(trading.bus)
    assert status is not None
    assert (status.md.state, status.td.state != "READY") == ("READY", True)
    assert status.denied == {"session": 1}
    refused = await trading.trader.ask("cancel_order", client_order_id="a1", valid_until=time.time_ns() + WAIT)
    assert refused["code"] == "not_sent"
    assert len(trading.standing()) == 1, "what stood at the venue stands"


@pytest.mark.row(15, "new orders denied with the reason; cancels, kill and data go on", scaled="ctp", kinds=EVERY)
async def test_without_a_journal_orders_are_denied_and_cancels_kill_and_data_go_on(
    trading: Trading, measured: Measured
) -> None:
    system, trader = trading.system, trading.trader
    journal = paths.journal_file(system.folder / "state", "ctp")
    for order_id in ("a1", "a2", "a3"):
        await trading.order()
        await trader.until(order_id, "ACCEPTED")

    # No file may be written beyond a page: neither the journal nor the WAL, begun anew, takes an entry.
    limits = resource.prlimit(trading.worker.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(trading.worker.pid, resource.RLIMIT_FSIZE, (4096, limits[1]))
    first = await trading.order()  # finds it out: nothing has been written since
    assert first["denied_by"] == "journal", first
    denied, took = await trading.until_denied("journal")
    measured("journal cannot be written → order denied", took)
    assert took <= SOON
    assert "cannot be written" in denied["error_msg"]
    await _gone(trading, "a1")
    killed = await trader.ops("kill", why="drill")
    assert killed["pulled"]
    aside = journal.parents[1] / "kill.json"
    assert aside.exists(), "the journal cannot keep it over a restart"
    await eventually(lambda: _flat(trader), "flat of orders")
    assert not trading.standing()
    await trading.data_goes_on()
    resource.prlimit(trading.worker.pid, resource.RLIMIT_FSIZE, limits)
    await eventually(lambda: "the order journal is written again" in trading.worker.words(), "writing to go on")
    assert not (await trader.ops("release"))["pulled"]
    assert not aside.exists()
    assert (await trading.order())["state"] in ("SENT", "ACCEPTED")
    await eventually(
        lambda: [order for order in trader.heard if order.denied_by == "journal"], "denials of that time on the bus"
    )
    (standing,) = await eventually(trading.standing, "an order at the venue")

    # The end of the journal is not what was written.
    trading.worker.send(signal.SIGKILL)
    trading.worker.wait()
    await asyncio.to_thread(_damage, journal)
    system.start(system.folder / "ctp.toml")
    await system.until(trading.bus, lambda status: status.td.state == "READY", "the books matched")
    denied, took = await trading.until_denied("journal")
    assert "damaged" in denied["error_msg"]
    await trading.data_goes_on()
    await trader.ops("kill", why="drill")
    await eventually(lambda: _flat(trader), "flat of orders")
    assert standing not in trading.standing()


async def _gone(trading: Trading, order_id: str) -> None:
    before = len(trading.standing())
    await trading.trader.ask("cancel_order", client_order_id=order_id, valid_until=time.time_ns() + WAIT)
    await eventually(lambda: len(trading.standing()) == before - 1, "the cancel at the venue")


async def _flat(trader: Trader) -> bool:
    return (await trader.ops("killed"))["flat"]


def _damage(journal: Path) -> None:
    """As somebody who can write the file, and puts the triggers back."""
    connection = sqlite3.connect(journal, isolation_level=None)
    triggers = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("UPDATE entry SET trader = 'x' WHERE position = (SELECT max(position) FROM entry)")
    for _, sql in triggers:
        connection.execute(sql)
    connection.close()


async def _has_tick(bus: Any, vt_symbol: str) -> bool:
    return bool(await bus.snapshot(vt_symbol))
