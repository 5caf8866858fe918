"""An instrument record becomes a contract, nothing, or an error that costs itself only."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketbus.domain.contract import Contract, OptionType, Product
from marketbus.domain.instrument import Exchange
from marketbus.gateways.ctp.dialect import CTP
from marketbus.gateways.ctp_family.contracts import contract
from marketbus.wire import codec


def record(**fields: Any) -> dict[str, Any]:
    return {
        "InstrumentID": "rb2701", "ExchangeID": "SHFE", "InstrumentName": "螺纹钢2701", "ProductClass": "1",
        "ProductID": "rb", "VolumeMultiple": 10, "PriceTick": 1.0, "MinLimitOrderVolume": 1, "MaxLimitOrderVolume": 500,
        "OpenDate": "20260116", "ExpireDate": "20270115", "LongMarginRatio": 0.12, "ShortMarginRatio": 0.12,
        "StrikePrice": 0.0, "UnderlyingInstrID": "rb", "OptionsType": "\0", "IsTrading": 1,
    } | fields  # fmt: skip


def test_a_future() -> None:
    found = contract(CTP, "ctp", record())
    assert found is not None
    assert (found.vt_symbol, found.name, found.product) == ("rb2701.SHFE", "螺纹钢2701", Product.FUTURES)
    assert (found.size, found.pricetick, found.expire_date) == (10, 1, 20270115)
    assert (found.option_strike, found.option_type, found.option_underlying, found.option_portfolio) == (None,) * 4


@pytest.mark.parametrize(
    ("exchange", "product_id", "portfolio"), [("CZCE", "SRC", "SR"), ("CZCE", "SRP", "SR"), ("DCE", "m_o", "m_o")]
)
def test_an_option_names_its_portfolio_as_vnpy_does(exchange: str, product_id: str, portfolio: str) -> None:
    option = record(
        ExchangeID=exchange, ProductClass="2", ProductID=product_id, StrikePrice=5400.0, OptionsType="2",
        UnderlyingInstrID="SR701",
    )  # fmt: skip
    found = contract(CTP, "ctp", option)
    assert found is not None
    assert (found.option_portfolio, found.option_strike, found.option_type) == (portfolio, 5400.0, OptionType.PUT)
    assert found.option_underlying == "SR701"


@pytest.mark.parametrize("product", ["5", "7", "8", "", "\0"])
def test_a_product_class_that_nobody_trades_is_left_out(product: str) -> None:
    assert contract(CTP, "ctp", record(ProductClass=product)) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"ExchangeID": "MARS"},
        {"ExchangeID": ""},
        {"VolumeMultiple": 0},
        {"VolumeMultiple": -1},
        {"PriceTick": 0.0},
        {"PriceTick": math.nan},
        {"PriceTick": 1.7976931348623157e308},
    ],
)
def test_what_nobody_could_compute_with_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"unknown exchange|multiplier"):
        contract(CTP, "ctp", record(**fields))


TEXT = st.text(max_size=81)
HOSTILE = st.fixed_dictionaries(
    {
        name: {str: TEXT, int: st.integers(-(2**31), 2**31 - 1), float: st.floats()}[type(value)]
        for name, value in record().items()
    }
    | {
        "ExchangeID": st.sampled_from([*map(str, Exchange), "MARS"]) | TEXT,
        "ProductClass": st.sampled_from("1234567"),
        "OptionsType": st.sampled_from(["1", "2", "", "\0"]),
    }
)


@given(HOSTILE)
def test_anything_becomes_a_contract_nothing_or_an_error(data: dict[str, Any]) -> None:
    try:
        found = contract(CTP, "ctp", data)
    except ValueError:
        return
    if found is not None:
        assert codec.decode(Contract, codec.encode(found)) == found
        assert found.size > 0
        assert 0 < found.pricetick < 1e308
