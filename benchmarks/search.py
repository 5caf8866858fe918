"""The highest rate that passes."""

from collections.abc import Callable

REACHED = 0.95
"""A venue that reaches less than this part of what it is asked for is at its end: there is nothing to find above."""
DOWN, UP = 0.8, 1.2
DESCENT = 8
"""Attempts to find any rate that passes."""
ASCENT = 8
"""Attempts above it while none has failed."""

Attempt = Callable[[float], float | None]
"""Tries a rate; gives the rate reached when it passed, None when it did not."""


def highest(attempt: Attempt, guess: float, *, steps: int = 3) -> float:
    """Go down from just below `guess` until a rate passes, then up by fifths until one fails, then `steps` attempts
    between the two, each halfway; 0 when none passes.
    """
    rate, failed = guess * 0.9, 0.0
    for _ in range(DESCENT):
        reached = attempt(rate)
        if reached is not None:
            break
        failed, rate = rate, rate * DOWN
    else:
        return 0.0
    best, passed = reached, rate
    climbed = 0
    while steps and climbed < ASCENT and best >= passed * REACHED:
        if failed:
            rate, steps = (passed + failed) / 2, steps - 1
        else:
            rate, climbed = passed * UP, climbed + 1
        reached = attempt(rate)
        if reached is None:
            failed = rate
        else:
            best, passed = max(best, reached), rate
    return best
