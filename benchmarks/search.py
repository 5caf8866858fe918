"""The highest rate that passes."""

from collections.abc import Callable

REACHED = 0.95
"""A venue that reaches less than this part of what it is asked for is at its end: there is nothing to find above."""
DOWN, UP = 0.8, 1.2
DESCENT = 8
"""Attempts to find any rate that passes."""

Attempt = Callable[[float], float | None]
"""Tries a rate; gives the rate reached when it passed, None when it did not."""


def highest(attempt: Attempt, guess: float, *, steps: int = 3) -> float:
    """Go down from just below `guess` until a rate passes, then `steps` attempts above it; 0 when none passes.

    Above it: halfway to the lowest rate that failed; while none has, up by a fifth.
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
    for _ in range(steps):
        if best < passed * REACHED:
            break
        rate = (passed + failed) / 2 if failed else passed * UP
        reached = attempt(rate)
        if reached is None:
            failed = rate
        else:
            best, passed = max(best, reached), rate
    return best
