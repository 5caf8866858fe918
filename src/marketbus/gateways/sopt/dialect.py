"""What SOPT has of its own in the CTP family."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from marketbus.domain.contract import Product
from marketbus.domain.order_terms import HedgeFlag
from marketbus.domain.schedule import Schedule
from marketbus.gateways.ctp_family.dialect import Dialect, DirectFacts, OptionNames
from marketbus.gateways.ctp_family.order_codes import HEDGES

if TYPE_CHECKING:
    from marketbus.gateways.ctp_family.native_api import Native

_VERSION = re.compile(r"[MAB].*")
"""In the exchange's own code, 510050C2612M02500: M until the fund pays out, then A, B."""


def _option_names(data: Mapping[str, Any]) -> OptionNames:
    """As vnpy_sopt 3.7.1 names them: one chain per fund and month."""
    fund: str = data["UnderlyingInstrID"]
    code = str(data["InstrumentCode"]).replace(" ", "")
    version = _VERSION.search(code)
    strike: float = data["StrikePrice"]
    return OptionNames(
        portfolio=f"{fund}_O",
        underlying=f"{fund}-{data['DeliveryYear']}{data['DeliveryMonth']:02}" if fund else None,
        index=f"{strike:.3f}-{version.group()}" if version else str(strike),
    )


def _native() -> "Native":
    from marketbus.gateways.sopt.api import NATIVE

    return NATIVE


SOPT = Dialect(
    kind="sopt",
    package="vnpy_sopt",
    md_library="libsoptthostmduserapi_se.so",
    td_library="libsoptthosttraderapi_se.so",
    version_symbol="_ZN8ctp_sopt15CThostFtdcMdApi13GetApiVersionEv",
    environments=False,
    # ThostFtdcUserApiDataType.h: THOST_FTDC_PC_*
    products={
        "3": Product.SPREAD,
        "7": Product.OPTION,
        "8": Product.EQUITY,
    },
    option_names=_option_names,
    average_divisor=lambda exchange, size: None,  # no rule is published, and vnpy_sopt does not carry it
    native=_native,
    hedges=HEDGES | {HedgeFlag.COVERED: "4"},
    symbol_bytes=30,
    schedule=Schedule.CN_OPTIONS,
    direct=DirectFacts(
        factory="_ZN8ctp_sopt15CThostFtdcMdApi15CreateFtdcMdApiEPKcbb",
        versions=frozenset({"v3.7.0_20230901 16:09:44.2a6f8972"}),
        libraries=frozenset({"867816a3683069680081c0bf6b7ada9923bbc8ce637271e046ed77decd733f13"}),
        headers="3.7.1.2",
        defines=("-DMARKETBUS_SOPT",),
    ),
)
