"""The machine's clocks."""

import time


class SystemClock:
    """Real time; as a market clock, that of a real venue."""

    def now(self) -> int:
        """Wall clock, ns UTC."""
        return time.time_ns()

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()
