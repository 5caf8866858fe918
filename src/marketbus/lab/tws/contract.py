"""A contract as TWS describes it, and how a client asks for one."""

from dataclasses import dataclass, replace
from decimal import Decimal

from marketbus.lab.tws.frame import Field, Fields

ONE = Decimal(1)
NEW_YORK, CHICAGO = "US/Eastern", "US/Central"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """One listed contract. `expiry` yyyymmdd; `lot`: what one lot of the exchange model is; sizes in units.

    `base`: an ordinary price; `margin`: share of the value that a position needs; `quoted`: has bids and asks;
    `traded`: has trades; `permitted`: the user has subscribed its live data.
    """

    con_id: int
    symbol: str
    sec_type: str
    currency: str = "USD"
    exchange: str
    """What it is answered with when nobody asks for another."""
    primary: str = ""
    exchanges: tuple[str, ...] = ()
    local_symbol: str = ""
    trading_class: str = ""
    expiry: str = ""
    strike: Decimal = Decimal(0)
    right: str = ""
    multiplier: str = ""
    long_name: str
    market_name: str = ""
    stock_type: str = ""
    under_con_id: int = 0
    under_symbol: str = ""
    under_sec_type: str = ""
    time_zone: str = NEW_YORK
    hours: str = "0930-1600"
    tick: Decimal = Decimal("0.01")
    min_size: Decimal = ONE
    size_increment: Decimal = ONE
    suggested_size: Decimal = ONE
    lot: Decimal = ONE
    base: Decimal
    margin: Decimal = Decimal("0.5")
    quoted: bool = True
    traded: bool = True
    tradable: bool = True
    permitted: bool = True
    reroute: int = 0
    """Market data come from that contract: TWS says so and sends none itself."""

    @property
    def value(self) -> Decimal:
        """Currency units for one point of one unit."""
        return Decimal(self.multiplier or 1)

    @property
    def month(self) -> str:
        """yyyymm, of what expires."""
        return self.expiry[:6]

    @property
    def row(self) -> str:
        """What the exchange model calls it."""
        return str(self.con_id)

    def fields(self, exchange: str = "") -> tuple[Field, ...]:
        """As orders, executions and positions carry it, 11 fields; `exchange`: that it was asked with."""
        return (
            self.con_id, self.symbol, self.sec_type, self.expiry, self.strike or "0.0", self.right,
            self.multiplier, exchange or self.exchange, self.currency, self.local_symbol, self.trading_class,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Query:
    """What a client knows of the contract it means: empty fields match anything."""

    con_id: int = 0
    symbol: str = ""
    sec_type: str = ""
    expiry: str = ""
    strike: Decimal = Decimal(0)
    right: str = ""
    multiplier: str = ""
    exchange: str = ""
    primary: str = ""
    currency: str = ""
    local_symbol: str = ""
    trading_class: str = ""

    def matches(self, contract: Contract) -> bool:
        """Whether that contract may be meant; a continuous future only by its type."""
        if contract.sec_type == "CONTFUT" and self.sec_type != "CONTFUT":
            return False
        if self.con_id:
            same = self.con_id == contract.con_id and self.sec_type in {"", contract.sec_type}
            return same and self.exchange in {"", *contract.exchanges}
        return (
            self.symbol in {"", contract.symbol}
            and self.sec_type in {"", contract.sec_type}
            and contract.expiry.startswith(self.expiry)
            and self.strike in {Decimal(0), contract.strike}
            and self.right[:1] in {"", contract.right}
            and self.multiplier in {"", contract.multiplier}
            and self.exchange in {"", *contract.exchanges}
            and self.primary in {"", contract.primary, *contract.exchanges}
            and self.currency in {"", contract.currency}
            and self.local_symbol in {"", contract.local_symbol}
            and self.trading_class in {"", contract.trading_class}
        )


def read_query(fields: Fields, *, primary: bool = True) -> Query:
    """The 12 fields most requests begin with (11 when the request has no primary exchange)."""
    query = Query(
        con_id=fields.integer(),
        symbol=fields.text(),
        sec_type=fields.text(),
        expiry=fields.text(),
        strike=fields.decimal() or Decimal(0),
        right=fields.text(),
        multiplier=fields.text(),
        exchange=fields.text(),
        primary=fields.text() if primary else "",
        currency=fields.text(),
        local_symbol=fields.text(),
        trading_class=fields.text(),
    )
    # A whole multiplier may come as "100.0", an unset right as "?" or "0".
    multiplier = query.multiplier.removesuffix(".0")
    return replace(query, multiplier=multiplier, right="" if query.right in {"?", "0"} else query.right)
