"""The exchanges' numbers on programme and abnormal trading, from the table beside this module."""

import tomllib
from datetime import date
from importlib.resources import files

import msgspec

from marketbus.domain.instrument import Exchange
from marketbus.domain.risk.thresholds import Abnormal, HighFrequency, Thresholds
from marketbus.domain.times import yyyymmdd


class _Fast(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    exchanges: list[Exchange]
    since: date
    source: str
    per_second: int | None = None
    per_day: int | None = None
    burst: int | None = None
    bursts: int | None = None


class _Abnormal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    exchanges: list[Exchange]
    products: list[str]
    since: date
    source: str
    cancels: int | None = None
    large_cancels: int | None = None
    large_volume: float | None = None
    self_trades: int | None = None


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sources: dict[str, str]
    high_frequency: list[_Fast]
    abnormal: list[_Abnormal]


def cn_thresholds() -> Thresholds:
    """Every row of `cn_trading_thresholds.toml`."""
    path = files("marketbus.adapters").joinpath("cn_trading_thresholds.toml")
    return read_thresholds(path.read_text(encoding="utf-8"))


def read_thresholds(text: str) -> Thresholds:
    """A table in the form of `cn_trading_thresholds.toml`.

    Raises:
        ValueError: not that form, an exchange that is not known, or a row without its source; names the place.
    """
    try:
        table = msgspec.convert(tomllib.loads(text), _Table)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None
    for row in (*table.high_frequency, *table.abnormal):
        if row.source not in table.sources or Exchange.UNKNOWN in row.exchanges:
            raise ValueError(f"{row.exchanges} since {row.since}: no source {row.source!r}, or no such exchange")
    return Thresholds(
        [
            HighFrequency(
                exchange,
                yyyymmdd(row.since),
                row.per_second,
                row.per_day,
                row.burst,
                row.bursts,
                table.sources[row.source],
            )
            for row in table.high_frequency
            for exchange in row.exchanges
        ],
        [
            Abnormal(
                exchange,
                tuple(row.products),
                yyyymmdd(row.since),
                row.cancels,
                row.large_cancels,
                row.large_volume,
                row.self_trades,
                table.sources[row.source],
            )
            for row in table.abnormal
            for exchange in row.exchanges
        ],
    )
