"""Requests to gateways: one reply, a stream that ends with an empty message, or whoever answers."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

import msgspec
from nats.aio.msg import Msg

from marketbus.client.link import Link
from marketbus.domain.bar import Bar
from marketbus.domain.calendar_table import CalendarTable
from marketbus.domain.contract import Contract
from marketbus.domain.errors import BadPayload, BusUnavailable, MarketBusError, UnknownGateway
from marketbus.domain.heard import Heard
from marketbus.domain.history import Progress
from marketbus.domain.status import GatewayStatus
from marketbus.domain.subscription import Coverage, Interest
from marketbus.domain.tick import Tick
from marketbus.wire import codec, subjects
from marketbus.wire.refusal import Refusal
from marketbus.wire.rpc import (
    ERROR_HEADER,
    Fault,
    Nothing,
    Pinned,
    QueryHistory,
    Renew,
    Renewed,
    Request,
    Select,
    Subscribe,
    Unsubscribe,
    decode_reply,
    error_of,
)

R = TypeVar("R")
H = TypeVar("H", Bar, Tick)
_PROGRESS = "progress/1"
Replies = asyncio.Queue[Msg | MarketBusError]
"""An error: why no reply will come."""
CHUNK = 1000
"""Patterns per request: 1,000 of the longest names stay below the request's limit in bytes."""


class NoAnswer(BusUnavailable):
    """It was asked, and nobody knows whether it was heard."""


class Calls:
    """The verbs of the gateways, typed."""

    def __init__(self, link: Link, principal: str) -> None:
        self._link = link
        self.principal = principal
        self._timeout = link.options.request_timeout
        self._waiting: dict[str, tuple[str, Replies]] = {}
        """By inbox: the subject that was asked, and where its replies go."""
        link.on_refused.append(self._refused)

    async def status(self, gateway: str, patience: float | None = None) -> GatewayStatus:
        """The gateway's status, now."""
        reply = await self._one(gateway, "status", Nothing(), dict[str, object], patience)
        return codec.from_object(GatewayStatus, reply)

    async def subscribe(self, gateway: str, owner: str, patterns: Sequence[str], ttl: float) -> Coverage:
        """Lease patterns; replaces the owner's former lease."""
        return await self._one(gateway, "subscribe", Subscribe(owner, list(patterns), ttl), Coverage)

    async def renew(self, gateway: str, owner: str, ttl: float, heard: Heard | None = None) -> Renewed:
        """Keep a lease alive, and say how the ticks arrived."""
        return await self._one(gateway, "renew", Renew(owner, ttl, heard), Renewed)

    async def unsubscribe(self, gateway: str, owner: str, patience: float = 1.0) -> None:
        """Give a lease back."""
        await self._one(gateway, "unsubscribe", Unsubscribe(owner), Nothing, patience)

    async def contracts(self, gateway: str, patterns: Sequence[str]) -> list[Contract]:
        """Contracts that the patterns take."""
        payloads = await self._select(gateway, "contracts", patterns)
        return [codec.decode(Contract, payload) for payload in payloads]

    async def calendar(self, gateway: str) -> CalendarTable:
        """Holidays of the years around, and trading hours."""
        return await self._one(gateway, "calendar", Nothing(), CalendarTable)

    async def snapshot(self, gateway: str, patterns: Sequence[str], patience: float | None = None) -> list[Tick]:
        """The last known ticks, flagged SNAPSHOT."""
        payloads = await self._select(gateway, "snapshot", patterns, patience)
        return [codec.decode(Tick, payload) for payload in payloads]

    async def history(self, gateway: str, request: QueryHistory, kind: type[H]) -> tuple[list[H], Progress]:
        """One answer: bars or ticks, and how far they reach. A gateway that is still asking its venue says so."""
        payloads = await self.stream(subjects.rpc(gateway, "md", "query_history"), gateway, "query_history", request)
        items: list[H] = []
        progress = Progress(request.start)
        for payload in payloads:
            if codec.tag_of(payload) == _PROGRESS:
                progress = codec.decode(Progress, payload)
            else:
                items.append(codec.decode(kind, payload))
        return items, progress

    async def subscriptions(self, gateway: str) -> list[Interest]:
        """Every instrument that is wanted."""
        payloads = await self.stream(subjects.rpc(gateway, "md", "subscriptions"), gateway, "subscriptions", Nothing())
        return [decode_reply(Interest, payload) for payload in payloads]

    async def pin(self, gateway: str, patterns: Sequence[str]) -> list[str]:
        """Subscribe for good; gives all pins back."""
        return (await self._one(gateway, "pin", Select(list(patterns)), Pinned, group="ops")).pins

    async def unpin(self, gateway: str, patterns: Sequence[str]) -> list[str]:
        """Take pins back; gives all pins back."""
        return (await self._one(gateway, "unpin", Select(list(patterns)), Pinned, group="ops")).pins

    async def reconnect(self, gateway: str) -> None:
        """Replace the gateway's worker."""
        await self._one(gateway, "reconnect", Nothing(), Nothing, group="ops")

    async def gather(self, subject: str, stall: float = 0.12, deadline: float = 1.0) -> list[bytes]:
        """Whatever is answered until nobody has spoken for `stall` seconds after an answer, or until `deadline`."""
        answers: list[bytes] = []
        loop = asyncio.get_running_loop()
        end = loop.time() + deadline
        async with self._inbox(subject) as (inbox, replies):
            await self._link.publish(subject, b"", reply=inbox)
            quiet = deadline
            while (left := min(quiet, end - loop.time())) > 0:
                try:
                    async with asyncio.timeout(left):
                        message = await replies.get()
                except TimeoutError:
                    break
                if isinstance(message, MarketBusError):
                    raise message
                if _nobody(message):
                    break
                answers.append(message.data)
                quiet = stall
        return answers

    async def _one(
        self, gateway: str, verb: str, request: Request, kind: type[R], patience: float | None = None, group: str = "md"
    ) -> R:
        subject = subjects.rpc(gateway, group, verb, self.principal if group == "ops" else None)
        return await self.ask(subject, gateway, verb, request, kind, patience)

    async def ask(
        self,
        subject: str,
        gateway: str,
        verb: str,
        request: Request,
        kind: type[R],
        patience: float | None = None,
        *,
        unbroken: bool = False,
    ) -> R:
        """One reply; with `unbroken`, a connection that breaks meanwhile ends the waiting.

        Raises:
            BusUnavailable: not connected; nothing was sent.
            NoAnswer: no reply in time, or the connection broke.
            UnknownGateway: nobody listens.
            NotPermitted: the bus does not let us.
            MarketBusError: what the gateway answered.
        """
        async with self._inbox(subject) as (inbox, replies):

            def on_cut() -> None:
                replies.put_nowait(NoAnswer(f"the connection to NATS broke before gateway {gateway!r} answered {verb}"))

            if unbroken:
                self._link.on_disconnect.append(on_cut)
            try:
                await self._link.publish(subject, msgspec.json.encode(request), reply=inbox)
                message = await self._next(replies, gateway, verb, patience or self._timeout)
            finally:
                if unbroken:
                    self._link.on_disconnect.remove(on_cut)
        return decode_reply(kind, message.data)

    async def _select(
        self, gateway: str, verb: str, patterns: Sequence[str], patience: float | None = None
    ) -> list[bytes]:
        subject = subjects.rpc(gateway, "md", verb)
        out: list[bytes] = []
        for start in range(0, len(patterns), CHUNK):
            out += await self.stream(subject, gateway, verb, Select(list(patterns[start : start + CHUNK])), patience)
        return out

    async def stream(
        self, subject: str, gateway: str, verb: str, request: Request, patience: float | None = None
    ) -> list[bytes]:
        """Messages up to the empty one.

        Raises:
            MarketBusError: as `ask`.
        """
        out: list[bytes] = []
        async with self._inbox(subject) as (inbox, replies):
            await self._link.publish(subject, msgspec.json.encode(request), reply=inbox)
            while True:
                message = await self._next(replies, gateway, verb, patience or self._timeout)
                if not message.data:
                    return out
                out.append(message.data)

    @asynccontextmanager
    async def _inbox(self, subject: str) -> AsyncGenerator[tuple[str, Replies], None]:
        replies: Replies = asyncio.Queue()

        async def on_reply(message: Msg) -> None:
            replies.put_nowait(message)

        inbox = self._link.inbox()
        self._waiting[inbox] = (subject, replies)
        try:
            tap = await self._link.subscribe(inbox, on_reply)
            try:
                yield inbox, replies
            finally:
                await tap.close()
        finally:
            del self._waiting[inbox]

    def _refused(self, refusal: Refusal) -> bool:
        """Nobody will ever answer: whoever waits is told now, and not by a time-out."""
        told = False
        for inbox, (subject, replies) in self._waiting.items():
            about = subject if refusal.publish else inbox
            if refusal.concerns(about):
                replies.put_nowait(self._link.not_permitted(refusal, about))
                told = True
        return told

    async def _next(self, replies: Replies, gateway: str, verb: str, patience: float) -> Msg:
        try:
            async with asyncio.timeout(patience):
                message = await replies.get()
        except TimeoutError:
            raise NoAnswer(
                f"gateway {gateway!r} did not answer {verb} within {patience:g} s", "see `marketbus status`"
            ) from None
        if isinstance(message, MarketBusError):
            raise message
        if _nobody(message):
            raise UnknownGateway(gateway)
        if message.headers and ERROR_HEADER in message.headers:
            raise _fault(message)
        return message


def _nobody(message: Msg) -> bool:
    return not message.data and bool(message.headers) and (message.headers or {}).get("Status") == "503"


def _fault(message: Msg) -> MarketBusError:
    try:
        return error_of(decode_reply(Fault, message.data))
    except BadPayload:
        return MarketBusError((message.headers or {}).get(ERROR_HEADER, "error without a body"))
