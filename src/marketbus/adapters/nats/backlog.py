"""Ticks on their way to the bus: a bounded queue that, when the bus is behind, keeps the newest of each instrument.

Two modes. Normally frames queue up in chunks, in the order they came. When they are too many or too old, the backlog
*conflates*: one scan leaves the newest frame per instrument, and from then on a newer one replaces the older in place,
so nothing is scanned twice and memory is bounded by the number of instruments. It queues again once it was emptied.

`put` never waits for a lock. CPython takes the GIL from a thread wherever it is, also while it holds a lock. Were
others to wait for that lock, every release would wake a thread that has the lock but not the GIL, and the next to want
the lock gives it the GIL: threads change with every tick instead of every switch interval, as long as the flood lasts
(13,000 ticks/s of four threads were measured where one makes 60,000). So whoever finds the lock taken lays its frame
into the inbox, and who has the lock next sorts it in. To append to a deque and to try a lock are single steps under the
GIL.
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
    """Thread-safe; `put` by the SDK's threads, `take` by the writer.

    The frames of one instrument are put by one thread at a time, or there is no order to keep.
    """

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
        self._inbox: deque[tuple[bytes, bytes, int, float]] = deque()
        """What was put while the lock was taken, and when. Few: the lock is never held for long."""
        self._awake = Lock()
        """Held while the writer is awake: who gets it has to wake the writer."""
        self._chunks: deque[Chunk] = deque()
        self._open: Chunk | None = None
        self._newest: OrderedDict[bytes, bytes] | None = None
        self._since = 0.0
        self._size = 0

    @property
    def size(self) -> int:
        """Bytes waiting."""
        with self._lock:
            self._sort_in()
            return self._size

    def put(self, key: bytes, frame: bytes, received: int) -> bool:
        """Append the frame of an instrument (`key`); True when the writer is idle and must be woken."""
        if not self._lock.acquire(blocking=False):
            self._inbox.append((key, frame, received, self._clock.monotonic()))
            return self._awake.acquire(blocking=False)
        try:
            if self._inbox:
                self._sort_in()
            self._add(key, frame, received, None)
            return self._awake.acquire(blocking=False)
        finally:
            self._lock.release()

    def take(self) -> Chunk | None:
        """The next frames to write; None, and idle from now on, when there are none."""
        with self._lock:
            while True:
                self._sort_in()
                if (chunk := self._next()) is not None:
                    return chunk
                if self._awake.locked():
                    self._awake.release()
                # Who put after we looked either finds us idle, or has put before this look.
                if not self._inbox or not self._awake.acquire(blocking=False):
                    return None

    def conflate(self) -> None:
        """Keep the newest frame of each instrument only."""
        with self._lock:
            self._sort_in()
            if self._newest is None and self._chunks:
                self._conflate()

    def count(self, cause: str, ticks: int = 1) -> None:
        """Count ticks given up elsewhere."""
        with self._lock:
            self._count(cause, ticks)

    def _count(self, cause: str, ticks: int) -> None:
        self.drops[cause] = self.drops.get(cause, 0) + ticks

    def _sort_in(self) -> None:
        """What lies in the inbox by now."""
        for _ in range(len(self._inbox)):
            self._add(*self._inbox.popleft())

    def _add(self, key: bytes, frame: bytes, received: int, since: float | None) -> None:
        """`since`: when it was put, if not now."""
        self._size = size = self._size + len(frame)
        if self._newest is not None:
            self._replace(key, frame)
            return
        chunk = self._open
        if chunk is None or chunk.size > self._chunk_bytes:
            self._open = chunk = Chunk(self._clock.monotonic() if since is None else since, received)
            self._chunks.append(chunk)
        chunk.keys.append(key)
        chunk.frames.append(frame)
        chunk.size += len(frame)
        if size > self._max_bytes:
            self._conflate()

    def _next(self) -> Chunk | None:
        if self._newest is None and self._chunks:
            if self._clock.monotonic() - self._chunks[0].started <= self._max_age:
                return self._take_chunk()
            self._conflate()
        return None if self._newest is None else self._take_newest()

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
