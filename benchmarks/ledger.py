"""What a consumer has seen: every Volume in the order it came, and how long ticks took."""

from array import array
from collections.abc import Iterable, Sequence

import msgspec

DAY = 86_400_000_000_000


class Quantiles(msgspec.Struct, frozen=True):
    """Nanoseconds."""

    p50: float
    p99: float
    p999: float
    max: float


class Arrivals(msgspec.Struct, frozen=True):
    """One take of a ledger. `runs`: symbol → first and last of each row of Volumes that rose by 1, one after the other;
    `snapshots`: symbol → Volume of its last value.

    `sdk`: SDK callback → consumer; `venue`: counter's stamp → consumer; None where not measured.
    """

    runs: dict[str, list[int]] = {}
    snapshots: dict[str, int] = {}
    sdk: Quantiles | None = None
    venue: Quantiles | None = None
    gaps: dict[str, int] = {}
    """Since the connection was opened, by cause."""
    missed: int = 0
    """Ticks in those gaps."""
    told: int = 0
    """Live ticks, also those that brought no other Volume."""

    @property
    def live(self) -> dict[str, list[int]]:
        """Symbol → Volumes as they came."""
        return {symbol: _volumes(runs) for symbol, runs in self.runs.items()}


def _volumes(runs: Sequence[int]) -> list[int]:
    return [volume for first, last in _pairs(runs) for volume in range(first, last + 1)]


def _pairs(runs: Sequence[int]) -> Iterable[tuple[int, int]]:
    return zip(runs[::2], runs[1::2], strict=True)


class Ledger:
    """Filled by one thread, taken by the same or another between steps."""

    def __init__(self, *, distinct: bool = False) -> None:
        """`distinct`: TWS tells one tick of its market in several messages; the first with a Volume stands for it."""
        self._distinct = distinct
        self._newest: dict[str, int] = {}
        self.offset: int | None = None
        """Market time minus real time, ns; None: the way from the venue is not measured."""
        self._begin()

    def _begin(self) -> None:
        self._runs: dict[str, list[int]] = {}
        self._snapshots: dict[str, int] = {}
        self._sdk = array("q")
        self._venue = array("q")
        self._again = 0

    @property
    def count(self) -> int:
        """Ticks that count."""
        return sum(last - first + 1 for runs in list(self._runs.values()) for first, last in _pairs(runs))

    def live(self, symbol: str, volume: int) -> bool:
        """A tick; whether it counts. Every side pays for this, so it does no more than it must."""
        if self._distinct:
            if self._newest.get(symbol) == volume:
                self._again += 1
                return False
            self._newest[symbol] = volume
        runs = self._runs.get(symbol)
        if runs is None:
            self._runs[symbol] = [volume, volume]
        elif runs[-1] + 1 == volume:
            runs[-1] = volume
        else:
            runs += (volume, volume)
        return True

    def snapshot(self, symbol: str, volume: int) -> None:
        """A last value, given on subscription."""
        self._snapshots[symbol] = volume

    def since_sdk(self, nanoseconds: int) -> None:
        """How long a tick took from the SDK's callback."""
        self._sdk.append(nanoseconds)

    def since_venue(self, now: int, market_time: int) -> None:
        """When a tick arrived (real time) and what its venue stamped it with, ns.

        Only the time of day counts: gateways differ in the date they give a simulated day.
        """
        if self.offset is not None:
            self._venue.append((now + self.offset - market_time + DAY // 2) % DAY - DAY // 2)

    def take(self, offset: int | None = None, gaps: dict[str, int] | None = None, missed: int = 0) -> Arrivals:
        """Everything since the last take; begins anew with that offset."""
        taken = Arrivals(
            self._runs,
            dict(self._snapshots),
            quantiles(self._sdk),
            quantiles(self._venue),
            gaps or {},
            missed,
            self.count + self._again,
        )
        self._begin()
        self.offset = offset
        return taken


def quantiles(values: Iterable[int]) -> Quantiles | None:
    """None of nothing."""
    ordered = sorted(values)
    if not ordered:
        return None

    def at(share: float) -> int:
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]

    return Quantiles(at(0.5), at(0.99), at(0.999), ordered[-1])
