"""A client that trades and knows nothing but the subjects: raw requests, and what the bus told of one account."""

import json
from time import time_ns
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import NoRespondersError
from nats.errors import TimeoutError as NoAnswer

from marketbus.domain.order import Order
from marketbus.domain.trade import Trade
from marketbus.wire import codec, subjects
from tests.system.poll import eventually

WAIT = 5_000_000_000
"""ns that a request stays valid."""


_ORDER, _TRADE = (str(kind.__struct_config__.tag) for kind in (Order, Trade))


class Trader:
    """Of one gateway. Start with `listen`."""

    def __init__(self, client: Client, gateway: str = "ctp", account: str = "main", principal: str = "li") -> None:
        self.client = client
        self.gateway = gateway
        self.account = account
        self.principal = principal
        self.heard: list[Order] = []
        self.fills: list[Trade] = []

    async def listen(self) -> None:
        """Hear orders and trades from now on."""

        async def order(message: Msg) -> None:
            self.heard.append(codec.decode(Order, message.data))

        async def trade(message: Msg) -> None:
            self.fills.append(codec.decode(Trade, message.data))

        for kind, take in (("order", order), ("trade", trade)):
            subject = f"td.{kind}.{self.gateway}.{self.account}.>"
            await self.client.subscribe(subject, cb=take)  # pyright: ignore[reportUnknownMemberType]
        await self.client.flush()

    async def ask(self, verb: str, within: float = 5.0, **body: Any) -> dict[str, Any]:
        """One answer; `code` says `nobody` when no worker listens, `silence` when none answers in time."""
        try:
            answer = await self.client.request(self._subject(verb), json.dumps(body).encode(), timeout=within)
        except NoRespondersError:
            return {"code": "nobody"}
        except NoAnswer:
            return {"code": "silence"}
        return json.loads(answer.data)

    async def ops(self, verb: str, **body: Any) -> dict[str, Any]:
        """An operator's request."""
        subject = subjects.rpc(self.gateway, "ops", verb, self.principal)
        answer = await self.client.request(subject, json.dumps(body).encode(), timeout=5)
        return json.loads(answer.data)

    async def tell(self, verb: str, **body: Any) -> None:
        """A request whose answer nobody waits for; it has left when this returns."""
        await self.post(verb, **body)
        await self.client.flush()

    async def post(self, verb: str, **body: Any) -> None:
        """The same; during an outage it leaves when the bus is back."""
        await self.client.publish(self._subject(verb), json.dumps(body).encode(), reply=self.client.new_inbox())

    async def catch_up(self) -> None:
        """Hear all that was told from the beginning: a plain subscription misses what is told while it is away."""
        told = await self.messages("events", since=0)
        self.heard[:] = [codec.decode(Order, each) for each in told if codec.tag_of(each) == _ORDER]
        self.fills[:] = [codec.decode(Trade, each) for each in told if codec.tag_of(each) == _TRADE]

    async def stream(self, verb: str, kind: type) -> list[Any]:
        """A long answer of one kind."""
        return [codec.decode(kind, each) for each in await self.messages(verb)]

    async def messages(self, verb: str, within: float = 5.0, **body: Any) -> list[bytes]:
        """A long answer, to its end."""
        inbox = self.client.new_inbox()
        answers = await self.client.subscribe(inbox)  # pyright: ignore[reportUnknownMemberType]
        found: list[bytes] = []
        try:
            await self.client.publish(self._subject(verb), json.dumps(body).encode(), reply=inbox)
            while (message := await answers.next_msg(timeout=within)).data:
                found.append(message.data)
        finally:
            await answers.unsubscribe()
        return found

    @staticmethod
    def request(vt_symbol: str, order_id: str, **terms: Any) -> dict[str, Any]:
        """The body of `send_order`, valid from now."""
        symbol, _, exchange = vt_symbol.partition(".")
        named = {"symbol": symbol, "exchange": exchange, "client_order_id": order_id}
        return named | {"valid_until": time_ns() + WAIT} | terms

    async def send(self, vt_symbol: str, order_id: str, **terms: Any) -> dict[str, Any]:
        """Send an order."""
        return await self.ask("send_order", **self.request(vt_symbol, order_id, **terms))

    async def cancel(self, order_id: str) -> dict[str, Any]:
        """Cancel one."""
        return await self.ask("cancel_order", client_order_id=order_id, valid_until=time_ns() + WAIT)

    def told(self, order_id: str) -> str:
        """The state that the bus told last of an order."""
        return next((str(order.state) for order in reversed(self.heard) if order.client_order_id == order_id), "")

    async def until(self, order_id: str, *states: str, within: float = 20.0) -> dict[str, Any]:
        """The order, once it stands in one of these states, and once the bus has been told of it."""
        found: dict[str, Any] = {}

        async def look() -> bool:
            found.update(await self.ask("order", client_order_id=order_id))
            return found.get("state") in states and self.told(order_id) == found["state"]

        await eventually(look, f"{order_id}: {' or '.join(states)}; it is {found.get('state')}", within)
        return found

    def _subject(self, verb: str) -> str:
        return subjects.td_rpc(self.gateway, self.account, verb, self.principal)
