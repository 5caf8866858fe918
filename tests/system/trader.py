"""A client of one account that knows nothing but the subjects."""

import json
from time import time_ns
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import NoRespondersError

from marketbus.domain.order import Order
from marketbus.wire import codec, subjects
from tests.system.poll import eventually

WAIT = 5_000_000_000


class Trader:
    """Principal `li` of account `main`."""

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

    async def ops(self, verb: str, **body: Any) -> dict[str, Any]:
        answer = await self._client.request(
            subjects.rpc("ctp", "ops", verb, "li"), json.dumps(body).encode(), timeout=5
        )
        return json.loads(answer.data)
