"""An instrument record (the SDK's dict) to a domain contract."""

import sys
from collections.abc import Mapping
from typing import Any

from marketbus.domain.contract import Contract, OptionType, Product
from marketbus.domain.instrument import Exchange
from marketbus.gateways.ctp_family.dialect import Dialect

# ThostFtdcUserApiDataType.h: THOST_FTDC_CP_*
_OPTION_TYPES = {"1": OptionType.CALL, "2": OptionType.PUT}
_MAX = sys.float_info.max


def contract(dialect: Dialect, gateway: str, data: Mapping[str, Any]) -> Contract | None:
    """Translate one record; None for a product class that nobody trades here (such as EFP).

    Raises:
        ValueError: the record names an exchange that we do not know, or no multiplier.
    """
    product = dialect.products.get(data["ProductClass"])
    if product is None:
        return None
    exchange = Exchange(data["ExchangeID"])
    if exchange is Exchange.UNKNOWN:
        raise ValueError(f"unknown exchange {data['ExchangeID']!r}")
    size = float(data["VolumeMultiple"])
    tick = float(data["PriceTick"])
    if size <= 0 or not 0 < tick < _MAX:
        raise ValueError(f"multiplier {size}, price tick {tick}")
    option = product is Product.OPTION
    names = dialect.option_names(data) if option else None
    return Contract(
        gateway=gateway,
        symbol=data["InstrumentID"],
        exchange=exchange,
        name=data["InstrumentName"],
        product=product,
        size=size,
        pricetick=tick,
        min_volume=float(data["MinLimitOrderVolume"]),
        max_volume=float(data["MaxLimitOrderVolume"]),
        list_date=_date(data["OpenDate"]),
        expire_date=_date(data["ExpireDate"]),
        long_margin_ratio=_ratio(data["LongMarginRatio"]),
        short_margin_ratio=_ratio(data["ShortMarginRatio"]),
        option_strike=_ratio(data["StrikePrice"]) if option else None,
        option_underlying=names.underlying if names else None,
        option_type=_OPTION_TYPES.get(data["OptionsType"]) if option else None,
        option_portfolio=names.portfolio if names else None,
        is_trading=bool(data["IsTrading"]),
        product_id=data["ProductID"],
        option_index=names.index if names else None,
    )


def _ratio(value: float) -> float | None:
    return value if 0 < value < 1e15 else None


def _date(text: str) -> int | None:
    return int(text) if len(text) == 8 and text.isascii() and text.isdigit() else None
