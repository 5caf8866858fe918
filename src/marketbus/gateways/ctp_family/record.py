"""Fields of a trading record (the SDK's dict), read as if anything could stand in them."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from marketbus.domain.instrument import MAX_SYMBOL, Exchange
from marketbus.gateways.ctp_family.symbols import Symbols

Record = Mapping[str, Any]

SANE = 1e15
"""No price, amount or volume comes near; NaN, infinities and DBL_MAX (CTP's word for none) fail `-SANE < x < SANE`."""


class BadRecord(Exception):
    """A record that cannot be what it should be; `cause` is counted."""

    def __init__(self, cause: str, detail: str) -> None:
        super().__init__(f"{cause}: {detail}"[:300])
        self.cause = cause


def text(data: Record, field: str) -> str:
    """Without the blanks that counters pad numbers with; empty when the field is missing or was never set."""
    value = data.get(field, "")
    if not isinstance(value, str):
        raise BadRecord("bad_text", f"{field} {value!r}")
    return value.replace("\0", "").strip()


def amount(data: Record, field: str) -> float:
    """A price or an amount of money; 0 when the venue has none."""
    found = known(data, field)
    return 0.0 if found is None else found


def known(data: Record, field: str) -> float | None:
    """A price or an amount; None when the venue has none."""
    value = data.get(field)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if -SANE < value < SANE else None


def sure(data: Record, field: str) -> float:
    """A price or an amount without which the record means nothing."""
    found = known(data, field)
    if found is None:
        raise BadRecord("bad_number", f"{field} {data.get(field)!r}")
    return found


def lots(data: Record, field: str) -> float:
    """A number of lots, 0 or more."""
    found = sure(data, field)
    if found < 0:
        raise BadRecord("bad_volume", f"{field} {found:g}")
    return found


def whole(data: Record, field: str) -> int:
    """An integer such as a session's number; 0 when it is missing."""
    value = data.get(field, 0)
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadRecord("bad_number", f"{field} {value!r}")
    return value


def day(data: Record, field: str) -> int:
    """yyyymmdd; 0 when it is no date."""
    digits = text(data, field)
    if len(digits) != 8 or not (digits.isascii() and digits.isdigit()):
        return 0
    try:
        found = date.fromisoformat(digits)
    except ValueError:
        return 0
    return int(digits) if 1992 <= found.year < 2100 else 0


def place(data: Record, symbols: Symbols) -> tuple[str, Exchange]:
    """Symbol and exchange; some counters leave the exchange out of positions and refusals."""
    symbol, name = text(data, "InstrumentID"), text(data, "ExchangeID")
    if not 0 < len(symbol) <= MAX_SYMBOL or not symbol.isprintable():
        raise BadRecord("bad_instrument", f"InstrumentID {symbol[:100]!r}")
    exchange = Exchange(name)
    if exchange is Exchange.UNKNOWN:
        facts = symbols.get(symbol)
        if name or facts is None:
            raise BadRecord("unknown_exchange", f"ExchangeID {name!r} of {symbol}")
        exchange = facts.exchange
    return symbol, exchange
