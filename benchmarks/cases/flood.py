"""The highest lossless rate of several sides, found in turns within one run."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from benchmarks import step
from benchmarks.cases.case import Length, note
from benchmarks.lanes.lane import Lane
from benchmarks.search import highest

ROUNDS = 3
SECONDS = 3.0
BURST = 20_000
"""Ticks of the first guess."""


class Side(Protocol):
    """What has a highest lossless rate."""

    @property
    def name(self) -> str:
        """For people."""
        ...

    def highest(self, seconds: float) -> float:
        """Ticks/s, in runs of `seconds`."""
        ...


@dataclass(frozen=True)
class Searched:
    """A lane whose source is told a rate, and another one."""

    lane: Lane
    burst: int = BURST

    @property
    def name(self) -> str:
        """The lane's."""
        return self.lane.name

    def highest(self, seconds: float) -> float:
        """See `search.highest`."""
        lane = self.lane

        def attempt(rate: float) -> float | None:
            done = step.run(lane, rate, seconds)
            passed = done.lossless(drain_of(seconds))
            note(f"  {lane.name}: {rate:,.0f}: {done.words}: {'lossless' if passed else 'not lossless'}")
            return done.reached if passed else None

        return highest(attempt, step.capacity(lane, self.burst))


def drain_of(seconds: float) -> float:
    """Seconds that the backlog may take to drain: at most 10 % of the run, or short runs would flatter everybody."""
    return min(1.0, max(0.3, seconds * 0.1))


def searched(lanes: Iterable[Lane], burst: int = BURST) -> list[Side]:
    """Lanes as sides."""
    return [Searched(lane, burst) for lane in lanes]


def flood(case: str, sides: Sequence[Side], length: Length) -> list[list[float]]:
    """Every round's highest lossless ticks/s, by side; in each round every side has its turn."""
    found: list[list[float]] = [[] for _ in sides]
    for number in range(1, (length.rounds or ROUNDS) + 1):
        for place, side in enumerate(sides):
            rate = side.highest(length.seconds or SECONDS)
            found[place].append(rate)
            note(f"{case}: round {number}: {side.name}: {rate:,.0f} ticks/s lossless")
    return found
