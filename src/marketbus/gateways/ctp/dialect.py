"""What CTP has of its own in its family."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from marketbus.domain.contract import Product
from marketbus.domain.instrument import Exchange
from marketbus.gateways.ctp_family.dialect import Dialect, DirectFacts, OptionNames
from marketbus.gateways.ctp_family.order_codes import HEDGES

if TYPE_CHECKING:
    from marketbus.gateways.ctp_family.native_api import Native


def _option_names(data: Mapping[str, Any]) -> OptionNames:
    portfolio: str = data["ProductID"]
    if data["ExchangeID"] == "CZCE" and portfolio[-1:] in ("C", "P"):
        portfolio = portfolio[:-1]  # CZCE names the option product SRC, SRP
    return OptionNames(portfolio, data["UnderlyingInstrID"] or None, str(data["StrikePrice"]))


def _average_divisor(exchange: Exchange, size: float | None) -> float | None:
    # AveragePrice is turnover / volume, multiplier included, except at CZCE.
    return 1.0 if exchange is Exchange.CZCE else size


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
    average_divisor=_average_divisor,
    native=_native,
    hedges=HEDGES,
    symbol_bytes=80,
    direct=DirectFacts(
        factory="_ZN15CThostFtdcMdApi15CreateFtdcMdApiEPKcbbb",
        versions=frozenset({"v6.7.11_20250617 16:22:00.10369"}),
        libraries=frozenset({"9c6d321f3d880e1c91ec225cc46950f8aa1502f43fc9f41d1d92f10ee04d190a"}),
        headers="6.7.11.4",
    ),
)
