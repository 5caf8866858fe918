"""Contract details (the SDK's) to domain contracts, and back to what a request names."""

from math import isfinite

from ib_async.contract import Contract as IbContract
from ib_async.contract import ContractDetails

from marketbus.domain.contract import Contract, OptionType, Product
from marketbus.domain.instrument import Instrument
from marketbus.gateways.ib.symbols import Named, Query

_PRODUCTS = {
    "STK": Product.EQUITY,
    "FUT": Product.FUTURES,
    "CONTFUT": Product.FUTURES,
    "OPT": Product.OPTION,
    "FOP": Product.OPTION,
    "CASH": Product.FOREX,
    "CRYPTO": Product.SPOT,
    "CMDTY": Product.SPOT,
    "CFD": Product.CFD,
    "IND": Product.INDEX,
    "FUND": Product.FUND,
    "BOND": Product.BOND,
    "WAR": Product.WARRANT,
    "BAG": Product.SPREAD,
}
_RIGHTS = {"C": OptionType.CALL, "P": OptionType.PUT}
_SANE = 1e15


def requested(query: Query) -> IbContract:
    """What to ask for."""
    return IbContract(
        secType=query.sec_type,
        conId=query.con_id,
        symbol=query.symbol,
        lastTradeDateOrContractMonth=query.expiry,
        strike=query.strike,
        right=query.right,
        multiplier=query.multiplier,
        exchange=query.exchange,
        currency=query.currency,
        includeExpired=False,
    )


def named(contract: IbContract, exchange: str = "") -> Named:
    """What a symbol is made of."""
    return Named(
        con_id=contract.conId,
        symbol=contract.symbol,
        sec_type=contract.secType,
        currency=contract.currency,
        exchange=exchange or contract.exchange,
        expiry=contract.lastTradeDateOrContractMonth.partition(" ")[0],
        right=contract.right,
        strike=float(contract.strike),
        multiplier=_plain(contract.multiplier),
    )


def to_domain(gateway: str, instrument: Instrument, details: ContractDetails) -> Contract:
    """A contract as IB lists it, under a name of ours."""
    contract = details.contract or IbContract()
    own = named(contract)
    option = _RIGHTS.get(own.right[:1])
    product = _PRODUCTS.get(own.sec_type, Product.UNKNOWN)
    if product is Product.EQUITY and details.stockType == "ETF":
        product = Product.ETF
    expiry = own.expiry if own.expiry.isdigit() and len(own.expiry) == 8 else ""
    return Contract(
        gateway=gateway,
        symbol=instrument.symbol,
        exchange=instrument.exchange,
        name=details.longName or contract.localSymbol or contract.symbol,
        product=product,
        size=_positive(own.multiplier) or 1.0,
        pricetick=_positive(details.minTick) or 0.0,
        min_volume=_positive(details.sizeIncrement) or _positive(details.minSize) or 1.0,
        expire_date=int(expiry) if expiry else None,
        option_strike=own.strike if option else None,
        option_underlying=f"{details.underSymbol or own.symbol}_{own.expiry}" if option else None,
        option_type=option,
        option_portfolio=f"{details.underSymbol or own.symbol}_O" if option else None,
        is_trading=True,
        product_id=contract.tradingClass or own.symbol,
        option_index=f"{own.strike:.10g}" if option else None,
        currency=own.currency,
        venue_id=str(own.con_id),
        net_position=True,
    )


def _positive(value: float | str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if isfinite(number) and 0 < number < _SANE else None


def _plain(multiplier: str) -> str:
    """`50` for `50.0`."""
    number = _positive(multiplier)
    return multiplier if number is None else f"{number:.10g}"
