"""The connection to NATS: made once, kept for ever, with subscriptions that outlive any server."""

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from marketbus.client.batch_parser import BatchParser
from marketbus.client.options import Options
from marketbus.client.stats import Stats, Throttle, logger
from marketbus.client.tls_noise import hush
from marketbus.domain.errors import BusUnavailable, NotPermitted
from marketbus.wire import subjects
from marketbus.wire.refusal import Refusal, refusal_of

PENDING_MESSAGES = 1_000_000
PENDING_BYTES = 512 * 1024 * 1024
"""What nats-py may hold per subscription before it sheds (and says so): far above what one turn of the loop reads."""

Callback = Callable[[Msg], Awaitable[None]]


class Tap:
    """One subscription, made again whenever the connection had to be replaced."""

    def __init__(self, link: "Link", subject: str, callback: Callback, on_shed: Callable[[], None] | None) -> None:
        self.subject = subject
        self.callback = callback
        self.on_shed = on_shed
        self.live: Subscription | None = None
        self.refused: NotPermitted | None = None
        """Set when the server does not let us listen there."""
        self._link = link

    async def close(self) -> None:
        """End the subscription."""
        self._link.forget(self)
        live, self.live = self.live, None
        if live is not None:
            with contextlib.suppress(nats.errors.Error, OSError):
                await live.unsubscribe()


class Link:
    """A NATS connection. Listeners are called on its loop and must not block."""

    def __init__(self, options: Options, stats: Stats, throttle: Throttle) -> None:
        self.options = options
        self.on_disconnect: list[Callable[[], None]] = []
        self.on_reconnect: list[Callable[[], None]] = []
        self.on_refused: list[Callable[[Refusal], bool]] = []
        """Each says whether it has told whoever asked."""
        self._stats = stats
        self._throttle = throttle
        self._nc = Client()
        self._taps: dict[Tap, None] = {}
        self._closing = False
        self._up = False
        self._replacing: asyncio.Task[None] | None = None

    @property
    def connected(self) -> bool:
        """Whether NATS is reachable now."""
        return self._up and self._nc.is_connected

    @property
    def client(self) -> Client:
        """The nats-py client in use; another one after a server refused us for good."""
        return self._nc

    async def open(self) -> None:
        """Connect.

        Raises:
            BusUnavailable: no server takes us.
        """
        hush()
        await self._connect()
        self._up = True

    async def close(self) -> None:
        """Close; no callback comes after. Does nothing where `open` never succeeded."""
        was_up = self._up
        self._closing = True
        self._up = False
        self._taps.clear()
        if self._replacing is not None:
            self._replacing.cancel()
            await asyncio.gather(self._replacing, return_exceptions=True)
        if not was_up:
            return
        with contextlib.suppress(nats.errors.Error, OSError, TimeoutError):
            if self._nc.is_connected:
                await self._nc.flush(timeout=1)
        with contextlib.suppress(nats.errors.Error, OSError):
            await self._nc.close()

    async def subscribe(self, subject: str, callback: Callback, on_shed: Callable[[], None] | None = None) -> Tap:
        """Subscribe; `on_shed` is called when nats-py had to drop messages of it."""
        tap = Tap(self, subject, callback, on_shed)
        self._taps[tap] = None
        await self._tap(tap)
        return tap

    def forget(self, tap: Tap) -> None:
        """Do not make this subscription again."""
        self._taps.pop(tap, None)

    async def publish(self, subject: str, payload: bytes, reply: str = "") -> None:
        """Publish.

        Raises:
            BusUnavailable: no connection.
        """
        if not self.connected:
            raise BusUnavailable(f"no connection to NATS at {self.options.where}", "reconnecting")
        try:
            await self._nc.publish(subject, payload, reply=reply)
        except (nats.errors.Error, OSError) as error:
            raise BusUnavailable(f"NATS at {self.options.where}: {error}") from error

    async def flush(self) -> None:
        """Wait until the server has seen everything sent so far.

        Raises:
            BusUnavailable: it did not answer, or the connection broke.
        """
        # nats-py waits its time out for the PONG of a connection that is gone.
        flushing = asyncio.ensure_future(self._flush())

        def on_cut() -> None:
            flushing.cancel()

        self.on_disconnect.append(on_cut)
        try:
            if not self.connected:
                on_cut()
            await asyncio.wait({flushing})
            if flushing.cancelled():
                raise BusUnavailable(f"the connection to NATS at {self.options.where} broke", "reconnecting")
            flushing.result()
        except (nats.errors.Error, OSError, TimeoutError) as error:
            raise BusUnavailable(f"NATS at {self.options.where}: {error}") from error
        finally:
            self.on_disconnect.remove(on_cut)
            flushing.cancel()

    async def _flush(self) -> None:
        # nats-py writes PING past its own buffer (Client._send_ping), so the first PONG may overtake a SUB that is
        # still in it; by then the buffer has been written, and the second PONG is a true barrier.
        await self._nc.flush(timeout=5)
        await self._nc.flush(timeout=5)

    async def confirm(self, *taps: Tap) -> None:
        """Wait until the server has taken these subscriptions.

        Raises:
            NotPermitted: it refuses one.
            BusUnavailable: it did not answer.
        """
        await self.flush()  # a refusal comes before the answer to a later PING
        for tap in taps:
            if tap.refused is not None:
                raise tap.refused

    def not_permitted(self, refusal: Refusal, subject: str) -> NotPermitted:
        """The error for a subject of ours that the server refuses."""
        principal = self.options.principal
        does = "publish to" if refusal.publish else "listen on"
        hint = "ask whoever keeps the bus's users for a role that covers it"
        if not refusal.publish and subject.startswith("_INBOX."):
            hint = "is the principal the name of this nkey's user? connect(principal=...) or MARKETBUS_PRINCIPAL"
        return NotPermitted(
            f"NATS does not let {principal!r} {does} {subject}", hint, subject=subject, principal=principal
        )

    def inbox(self) -> str:
        """A new subject for replies."""
        return self._nc.new_inbox()

    async def _tap(self, tap: Tap) -> None:
        tap.refused = None
        try:
            tap.live = await self._nc.subscribe(  # pyright: ignore[reportUnknownMemberType]
                tap.subject,
                cb=tap.callback,
                pending_msgs_limit=PENDING_MESSAGES,
                pending_bytes_limit=PENDING_BYTES,
            )
        except (nats.errors.Error, OSError) as error:
            raise BusUnavailable(f"NATS at {self.options.where}: {error}") from error

    async def _connect(self) -> None:
        options = self.options
        failed: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()
        tries = 0
        client = Client()
        BatchParser.install(client)

        async def on_error(error: Exception) -> None:
            nonlocal tries
            tries += 1
            if not client.is_connected and tries >= len(options.urls) and not failed.done():
                failed.set_result(error)
            self._error(error)
            if "authorization violation" in str(error).lower() and not client.is_closed:
                self._renew(client)

        async def on_disconnect() -> None:
            self._lost(client)

        async def on_reconnect() -> None:
            self._back()

        async def on_closed() -> None:
            self._ended(client)

        connecting = asyncio.ensure_future(
            client.connect(
                list(options.urls),
                error_cb=on_error,
                disconnected_cb=on_disconnect,
                reconnected_cb=on_reconnect,
                closed_cb=on_closed,
                connect_timeout=max(1, round(options.connect_timeout)),
                **_settings(options),
            )
        )
        waiting: set[asyncio.Future[Any]] = {connecting, failed}
        try:
            await asyncio.wait(waiting, timeout=options.connect_timeout, return_when=asyncio.FIRST_COMPLETED)
            if connecting.done():
                connecting.result()
                self._nc = client
                return
            reason = str(failed.result()) if failed.done() else f"no answer in {options.connect_timeout:g} s"
            raise _unavailable(options, reason)
        except (nats.errors.Error, OSError) as error:
            raise _unavailable(options, str(error)) from error
        finally:
            if not connecting.done():
                connecting.cancel()
                await asyncio.gather(connecting, return_exceptions=True)
            if self._nc is not client:
                with contextlib.suppress(nats.errors.Error, OSError):
                    await client.close()

    def _error(self, error: Exception) -> None:
        if isinstance(error, nats.errors.SlowConsumerError):
            shed = next((tap for tap in self._taps if tap.live is error.sub), None)
            if shed is not None and shed.on_shed is not None:
                shed.on_shed()
        if (refusal := refusal_of(str(error))) is not None and self._refused(refusal):
            return
        if self._up and not self._closing:
            self._throttle.warning("nats", f"NATS: {error!r}")

    def _refused(self, refusal: Refusal) -> bool:
        if not refusal.publish:
            for tap in self._taps:
                if refusal.concerns(tap.subject):
                    tap.refused = self.not_permitted(refusal, tap.subject)
        told = [listener(refusal) for listener in self.on_refused]
        return any(told)

    def _lost(self, client: Client) -> None:
        if self._closing or client is not self._nc or not self._up:
            return
        logger.warning("NATS disconnected; reconnecting")
        for listener in list(self.on_disconnect):
            listener()

    def _back(self) -> None:
        if self._closing:
            return
        self._stats.reconnects += 1
        logger.warning("NATS reconnected: %s", self._nc.connected_url.netloc if self._nc.connected_url else "?")
        for listener in list(self.on_reconnect):
            listener()

    def _ended(self, client: Client) -> None:
        # nats-py gives up on any -ERR it does not know and on an authorization that was withdrawn; we do not.
        if self._closing or not self._up or client is not self._nc or self._replacing is not None:
            return
        self._replacing = asyncio.get_running_loop().create_task(self._replace(), name="marketbus-reconnect")

    def _renew(self, client: Client) -> None:
        """Our key may have been replaced: nats-py reads it when a client is made, and never again."""
        if self._closing or not self._up or client is not self._nc or self._replacing is not None:
            return
        self._replacing = asyncio.get_running_loop().create_task(self._replace(), name="marketbus-reconnect")

    async def _replace(self) -> None:
        try:
            with contextlib.suppress(nats.errors.Error, OSError):
                await self._nc.close()
            while True:
                began = time.monotonic()
                try:
                    await self._connect()
                    for tap in list(self._taps):
                        await self._tap(tap)
                    await self.flush()
                except (BusUnavailable, nats.errors.Error, OSError, TimeoutError) as error:
                    self._throttle.warning("nats", f"NATS refuses us: {error}")
                    await asyncio.sleep(max(0.0, 1.0 - (time.monotonic() - began)))
                else:
                    break
        finally:
            self._replacing = None
        self._back()


def _unavailable(options: Options, reason: str) -> BusUnavailable:
    if "authorization violation" in reason.lower():
        return BusUnavailable(
            f"NATS at {options.where} does not let us in: {reason}",
            "it asks for credentials that it knows: connect(nkey=...), MARKETBUS_NKEY; was the key replaced?",
        )
    if "certificate verify failed" in reason.lower():
        return BusUnavailable(
            f"NATS at {options.where}: {reason}",
            "connect(tls_ca=...) or MARKETBUS_TLS_CA names the authority that signed its certificate",
        )
    return BusUnavailable(f"no NATS at {options.where}: is `marketbus up` running?", reason)


def _settings(options: Options) -> dict[str, Any]:
    given: dict[str, Any] = {
        "name": options.name,
        "user": options.user,
        "password": options.password,
        "token": options.token,
        "user_credentials": None if options.creds is None else str(options.creds),
        "nkeys_seed": None if options.nkey is None else str(options.nkey),
        "tls": options.tls,
        "tls_hostname": options.tls_hostname,
        "inbox_prefix": subjects.inbox(options.principal),
    }
    return {key: value for key, value in given.items() if value is not None} | {
        "allow_reconnect": True,
        "max_reconnect_attempts": -1,
        "reconnect_time_wait": random.uniform(0.15, 0.35),  # noqa: S311 (spreads clients, protects nothing)
        "ping_interval": 20,
        "max_outstanding_pings": 2,
    }
