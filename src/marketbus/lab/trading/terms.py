"""What trading one instrument costs and needs on one day."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum, auto

from marketbus.lab.instruments import Kind, Listing


class MarketRest(Enum):
    """What becomes of a market order's unfilled rest."""

    CANCELLED = auto()
    AT_DAY_LIMIT = auto()
    """Stays as a limit order at the price that has always been its limit: the day's."""
    AT_LAST_FILL = auto()
    """Stays as a limit order at the last price it got; cancelled when it got none."""


@dataclass(frozen=True, slots=True)
class Fee:
    """A share of the turnover plus an amount in yuan per lot."""

    money: Decimal = Decimal(0)
    lot: Decimal = Decimal(0)

    def of(self, turnover: Decimal, volume: int) -> Decimal:
        """Yuan, exact."""
        return turnover * self.money + self.lot * volume


@dataclass(frozen=True, slots=True)
class Terms:
    """`tick` yuan; `margin` share of the cost; `written` yuan of margin for a lot of an option sold."""

    symbol: str
    exchange: str
    multiplier: int
    tick: Decimal
    option: bool
    margin: Decimal
    written: Decimal
    open: Fee
    close: Fee
    close_today: Fee
    splits_days: bool
    """Whether today's and yesterday's positions are kept and closed apart."""
    market: MarketRest | None
    """None: no market orders."""
    tradable: bool
    expires: date

    def turnover(self, price: Decimal, volume: int) -> Decimal:
        """Yuan."""
        return price * self.multiplier * volume

    def closing_fee(self, price: Decimal, volume: int, *, today: bool) -> Decimal:
        """Yuan for closing that many lots of one day."""
        fee = self.close_today if today else self.close
        return fee.of(self.turnover(price, volume), volume)


_SPLITS_DAYS = frozenset({"SHFE", "INE"})
"""Source: the exchanges' trading rules; CTP says so in PositionDateType."""

# Source: the exchanges' trading rules. Shanghai takes limit orders only; CFFEX cancels the rest of a market order
# (at most five levels), so does Zhengzhou; Dalian and Guangzhou match a market order at the day's limit price. On stock
# exchanges' options, the usual kind of market order leaves its rest as a limit order.
_MARKET = {
    "CFFEX": MarketRest.CANCELLED,
    "CZCE": MarketRest.CANCELLED,
    "DCE": MarketRest.AT_DAY_LIMIT,
    "GFEX": MarketRest.AT_DAY_LIMIT,
    "SSE": MarketRest.AT_LAST_FILL,
    "SZSE": MarketRest.AT_LAST_FILL,
}

MARGIN = Decimal("0.12")
"""Of every future; an option sold needs its premium and this share of its strike. The lab's own, like the fees."""


def _flat(fee: Fee) -> tuple[Fee, Fee, Fee]:
    return fee, fee, fee


_NONE = Fee()
_FEES: dict[str, tuple[Fee, Fee, Fee]] = {
    "SHFE": (Fee(Decimal("0.0001")), Fee(Decimal("0.0001")), Fee(Decimal("0.0003"))),
    "INE": (Fee(lot=Decimal(20)), Fee(lot=Decimal(20)), _NONE),
    "DCE": _flat(Fee(lot=Decimal("1.51"))),
    "CZCE": (Fee(lot=Decimal("3.51")), Fee(lot=Decimal("3.51")), _NONE),
    "CFFEX": (Fee(Decimal("0.000023")), Fee(Decimal("0.000023")), Fee(Decimal("0.00023"))),
    "GFEX": _flat(Fee(Decimal("0.0001"))),
}
_OPTION_FEES = _flat(Fee(lot=Decimal("1.7")))


def terms_of(listing: Listing, pre_settlement: Decimal) -> Terms:
    """The terms of a listing on the day whose previous settlement price is `pre_settlement`."""
    option = listing.kind is Kind.OPTION
    multiplier = listing.multiplier
    fees = _OPTION_FEES if option else _FEES.get(listing.exchange, _OPTION_FEES)
    return Terms(
        symbol=listing.symbol,
        exchange=listing.exchange,
        multiplier=multiplier,
        tick=exact(listing.tick),
        option=option,
        margin=Decimal(0) if option else MARGIN,
        written=(pre_settlement + exact(listing.strike) * MARGIN) * multiplier if option else Decimal(0),
        open=fees[0],
        close=fees[1],
        close_today=fees[2],
        splits_days=listing.exchange in _SPLITS_DAYS,
        market=_MARKET.get(listing.exchange),
        tradable=listing.kind in {Kind.FUTURE, Kind.OPTION},
        expires=listing.expires,
    )


def exact(price: float) -> Decimal:
    """The decimal a venue means by that float: to 6 places."""
    return Decimal(repr(round(float(price), 6)))
