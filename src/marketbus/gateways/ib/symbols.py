"""Symbols as vnpy_ib's users know them: `AAPL-USD-STK`, `ES-20271217-USD-FUT`, `265598`.

Source: vnpy_ib 10.45, generate_symbol and generate_ib_contract. An option is
`AAPL-20271217-C-200-100-USD-OPT`: last trading day, right, strike, multiplier, currency.
"""

import re

import msgspec

from marketbus.domain.instrument import Instrument, Pattern
from marketbus.gateways.ib.exchanges import from_ib, to_ib

SEC_TYPES = frozenset({"STK", "FUT", "OPT", "FOP", "CASH", "CRYPTO", "CFD", "IND", "CONTFUT", "CMDTY", "FUND", "BOND"})
_DATED = frozenset({"FUT", "OPT", "FOP"})
_OPTIONS = frozenset({"OPT", "FOP"})
_DATE = re.compile(r"\d{6}(\d{2})?")
_GLOB = frozenset("*?[]")


class Query(msgspec.Struct, frozen=True):
    """What a symbol says of a contract, in the words of a request of contract details; empty where it says nothing."""

    exchange: str
    """IB's code."""
    con_id: int = 0
    symbol: str = ""
    sec_type: str = ""
    currency: str = ""
    expiry: str = ""
    right: str = ""
    strike: float = 0.0
    multiplier: str = ""


def query_of(pattern: Pattern) -> Query | None:
    """What to ask for a name or a chain such as `ES-*-USD-FUT.CME`; None where IB cannot be asked that."""
    exchange = None if pattern.exchange is None else to_ib(pattern.exchange)
    if exchange is None:
        return None
    symbol = pattern.text.rpartition(".")[0]
    if symbol.isascii() and symbol.isdigit():
        return Query(exchange, con_id=int(symbol)) if len(symbol) < 11 else None
    fields = symbol.split("-")
    if len(fields) < 3 or fields[-1] not in SEC_TYPES or _GLOB & set(fields[-2]):
        return None
    head, currency, sec_type = fields[:-2], fields[-2], fields[-1]
    asked = _dated(head, sec_type) if sec_type in _DATED else ("-".join(head), "", "", 0.0, "")
    if asked is None or not asked[0] or _GLOB & set(asked[0]):
        return None
    root, expiry, right, strike, multiplier = asked
    return Query(exchange, 0, root, sec_type, currency, expiry, right, strike, multiplier)


def _dated(head: list[str], sec_type: str) -> tuple[str, str, str, float, str] | None:
    """Root, expiry, right, strike, multiplier; what a glob stands for is left empty."""
    at = next((index for index in range(1, len(head)) if _DATE.fullmatch(head[index]) or _GLOB & set(head[index])), 0)
    if not at:
        return "-".join(head), "", "", 0.0, ""
    root, expiry, rest = "-".join(head[:at]), _plain(head[at]), head[at + 1 :]
    if sec_type == "FUT":
        return (root, expiry, "", 0.0, _plain(rest[0]) if rest else "") if len(rest) < 2 else None
    right, strike, multiplier = (_plain(each) for each in (*rest, "", "", "")[:3])
    if len(rest) > 3 or right not in ("", "C", "P", "CALL", "PUT"):
        return None
    try:
        return root, expiry, right[:1], float(strike or 0), multiplier
    except ValueError:
        return None


def _plain(field: str) -> str:
    return "" if _GLOB & set(field) else field


class Named(msgspec.Struct, frozen=True):
    """A contract's own words, as the SDK gives them."""

    con_id: int
    symbol: str
    sec_type: str
    currency: str
    exchange: str
    expiry: str = ""
    right: str = ""
    strike: float = 0.0
    multiplier: str = ""


def symbol_of(named: Named, *, multiplier: bool = False) -> str:
    """The canonical symbol. `multiplier`: of a future whose month trades in several sizes."""
    fields = [named.symbol]
    if named.sec_type in _DATED:
        fields.append(named.expiry)
    if named.sec_type == "FUT" and multiplier:
        fields.append(named.multiplier)
    if named.sec_type in _OPTIONS:
        fields += [named.right[:1], f"{named.strike:.10g}", named.multiplier]
    return "-".join((*fields, named.currency, named.sec_type))


def instrument_of(named: Named) -> Instrument | None:
    """Its canonical name; None on an exchange that has no name here."""
    exchange = from_ib(named.exchange)
    return None if exchange is None else Instrument(symbol_of(named), exchange)
