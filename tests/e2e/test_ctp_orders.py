"""Orders from a client of the bus through the whole worker to the unmodified SDK, and back."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from time import time_ns
from typing import Any

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import NoRespondersError

from marketbus.domain.order import Order
from marketbus.wire import codec, subjects
from tests.system import System, eventually

WAIT = 5_000_000_000


class Trader:
    """A client that knows nothing but the subjects."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.heard: list[Order] = []

    async def listen(self) -> None:
        async def take(message: Msg) -> None:
            self.heard.append(codec.decode(Order, message.data))

        await self._client.subscribe("td.order.ctp.main.>", cb=take)  # pyright: ignore[reportUnknownMemberType]
        await self._client.flush()

    async def ask(self, verb: str, **body: Any) -> dict[str, Any]:
        subject = subjects.td_rpc("ctp", "main", verb, "li")
        try:
            answer = await self._client.request(subject, json.dumps(body).encode(), timeout=5)
        except NoRespondersError:
            return {"code": "nobody"}
        return json.loads(answer.data)

    async def send(self, vt_symbol: str, order_id: str, **terms: Any) -> dict[str, Any]:
        symbol, _, exchange = vt_symbol.partition(".")
        return await self.ask(
            "send_order", symbol=symbol, exchange=exchange, client_order_id=order_id, valid_until=time_ns() + WAIT,
            **terms,
        )  # fmt: skip

    async def until(self, order_id: str, state: str) -> dict[str, Any]:
        """The order, once it stands so, and once the bus has been told of it."""
        found: dict[str, Any] = {}

        async def look() -> bool:
            found.update(await self.ask("order", client_order_id=order_id))
            told = [order for order in self.heard if order.client_order_id == order_id]
            return found.get("state") == state and bool(told) and told[-1].state == state

        await eventually(look, f"{order_id}: {state}")
        return found


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
