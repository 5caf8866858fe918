"""Quantiles of a stream of latencies, in constant memory."""

from random import Random

from marketbus.domain.status import Latency

_KEPT = 2048


class LatencyWindow:
    """A uniform sample (reservoir) of the window since the last look; the maximum is exact."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._sample: list[float] = []
        self._count = 0
        self._max = 0.0

    def add(self, microseconds: float) -> None:
        """Take one."""
        self._count += 1
        self._max = max(self._max, microseconds)
        if len(self._sample) < _KEPT:
            self._sample.append(microseconds)
        elif (place := self._random.randrange(self._count)) < _KEPT:
            self._sample[place] = microseconds

    def take(self) -> Latency | None:
        """The window's quantiles, and begin a new window; None when nothing was measured."""
        sample, count, largest = self._sample, self._count, self._max
        self._sample, self._count, self._max = [], 0, 0.0
        return quantiles(sample, count, largest)


def quantiles(sample: list[float], count: int, largest: float) -> Latency | None:
    """Of `count` values, a sample of them, and the largest of all; microseconds. None when nothing was measured."""
    if not sample:
        return None
    ordered = sorted(sample)
    return Latency(_quantile(ordered, 0.50), _quantile(ordered, 0.99), largest, count)


def _quantile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
