"""What CTP has of its own in its family."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from marketbus.domain.contract import Product
from marketbus.domain.instrument import Exchange
from marketbus.gateways.ctp_family.dialect import Dialect, OptionNames
from marketbus.gateways.ctp_family.order_codes import HEDGES

if TYPE_CHECKING:
    from marketbus.gateways.ctp_family.native_api import Native


def _option_names(data: Mapping[str, Any]) -> OptionNames:
    portfolio: str = data["ProductID"]
    if data["ExchangeID"] == "CZCE" and portfolio[-1:] in ("C", "P"):
        portfolio = portfolio[:-1]  # CZCE names the option product SRC, SRP
    return OptionNames(portfolio, data["UnderlyingInstrID"] or None, str(data["StrikePrice"]))


def _average_price(value: float, exchange: Exchange, size: float | None) -> float | None:
    # AveragePrice is turnover / volume, multiplier included, except at CZCE.
    if exchange is Exchange.CZCE:
        return value
    return value / size if size else None


def _native() -> "Native":
    from marketbus.gateways.ctp.api import NATIVE

    return NATIVE


CTP = Dialect(
    kind="ctp",
    package="vnpy_ctp",
    md_library="libthostmduserapi_se.so",
    td_library="libthosttraderapi_se.so",
    version_symbol="_ZN15CThostFtdcMdApi13GetApiVersionEv",
    environments=True,
    # ThostFtdcUserApiDataType.h: THOST_FTDC_PC_*
    products={
        "1": Product.FUTURES,
        "2": Product.OPTION,
        "3": Product.SPREAD,
        "4": Product.SPOT,
        "6": Product.OPTION,
    },
    option_names=_option_names,
    average_price=_average_price,
    native=_native,
    hedges=HEDGES,
    symbol_bytes=80,
)
