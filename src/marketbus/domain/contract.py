"""A contract: what an instrument is and what its users compute with."""

from enum import StrEnum

import msgspec

from marketbus.domain.instrument import Exchange, Instrument


class Product(StrEnum):
    """Product classes by vnpy's names, in English."""

    EQUITY = "EQUITY"
    FUTURES = "FUTURES"
    OPTION = "OPTION"
    INDEX = "INDEX"
    FOREX = "FOREX"
    SPOT = "SPOT"
    ETF = "ETF"
    BOND = "BOND"
    WARRANT = "WARRANT"
    SPREAD = "SPREAD"
    FUND = "FUND"
    CFD = "CFD"
    SWAP = "SWAP"
    UNKNOWN = "UNKNOWN"

    @classmethod
    def _missing_(cls, value: object) -> "Product":
        return cls.UNKNOWN


class OptionType(StrEnum):
    """Call or put."""

    CALL = "CALL"
    PUT = "PUT"
    UNKNOWN = "UNKNOWN"

    @classmethod
    def _missing_(cls, value: object) -> "OptionType":
        return cls.UNKNOWN


class Contract(msgspec.Struct, frozen=True, array_like=True, tag="contract/1", gc=False):
    """One contract as a gateway lists it; None where the venue says nothing."""

    gateway: str
    symbol: str
    exchange: Exchange
    name: str
    product: Product
    size: float
    """Multiplier: units of the underlying per lot."""
    pricetick: float
    min_volume: float = 1.0
    max_volume: float | None = None
    list_date: int | None = None
    """yyyymmdd"""
    expire_date: int | None = None
    """yyyymmdd"""
    long_margin_ratio: float | None = None
    short_margin_ratio: float | None = None
    option_strike: float | None = None
    option_underlying: str | None = None
    option_type: OptionType | None = None
    option_portfolio: str | None = None
    is_trading: bool | None = None
    product_id: str = ""
    """The venue's product code: rb, IF, SA."""
    option_index: str | None = None
    """What names a strike within its chain, also after an adjustment (`2.450-A`); vnpy's option apps group by it."""
    currency: str = ""
    """Of its price, such as USD; empty where the venue has only one."""
    venue_id: str = ""
    """The venue's own number of it, where it has one (IB: conId)."""
    net_position: bool = False
    """The venue keeps one net position of it: orders neither open nor close."""

    @property
    def instrument(self) -> Instrument:
        """Symbol and exchange."""
        return Instrument(self.symbol, self.exchange)

    @property
    def vt_symbol(self) -> str:
        """`rb2701.SHFE`."""
        return f"{self.symbol}.{self.exchange}"
