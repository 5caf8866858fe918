"""The highest lossless rate of several lanes, found in turns within one run."""

from collections.abc import Sequence

from benchmarks import step
from benchmarks.cases.case import note
from benchmarks.lanes.lane import Lane
from benchmarks.search import highest

ROUNDS = 3
SECONDS = 3.0
BURST = 20_000
"""Ticks of the first guess."""


def drain_of(seconds: float) -> float:
    """Seconds that the backlog may take to drain: at most 10 % of the run, or short runs would flatter everybody."""
    return min(1.0, max(0.3, seconds * 0.1))


def flood(
    case: str, lanes: Sequence[Lane], seconds: float, rounds: int = ROUNDS, burst: int = BURST
) -> list[list[float]]:
    """Every round's highest lossless ticks/s, by lane; in each round every lane has its turn."""
    found: list[list[float]] = [[] for _ in lanes]
    for number in range(1, rounds + 1):
        for place, lane in enumerate(lanes):
            rate = _search(lane, seconds, burst)
            found[place].append(rate)
            note(f"{case}: round {number}: {lane.name}: {rate:,.0f} ticks/s lossless")
    return found


def _search(lane: Lane, seconds: float, burst: int) -> float:
    guess = step.capacity(lane, burst)

    def attempt(rate: float) -> float | None:
        done = step.run(lane, rate, seconds)
        passed = done.lossless(drain_of(seconds))
        note(f"  {lane.name}: {rate:,.0f}: {done.words}: {'lossless' if passed else 'not lossless'}")
        return done.reached if passed else None

    return highest(attempt, guess)
