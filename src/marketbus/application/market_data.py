"""The way of a tick through the application: number it, keep the last value, hand it over."""

from collections import Counter
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


class MarketData:
    """Implements ports.ticks.TickTable. Numbers every instrument's ticks 1, 2, 3 ... within this epoch.

    One lock makes number, encoding and hand-over one step, so the order on the bus is the order of the numbers
    however many SDK threads call.
    """

    def __init__(self, epoch: int, publisher: TickPublisher) -> None:
        self.epoch = epoch
        self._publisher = publisher
        self._lock = Lock()
        self._last: dict[tuple[Exchange, str], Tick] = {}
        self._from_venue = Histogram()
        self.market_now: Callable[[], int] | None = None
        """The market's clock, once there is one."""
        self.count = 0
        self.repeats = 0
        """Snapshots that only answered us."""
        self.last_received: int | None = None
        self._expected: dict[tuple[Exchange, str], int] = {}

    def tick(self, tick: Tick) -> None:
        """Take one tick, from any thread."""
        key = (tick.exchange, tick.symbol)
        with self._lock:
            last = self._last.get(key)
            if self._expected and self._is_repeat(key, tick, last):
                self.repeats += 1
                return
            self._last[key] = numbered(tick, self.epoch, 1 if last is None else last.seq + 1)
            self.count += 1
            self.last_received = tick.received
            if not (tick.seq & SAMPLED or tick.flags & _OLD) and self.market_now is not None:
                self._from_venue.add((self.market_now() - tick.datetime) / NS)
            self._publisher.tick(tick)

    def expect_repeat(self, instrument: Instrument, now: int) -> None:
        """See TickTable."""
        with self._lock:
            self._expected[(instrument.exchange, instrument.symbol)] = now + ANSWER_WITHIN

    def _is_repeat(self, key: tuple[Exchange, str], tick: Tick, last: Tick | None) -> bool:
        until = self._expected.get(key)
        if until is None:
            return False
        if tick.received > until:
            del self._expected[key]
            return False
        return last is not None and (tick.datetime, tick.volume) == (last.datetime, last.volume)

    def from_venue(self) -> Distribution:
        """See TickTable."""
        return self._from_venue.now()

    def seq(self, instrument: Instrument) -> int:
        """See TickTable."""
        last = self.last(instrument)
        return 0 if last is None else last.seq

    def last(self, instrument: Instrument) -> Tick | None:
        """See TickTable."""
        return self._last.get((instrument.exchange, instrument.symbol))

    def newest(self) -> list[Tick]:
        """See TickTable."""
        with self._lock:
            return list(self._last.values())


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
