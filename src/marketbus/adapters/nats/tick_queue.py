"""From a tick to what waits to be written: encode and frame, queue, count. In Python, or in the accelerator."""

from collections.abc import Mapping
from random import Random
from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec

from marketbus.adapters.nats.backlog import Backlog
from marketbus.adapters.nats.frames import TickFrames, TooLarge
from marketbus.adapters.nats.latency import LatencyWindow, quantiles
from marketbus.domain.histogram import Distribution, Histogram
from marketbus.domain.status import Latency
from marketbus.domain.tick import Tick
from marketbus.domain.times import NS
from marketbus.ports.clock import Clock
from marketbus.wire.native import Native, tick_queue

if TYPE_CHECKING:
    from marketbus_native import _native


class Batch(NamedTuple):
    """Whole messages that are written at once."""

    data: bytes
    ticks: int
    received: int
    """`received` of the tick that waited longest, ns UTC; 0 when unknown."""


class TickQueue(Protocol):
    """`put` from any thread, never blocking; the rest from the loop."""

    @property
    def words(self) -> str:
        """Which twin it is."""
        ...

    def put(self, tick: Tick) -> bool:
        """Encode now; True when the caller must wake a writer on the loop. A tick that cannot be sent is counted."""
        ...

    def take(self) -> Batch | None:
        """The next to write; None, and idle from now on, when there is nothing."""
        ...

    def conflate(self) -> None:
        """Keep the newest tick of each instrument only."""
        ...

    def because(self, cause: str) -> None:
        """Why ticks are given up from now on."""
        ...

    def count(self, cause: str, ticks: int) -> None:
        """Count ticks given up elsewhere."""
        ...

    def drops(self) -> Mapping[str, int]:
        """Ticks given up, by cause."""
        ...

    def buffered(self) -> int:
        """Bytes waiting."""
        ...

    def waited(self, ns: int) -> None:
        """A batch was written whose oldest tick had been received that long ago."""
        ...

    def latency(self) -> Latency | None:
        """Of the waits since the last call."""
        ...

    def to_bus(self) -> Distribution:
        """Of all waits."""
        ...


class PythonTickQueue:
    """Everything in the caller's thread and on the loop."""

    def __init__(self, clock: Clock, max_bytes: int, max_age: float, words: str = "python") -> None:
        self.words = words
        self._frames = TickFrames()
        self._backlog = Backlog(clock, max_bytes, max_age)
        self._to_bus = Histogram()
        self._window = LatencyWindow(Random(0))  # noqa: S311 (a sample, no secret)

    def put(self, tick: Tick) -> bool:
        """See `TickQueue`."""
        try:
            key, frame = self._frames.frame(tick)
        except TooLarge:
            self._backlog.count("too_large")
            return False
        except (ValueError, TypeError, OverflowError, msgspec.MsgspecError):
            self._backlog.count("unencodable")
            return False
        return self._backlog.put(key, frame, tick.received)

    def take(self) -> Batch | None:
        """See `TickQueue`."""
        chunk = self._backlog.take()
        return None if chunk is None else Batch(b"".join(chunk.frames), len(chunk.keys), chunk.received)

    def conflate(self) -> None:
        """See `TickQueue`."""
        self._backlog.conflate()

    def because(self, cause: str) -> None:
        """See `TickQueue`."""
        self._backlog.cause = cause

    def count(self, cause: str, ticks: int) -> None:
        """See `TickQueue`."""
        self._backlog.count(cause, ticks)

    def drops(self) -> Mapping[str, int]:
        """See `TickQueue`."""
        return dict(self._backlog.drops)

    def buffered(self) -> int:
        """See `TickQueue`."""
        return self._backlog.size

    def waited(self, ns: int) -> None:
        """See `TickQueue`."""
        self._window.add(ns / 1000)
        self._to_bus.add(ns / NS)

    def latency(self) -> Latency | None:
        """See `TickQueue`."""
        return self._window.take()

    def to_bus(self) -> Distribution:
        """See `TickQueue`."""
        return self._to_bus.now()


class NativeTickQueue:
    """In the accelerator, whose thread also writes where the connection is a plain socket: see `native_writer`."""

    def __init__(self, queue: "_native.TickQueue", words: str) -> None:
        self.words = words
        self.native = queue
        self.put = queue.put
        self.conflate = queue.conflate
        self.because = queue.because
        self.count = queue.count
        self.drops = queue.drops
        self.buffered = queue.buffered
        self.waited = queue.waited

    def take(self) -> Batch | None:
        """See `TickQueue`."""
        taken = self.native.take()
        return None if taken is None else Batch(*taken[:3])

    def latency(self) -> Latency | None:
        """See `TickQueue`."""
        return quantiles(*self.native.window())

    def to_bus(self) -> Distribution:
        """See `TickQueue`."""
        return Distribution(*self.native.delays())


def open_queue(native: Native, clock: Clock, max_bytes: int, max_age: float) -> PythonTickQueue | NativeTickQueue:
    """The accelerator's where there is one. It reads the machine's clocks, whatever `clock` is."""
    if native.module is None:
        return PythonTickQueue(clock, max_bytes, max_age, native.words)
    return NativeTickQueue(tick_queue(native.module, max_bytes, max_age), native.words)
