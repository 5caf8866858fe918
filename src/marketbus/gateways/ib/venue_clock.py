"""The market's time: ours, or that of a simulated TWS, which may live on another day."""

from marketbus.domain.times import NS
from marketbus.ports.clock import Clock

_SAME = 3 * NS
"""TWS tells whole seconds: a difference below this is none."""


class VenueClock:
    """Implements ports.clock.MarketClock."""

    def __init__(self, clock: Clock, *, simulated: bool) -> None:
        self._clock = clock
        self._simulated = simulated
        self._offset = 0

    def now(self) -> int:
        """ns UTC"""
        return self._clock.now() + self._offset

    def told(self, seconds: int) -> None:
        """TWS's time; of a real one ours is better."""
        offset = seconds * NS + NS // 2 - self._clock.now()
        if self._simulated:
            self._offset = offset if abs(offset) > _SAME else 0
