"""How long to wait before a worker is started again."""

from random import Random


class Backoff:
    """1 s, 2 s, 4 s ... 30 s, each shortened by chance so that workers do not come back in step."""

    def __init__(self, random: Random, first: float = 1.0, limit: float = 30.0, healthy: float = 60.0) -> None:
        self._random = random
        self._first = first
        self._limit = limit
        self._healthy = healthy
        self._crashes = 0

    def after_crash(self, lived: float) -> float:
        """Seconds to wait after a process crashed that had lived for `lived` seconds."""
        if lived >= self._healthy:
            self._crashes = 0
        delay = min(self._limit, self._first * 2 ** min(self._crashes, 16))
        self._crashes += 1
        return self._jittered(delay)

    def after_request(self) -> float:
        """Seconds to wait when the process itself asked to be replaced: not its fault, nothing grows."""
        return self._jittered(self._first)

    def _jittered(self, delay: float) -> float:
        return delay * self._random.uniform(0.5, 1.0)
