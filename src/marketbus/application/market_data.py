"""The way of a tick through the application: number it, keep the last value, hand it over."""

from collections import Counter, deque
from collections.abc import Callable, Iterable
from threading import Lock

from marketbus.domain.histogram import Distribution, Histogram
from marketbus.domain.instrument import Exchange, Instrument, Pattern
from marketbus.domain.tick import Tick, TickFlag, numbered, with_flag
from marketbus.domain.times import NS
from marketbus.ports.publisher import TickPublisher
from marketbus.ports.ticks import TickTable

SAMPLED = 7
"""Mask over an instrument's numbers."""
_OLD = TickFlag.OUT_OF_SESSION | TickFlag.SNAPSHOT
ANSWER_WITHIN = 5 * NS
"""How long after asking a snapshot may be the answer."""


class _Line:
    """One instrument's ticks."""

    __slots__ = ("answer_until", "last", "lock", "seq")

    def __init__(self) -> None:
        self.lock = Lock()
        self.last: Tick | None = None
        self.seq = 0
        self.answer_until = 0
        """Until then, ns UTC, an unchanged tick is the answer to our asking; 0: we did not ask."""


class MarketData:
    """Implements ports.ticks.TickTable. Numbers every instrument's ticks 1, 2, 3 ... within this epoch.

    An instrument's lock makes number, encoding and hand-over one step, so its order on the bus is the order of its
    numbers however many SDK threads call. Nothing on a tick's way waits for what instruments share: a thread that loses
    the GIL while it holds a lock holds up all who want it, and those of an SDK that has several threads then go on in
    single file, a change of threads for each tick (see adapters.nats.backlog). An instrument usually has one thread.
    """

    def __init__(self, epoch: int, publisher: TickPublisher) -> None:
        self.epoch = epoch
        self._publisher = publisher
        self._lines: dict[tuple[Exchange, str], _Line] = {}
        self._lock = Lock()
        """Of adding to the next three, and of going through the lines."""
        self._from_venue = Histogram()
        self._delays: deque[float] = deque()
        """Not yet in the histogram."""
        self.repeats = 0
        """Snapshots that only answered us."""
        self.market_now: Callable[[], int] | None = None
        """The market's clock, once there is one."""
        self.last_received: int | None = None

    @property
    def count(self) -> int:
        """See TickTable."""
        with self._lock:
            return sum([line.seq for line in self._lines.values()])

    def tick(self, tick: Tick) -> None:
        """Take one tick, from any thread."""
        key = (tick.exchange, tick.symbol)
        line = self._lines.get(key) or self._line(key)
        with line.lock:
            if line.answer_until and self._is_repeat(line, tick):
                with self._lock:
                    self.repeats += 1
                return
            line.seq = seq = line.seq + 1
            line.last = numbered(tick, self.epoch, seq)
            self.last_received = tick.received
            if not (seq & SAMPLED or tick.flags & _OLD) and self.market_now is not None:
                self._delayed((self.market_now() - tick.datetime) / NS)
            self._publisher.tick(tick)

    def expect_repeat(self, instrument: Instrument, now: int) -> None:
        """See TickTable."""
        line = self._line((instrument.exchange, instrument.symbol))
        with line.lock:
            line.answer_until = now + ANSWER_WITHIN

    def _line(self, key: tuple[Exchange, str]) -> _Line:
        with self._lock:
            return self._lines.setdefault(key, _Line())

    def _is_repeat(self, line: _Line, tick: Tick) -> bool:
        if tick.received > line.answer_until:
            line.answer_until = 0
            return False
        last = line.last
        return last is not None and (tick.datetime, tick.volume) == (last.datetime, last.volume)

    def _delayed(self, seconds: float) -> None:
        self._delays.append(seconds)
        if self._lock.acquire(blocking=False):  # else whoever comes next counts it
            try:
                self._count_delays()
            finally:
                self._lock.release()

    def _count_delays(self) -> None:
        for _ in range(len(self._delays)):
            self._from_venue.add(self._delays.popleft())

    def from_venue(self) -> Distribution:
        """See TickTable."""
        with self._lock:
            self._count_delays()
            return self._from_venue.now()

    def seq(self, instrument: Instrument) -> int:
        """See TickTable."""
        line = self._lines.get((instrument.exchange, instrument.symbol))
        return 0 if line is None else line.seq

    def last(self, instrument: Instrument) -> Tick | None:
        """See TickTable."""
        line = self._lines.get((instrument.exchange, instrument.symbol))
        return None if line is None else line.last

    def newest(self) -> list[Tick]:
        """See TickTable."""
        with self._lock:
            return [line.last for line in self._lines.values() if line.last is not None]


def snapshot(ticks: TickTable, patterns: Iterable[Pattern]) -> list[Tick]:
    """The newest ticks that the patterns take, flagged SNAPSHOT."""
    wanted = tuple(patterns)
    if all(pattern.instrument is not None for pattern in wanted):
        found = [ticks.last(pattern.instrument) for pattern in wanted if pattern.instrument is not None]
    else:
        found = [tick for tick in ticks.newest() if any(pattern.matches(tick.instrument) for pattern in wanted)]
    return [with_flag(tick, TickFlag.SNAPSHOT) for tick in found if tick is not None]


class Tally:
    """Counts by cause, from any thread; says when a count is worth a log line: 1, 10, 100, ..."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: Counter[str] = Counter()

    def add(self, cause: str) -> bool:
        """Count one; True at each power of ten."""
        with self._lock:
            self._counts[cause] += 1
            count = self._counts[cause]
        return count == 10 ** (len(str(count)) - 1)

    def counts(self) -> dict[str, int]:
        """All causes so far."""
        with self._lock:
            return dict(self._counts)
