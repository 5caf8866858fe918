"""The highest lossless rate of several sides, found in turns within one run."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from benchmarks import step
from benchmarks.cases.case import Length, note
from benchmarks.errors import BenchmarkFailed
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


class Flooded(NamedTuple):
    """Every round's highest lossless ticks/s, by side; `left`: why a side had no further turn, by its name."""

    rates: list[list[float]]
    left: dict[str, str]


def flood(case: str, sides: Sequence[Side], length: Length, may_leave: Collection[str] = ()) -> Flooded:
    """In each round every side has its turn. Who may leave and breaks has no further one; its rounds before count.

    Raises:
        BenchmarkFailed: another side broke.
    """
    found: list[list[float]] = [[] for _ in sides]
    left: dict[str, str] = {}
    for number in range(1, (length.rounds or ROUNDS) + 1):
        for place, side in enumerate(sides):
            if side.name in left:
                continue
            try:
                rate = side.highest(length.seconds or SECONDS)
            except BenchmarkFailed as error:
                if side.name not in may_leave:
                    raise
                left[side.name] = f"left in round {number}: {error}"
                note(f"{case}: {side.name}: {left[side.name]}")
                continue
            found[place].append(rate)
            note(f"{case}: round {number}: {side.name}: {rate:,.0f} ticks/s lossless")
    return Flooded(found, left)
