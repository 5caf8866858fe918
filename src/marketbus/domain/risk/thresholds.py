"""From which numbers on the exchanges take an account for a high-frequency one, or its trading for abnormal."""

from collections.abc import Iterable

import msgspec

from marketbus.domain.instrument import Exchange


class HighFrequency(msgspec.Struct, frozen=True):
    """One exchange's numbers, of orders and cancels of one account together; None where it has no such number."""

    exchange: Exchange
    since: int
    """yyyymmdd, the first trading day"""
    per_second: int | None = None
    per_day: int | None = None
    burst: int | None = None
    """So many within one second are one occasion."""
    bursts: int | None = None
    """So many occasions a day are high-frequency trading."""
    source: str = ""


class Abnormal(msgspec.Struct, frozen=True):
    """One exchange's numbers per contract and trading day. Cancels of FAK and FOK do not count."""

    exchange: Exchange
    products: tuple[str, ...]
    """`*` takes those that no other row names."""
    since: int
    """yyyymmdd"""
    cancels: int | None = None
    large_cancels: int | None = None
    large_volume: float | None = None
    """Lots from which on a cancel is a large one."""
    self_trades: int | None = None
    source: str = ""


class Thresholds:
    """The rows in force on a day."""

    def __init__(self, high_frequency: Iterable[HighFrequency] = (), abnormal: Iterable[Abnormal] = ()) -> None:
        self._high_frequency = sorted(high_frequency, key=lambda row: row.since)
        self._abnormal = sorted(abnormal, key=lambda row: row.since)

    def high_frequency(self, exchange: Exchange, trading_day: int) -> HighFrequency | None:
        """The latest row of the exchange that is in force; None when it has none."""
        rows = [row for row in self._high_frequency if row.exchange is exchange and row.since <= trading_day]
        return rows[-1] if rows else None

    def abnormal(self, exchange: Exchange, product: str, trading_day: int) -> Abnormal | None:
        """The latest row that names the product, else the latest for all others."""
        rows = [row for row in self._abnormal if row.exchange is exchange and row.since <= trading_day]
        named = [row for row in rows if product in row.products]
        return (named or [row for row in rows if "*" in row.products] or [None])[-1]
