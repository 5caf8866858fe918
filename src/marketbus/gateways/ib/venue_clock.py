"""The market's time: ours, or that of a simulated TWS, which may live on another day."""

from marketbus.domain.times import NS
from marketbus.ports.clock import Clock

_COARSE = NS
"""TWS tells whole seconds: what differs by less is no news."""
_SAME = 3 * NS
"""A simulated TWS whose time differs by less lives on our day."""


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
        if self._simulated and abs(offset - self._offset) > _COARSE:
            self._offset = offset if abs(offset) > _SAME else 0
