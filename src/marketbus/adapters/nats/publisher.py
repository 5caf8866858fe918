"""Ticks to NATS: encoded in the SDK's thread, written in batches by one task on a connection of their own."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from random import Random

import msgspec
import nats.errors
from nats.aio.client import Client

from marketbus.adapters.nats.backlog import Backlog, Chunk
from marketbus.adapters.nats.connection import OnEvent, close_connection, open_connection
from marketbus.adapters.nats.frames import TickFrames, TooLarge
from marketbus.adapters.nats.latency import LatencyWindow
from marketbus.adapters.nats.options import NatsOptions
from marketbus.adapters.nats.seam import cut, write_frames
from marketbus.domain.errors import MarketBusError
from marketbus.domain.histogram import Distribution, Histogram
from marketbus.domain.status import Latency
from marketbus.domain.tick import Tick
from marketbus.domain.times import NS
from marketbus.ports.clock import Clock

POLL = 0.02
"""Seconds between looks at a connection that is away."""


class NatsTickPublisher:
    """`ports.publisher.TickPublisher` on NATS.

    While the bus is slow or away the backlog holds at most `max_bytes`; what is older than `max_age` seconds gives way
    to the newest tick of its instrument, which goes out first when the bus is back. A batch that a breaking connection
    cut short is not sent again: it counts as dropped, cause `disconnected`, though some of it may have arrived.
    `may_send` is asked before each batch; while it says no (the gateway's name is not surely ours), ticks wait.
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
        may_send: Callable[[], bool] | None = None,
    ) -> None:
        """`stall`: seconds after which a socket that takes nothing is cut."""
        self._options = options
        self._clock = clock
        self._on_event = on_event
        self._stall = stall
        self._may_send = may_send
        self._frames = TickFrames()
        self._backlog = Backlog(clock, max_bytes, max_age)
        self._to_bus = Histogram()
        self._window = LatencyWindow(Random(0))  # noqa: S311 (a sample, no secret)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()
        self._caught_up = asyncio.Event()
        self._client: Client | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._writing_since: float | None = None

    def tick(self, tick: Tick) -> None:
        """Encode now, send soon; see `ports.publisher.TickPublisher`. Any thread, before `start` too."""
        try:
            key, frame = self._frames.frame(tick)
        except TooLarge:
            self._backlog.count("too_large")
            return
        except (ValueError, TypeError, OverflowError, msgspec.MsgspecError):
            self._backlog.count("unencodable")
            return
        if self._backlog.put(key, frame, tick.received):
            self._wake_writer()

    def drops(self) -> Mapping[str, int]:
        """Ticks given up so far: `slow_bus`, `disconnected`, `too_large`, `unencodable`."""
        return dict(self._backlog.drops)

    def buffered(self) -> int:
        """Bytes waiting."""
        return self._backlog.size

    def latency(self) -> Latency | None:
        """Received → written, of the tick that waited longest in each batch; the window ends with the call."""
        return self._window.take()

    def to_bus(self) -> Distribution:
        """See `ports.publisher.TickPublisher`."""
        return self._to_bus.now()

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
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await close_connection(self._client)
        self._client = None

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

    async def _write_for_ever(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self._write_all()

    async def _write_all(self) -> None:
        while True:
            client = await self._connected()
            if self._may_send is not None and not self._may_send():
                await asyncio.sleep(POLL)
                continue
            chunk = self._backlog.take()
            if chunk is None:
                self._backlog.cause = "slow_bus"
                self._caught_up.set()
                return
            await self._write(client, chunk)

    async def _write(self, client: Client, chunk: Chunk) -> None:
        self._writing_since = self._clock.monotonic()
        try:
            written = await write_frames(client, b"".join(chunk.frames))
        except (OSError, RuntimeError, nats.errors.Error):  # RuntimeError: uvloop's word for a closed transport
            written = False
        finally:
            self._writing_since = None
        if not written:
            self._backlog.count("disconnected", len(chunk.keys))
        elif chunk.received:
            waited = self._clock.now() - chunk.received
            self._window.add(waited / 1000)
            self._to_bus.add(waited / NS)

    async def _connected(self) -> Client:
        """The client once it is connected; after an outage only the newest tick of each instrument is left."""
        client = self._client
        assert client is not None
        if client.is_connected:
            return client
        self._backlog.cause = "disconnected"
        while not client.is_connected:
            if client.is_closed:
                client = self._client = await self._reopen()
            else:
                await asyncio.sleep(POLL)
        self._backlog.conflate()
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
            since = self._writing_since
            if since is not None and self._client is not None and self._clock.monotonic() - since > self._stall:
                self._on_event("nats.error", {"words": f"the server took nothing for {self._stall:g} s"})
                cut(self._client)
                self._writing_since = None
