"""Ticks and contracts to vnpy's objects and back."""

import math
import sys
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from vnpy.trader.constant import Exchange as VnpyExchange
from vnpy.trader.constant import OptionType as VnpyOptionType
from vnpy.trader.constant import Product as VnpyProduct
from vnpy.trader.object import ContractData, TickData

from marketbus.domain.contract import OptionType, Product
from marketbus.domain.instrument import Exchange
from marketbus.domain.tick import Tick, TickFlag
from marketbus.vnpy_types.market import contract_from_vnpy, tick_from_vnpy, tick_to_vnpy
from marketbus.wire import codec

PRICE = st.floats(-1e9, 1e9)
VOLUME = st.integers(1, 10**9).map(float)


@st.composite
def ticks(draw: st.DrawFn) -> Tick:
    fields: dict[str, Any] = {}
    for side in ("bid", "ask"):
        for level in range(1, 6):
            if draw(st.booleans()):
                fields[f"{side}_price_{level}"] = draw(PRICE)
                fields[f"{side}_volume_{level}"] = draw(VOLUME)
    for name in ("limit_up", "limit_down", "open_price", "high_price", "low_price", "pre_close"):
        fields[name] = draw(st.none() | PRICE.filter(bool))
    last = draw(PRICE)
    flags = 0 if last else int(TickFlag.NO_LAST)
    if "bid_price_1" in fields and "ask_price_1" in fields and fields["bid_price_1"] >= fields["ask_price_1"]:
        flags |= TickFlag.CROSSED
    return Tick(
        "ctp",
        draw(st.text(min_size=1, max_size=20)),
        draw(st.sampled_from([each for each in Exchange if each is not Exchange.UNKNOWN])),
        draw(st.integers(0, 4 * 10**9)) * 10**9 + draw(st.integers(0, 999_999)) * 1000,
        received=draw(st.integers(0, 4 * 10**18)),
        trading_day=20261120,
        flags=flags,
        name=draw(st.text(max_size=20)),
        volume=draw(VOLUME),
        turnover=draw(PRICE),
        open_interest=draw(VOLUME),
        last_price=last,
        last_volume=draw(VOLUME),
        **fields,
    )


@given(ticks())
def test_a_tick_survives_the_way_there_and_back(tick: Tick) -> None:
    there = tick_to_vnpy(tick)
    assert isinstance(there, TickData)
    assert there.vt_symbol == tick.vt_symbol
    assert tick_from_vnpy(there, tick.received, tick.trading_day) == tick


def test_absent_is_0_to_vnpy_and_absent_again() -> None:
    there = tick_to_vnpy(Tick("ctp", "rb2701", Exchange.SHFE, 0, 0, flags=TickFlag.NO_LAST))
    assert (there.limit_up, there.bid_price_1, there.last_price) == (0, 0, 0)
    back = tick_from_vnpy(there, 0, 0)
    assert (back.limit_up, back.bid_volume_1, back.flags) == (None, 0, TickFlag.NO_LAST)


def test_exchanges_are_vnpys() -> None:
    assert {each.value for each in Exchange} - {"UNKNOWN"} == {each.value for each in VnpyExchange}


def test_products_and_option_types_are_vnpys() -> None:
    for product in VnpyProduct:
        assert Product(product.name) is not Product.UNKNOWN
    for kind in VnpyOptionType:
        assert OptionType(kind.name) is not OptionType.UNKNOWN


NUMBERS = st.floats() | st.sampled_from([sys.float_info.max, -sys.float_info.max, 0.0])
FIELDS = [
    "volume", "turnover", "open_interest", "last_price", "last_volume", "limit_up", "limit_down", "open_price",
    "high_price", "low_price", "pre_close",
    *(f"{side}_{kind}_{level}" for side in ("bid", "ask") for kind in ("price", "volume") for level in range(1, 6)),
]  # fmt: skip


@given(st.fixed_dictionaries(dict.fromkeys(FIELDS, NUMBERS)))
def test_a_gateways_numbers_become_numbers_or_an_error(fields: dict[str, float]) -> None:
    data = TickData(
        gateway_name="x", symbol="rb2701", exchange=VnpyExchange.SHFE, datetime=datetime(2026, 11, 20, 9, 30)
    )
    for name, value in fields.items():
        setattr(data, name, value)
    try:
        tick = tick_from_vnpy(data, 0, 20261120)
    except ValueError:
        assert math.isnan(data.last_price) or not 0 <= data.volume < 1e300
        return
    assert codec.decode(Tick, codec.encode(tick)) == tick
    for name in Tick.__struct_fields__:
        value = getattr(tick, name)
        assert not isinstance(value, float) or abs(value) < 1e300, name
    for level in range(1, 6):
        for side in ("bid", "ask"):
            volume, price = getattr(tick, f"{side}_volume_{level}"), getattr(tick, f"{side}_price_{level}")
            assert volume > 0 or price == volume == 0


@given(st.fixed_dictionaries(dict.fromkeys(FIELDS, st.floats(0.0, 1e9) | st.integers(1, 100))))
def test_a_tick_with_nothing_odd_is_the_same_as_looked_at_number_by_number(fields: dict[str, float]) -> None:
    data = TickData(
        gateway_name="x", symbol="rb2701", exchange=VnpyExchange.SHFE, datetime=datetime(2026, 11, 20, 9, 30)
    )
    vars(data).update(fields)
    whole = tick_from_vnpy(data, 0, 20261120)
    data.limit_down = 0.0  # one that is absent
    careful = tick_from_vnpy(data, 0, 20261120)
    limit_down = whole.limit_down if fields["limit_down"] else None
    assert codec.encode(replace(careful, limit_down=limit_down)) == codec.encode(whole)


def test_a_naive_time_is_shanghais() -> None:
    data = TickData(
        gateway_name="x", symbol="rb2701", exchange=VnpyExchange.SHFE, datetime=datetime(2026, 11, 20, 9, 30)
    )
    assert tick_from_vnpy(data, 0, 0).time.isoformat() == "2026-11-20T09:30:00+08:00"


@pytest.mark.parametrize("datetime_", [None, "2026-11-20"])
def test_a_tick_without_a_time_is_no_tick(datetime_: Any) -> None:
    data = TickData(gateway_name="x", symbol="rb2701", exchange=VnpyExchange.SHFE, datetime=datetime_)
    with pytest.raises((AttributeError, TypeError)):  # the host counts both as bad ticks
        tick_from_vnpy(data, 0, 0)


def test_a_contract_keeps_what_vnpy_knows() -> None:
    data = ContractData(
        gateway_name="x",
        symbol="IO2612-C-4600",
        exchange=VnpyExchange.CFFEX,
        name="沪深300",
        product=VnpyProduct.OPTION,
        size=100,
        pricetick=0.2,
        min_volume=1,
        max_volume=20,
        option_strike=4600,
        option_underlying="IO2612",
        option_type=VnpyOptionType.CALL,
        option_listed=datetime(2025, 12, 22),
        option_expiry=datetime(2026, 12, 18),
        option_portfolio="IO",
        option_index="4600",
    )
    found = contract_from_vnpy(data)
    assert (found.vt_symbol, found.product, found.size, found.pricetick) == ("IO2612-C-4600.CFFEX", "OPTION", 100, 0.2)
    assert (found.min_volume, found.max_volume) == (1, 20)
    assert (found.option_strike, found.option_underlying, found.option_type) == (4600, "IO2612", OptionType.CALL)
    assert (found.list_date, found.expire_date, found.option_portfolio) == (20251222, 20261218, "IO")
    assert found.product_id == "IO"
