"""How the ticks of one gateway arrive here, until the gateway is told."""

from collections import Counter

from marketbus.client.gap import Gap
from marketbus.domain.heard import Heard
from marketbus.domain.histogram import Histogram

EVERY = 7
"""Mask over an instrument's numbers: every eighth tick is measured."""


class Arrivals:
    """Of all feeds of this connection."""

    def __init__(self) -> None:
        self.delay = Histogram()
        self._gaps: Counter[str] = Counter()
        self._missed = 0

    def gap(self, gap: Gap) -> None:
        """Count a hole."""
        self._gaps[gap.cause.value] += 1
        self._missed += gap.missed or 0

    def take(self) -> Heard:
        """What to tell; it begins anew."""
        heard = Heard(self.delay.take(), dict(self._gaps), self._missed)
        self._gaps.clear()
        self._missed = 0
        return heard

    def put_back(self, heard: Heard) -> None:
        """The gateway could not be told."""
        self.delay.merge(heard.delay)
        self._gaps.update(heard.gaps)
        self._missed += heard.missed
