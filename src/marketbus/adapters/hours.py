"""Trading hours of Chinese futures, from the table beside this module."""

import tomllib
from datetime import date
from importlib.resources import files

import msgspec

from marketbus.domain.instrument import Exchange
from marketbus.domain.trading_hours import Hours, parse_time

Span = tuple[str, str]


class _Pattern(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sessions: list[Span]
    auctions: list[Span]


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    exchange: Exchange
    products: list[str]
    pattern: str
    since: date
    source: str


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pattern: dict[str, _Pattern]
    sources: dict[str, str]
    hours: list[_Row]


def cn_futures_hours() -> tuple[Hours, ...]:
    """Every row of `cn_futures_hours.toml`; options trade with the future they are written on."""
    text = files("marketbus.adapters").joinpath("cn_futures_hours.toml").read_text(encoding="utf-8")
    return read_hours(text)


def read_hours(text: str) -> tuple[Hours, ...]:
    """A table in the form of `cn_futures_hours.toml`.

    Raises:
        ValueError: not that form; names the place.
    """
    table = msgspec.convert(tomllib.loads(text), _Table)
    return tuple(_hours(row, table) for row in table.hours)


def _hours(row: _Row, table: _Table) -> Hours:
    if row.pattern not in table.pattern or row.source not in table.sources:
        raise ValueError(f"{row.exchange} {row.products}: no pattern {row.pattern!r} or no source {row.source!r}")
    pattern = table.pattern[row.pattern]
    return Hours(
        exchange=row.exchange,
        products=tuple(code for product in row.products for code in _with_options(row.exchange, product)),
        sessions=tuple((parse_time(start), parse_time(end)) for start, end in pattern.sessions),
        auctions=tuple((parse_time(start), parse_time(end)) for start, end in pattern.auctions),
        since=row.since,
        source=table.sources[row.source],
    )


def _with_options(exchange: Exchange, product: str) -> tuple[str, ...]:
    """The product codes under which CTP lists a future and its options: `cu`, `cu_o`; at CZCE `SR`, `SRC`, `SRP`."""
    if product == "*" or exchange is Exchange.CFFEX:
        return (product,)
    if exchange is Exchange.CZCE:
        return product, f"{product}C", f"{product}P"
    return product, f"{product}_o"
