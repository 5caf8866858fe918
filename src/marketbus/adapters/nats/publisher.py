"""Ticks to NATS: encoded in the SDK's thread, written in batches on a connection of their own.

By a task on the loop; or, with the accelerator and a plain socket, by a thread that needs no GIL.
"""

import asyncio
import math
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

import nats.errors
from nats.aio.client import Client

from marketbus.adapters.nats.connection import OnEvent, close_connection, open_connection
from marketbus.adapters.nats.native_writer import can_lend, lend
from marketbus.adapters.nats.options import NatsOptions
from marketbus.adapters.nats.seam import cut, write_frames
from marketbus.adapters.nats.tick_queue import Batch, NativeTickQueue, open_queue
from marketbus.domain.errors import MarketBusError
from marketbus.domain.histogram import Distribution
from marketbus.domain.status import Latency
from marketbus.domain.tick import Tick
from marketbus.ports.clock import Clock
from marketbus.wire.native import Native, native

if TYPE_CHECKING:
    from marketbus_native import _native

POLL = 0.02
"""Seconds between looks at a connection that is away or not ours to use, and at a thread that writes."""
STEADY = 8
"""Ticks in one batch that tell of a stream: a writer that is woken for each takes the GIL from the SDK each time."""
REST = 0.001
"""Seconds that the writer on the loop then rests, so that more are written at once. A lone tick waits for nothing."""


class NatsTickPublisher:
    """`ports.publisher.TickPublisher` on NATS.

    While the bus is slow or away the backlog holds at most `max_bytes`; what is older than `max_age` seconds gives way
    to the newest tick of its instrument, which goes out first when the bus is back. A batch that a breaking connection
    cut short is not sent again: it counts as dropped, cause `disconnected`, though some of it may have arrived.
    `may_send_until` gives the second of the monotonic clock until which the gateway's name is surely ours; each batch
    is held against it, and ticks wait when it is past.
    """

    def __init__(
        self,
        options: NatsOptions,
        clock: Clock,
        on_event: OnEvent,
        *,
        max_bytes: int = 8 * 1024 * 1024,
        max_age: float = 2.0,
        stall: float = 5.0,
        rest: float = REST,
        may_send_until: Callable[[], float] = lambda: math.inf,
        accelerator: Native | None = None,
    ) -> None:
        """`stall`: seconds after which a socket that takes nothing is cut. `accelerator`: the installed one if None."""
        self._options = options
        self._clock = clock
        self._on_event = on_event
        self._stall = stall
        self._rest = rest
        self._may_send_until = may_send_until
        self._queue = open_queue(native() if accelerator is None else accelerator, clock, max_bytes, max_age)
        self._native = self._queue.native if isinstance(self._queue, NativeTickQueue) else None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()
        self._caught_up = asyncio.Event()
        self._client: Client | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._writing_since: float | None = None

    def tick(self, tick: Tick) -> None:
        """Encode now, send soon; see `ports.publisher.TickPublisher`. Any thread, before `start` too."""
        if self._queue.put(tick):
            self._wake_writer()

    @property
    def path(self) -> str:
        """See `ports.publisher.TickPublisher`."""
        client = self._client
        if self._native is None or client is None or not client.is_connected or can_lend(client):
            return self._queue.words
        return f"{self._queue.words}, but written in Python: the connection is no plain socket (TLS, WebSocket)"

    def sink(self) -> object | None:
        """See `ports.publisher.TickPublisher`."""
        return None if self._native is None else self._native.sink()

    def drops(self) -> Mapping[str, int]:
        """Ticks given up so far: `slow_bus`, `disconnected`, `too_large`, `unencodable`."""
        return self._queue.drops()

    def buffered(self) -> int:
        """Bytes waiting."""
        return self._queue.buffered()

    def latency(self) -> Latency | None:
        """Received → written, of the tick that waited longest in each batch; the window ends with the call."""
        return self._queue.latency()

    def to_bus(self) -> Distribution:
        """See `ports.publisher.TickPublisher`."""
        return self._queue.to_bus()

    async def start(self) -> None:
        """Connect and begin to write.

        Raises:
            ConfigError, BusUnavailable: see `open_connection`.
        """
        self._loop = asyncio.get_running_loop()
        self._client = await open_connection(self._options, self._on_event)
        self._tasks = [
            self._loop.create_task(self._write_for_ever(), name="tick-writer"),
            self._loop.create_task(self._cut_stalled(), name="tick-writer-stall"),
        ]
        for task in self._tasks:
            task.add_done_callback(self._ended)
        if self._native is not None:
            self._loop.add_reader(self._native.signal(), self._waiting)
        self._wake.set()

    async def stop(self, within: float = 2.0) -> None:
        """Write what waits, for at most `within` seconds, and close."""
        if self._client is None:
            return
        self._caught_up.clear()
        self._wake.set()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._caught_up.wait(), within)
        for task in self._tasks:
            task.cancel()
        if self._native is not None and self._loop is not None:
            self._loop.remove_reader(self._native.signal())
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await close_connection(self._client)
        self._client = None
        if self._native is not None:
            self._native.stop()

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._on_event("nats.error", {"words": f"{task.get_name()} ended: {error!r}"})

    def _wake_writer(self) -> None:
        loop = self._loop
        if loop is None:
            return  # before start, which looks for itself
        try:
            loop.call_soon_threadsafe(self._wake.set)
        except RuntimeError:
            return  # the loop is closed: the process is ending

    def _waiting(self) -> None:
        """The accelerator's queue has something, from Python or from native code, and no thread that writes."""
        assert self._native is not None
        with suppress(BlockingIOError):
            os.eventfd_read(self._native.signal())
        self._wake.set()

    async def _write_for_ever(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self._write_all()

    async def _write_all(self) -> None:
        while True:
            client = await self._connected()
            if self._native is not None and can_lend(client):
                await self._lend(client, self._native)
                continue
            if self._clock.monotonic() >= self._may_send_until():
                await asyncio.sleep(POLL)
                continue
            batch = self._queue.take()
            if batch is None:
                self._queue.because("slow_bus")
                self._caught_up.set()
                return
            await self._write(client, batch)
            if batch.ticks >= STEADY:
                await asyncio.sleep(self._rest)

    async def _lend(self, client: Client, queue: "_native.TickQueue") -> None:
        """The accelerator writes until the connection is gone."""
        queue.allow_until(self._may_send_until())
        if not await lend(client, queue):
            return
        connection = client.stats["reconnects"]
        while client.is_connected and queue.attached():
            queue.allow_until(self._may_send_until())
            if queue.caught_up():
                self._caught_up.set()
            await asyncio.sleep(POLL)
        queue.detach()
        # The thread may have run into what nats-py has not read yet; a socket that is shut down reads as ended.
        while client.is_connected and client.stats["reconnects"] == connection:  # noqa: ASYNC110 (nats-py tells nobody)
            await asyncio.sleep(POLL)

    async def _write(self, client: Client, batch: Batch) -> None:
        self._writing_since = self._clock.monotonic()
        try:
            written = await write_frames(client, batch.data)
        except (OSError, RuntimeError, nats.errors.Error):  # RuntimeError: uvloop's word for a closed transport
            written = False
        finally:
            self._writing_since = None
        if not written:
            self._queue.count("disconnected", batch.ticks)
        elif batch.received:
            self._queue.waited(self._clock.now() - batch.received)

    async def _connected(self) -> Client:
        """The client once it is connected; after an outage only the newest tick of each instrument is left."""
        client = self._client
        assert client is not None
        if client.is_connected:
            return client
        self._queue.because("disconnected")
        while not client.is_connected:
            if client.is_closed:
                client = self._client = await self._reopen()
            else:
                await asyncio.sleep(POLL)
        self._queue.conflate()
        return client

    async def _reopen(self) -> Client:
        while True:
            try:
                return await open_connection(self._options, self._on_event)
            except MarketBusError as error:
                self._on_event("nats.error", {"words": error.message})
                await asyncio.sleep(1.0)

    async def _cut_stalled(self) -> None:
        while True:
            await asyncio.sleep(self._stall / 4)
            since = self._writing_since if self._native is None else self._native.writing_since() or self._writing_since
            if since is not None and self._client is not None and self._clock.monotonic() - since > self._stall:
                self._on_event("nats.error", {"words": f"the server took nothing for {self._stall:g} s"})
                cut(self._client)
                self._writing_since = None
                if self._native is not None:
                    self._native.detach()
