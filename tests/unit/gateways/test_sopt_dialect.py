"""What SOPT has of its own: how options name themselves, and which date counts."""

from typing import Any

import pytest
from vnpy_sopt.gateway.sopt_gateway import get_option_index

from marketbus.domain.contract import OptionType, Product
from marketbus.domain.schedule import Schedule
from marketbus.gateways.ctp_family.contracts import contract
from marketbus.gateways.ctp_family.setting import keys
from marketbus.gateways.sopt.dialect import SOPT


def record(**fields: Any) -> dict[str, Any]:
    return {
        "InstrumentID": "10009739", "ExchangeID": "SSE", "InstrumentName": "50ETF购11月2850", "ProductClass": "7",
        "ProductID": "510050_o", "VolumeMultiple": 10_000, "PriceTick": 0.0001, "MinLimitOrderVolume": 1,
        "MaxLimitOrderVolume": 500, "OpenDate": "20260326", "ExpireDate": "20261125", "LongMarginRatio": 0.12,
        "ShortMarginRatio": 0.12, "StrikePrice": 2.85, "UnderlyingInstrID": "510050", "OptionsType": "1",
        "IsTrading": 1, "DeliveryYear": 2026, "DeliveryMonth": 3, "InstrumentCode": "510050C2603M02850",
    } | fields  # fmt: skip


def test_an_option_names_fund_month_and_strike_as_vnpy_does() -> None:
    found = contract(SOPT, "sopt", record())
    assert found is not None
    assert (found.vt_symbol, found.product, found.size) == ("10009739.SSE", Product.OPTION, 10_000)
    assert (found.option_portfolio, found.option_underlying) == ("510050_O", "510050-202603")
    assert (found.option_strike, found.option_type, found.expire_date) == (2.85, OptionType.CALL, 20261125)
    assert found.option_index == "2.850-M02850"


@pytest.mark.parametrize(
    "code", ["510050C2603M02850", "510050P2603A02798", "159915C2612M002150", "510050C2603 B02850", "", "510050"]
)
@pytest.mark.parametrize("strike", [2.85, 2.798, 0.4])
def test_the_index_of_a_strike_is_the_stock_gateways(code: str, strike: float) -> None:
    found = contract(SOPT, "sopt", record(InstrumentCode=code, StrikePrice=strike))
    assert found is not None
    assert found.option_index == get_option_index(strike, code)


def test_an_adjusted_contract_has_another_index_than_the_ordinary_one_of_its_strike() -> None:
    ordinary, adjusted = (contract(SOPT, "sopt", record(InstrumentCode=f"510050C2603{x}02850")) for x in "MA")
    assert ordinary is not None
    assert adjusted is not None
    assert ordinary.option_index != adjusted.option_index


@pytest.mark.parametrize(
    ("product_class", "product"), [("3", Product.SPREAD), ("7", Product.OPTION), ("8", Product.EQUITY)]
)
def test_the_classes_that_vnpy_lists_are_listed(product_class: str, product: Product) -> None:
    found = contract(SOPT, "sopt", record(ProductClass=product_class))
    assert found is not None
    assert found.product is product
    assert (found.option_strike is None) is (product is not Product.OPTION)


@pytest.mark.parametrize("product_class", ["1", "2", "4", "5", "6", ""])
def test_other_classes_are_left_out(product_class: str) -> None:
    assert contract(SOPT, "sopt", record(ProductClass=product_class)) is None


def test_there_is_one_environment_and_no_night() -> None:
    assert "柜台环境" not in keys(SOPT)
    assert SOPT.schedule is Schedule.CN_OPTIONS
