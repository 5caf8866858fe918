"""How many messages may go out."""

from collections.abc import Callable


class Allowance:
    """So many at once, then one each so often. A token bucket."""

    def __init__(self, now: Callable[[], float], *, at_once: int, every: float) -> None:
        """`now`: monotonic seconds; `every`: seconds until one more is allowed."""
        self._now = now
        self._most = at_once
        self._every = every
        self._left = float(at_once)
        self._at = now()

    def wait(self) -> float:
        """Seconds until one is allowed."""
        self._refill()
        return max(0.0, (1.0 - self._left) * self._every)

    def take(self) -> None:
        """One goes out."""
        self._refill()
        self._left -= 1.0

    def _refill(self) -> None:
        now = self._now()
        self._left = min(float(self._most), self._left + (now - self._at) / self._every)
        self._at = now
