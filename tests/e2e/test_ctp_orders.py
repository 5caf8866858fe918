"""Orders from a client of the bus through the whole worker to the unmodified SDK, and back."""

import signal
from collections.abc import Iterator
from pathlib import Path
from time import time_ns
from typing import Any

import pytest
from nats.aio.client import Client

from tests.system import System, eventually
from tests.system.trader import WAIT, Trader


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    with System(tmp_path) as system:
        yield system


async def test_an_order_survives_the_death_of_its_worker_and_is_sent_once(system: System) -> None:
    one = system.kind.one
    worker = system.worker(one, trading=True)
    client = Client()
    await client.connect(system.nats.url)  # pyright: ignore[reportUnknownMemberType]
    trader = Trader(client)
    await trader.listen()
    async with system.connect() as bus:
        first = await system.ready(bus)
        await eventually(lambda: _has_tick(bus, one), "a tick")
        depth = system.lab.call(lambda lab: lab.terminal._venue.depth(one.partition(".")[0]))  # pyright: ignore[reportPrivateUsage]
        low = float(depth.lower)
        rests = {"direction": "long", "offset": "open", "volume": 1, "price": low}
        assert (await trader.send(one, "a1", **rests))["state"] in ("SENT", "ACCEPTED")
        await trader.until("a1", "ACCEPTED")
        filled = await trader.send(one, "a2", **(rests | {"price": float(depth.asks[0][0])}))
        assert filled["denied_by"] == "", filled["error_msg"]
        worker.send(signal.SIGKILL)
        worker.wait()
        system.start(system.folder / "ctp.toml")
        await system.ready(bus, after=first.epoch)
        again = await trader.send(one, "a1", **rests)  # known by its id: not sent again
        assert (again["state"], again["origin"], again["external"]) == ("ACCEPTED", "li", False)
        assert (await trader.ask("order", client_order_id="a2"))["state"] in ("FILLED", "ACCEPTED")
        await trader.ask("cancel_order", client_order_id="a1", valid_until=time_ns() + WAIT)
        await trader.until("a1", "CANCELLED")
        books = system.lab.call(lambda lab: lab.terminal.books())
        assert len(books["orders"]) == 2, books["orders"]
    await client.close()


async def _has_tick(bus: Any, vt_symbol: str) -> bool:
    return bool(await bus.snapshot(vt_symbol))
