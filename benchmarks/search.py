"""The highest rate that passes."""

from collections.abc import Callable

REACHED = 0.95
"""A venue that reaches less than this part of what it is asked for is at its end: there is nothing to find above."""

Attempt = Callable[[float], float | None]
"""Tries a rate; gives the rate reached when it passed, None when it did not."""


def highest(attempt: Attempt, guess: float, *, steps: int = 4, spread: float = 0.3) -> float:
    """Bisect around `guess`, from guess × (1 - spread) to guess × (1 + spread); 0 when nothing passes.

    When even the lowest fails the range moves down, and up when the highest passes: at most `steps` attempts in all.
    """
    low, high = guess * (1 - spread), guess * (1 + spread)
    best, floor, ceiling = 0.0, False, False
    for _ in range(steps):
        rate = (low + high) / 2
        reached = attempt(rate)
        best = max(best, reached or 0.0)
        if reached is not None and reached >= rate * REACHED:
            low, floor = rate, True
            if not ceiling and high - rate < guess * spread / 4:
                high *= 1 + spread
        else:
            high, ceiling = rate, True
            if not floor and rate - low < guess * spread / 4:
                low *= 1 - spread
    return best
