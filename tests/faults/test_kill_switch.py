"""The kill switch when NATS is gone, when the worker is gone, and over every restart."""

import asyncio
import json
import os
import signal
import stat
from typing import Any

import pytest
from nats.aio.client import Client

from marketbus.apps import paths
from tests.system import Process, System, eventually
from tests.system.process import descendants
from tests.system.trader import Trader


@pytest.mark.row(15, "the kill switch works without NATS and survives restarts", scaled="ctp")
async def test_without_nats_orders_are_cancelled_on_the_venues_word_and_the_kill_outlives_every_process(
    system: System,
) -> None:
    one = system.kind.one
    system.config(ctp=system.gateway(one, trading=True))
    up = system.cli("up", "up")
    state = system.folder / "state"
    client = Client()
    await client.connect(system.nats.url)  # pyright: ignore[reportUnknownMemberType]
    trader = Trader(client)
    async with system.connect() as bus:
        first = await system.ready(bus)
        await eventually(lambda: _has_tick(bus, one), "a tick")
        depth = system.lab.call(lambda lab: lab.terminal._venue.depth(one.partition(".")[0]))  # pyright: ignore[reportPrivateUsage]
        rests = {"direction": "long", "offset": "open", "volume": 1, "price": float(depth.lower)}
        for order_id in ("a1", "a2"):
            assert (await trader.send(one, order_id, **rests))["state"] in ("SENT", "ACCEPTED")
        assert first.account == "main"

        system.nats.kill()
        assert stat.S_IMODE(paths.supervisor_socket(state).stat().st_mode) == 0o600
        told = await _run(system, "kill", "--why", "drill", "--json", "--url", system.nats.url)
        assert told.code == 0, told.words()
        answers = [json.loads(line) for line in told.words().splitlines() if line.startswith("{")]
        assert (answers[-1]["gateway"], answers[-1]["pulled"], answers[-1]["flat"]) == ("ctp", True, True)
        books = system.lab.call(lambda lab: lab.terminal.books())
        assert [order["state"] for order in books["orders"]] == ["cancelled", "cancelled"]

        system.nats.start()
        await eventually(lambda: client.is_connected, "the client")
        denied = await _asked(trader, one, "a3", rests)
        assert denied["denied_by"] == "killed"
        (worker,) = (pid for pid, words in descendants(up.pid).items() if "marketbus.apps.worker" in words)
        os.kill(worker, signal.SIGKILL)
        waits = await _run(system, "kill", "--local")  # while nobody is there to take it
        assert waits.code == 1, waits.words()
        assert "as soon as its worker starts" in waits.words()
        await system.ready(bus, after=first.epoch, within=30)
        assert (await _asked(trader, one, "a4", rests))["denied_by"] == "killed"
        assert not (state / "gateways" / "ctp" / "kill.json").exists(), "the journal has it"
        flat = await _run(system, "kill", "--gateway", "ctp", "--url", system.nats.url)
        assert (flat.code, flat.words()) == (0, "ctp: KILLED, flat of orders: the venue has confirmed it\n")
        freed = await _run(system, "release", "--gateway", "ctp", "--url", system.nats.url)
        assert (freed.code, freed.words()) == (0, "ctp: orders are taken\n")
        assert (await _asked(trader, one, "a5", rests))["state"] in ("SENT", "ACCEPTED")
    await client.close()
    nobody = await _run(system, "kill", "--gateway", "other", "--local")
    assert (nobody.code, nobody.words()) == (1, "other: is not configured here\n")


async def _run(system: System, *arguments: str) -> Process:
    process = system.cli(f"{len(system.logs)}-{arguments[0]}", *arguments)
    await asyncio.to_thread(process.wait, 45.0)
    return process


async def _asked(trader: Trader, vt_symbol: str, order_id: str, terms: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}

    async def answered() -> bool:
        found.update(await trader.send(vt_symbol, order_id, **terms))
        return "state" in found

    await eventually(answered, f"an answer to {order_id}")
    return found


async def _has_tick(bus: Any, vt_symbol: str) -> bool:
    return bool(await bus.snapshot(vt_symbol))
