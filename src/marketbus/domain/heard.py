"""What a client tells the gateway of how its ticks arrived."""

from collections import Counter
from typing import Annotated

import msgspec
from msgspec import Meta

from marketbus.domain.histogram import Count, Distribution, Histogram

CAUSES = frozenset({"sequence", "epoch change", "reconnect", "slow consumer", "failover"})
"""Of gaps, see `client.gap`; any other word counts as `other`, so that no client can invent metrics."""


class Heard(msgspec.Struct, frozen=True):
    """Since it last told."""

    delay: Distribution = Distribution()
    """Received by the gateway → in the client's hands, of a sample. Both machines' clocks are in it."""
    gaps: Annotated[dict[Annotated[str, Meta(max_length=32)], Count], Meta(max_length=16)] = {}
    """Holes, by cause."""
    missed: Count = 0
    """Ticks missing in them, as far as known."""


class Listeners:
    """What all clients of one gateway told."""

    def __init__(self) -> None:
        self.delay = Histogram()
        self.gaps: Counter[str] = Counter()
        self.missed = 0

    def told(self, heard: Heard) -> None:
        """Add one client's words."""
        self.delay.merge(heard.delay)
        for cause, count in heard.gaps.items():
            self.gaps[cause if cause in CAUSES else "other"] += count
        self.missed += heard.missed
