"""Time, injected: nothing else reads a clock."""

from typing import Protocol


class Clock(Protocol):
    """Real time."""

    def now(self) -> int:
        """Wall clock, ns UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back; for time-outs and leases."""
        ...


class MarketClock(Protocol):
    """The market's time; under a simulated venue it follows the venue's offset and rate."""

    def now(self) -> int:
        """The market's time, ns UTC."""
        ...
