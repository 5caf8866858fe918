"""The highest rate that passes."""

from collections.abc import Callable

REACHED, MORE = 0.95, 1.05
"""A side whose source reaches less than this part of what it is asked for is at its end, lossless or not, unless it
reaches so many times more than ever before: some sources are slower when they pause than when they need not."""
DOWN, UP, FAR = 0.8, 1.2, 2.0
DESCENT = 8
"""Attempts to find any rate that passes."""
NEAR = 4
"""Climbs by UP; a guess that this does not leave behind was none (of a burst that was conflated): FAR from then on."""
ASCENT = 16
"""Attempts above it while none has failed."""

Attempt = Callable[[float], float | None]
"""Tries a rate; gives the rate reached when it passed, None when it did not."""


def highest(attempt: Attempt, guess: float, *, steps: int = 3) -> float:
    """Go down from just below `guess` until a rate passes, then up by fifths, after some of them in doubles, until one
    fails, then `steps` attempts between the two, each halfway, and one more for a double; the highest rate reached on
    the way, 0 when none passes.

    A rate that is not reached has failed, but what was reached counts: a process that is asked for too much may bring
    less than it could, because its threads are in each other's way.
    """
    rate, passed, failed, best = guess * 0.9, 0.0, 0.0, 0.0
    for _ in range(DESCENT):
        before, reached = best, attempt(rate)
        best = max(best, reached or 0.0)
        if reached is not None and reached >= rate * REACHED:
            passed = rate
            break
        if reached is not None and before and reached <= before:  # asked for less, it brings less
            passed, failed = failed, 0.0
            break
        failed, rate = rate, rate * DOWN if reached is None else reached
    else:
        return best
    climbed = 0
    while steps and climbed < ASCENT:
        if failed:
            rate, steps = (passed + failed) / 2, steps - 1
        else:
            rate, climbed = passed * (UP if climbed < NEAR else FAR), climbed + 1
            steps += climbed == NEAR + 1  # the gap to halve is wider
        before, reached = best, attempt(rate)
        best = max(best, reached or 0.0)
        if reached is not None and (reached >= rate * REACHED or reached >= before * MORE):
            passed = rate
        else:
            failed = rate
    return best
