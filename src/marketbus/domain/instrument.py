"""What is traded: exchanges, instruments, and the patterns that select them."""

import re
from enum import StrEnum
from fnmatch import translate
from typing import NamedTuple

from marketbus.domain.errors import SymbolError


class Exchange(StrEnum):
    """Exchanges by the names vnpy gives them (vnpy.trader.constant.Exchange); a name we do not know is UNKNOWN."""

    CFFEX = "CFFEX"
    SHFE = "SHFE"
    CZCE = "CZCE"
    DCE = "DCE"
    INE = "INE"
    GFEX = "GFEX"
    SSE = "SSE"
    SZSE = "SZSE"
    BSE = "BSE"
    SHHK = "SHHK"
    SZHK = "SZHK"
    SGE = "SGE"
    WXE = "WXE"
    CFETS = "CFETS"
    XBOND = "XBOND"
    SMART = "SMART"
    NYSE = "NYSE"
    NASDAQ = "NASDAQ"
    ARCA = "ARCA"
    EDGEA = "EDGEA"
    ISLAND = "ISLAND"
    BATS = "BATS"
    IEX = "IEX"
    AMEX = "AMEX"
    TSE = "TSE"
    NYMEX = "NYMEX"
    COMEX = "COMEX"
    GLOBEX = "GLOBEX"
    IDEALPRO = "IDEALPRO"
    CME = "CME"
    ICE = "ICE"
    SEHK = "SEHK"
    HKFE = "HKFE"
    SGX = "SGX"
    CBOT = "CBOT"
    CBOE = "CBOE"
    CFE = "CFE"
    DME = "DME"
    EUX = "EUX"
    APEX = "APEX"
    LME = "LME"
    BMD = "BMD"
    TOCOM = "TOCOM"
    EUNX = "EUNX"
    KRX = "KRX"
    OTC = "OTC"
    IBKRATS = "IBKRATS"
    LOCAL = "LOCAL"
    GLOBAL = "GLOBAL"
    UNKNOWN = "UNKNOWN"

    @classmethod
    def _missing_(cls, value: object) -> "Exchange":
        return cls.UNKNOWN


class Instrument(NamedTuple):
    """One instrument: the venue's own symbol and its exchange."""

    symbol: str
    exchange: Exchange

    @property
    def vt_symbol(self) -> str:
        """`rb2701.SHFE`, as vnpy writes it."""
        return f"{self.symbol}.{self.exchange}"


_LETTERS = re.compile("[A-Za-z]*")


def product_code(symbol: str) -> str:
    """The product whose hours a Chinese symbol keeps: rb2701 → rb, m2701-C-3000 → m, SPD RM701&RM703 → RM."""
    found = _LETTERS.match(symbol.rpartition(" ")[2])
    return found.group() if found else ""


MAX_SYMBOL = 80  # CTP's InstrumentID is char[81]: the longest of the venues


def parse_instrument(text: str) -> Instrument:
    """`rb2701.SHFE` (vnpy) or `SHFE.rb2701` (tqsdk) to an instrument.

    Raises:
        SymbolError: neither end is an exchange, or the symbol is empty or too long.
    """
    instrument = _split(text)
    if instrument is None or any(char in instrument.symbol for char in "*?[]"):
        raise SymbolError(f"{text!r} is not an instrument", "write SYMBOL.EXCHANGE, such as rb2701.SHFE")
    return instrument


def _split(text: str) -> Instrument | None:
    text = text.strip()
    if len(text) > MAX_SYMBOL + 1 + 16 or not text.isprintable():
        return None
    symbol, dot, last = text.rpartition(".")
    if dot and symbol and (exchange := Exchange(last)) is not Exchange.UNKNOWN:
        return Instrument(symbol, exchange)
    first, dot, symbol = text.partition(".")
    if dot and symbol and (exchange := Exchange(first)) is not Exchange.UNKNOWN:
        return Instrument(symbol, exchange)
    return None


class Pattern:
    """Selects instruments: one (`rb2701.SHFE`) or a glob (`rb*.SHFE`, `*.SHFE`, `SHFE.*`, `*`)."""

    def __init__(self, text: str) -> None:
        """Parse `text`.

        Raises:
            SymbolError: the text names no exchange and is not `*`.
        """
        self.text = text.strip()
        self.instrument: Instrument | None = None
        self.exchange: Exchange | None = None
        self._glob = "*"
        if self.text in ("*", "*.*"):
            self.text = "*"
            self._match = re.compile("").match
            return
        split = _split(self.text)
        if split is None:
            symbol, dot, last = self.text.rpartition(".")
            if dot and last == "*" and symbol and symbol.isprintable():
                self._glob = symbol
                self._match = re.compile(translate(symbol)).match
                return
            raise SymbolError(f"{text!r} is not an instrument or pattern", "such as rb2701.SHFE, rb*.SHFE, *.SHFE or *")
        self.exchange = split.exchange
        self._glob = split.symbol
        if any(char in split.symbol for char in "*?["):
            self._match = re.compile(translate(split.symbol)).match
        else:
            self.instrument = split
            self._match = re.compile(re.escape(split.symbol) + r"\Z").match
        self.text = split.vt_symbol

    @property
    def whole_exchange(self) -> bool:
        """Whether it takes every symbol (of one exchange or of all)."""
        return self._glob == "*"

    def matches(self, instrument: Instrument) -> bool:
        """Whether the instrument is selected."""
        if self.exchange is not None and instrument.exchange is not self.exchange:
            return False
        return self._match(instrument.symbol) is not None

    def __repr__(self) -> str:
        return f"Pattern({self.text!r})"

    def __str__(self) -> str:
        return self.text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pattern) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)
