"""A small order desk that speaks the contract, tells what it is told to tell, and loses what it is told to lose."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import msgspec
import nats
from msgspec.structs import replace
from nats.aio.client import Client
from nats.micro import add_service  # pyright: ignore[reportUnknownVariableType]
from nats.micro.request import Request
from nats.micro.service import EndpointConfig, ServiceConfig

from marketbus.domain.errors import MarketBusError, UnknownOrder
from marketbus.domain.instrument import Exchange
from marketbus.domain.order import Order, OrderState
from marketbus.domain.order_terms import Direction, Offset, OrderType
from marketbus.wire import codec, rpc, subjects
from marketbus.wire.td_rpc import (
    TD_VERBS,
    Asked,
    Controlled,
    HoldControl,
    JournalHead,
    OneOrder,
    SendOrder,
    Tallied,
    Tally,
)


class FakeDesk:
    """The account `main` of one gateway. Its journal is `journal`; position n is element n - 1."""

    def __init__(self, url: str, gateway: str) -> None:
        self.gateway = gateway
        self.journal: list[Order] = []
        self.asked: list[str] = []
        self.leases: list[float] = []
        """Ttls of the leases on orders that were asked for."""
        self.mute: set[str] = set()
        """Verbs that are never answered."""
        self.failing: dict[str, MarketBusError] = {}
        self._url = url
        self._client: Client | None = None
        self._service: Any = None

    async def start(self) -> None:
        self._client = await nats.connect(self._url, error_cb=_quiet)  # pyright: ignore[reportUnknownMemberType]
        metadata = {"gateway": self.gateway, "account": "main"}
        config = ServiceConfig(name=rpc.SERVICE, version="0.1.0", metadata=metadata)
        self._service = await add_service(self._client, config)
        for verb in TD_VERBS:
            if verb.group is rpc.Group.TD:
                subject = subjects.td_rpc(self.gateway, "main", verb.name, "*")
                await self._service.add_endpoint(
                    EndpointConfig(name=f"td-{verb.name}", subject=subject, handler=self._handler(verb))
                )
        await self._client.flush()

    async def stop(self) -> None:
        if self._client is not None:
            await self._service.stop()
            await self._client.close()
            self._client = None

    async def tell(self, order_id: str, state: OrderState, *, lost: bool = False) -> Order:
        """Written down, and published unless it is lost."""
        position = len(self.journal) + 1
        order = Order(
            self.gateway, "main", "rb2701", Exchange.SHFE, order_id, Direction.LONG, Offset.OPEN, OrderType.LIMIT,
            3000.0, 1.0, state=state, journal_position=position, updated=position,
        )  # fmt: skip
        self.journal.append(order)
        if not lost:
            await self.publish(order)
        return order

    async def publish(self, order: Order) -> None:
        assert self._client is not None
        subject = subjects.order(order.gateway, order.account, order.instrument)
        await self._client.publish(subject, codec.encode(order))
        await self._client.flush()

    def _handler(self, verb: rpc.Verb) -> Callable[[Request], Awaitable[None]]:
        async def handle(request: Request) -> None:
            self.asked.append(verb.name)
            if verb.name in self.mute:
                return
            try:
                if verb.name in self.failing:
                    raise self.failing[verb.name]
                answer = await self._answer(verb.name, rpc.decode_request(verb.request, request.data))
            except MarketBusError as error:
                number, fault = rpc.fault_of(error)
                await request.respond_error(str(number), error.code, data=msgspec.json.encode(fault))
                return
            if isinstance(answer, list):
                for each in cast("list[Order]", answer):
                    await request.respond(codec.encode(each))
                await request.respond(b"")
            else:
                await request.respond(msgspec.json.encode(answer))

        return handle

    async def _answer(self, verb: str, body: Any) -> Any:
        latest = {order.client_order_id: order for order in self.journal}
        match verb, body:
            case "head", _:
                return JournalHead(len(self.journal))
            case "events", _:
                return self.journal[body.since : body.since + body.limit]
            case "tally", Tally():
                upto = len(self.journal)
                return Tallied(upto, None if body.since > upto else upto - body.since)
            case "orders", _:
                return [replace(order, journal_position=0) for order in latest.values()]
            case "order", OneOrder():
                if body.client_order_id not in latest:
                    raise UnknownOrder(f"no order {body.client_order_id!r}")
                return codec.to_object(latest[body.client_order_id])
            case "send_order", SendOrder():
                return codec.to_object(await self.tell(body.client_order_id, OrderState.SENT))
            case "control", HoldControl():
                self.leases.append(body.ttl)
                return Controlled(armed=True)
            case "cancel_all", _:
                return Asked(list(latest))
            case _:
                return []


async def _quiet(_: Exception) -> None:
    """The desk's own connection errors are part of the test."""


@asynccontextmanager
async def desk(url: str, gateway: str = "ctp") -> AsyncGenerator[FakeDesk]:
    one = FakeDesk(url, gateway)
    await one.start()
    try:
        yield one
    finally:
        await one.stop()
        await asyncio.sleep(0)
