"""Trading hours of Chinese futures and options, from the table beside this module."""

import tomllib
from datetime import date
from importlib.resources import files

import msgspec

from marketbus.domain.calendar import EVENING
from marketbus.domain.instrument import Exchange
from marketbus.domain.trading_hours import Hours, Span, parse_time


class _Pattern(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sessions: list[tuple[str, str]]
    auctions: list[tuple[str, str]]


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


def cn_hours() -> tuple[Hours, ...]:
    """Every row of `cn_hours.toml`; options trade with the future they are written on."""
    text = files("marketbus.adapters").joinpath("cn_hours.toml").read_text(encoding="utf-8")
    return read_hours(text)


def read_hours(text: str) -> tuple[Hours, ...]:
    """A table in the form of `cn_hours.toml`.

    Raises:
        ValueError: not that form; names the place.
    """
    try:
        table = msgspec.convert(tomllib.loads(text), _Table)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None
    return tuple(_hours(row, table) for row in table.hours)


def _hours(row: _Row, table: _Table) -> Hours:
    if row.pattern not in table.pattern or row.source not in table.sources:
        raise ValueError(f"{row.exchange} {row.products}: no pattern {row.pattern!r} or no source {row.source!r}")
    pattern = table.pattern[row.pattern]
    return Hours(
        exchange=row.exchange,
        products=tuple(code for product in row.products for code in _with_options(row.exchange, product)),
        sessions=_spans(row.pattern, pattern.sessions),
        auctions=_spans(row.pattern, pattern.auctions),
        since=row.since,
        source=table.sources[row.source],
    )


def _spans(name: str, pairs: list[tuple[str, str]]) -> tuple[Span, ...]:
    spans = tuple((parse_time(start), parse_time(end)) for start, end in pairs)
    for start, end in spans:
        if end <= start < EVENING:
            raise ValueError(f"pattern {name}: {start:%H:%M} to {end:%H:%M} ends before it starts")
    return spans


def _with_options(exchange: Exchange, product: str) -> tuple[str, ...]:
    """The product codes under which CTP lists a future and its options: `cu`, `cu_o`; at CZCE `SR`, `SRC`, `SRP`."""
    if product == "*" or exchange is Exchange.CFFEX:
        return (product,)
    if exchange is Exchange.CZCE:
        return product, f"{product}C", f"{product}P"
    return product, f"{product}_o"
