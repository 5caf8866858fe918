"""How many values fell into which range, in constant memory."""

from bisect import bisect_left
from typing import Annotated

import msgspec
from msgspec import Meta

SECONDS = (
    0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
)  # fmt: skip
"""Upper bounds for every delay that we measure, so that they can be compared and added up."""

Count = Annotated[int, Meta(ge=0, le=1_000_000_000_000)]
_RANGES = Meta(min_length=len(SECONDS) + 1, max_length=len(SECONDS) + 1)


class Distribution(msgspec.Struct, frozen=True):
    """The counts at one moment, since the process began."""

    counts: Annotated[tuple[Count, ...], _RANGES] = (0,) * (len(SECONDS) + 1)
    """Of each range of SECONDS: above the bound before, at most this one; the last one is above them all."""
    total: Annotated[float, Meta(ge=0)] = 0.0
    """The sum of all values, seconds."""

    @property
    def count(self) -> int:
        """How many values."""
        return sum(self.counts)


class Histogram:
    """Counts seconds. One thread at a time may add; any may look."""

    def __init__(self) -> None:
        self._counts = [0] * (len(SECONDS) + 1)
        self._total = 0.0

    def add(self, seconds: float) -> None:
        """Take one value; a negative one, which clocks that disagree make, counts as 0."""
        self._counts[bisect_left(SECONDS, seconds)] += 1
        self._total += max(0.0, seconds)

    def merge(self, other: Distribution) -> None:
        """Take what somebody else counted."""
        for at, count in enumerate(other.counts):
            self._counts[at] += count
        self._total += other.total

    def now(self) -> Distribution:
        """What was counted so far."""
        return Distribution(tuple(self._counts), self._total)

    def take(self) -> Distribution:
        """What was counted since the last time."""
        taken = self.now()
        self._counts = [0] * (len(SECONDS) + 1)
        self._total = 0.0
        return taken
