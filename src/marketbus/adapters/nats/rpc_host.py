"""A gateway's service as a NATS micro service (ADR-32): `nats micro ls / info / stats` show it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from contextlib import aclosing
from typing import Any

import msgspec
import nats.errors
from nats.aio.client import Client
from nats.micro.request import Request
from nats.micro.service import Service, ServiceConfig

from marketbus.adapters.nats.td_verbs import td_answer
from marketbus.adapters.nats.verbs import Answer, answer
from marketbus.domain.errors import BadPayload, BadRequest, MarketBusError
from marketbus.ports.service import GatewayService
from marketbus.ports.trading_service import TradingService
from marketbus.wire import rpc, subjects, td_rpc

OnError = Callable[[str, Exception], None]
"""Hears the verb and the exception that nobody foresaw."""

_AT_ONCE = 200
_FLUSH_TIMEOUT = 5
_ASKS_VENUE = frozenset({"contracts", "query_history"})
"""Verbs whose answer the venue may have to be asked for."""
_DOUBT, _LOOK = 2000, 20
"""Milliseconds that a request waits while the name is not surely ours, and between two looks."""


class RpcHost:
    """Answers every verb of `wire.rpc` for one gateway, until stopped.

    Each incarnation is a queue group of its own: in a shared one, NATS would go on giving every other request to a
    frozen worker that was taken over. So a request may reach two, and only the one that surely holds the name answers.
    """

    def __init__(
        self,
        client: Client,
        service: GatewayService,
        on_error: OnError,
        *,
        gateway: str,
        kind: str,
        simulated: bool,
        version: str,
        may_answer: Callable[[], bool] = lambda: True,
        trading: TradingService | None = None,
    ) -> None:
        """`version` is a semantic version, as ADR-32 wants it. `may_answer`: whether the name is surely ours."""
        self._client = client
        self._service = service
        self._on_error = on_error
        self._gateway = gateway
        self._version = version
        self._may_answer = may_answer
        self._metadata = {
            "gateway": gateway,
            "kind": kind,
            "simulated": str(simulated).lower(),
            "epoch": str(service.epoch),
        }
        if trading is not None:
            self._metadata["account"] = trading.account
        self._trading = trading
        self._micro: Service | None = None
        self._at_work: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen on every verb's subject."""
        config = ServiceConfig(
            name=rpc.SERVICE,
            version=self._version,
            description=f"marketbus gateway {self._gateway}",
            metadata=self._metadata,
            queue_group=f"epoch-{self._service.epoch}",
        )
        self._micro = Service(self._client, config)
        await self._micro.start()
        for verb in rpc.VERBS if self._trading is None else (*rpc.VERBS, *td_rpc.TD_VERBS):
            await self._micro.add_endpoint(
                name=f"{verb.group}-{verb.name}",
                subject=self._subject(verb),
                handler=_Endpoint(self, verb).handle,
                metadata={
                    "summary": verb.summary,
                    "request": verb.request.__name__,
                    "reply": verb.reply,
                    "stream": str(verb.stream).lower(),
                },
            )
        await self._client.flush()

    async def stop(self) -> None:
        """Answer what has arrived, and listen no more."""
        if self._micro is None:
            return
        micro, self._micro = self._micro, None
        for task in self._at_work:
            task.cancel()
        try:
            async with asyncio.timeout(_FLUSH_TIMEOUT):
                await micro.stop()
        except (OSError, TimeoutError, nats.errors.Error):
            return  # NATS is away: nobody can ask any more

    def begin(self, verb: rpc.Verb, request: Request) -> None:
        """Answer beside others: an order waits for the disk, and the next one must not wait for it."""
        task = asyncio.get_running_loop().create_task(self.handle(verb, request))
        self._at_work.add(task)
        task.add_done_callback(self._at_work.discard)

    async def handle(self, verb: rpc.Verb, request: Request) -> None:
        """Answer one request; nothing that goes wrong in it ends the service."""
        if subjects.is_ours(_reply_subject(request)):
            # Who may not publish there would make us do it in our name.
            self._on_error(verb.name, BadRequest(f"its reply subject is {_reply_subject(request)[:100]}"))
            return
        if not await self._sure():
            return  # another worker has the name, and answers
        try:
            await self._reply(verb, request, await self._answer(verb, request))
        except MarketBusError as error:
            await self._fault(request, *rpc.fault_of(error))
        except (nats.errors.Error, OSError) as error:
            self._on_error(verb.name, error)  # the bus, not the request: there is no way to answer
        except Exception as error:  # noqa: BLE001 (the last line of defence; reported, not swallowed)
            self._on_error(verb.name, error)
            await self._fault(request, 500, rpc.Fault("error", f"{type(error).__name__} in {verb.name}", "see the log"))

    async def _sure(self) -> bool:
        """Whether the name is ours; after an outage of NATS that takes a moment to be known."""
        for _ in range(_DOUBT // _LOOK):
            if self._may_answer():
                return True
            await asyncio.sleep(_LOOK / 1000)
        return self._may_answer()

    def _subject(self, verb: rpc.Verb) -> str:
        if verb.group is rpc.Group.TD and self._trading is not None:
            return subjects.td_rpc(self._gateway, self._trading.account, verb.name, "*")
        return subjects.rpc(self._gateway, verb.group, verb.name, "*" if verb.group is rpc.Group.OPS else None)

    async def _answer(self, verb: rpc.Verb, request: Request) -> Answer:
        principal = ""
        if verb.group is not rpc.Group.MD:
            try:
                principal = subjects.decode_token(request.subject.rpartition(".")[2])
            except BadPayload as error:
                raise BadRequest(f"principal: {error.message}") from None
        asked = rpc.decode_request(verb.request, request.data)
        if self._trading is not None and verb in td_rpc.TD_VERBS:
            return await td_answer(self._trading, verb.name, asked, principal)
        if isinstance(asked, rpc.Select) and verb.name == "contracts":
            await self._service.look_up(asked.patterns)
        return answer(self._service, verb.name, asked, principal)

    async def _reply(self, verb: rpc.Verb, request: Request, reply: Answer) -> None:
        if isinstance(reply, bytes):
            self._check(verb, reply)
            await _respond(request, reply)
            return
        async with aclosing(_each(reply)) as items:
            await self._stream(verb, request, items)

    async def _stream(self, verb: rpc.Verb, request: Request, items: AsyncIterator[bytes]) -> None:
        """One message per item and an empty one at the end; each few hundred wait for the server to have taken them."""
        number = 0
        async for item in items:
            self._check(verb, item)
            await _respond(request, item)
            number += 1
            if number % _AT_ONCE == 0:
                await self._client.flush(_FLUSH_TIMEOUT)
        await _respond(request, b"")

    def _check(self, verb: rpc.Verb, reply: bytes) -> None:
        if len(reply) > self._client.max_payload:
            raise BadRequest(
                f"the answer of {verb.name} has {len(reply)} bytes, NATS carries {self._client.max_payload}",
                "ask for less at once",
            )

    async def _fault(self, request: Request, status: int, fault: rpc.Fault) -> None:
        headers = {rpc.ERROR_HEADER: _header(fault.message), rpc.ERROR_CODE_HEADER: str(status)}
        try:
            await _respond(request, msgspec.json.encode(fault), headers)
        except (nats.errors.Error, OSError) as error:
            self._on_error("fault", error)


async def _each(items: Iterable[bytes] | AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    if isinstance(items, AsyncGenerator):
        async with aclosing(items):
            async for item in items:
                yield item
    else:
        for item in items:
            yield item


class _Endpoint:
    def __init__(self, host: RpcHost, verb: rpc.Verb) -> None:
        self._host = host
        self._verb = verb

    async def handle(self, request: Request) -> None:
        if self._verb in td_rpc.TD_VERBS or self._verb.name in _ASKS_VENUE:
            self._host.begin(self._verb, request)
        else:
            await self._host.handle(self._verb, request)


async def _respond(request: Request, data: bytes, headers: dict[str, Any] | None = None) -> None:
    try:
        await request.respond(data, headers)
    except ValueError:
        return  # published without a reply subject: nobody listens


def _reply_subject(request: Request) -> str:
    return request._msg.reply  # pyright: ignore[reportPrivateUsage] (it has no public name)


def _header(text: str) -> str:
    """Header values are one line of ASCII (ADR-4); the body has the words in full."""
    return text.encode("ascii", "replace").decode()[:200].replace("\r", " ").replace("\n", " ")
