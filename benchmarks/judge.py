"""The oracle's books against what a consumer saw. Our own sequence numbers have no say here."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

Books = Mapping[str, Mapping[str, int]]
"""The oracle's answer: symbol → first, last, count; Volume rises by exactly 1 a tick."""


class Expected(NamedTuple):
    """What was sent between two looks at the books: symbol → the Volumes, and how many in all."""

    volumes: dict[str, range]
    total: int


class Verdict(msgspec.Struct, frozen=True):
    """Ticks, over all instruments."""

    sent: int
    missing: int = 0
    duplicated: int = 0
    disordered: int = 0
    unsent: int = 0
    """Volumes that the oracle knows nothing of."""

    @property
    def clean(self) -> bool:
        """Nothing wrong at all."""
        return not (self.missing or self.duplicated or self.disordered or self.unsent)

    @property
    def words(self) -> str:
        """For people."""
        return f"{self.missing} missing, {self.duplicated} duplicated, {self.disordered} out of order of {self.sent}"


def expected(before: Books, after: Books) -> Expected:
    """What was sent in between."""
    volumes = {
        symbol: range(before[symbol]["last"] + 1 if symbol in before else book["first"], book["last"] + 1)
        for symbol, book in after.items()
    }
    return Expected(volumes, sum(map(len, volumes.values())))


def judge(sent: Expected, live: Mapping[str, Sequence[int]], snapshots: Mapping[str, int]) -> Verdict:
    """Compare. A last value fills the hole of the tick it stands for, but is no tick that came twice.

    A Volume from before the step (the tick that answers a subscription, a straggler of the step before) is passed over.
    """
    missing = duplicated = disordered = unsent = 0
    for symbol, volumes in sent.volumes.items():
        came = [volume for volume in live.get(symbol, ()) if volume >= volumes.start]
        seen = set(came)
        filled = seen | {snapshots[symbol]} if symbol in snapshots else seen
        missing += len(volumes) - sum(volume in volumes for volume in filled)
        duplicated += len(came) - len(seen)
        unsent += sum(volume >= volumes.stop for volume in seen)
        highest = -1
        for volume in came:
            disordered += volume < highest
            highest = max(highest, volume)
    unsent += sum(len(volumes) for symbol, volumes in live.items() if symbol not in sent.volumes)
    return Verdict(sent.total, missing, duplicated, disordered, unsent)
