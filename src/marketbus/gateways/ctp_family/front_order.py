"""Which market data front a process takes: one of the ordered list, remembered from process to process.

The vendor's library picks among several registered fronts by chance, says nothing of one that refuses, and cannot be
made again in the same process (Release deadlocks). So each process registers one front, and the next front is the
next process.
"""

from collections.abc import Sequence
from random import Random

import msgspec

from marketbus.gateways.ctp_family.kept import Kept
from marketbus.gateways.ctp_family.setting import Front

LONGEST_PAUSE = 30.0
"""Seconds that are added at most to the patience with a front, once all of them have failed again and again."""
FIRST_PAUSE = 2.0
"""Seconds added in the second round; doubled with each further round."""


class Choice(msgspec.Struct, frozen=True):
    """What is remembered."""

    fronts: tuple[str, ...]
    """The list as configured then; another list begins anew."""
    chosen: int
    failed: int
    """Fronts that failed one after the other, up to the chosen one."""


class FrontOrder:
    """The fronts of one gateway's market data, at least one."""

    def __init__(self, fronts: Sequence[Front], kept: Kept[Choice], random: Random) -> None:
        self._fronts = tuple(fronts)
        self._kept = kept
        self._random = random
        self._addresses = tuple(front.address for front in fronts)
        found = kept.read()
        if found is None or found.fronts != self._addresses or not 0 <= found.chosen < len(fronts):
            found = Choice(self._addresses, 0, 0)
        self._mine = self._last = found
        self.pause = self._pause()
        """Seconds of extra patience with the current front: grows with every round in which all have failed."""

    @property
    def current(self) -> Front:
        """The front of this process."""
        return self._fronts[self._mine.chosen]

    @property
    def following(self) -> Front | None:
        """The front that comes after; None when there is only one."""
        return self._fronts[self._next()] if len(self._fronts) > 1 else None

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._fronts)

    def condemn(self) -> None:
        """The current front is no good: the next process takes the following one. Saying it twice changes nothing."""
        if len(self._fronts) > 1:
            self._remember(Choice(self._addresses, self._next(), self._mine.failed + 1))

    def proved(self) -> None:
        """The current front took a login."""
        self._mine = Choice(self._addresses, self._mine.chosen, 0)
        self.pause = 0.0
        self._remember(self._mine)

    def begin_anew(self) -> None:
        """The next process takes the first front."""
        self._remember(Choice(self._addresses, 0, 0))

    def _next(self) -> int:
        return (self._mine.chosen + 1) % len(self._fronts)

    def _pause(self) -> float:
        rounds = self._mine.failed // len(self._fronts)
        if rounds == 0:
            return 0.0
        return min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(rounds - 1, 8)) * self._random.uniform(0.5, 1.0)

    def _remember(self, choice: Choice) -> None:
        if choice != self._last:
            self._last = choice
            self._kept.write(choice)
