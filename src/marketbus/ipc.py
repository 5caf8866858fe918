"""Four verbs between our own processes: `register`, `call`, `broadcast`, `subscribe`.

JSON or MessagePack, never pickle.

    async with IPCNode("risk") as node:
        await node.register("limit", lambda account: 5)
        await node.subscribe("alerts", print)

    async with IPCNode("strategy") as node:
        await node.call("risk", "limit", account="a1")
        await node.broadcast("alerts", {"text": "stop"})

Subjects: `ipc.rpc.<node>.<method>` (nodes of one name share the calls) and `ipc.pub.<channel>`.
"""

import asyncio
import contextlib
import inspect
import logging
import os
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Any, Literal, Protocol

import msgspec
import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from marketbus.domain.errors import BadPayload, BadRequest, BusUnavailable, MarketBusError, NotPermitted
from marketbus.domain.tick import Tick
from marketbus.wire.refusal import refusal_of
from marketbus.wire.rpc import ERROR_CODE_HEADER, ERROR_HEADER, Fault, decode_reply, error_of, fault_of
from marketbus.wire.subjects import encode_token

logger = logging.getLogger("marketbus.ipc")

MAX_BYTES = 900_000
"""NATS refuses messages above 1 MiB by default."""
MAX_RUNNING = 256
TICK_CHANNEL = "tick:"
_TYPE = "Content-Type"
_JSON, _MSGPACK = "application/json", "application/msgpack"

Handler = Callable[..., Any]


class RemoteError(MarketBusError):
    """The function that was called raised; the message is what it said."""

    code = "remote"


class UnknownTarget(MarketBusError):
    """No node of that name has registered that method."""

    code = "unknown_target"


class TickSource(Protocol):
    """What gives ticks to a `tick:` channel: a `Bus`."""

    async def on_ticks(self, patterns: str, handler: Callable[[Tick], object]) -> Any:
        """Call the handler for every tick."""
        ...


class _Call(msgspec.Struct, forbid_unknown_fields=True):
    args: list[Any] = []
    kwargs: dict[str, Any] = {}


class IPCNode:
    """A process on the bus, by name."""

    def __init__(
        self,
        name: str,
        url: str | Sequence[str] | None = None,
        *,
        encoding: Literal["json", "msgpack"] = "json",
        timeout: float = 5.0,
        bus: TickSource | None = None,
        **nats_options: Any,
    ) -> None:
        """Name the node; nothing is opened yet.

        Args:
            name: what others call; several processes may share it, and then share the calls.
            url: NATS servers; else MARKETBUS_URL (comma separated), else nats://127.0.0.1:4222.
            encoding: how this node writes; it reads both.
            timeout: seconds that a call may take.
            bus: makes `subscribe("tick:rb2701.SHFE", handler)` work.
            nats_options: for `nats.connect`: user, password, token, user_credentials, nkeys_seed, inbox_prefix, tls.
        """
        given = url if url is not None else os.environ.get("MARKETBUS_URL", "") or "nats://127.0.0.1:4222"
        texts = given.split(",") if isinstance(given, str) else given
        self.name = name
        self.handler_errors = 0
        """Exceptions that subscribed handlers raised."""
        self.bad_payloads = 0
        """Messages on subscribed channels that could not be read."""
        self._urls = [text.strip() for text in texts if text.strip()]
        self._encoding = encoding
        self._timeout = timeout
        self._bus = bus
        self._options = nats_options
        self._nc: Client | None = None
        self._running: set[asyncio.Task[None]] = set()
        self._feeds: list[Any] = []
        self._asked: dict[asyncio.Future[Msg], str] = {}
        """Calls that wait for their answer, and the subject of each."""
        self._denied: set[str] = set()
        """Subjects, in lower case, that the server has refused us."""

    async def open(self) -> "IPCNode":
        """Connect; afterwards it reconnects for ever.

        Raises:
            BusUnavailable: no NATS.
        """
        client = Client()
        settings: dict[str, Any] = {"connect_timeout": 2, "reconnect_time_wait": 0.25, "max_reconnect_attempts": -1}
        refused = asyncio.Event()

        async def on_error(error: Exception) -> None:
            logger.warning("NATS: %r", error)
            refused.set()
            if (refusal := refusal_of(str(error))) is not None:
                self._denied.add(refusal.subject)
                for asked, subject in self._asked.items():
                    if refusal.publish and refusal.concerns(subject):
                        asked.cancel()

        opening = asyncio.ensure_future(
            client.connect(self._urls, name=self.name, error_cb=on_error, **(settings | self._options))
        )
        try:
            for _ in self._urls:
                waiting = asyncio.ensure_future(refused.wait())
                await asyncio.wait({opening, waiting}, timeout=3, return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
                refused.clear()
                if opening.done():
                    opening.result()
                    self._nc = client
                    return self
            raise BusUnavailable(f"no NATS at {', '.join(self._urls)}: is `marketbus up` running?")
        except (nats.errors.Error, OSError) as error:
            raise BusUnavailable(f"no NATS at {', '.join(self._urls)}: {error}") from error
        finally:
            if self._nc is None:
                opening.cancel()
                await asyncio.gather(opening, return_exceptions=True)
                await client.close()

    async def close(self) -> None:
        """Withdraw everything and disconnect. Safe to call twice."""
        feeds, self._feeds = self._feeds, []
        for feed in feeds:
            await feed.stop()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        client, self._nc = self._nc, None
        if client is not None:
            await client.close()

    async def __aenter__(self) -> "IPCNode":
        return await self.open()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def register(self, name: str, func: Handler) -> None:
        """Let others call `func` as `name`.

        A plain function is called on the event loop and must be quick; a coroutine function runs as a task of its own
        (at most 256 at a time; further calls wait).

        Raises:
            NotPermitted: the bus does not let our user be this node.
        """
        await self._subscribe(f"ipc.rpc.{encode_token(self.name)}.{encode_token(name)}", self._server(func), self.name)

    async def call(self, target: str, method: str, /, *args: Any, **kwargs: Any) -> Any:
        """Call a registered function and give its result, as plain data.

        Raises:
            UnknownTarget: nobody has registered it.
            RemoteError: the function raised.
            BadRequest: it does not take these arguments.
            BadPayload: arguments or result too large, or not plain data.
            BusUnavailable: no connection, or no answer in time. The function may have run.
            NotPermitted: the bus does not let our user call; it did not run.
        """
        payload = self._encode(_Call(list(args), kwargs))
        subject = f"ipc.rpc.{encode_token(target)}.{encode_token(method)}"
        try:
            reply = await self._request(subject, payload)
        except nats.errors.NoRespondersError:
            raise UnknownTarget(f"nobody offers {target}.{method}") from None
        except (nats.errors.Error, OSError, TimeoutError) as error:
            raise BusUnavailable(f"{target}.{method} did not answer within {self._timeout:g} s: {error}") from None
        if reply.headers and ERROR_HEADER in reply.headers:
            raise _error(decode_reply(Fault, reply.data))
        return _decode(reply, Any)

    async def broadcast(self, channel: str, message: Any) -> None:
        """Send plain data to everyone who listens on the channel.

        Raises:
            BadPayload: too large, or not plain data.
            BusUnavailable: no connection.
        """
        payload = self._encode(message)
        client = self._client()
        try:
            await client.publish(_channel(channel), payload, headers=self._headers())
        except (nats.errors.Error, OSError) as error:
            raise BusUnavailable(f"broadcast on {channel}: {error}") from error

    async def subscribe(self, channel: str, handler: Handler) -> None:
        """Call `handler` (plain or coroutine function) with every message on the channel, one at a time, in order.

        `*` stands for one dotted part of a channel's name, `>` for the rest. `tick:rb2701.SHFE` gives ticks of the
        bus. A handler that raises is counted and logged.

        Raises:
            BadRequest: a tick channel on a node without a bus.
            NotPermitted: the bus does not let our user listen there.
        """
        if channel.startswith(TICK_CHANNEL):
            if self._bus is None:
                raise BadRequest("this node has no bus", "IPCNode(..., bus=bus)")
            self._feeds.append(await self._bus.on_ticks(channel.removeprefix(TICK_CHANNEL), handler))
            return

        async def deliver(message: Msg) -> None:
            try:
                value = _decode(message, Any)
            except BadPayload as error:
                self.bad_payloads += 1
                logger.warning("channel %s: %s", message.subject[:100], error)
                return
            try:
                result = handler(value)
                if inspect.isawaitable(result):
                    await result
            except Exception:
                self.handler_errors += 1
                logger.exception("handler of channel %s", message.subject[:100])

        await self._subscribe(_channel(channel), deliver, "")

    def _server(self, func: Handler) -> Callable[[Msg], Any]:
        async def serve(message: Msg) -> None:
            try:
                request = _decode(message, _Call)
                try:
                    call = inspect.signature(func).bind(*request.args, **request.kwargs)
                except TypeError as error:
                    raise BadRequest(str(error)) from None
                result = func(*call.args, **call.kwargs)
            except Exception as error:  # noqa: BLE001 (told to the caller, whatever it is)
                await self._refuse(message, error)
                return
            if not inspect.isawaitable(result):
                await self._answer(message, result)
                return
            task = asyncio.ensure_future(self._finish(message, result))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
            if len(self._running) >= MAX_RUNNING:
                await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)

        return serve

    async def _finish(self, message: Msg, result: Awaitable[Any]) -> None:
        try:
            value = await result
        except Exception as error:  # noqa: BLE001 (told to the caller, whatever it is)
            await self._refuse(message, error)
        else:
            await self._answer(message, value)

    async def _answer(self, message: Msg, value: Any) -> None:
        try:
            payload = self._encode(value)
        except BadPayload as error:
            await self._refuse(message, error)
            return
        await self._reply(message, payload, self._headers())

    async def _refuse(self, message: Msg, error: Exception) -> None:
        if not isinstance(error, MarketBusError):
            logger.warning("function behind %s raised", message.subject[:100], exc_info=error)
            error = RemoteError(f"{type(error).__name__}: {error}"[:1000])
        status, fault = fault_of(error)
        headers = {ERROR_HEADER: fault.code, ERROR_CODE_HEADER: str(status)}
        await self._reply(message, msgspec.json.encode(fault), headers)

    async def _reply(self, message: Msg, payload: bytes, headers: dict[str, str]) -> None:
        if message.reply and self._nc is not None:
            with contextlib.suppress(nats.errors.Error, OSError):  # the caller hears a time-out
                await self._nc.publish(message.reply, payload, headers=headers)

    async def _request(self, subject: str, payload: bytes) -> Msg:
        asked = asyncio.ensure_future(
            self._client().request(subject, payload, timeout=self._timeout, headers=self._headers())
        )
        self._asked[asked] = subject
        self._denied.discard(subject.lower())
        try:
            return await asked
        except asyncio.CancelledError:
            self._check(subject)
            raise
        finally:
            asked.cancel()
            del self._asked[asked]

    def _check(self, subject: str) -> None:
        if subject.lower() in self._denied:
            hint = "its user needs ipc = true, and registers under its own name only"
            raise NotPermitted(f"NATS does not let node {self.name} use {subject}", hint, subject=subject) from None

    async def _subscribe(self, subject: str, callback: Callable[[Msg], Any], queue: str) -> None:
        group = encode_token(queue) if queue else ""
        client = self._client()
        self._denied.discard(subject.lower())
        subscription = await client.subscribe(subject, group, callback)  # pyright: ignore[reportUnknownMemberType]
        # Twice: nats-py writes PING past its own buffer (Client._send_ping), so one PONG may overtake the SUB.
        await client.flush()
        await client.flush()
        try:
            self._check(subject)
        except NotPermitted:
            await subscription.unsubscribe()
            raise

    def _client(self) -> Client:
        if self._nc is None or not self._nc.is_connected:
            raise BusUnavailable(f"node {self.name} has no connection to NATS")
        return self._nc

    def _headers(self) -> dict[str, str]:
        return {_TYPE: _JSON if self._encoding == "json" else _MSGPACK}

    def _encode(self, value: Any) -> bytes:
        try:
            payload = (msgspec.json if self._encoding == "json" else msgspec.msgpack).encode(value)
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise BadPayload(f"not plain data: {error}") from None
        if len(payload) > MAX_BYTES:
            raise BadPayload(f"{len(payload)} bytes, limit {MAX_BYTES}")
        return payload


def _decode(message: Msg, kind: Any) -> Any:
    if len(message.data) > MAX_BYTES:
        raise BadPayload(f"{len(message.data)} bytes, limit {MAX_BYTES}")
    packed = (message.headers or {}).get(_TYPE) == _MSGPACK
    try:
        return (msgspec.msgpack if packed else msgspec.json).decode(message.data, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadPayload(f"cannot be read: {error}") from None


def _channel(channel: str) -> str:
    parts = channel.split(".")
    return "ipc.pub." + ".".join(part if part in ("*", ">") else encode_token(part) for part in parts)


def _error(fault: Fault) -> MarketBusError:
    if fault.code == RemoteError.code:
        return RemoteError(fault.message, fault.hint)
    return error_of(fault)
