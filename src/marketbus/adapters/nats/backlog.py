"""Ticks on their way to the bus: a bounded queue that, when the bus is behind, keeps the newest of each instrument.

Two modes. Normally frames queue up in chunks, in the order they came. When they are too many or too old, the backlog
*conflates*: one scan leaves the newest frame per instrument, and from then on a newer one replaces the older in place,
so nothing is scanned twice and memory is bounded by the number of instruments. It queues again once it was emptied.
"""

from collections import OrderedDict, deque
from threading import Lock

from marketbus.ports.clock import Clock


class Chunk:
    """Whole frames that are written at once."""

    __slots__ = ("frames", "keys", "received", "size", "started")

    def __init__(self, started: float, received: int) -> None:
        self.started = started
        """When its first frame came, monotonic seconds."""
        self.received = received
        """`received` of the tick that waited longest, ns UTC; 0 when unknown."""
        self.keys: list[bytes] = []
        self.frames: list[bytes] = []
        self.size = 0


class Backlog:
    """Thread-safe; `put` by the SDK's threads, `take` by the writer."""

    def __init__(self, clock: Clock, max_bytes: int, max_age: float, chunk_bytes: int = 512 * 1024) -> None:
        """`max_age` in seconds."""
        self.drops: dict[str, int] = {}
        """Ticks given up, by cause."""
        self.cause = "slow_bus"
        """Why ticks are given up now; the writer sets it."""
        self._clock = clock
        self._max_bytes = max_bytes
        self._max_age = max_age
        self._chunk_bytes = chunk_bytes
        self._lock = Lock()
        self._chunks: deque[Chunk] = deque()
        self._open: Chunk | None = None
        self._newest: OrderedDict[bytes, bytes] | None = None
        self._since = 0.0
        self._size = 0
        self._idle = True

    @property
    def size(self) -> int:
        """Bytes waiting."""
        return self._size

    def put(self, key: bytes, frame: bytes, received: int) -> bool:
        """Append the frame of an instrument (`key`); True when the writer is idle and must be woken."""
        with self._lock:
            self._size = size = self._size + len(frame)
            if self._newest is not None:
                self._replace(key, frame)
            else:
                chunk = self._open
                if chunk is None or chunk.size > self._chunk_bytes:
                    self._open = chunk = Chunk(self._clock.monotonic(), received)
                    self._chunks.append(chunk)
                chunk.keys.append(key)
                chunk.frames.append(frame)
                chunk.size += len(frame)
                if size > self._max_bytes:
                    self._conflate()
            wake, self._idle = self._idle, False
            return wake

    def take(self) -> Chunk | None:
        """The next frames to write; None, and idle from now on, when there are none."""
        with self._lock:
            if self._newest is None and self._chunks:
                if self._clock.monotonic() - self._chunks[0].started <= self._max_age:
                    return self._take_chunk()
                self._conflate()
            if self._newest is not None:
                return self._take_newest()
            self._idle = True
            return None

    def conflate(self) -> None:
        """Keep the newest frame of each instrument only."""
        with self._lock:
            if self._newest is None and self._chunks:
                self._conflate()

    def count(self, cause: str, ticks: int = 1) -> None:
        """Count ticks given up elsewhere."""
        with self._lock:
            self._count(cause, ticks)

    def _count(self, cause: str, ticks: int) -> None:
        self.drops[cause] = self.drops.get(cause, 0) + ticks

    def _take_chunk(self) -> Chunk:
        chunk = self._chunks.popleft()
        if chunk is self._open:
            self._open = None
        self._size -= chunk.size
        return chunk

    def _take_newest(self) -> Chunk:
        assert self._newest is not None
        chunk = Chunk(self._since, 0)
        while self._newest and chunk.size <= self._chunk_bytes:
            key, frame = self._newest.popitem(last=False)
            chunk.keys.append(key)
            chunk.frames.append(frame)
            chunk.size += len(frame)
        self._size -= chunk.size
        if not self._newest:
            self._newest = None
        return chunk

    def _conflate(self) -> None:
        newest: OrderedDict[bytes, bytes] = OrderedDict()
        total = 0
        for chunk in self._chunks:
            total += len(chunk.keys)
            for key, frame in zip(chunk.keys, chunk.frames, strict=True):
                newest[key] = frame
                newest.move_to_end(key)
        self._since = self._chunks[0].started
        self._chunks.clear()
        self._open = None
        self._newest = newest
        self._size = sum(map(len, newest.values()))
        if dropped := total - len(newest):
            self._count(self.cause, dropped)
        self._trim()

    def _replace(self, key: bytes, frame: bytes) -> None:
        assert self._newest is not None
        older = self._newest.pop(key, None)
        self._newest[key] = frame
        if older is not None:
            self._size -= len(older)
            self._count(self.cause, 1)
        if self._size > self._max_bytes:
            self._trim()

    def _trim(self) -> None:
        """More instruments than fit: those that have been silent longest give way."""
        assert self._newest is not None
        while self._size > self._max_bytes and len(self._newest) > 1:
            _, frame = self._newest.popitem(last=False)
            self._size -= len(frame)
            self._count(self.cause, 1)
