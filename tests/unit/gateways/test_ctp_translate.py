"""A depth record becomes a Tick or a BadTick, never anything else, and every Tick can be sent."""

import math
import sys
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketbus.adapters.hours import cn_hours
from marketbus.domain.calendar import TradingCalendar
from marketbus.domain.exchange_time import ExchangeTime
from marketbus.domain.instrument import Exchange, Instrument
from marketbus.domain.market_calendar import MarketCalendar
from marketbus.domain.tick import Tick, TickFlag
from marketbus.domain.times import from_datetime
from marketbus.domain.trading_hours import TradingHours
from marketbus.gateways.ctp.dialect import CTP
from marketbus.gateways.ctp_family.symbols import Symbols
from marketbus.gateways.ctp_family.translate import BadTick, Translator
from marketbus.wire import codec

NOW = from_datetime(datetime.fromisoformat("2026-11-20T09:30:05+08:00"))
DAYS = TradingCalendar(lambda _: False)
MARKET = MarketCalendar(DAYS, TradingHours(cn_hours()))
SYMBOLS = {"rb2701": Exchange.SHFE, "m2701": Exchange.DCE, "SA701": Exchange.CZCE, "IF2612": Exchange.CFFEX}
SIDES = [f"{side}{{}}{level}" for side in ("Bid", "Ask") for level in range(1, 6)]
PRICES = [
    "LastPrice", "PreSettlementPrice", "PreClosePrice", "OpenPrice", "HighestPrice", "LowestPrice", "SettlementPrice",
    "UpperLimitPrice", "LowerLimitPrice", "AveragePrice", "Turnover", "OpenInterest", "PreOpenInterest",
    *(side.format("Price") for side in SIDES),
]  # fmt: skip
VOLUMES = [side.format("Volume") for side in SIDES]


def translator(*, simulated: bool = False) -> Translator:
    symbols = Symbols()
    symbols.take_word([Instrument(symbol, exchange) for symbol, exchange in SYMBOLS.items()])
    times = ExchangeTime(DAYS)
    return Translator(CTP, "ctp", symbols, times, MARKET, simulated=simulated)


def record(**fields: Any) -> dict[str, Any]:
    plain: dict[str, Any] = dict.fromkeys(PRICES, 3100.0) | dict.fromkeys(VOLUMES, 1)
    plain |= {"InstrumentID": "rb2701", "TradingDay": "20261120", "ActionDay": "20261120", "Volume": 10}
    plain |= {"UpdateTime": "09:30:01", "UpdateMillisec": 500, "BidPrice1": 3099.0}
    return plain | fields


def translate(**fields: Any) -> Tick:
    return translator().tick(record(**fields), NOW, NOW)


def test_an_ordinary_record() -> None:
    tick = translate()
    assert tick.vt_symbol == "rb2701.SHFE"
    assert tick.time.isoformat() == "2026-11-20T09:30:01.500000+08:00"
    assert (tick.received, tick.trading_day, tick.flags) == (NOW, 20261120, 0)
    assert (tick.bid_price_1, tick.ask_price_1, tick.volume) == (3099.0, 3100.0, 10.0)


def test_a_simulated_venue_shows_in_every_tick() -> None:
    assert translator(simulated=True).tick(record(), NOW, NOW).flags == TickFlag.SIMULATED


def test_last_volume_is_what_was_traded_since_the_previous_tick_of_the_day() -> None:
    subject = translator()
    found = [
        subject.tick(record(Volume=volume, TradingDay=day), NOW, NOW).last_volume
        for volume, day in ((100, "20261120"), (103, "20261120"), (103, "20261120"), (5, "20261123"), (6, "20261123"))
    ]
    assert found == [0, 3, 0, 0, 1]


def test_the_average_price_is_per_unit_whatever_the_exchange_sends() -> None:
    """Turnover / volume of a lot everywhere but at CZCE, which divides by the multiplier itself."""
    symbols = Symbols()
    from marketbus.domain.contract import Contract, Product

    symbols.list(
        Contract("ctp", symbol, exchange, symbol, Product.FUTURES, 20, 1) for symbol, exchange in SYMBOLS.items()
    )
    subject = Translator(CTP, "ctp", symbols, ExchangeTime(DAYS), MARKET, simulated=False)
    assert subject.tick(record(AveragePrice=62_000.0), NOW, NOW).average_price == 3100
    assert subject.tick(record(InstrumentID="SA701", AveragePrice=3100.0), NOW, NOW).average_price == 3100


def test_without_a_contract_there_is_no_average_price_rather_than_a_wrong_one() -> None:
    assert translate().average_price is None


NUMBERS = st.floats() | st.sampled_from([sys.float_info.max, -sys.float_info.max, 0.0, -0.0, 5e-324, 1e15])
INT32 = st.integers(-(2**31), 2**31 - 1)
DATES = (
    st.text(max_size=9) | st.dates().map(lambda day: f"{day:%Y%m%d}") | st.sampled_from(["", "20261120", "00000000"])
)
CLOCKS = st.text(max_size=9) | st.times().map(lambda moment: f"{moment:%H:%M:%S}") | st.sampled_from(["", "24:00:00"])
HOSTILE = st.fixed_dictionaries(
    {
        "InstrumentID": st.sampled_from(list(SYMBOLS)) | st.text(max_size=81),
        "TradingDay": DATES,
        "ActionDay": DATES,
        "UpdateTime": CLOCKS,
        "UpdateMillisec": st.integers(0, 999) | INT32,
        "Volume": st.integers(0, 2**31 - 1) | INT32,
        **dict.fromkeys(PRICES, NUMBERS),
        **dict.fromkeys(VOLUMES, INT32),
    }
)


@given(
    HOSTILE, st.sampled_from(["2026-11-20T09:30:05+08:00", "2026-11-20T23:59:59+08:00", "2000-01-01T00:00:00+08:00"])
)
def test_anything_becomes_a_tick_or_a_bad_tick(data: dict[str, Any], now: str) -> None:
    market_now = from_datetime(datetime.fromisoformat(now))
    tick = attempt(data, market_now)
    if isinstance(tick, BadTick):
        assert tick.cause in {"unknown_instrument", "no_time", "bad_time", "bad_volume"}
        return
    assert codec.decode(Tick, codec.encode(tick)) == tick
    for name in Tick.__struct_fields__:
        value = getattr(tick, name)
        assert not isinstance(value, float) or math.isfinite(value)
    for level in range(1, 6):
        for side in ("bid", "ask"):
            volume, price = getattr(tick, f"{side}_volume_{level}"), getattr(tick, f"{side}_price_{level}")
            assert volume >= 0
            assert volume or price == 0
    assert tick.last_volume >= 0
    assert 19920101 <= tick.trading_day <= 21000101
    assert tick.datetime <= market_now + 11 * 60 * 10**9
    assert bool(tick.flags & TickFlag.CROSSED) == bool(
        tick.bid_volume_1 and tick.ask_volume_1 and tick.bid_price_1 >= tick.ask_price_1
    )


def attempt(data: dict[str, Any], now: int) -> Tick | BadTick:
    try:
        return translator().tick(data, NOW, now)
    except BadTick as bad:
        return bad


@pytest.mark.parametrize("missing", ["InstrumentID", "UpdateTime", "LastPrice", "BidVolume5"])
def test_a_record_without_a_field_raises_what_the_callback_guards_against(missing: str) -> None:
    data = record()
    del data[missing]
    with pytest.raises(KeyError):
        translator().tick(data, NOW, NOW)
