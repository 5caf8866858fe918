"""Order, trade, position, account and rate records: into the venue's words, or refused with a cause; nothing else."""

import sys
from collections.abc import Callable
from datetime import datetime
from math import isfinite
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketbus.domain.calendar import TradingCalendar
from marketbus.domain.contract import Contract, Product
from marketbus.domain.exchange_time import ExchangeTime
from marketbus.domain.instrument import Exchange
from marketbus.domain.order import OrderState
from marketbus.domain.order_events import OrderReport
from marketbus.domain.order_terms import Direction, HedgeFlag, Offset, OrderType
from marketbus.domain.rates import Charge, CommissionRates, MarginRates
from marketbus.domain.times import from_datetime
from marketbus.domain.trade import Trade
from marketbus.gateways.ctp.dialect import CTP
from marketbus.gateways.ctp_family.book_records import BookRecords, commission_rates, joined, margin_rates, own_currency
from marketbus.gateways.ctp_family.order_records import OrderRecords
from marketbus.gateways.ctp_family.record import BadRecord
from marketbus.gateways.ctp_family.symbols import Symbols
from marketbus.gateways.sopt.dialect import SOPT
from tests.unit.application.fakes import FakeClock

DBL_MAX = sys.float_info.max
RECEIVED = 1_700_000_000_000_000_000


def moment(text: str) -> int:
    return from_datetime(datetime.fromisoformat(text + "+08:00"))


class MarketClock:
    def __init__(self, text: str) -> None:
        self._now = moment(text)

    def now(self) -> int:
        return self._now


def symbols() -> Symbols:
    found = Symbols()
    found.list([Contract("td", "rb2701", Exchange.SHFE, "螺纹钢2701", Product.FUTURES, 10, 1.0, product_id="rb")])
    return found


def records(dialect: Any = CTP, now: str = "2026-11-20T14:00:00") -> OrderRecords:
    times = ExchangeTime(TradingCalendar(lambda _: False))
    made = OrderRecords(dialect, "td", "main", symbols(), times, FakeClock(), MarketClock(now))
    made.trading_day = 20261120
    return made


ORDER: dict[str, Any] = {
    "InstrumentID": "rb2701", "ExchangeID": "SHFE", "OrderRef": "           7", "FrontID": 1, "SessionID": -12345,
    "OrderSysID": "       98765", "OrderPriceType": "2", "Direction": "0", "CombOffsetFlag": "0", "CombHedgeFlag": "1",
    "LimitPrice": 3100.0, "VolumeTotalOriginal": 5, "VolumeTraded": 2, "TimeCondition": "3", "VolumeCondition": "1",
    "ContingentCondition": "1", "OrderSubmitStatus": "3", "OrderStatus": "1", "StatusMsg": "部分成交",
    "InsertDate": "20261120", "InsertTime": "13:59:58", "TradingDay": "20261120",
}  # fmt: skip
TRADE: dict[str, Any] = {
    "InstrumentID": "rb2701", "ExchangeID": "SHFE", "TradeID": "       55501", "OrderSysID": "       98765",
    "OrderRef": "           7", "Direction": "1", "OffsetFlag": "3", "HedgeFlag": "3", "Price": 3099.0, "Volume": 2,
    "TradeDate": "20261120", "TradeTime": "13:59:59", "TradingDay": "20261120",
}  # fmt: skip
POSITION: dict[str, Any] = {
    "InstrumentID": "rb2701", "ExchangeID": "SHFE", "PosiDirection": "2", "HedgeFlag": "1", "PositionDate": "1",
    "YdPosition": 0, "Position": 3, "TodayPosition": 3, "LongFrozen": 9, "ShortFrozen": 1, "PositionCost": 93_000.0,
    "OpenCost": 92_700.0, "UseMargin": 11_160.0, "PositionProfit": 150.0, "CloseProfitByDate": 40.0,
    "Commission": 9.3, "TradingDay": "20261120",
}  # fmt: skip
ACCOUNT: dict[str, Any] = {
    "AccountID": "000001", "Balance": 1_000_100.0, "Available": 900_000.0, "FrozenMargin": 3.0, "FrozenCash": 2.0,
    "FrozenCommission": 1.0, "CurrMargin": 50_005.0, "Commission": 12.0, "PositionProfit": 150.0, "CloseProfit": 40.0,
    "Deposit": 100.0, "Withdraw": 0.0, "PreBalance": 1_000_000.0, "CurrencyID": "CNY", "TradingDay": "20261120",
}  # fmt: skip


def order(dialect: Any = CTP, **fields: Any) -> OrderReport:
    return records(dialect).order(ORDER | fields)


def test_an_order_as_the_venue_tells_it() -> None:
    found = order()
    assert (found.gateway, found.account, found.symbol, found.exchange) == ("td", "main", "rb2701", Exchange.SHFE)
    assert (found.venue_ref, found.venue_id) == ("1_-12345_7", "98765")  # vnpy's orderid, without the padding
    assert (found.state, found.traded, found.volume, found.price) == (OrderState.PARTIAL, 2, 5, 3100.0)
    assert (found.direction, found.offset, found.type) == (Direction.LONG, Offset.OPEN, OrderType.LIMIT)
    assert (found.trading_day, found.datetime) == (20261120, moment("2026-11-20T13:59:58"))
    assert (found.error_msg, found.queried, found.hedge) == ("", False, HedgeFlag.SPECULATION)
    assert records().order(ORDER, queried=True).queried


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("0", OrderState.FILLED),
        ("1", OrderState.PARTIAL),
        ("2", OrderState.PARTIAL),
        ("3", OrderState.ACCEPTED),
        ("4", OrderState.ACCEPTED),
        ("5", OrderState.CANCELLED),
        ("a", OrderState.SENT),
        ("b", OrderState.SENT),
        ("c", OrderState.UNKNOWN),
        ("\0", OrderState.UNKNOWN),
        ("Z", OrderState.UNKNOWN),
    ],
)
def test_every_status_has_a_state_and_what_is_not_known_is_unknown(status: str, state: OrderState) -> None:
    assert order(OrderStatus=status).state is state


def test_what_the_exchange_refused_is_rejected_with_its_words_and_a_cancel_is_not() -> None:
    refused = order(
        OrderStatus="5", OrderSubmitStatus="4", VolumeTraded=0, StatusMsg="已撤单报单被拒绝SHFE:价格超出涨停板"
    )
    assert (refused.state, refused.error_msg) == (OrderState.REJECTED, "已撤单报单被拒绝SHFE:价格超出涨停板")
    cancelled = order(OrderStatus="5", StatusMsg="已撤单")
    assert (cancelled.state, cancelled.error_msg, cancelled.traded) == (OrderState.CANCELLED, "", 2)
    for_a_reason = order(OrderStatus="5", StatusMsg="收盘后自动撤单")
    assert (for_a_reason.state, for_a_reason.error_msg) == (OrderState.CANCELLED, "收盘后自动撤单")


@pytest.mark.parametrize(
    ("price", "time", "volume", "contingent", "kind"),
    [
        ("2", "3", "1", "1", OrderType.LIMIT),
        ("2", "1", "1", "1", OrderType.FAK),
        ("2", "1", "2", "1", OrderType.FAK),
        ("2", "1", "3", "1", OrderType.FOK),
        ("1", "3", "1", "1", OrderType.MARKET),
        ("1", "1", "1", "\0", OrderType.MARKET),
        ("G", "1", "1", "1", OrderType.MARKET),
        ("2", "3", "1", "6", OrderType.STOP),
        ("8", "3", "1", "1", OrderType.UNKNOWN),
    ],
)
def test_other_terminals_kinds_of_orders_in_vnpys_words(
    price: str, time: str, volume: str, contingent: str, kind: OrderType
) -> None:
    found = order(OrderPriceType=price, TimeCondition=time, VolumeCondition=volume, ContingentCondition=contingent)
    assert found.type is kind


def test_a_covered_option_is_one_in_sopt_and_unknown_in_ctp() -> None:
    assert order(SOPT, CombHedgeFlag="4").hedge is HedgeFlag.COVERED
    assert order(CTP, CombHedgeFlag="4").hedge is HedgeFlag.UNKNOWN


@pytest.mark.parametrize(
    ("exchange", "symbol", "date", "now"),
    [
        ("SHFE", "rb2701", "20261120", "2026-11-20T21:30:00"),  # a Friday night: the calendar's date
        ("DCE", "m2701", "20261123", "2026-11-20T21:30:00"),  # Monday's, though it is Friday
        ("CZCE", "SA701", "20261120", "2026-11-20T21:30:00"),
    ],
)
def test_a_night_order_is_dated_by_the_day_rules_of_ticks(exchange: str, symbol: str, date: str, now: str) -> None:
    night = ORDER | {
        "InstrumentID": symbol, "ExchangeID": exchange, "InsertDate": date, "InsertTime": "21:29:58",
        "TradingDay": "20261123",
    }  # fmt: skip
    found = records(now=now).order(night)
    assert found.datetime == moment("2026-11-20T21:29:58")
    assert found.trading_day == 20261123


@pytest.mark.parametrize("time", ["", "24:00:00", "9", "\0"])
def test_an_order_without_a_time_is_an_order_all_the_same(time: str) -> None:
    assert order(InsertTime=time).datetime == 0


def test_the_sessions_day_where_the_record_names_none() -> None:
    assert order(TradingDay="").trading_day == 20261120
    assert order(TradingDay="99999999").trading_day == 20261120


BAD_ORDERS: dict[str, dict[str, Any]] = {
    "no instrument": {"InstrumentID": ""},
    "an unprintable instrument": {"InstrumentID": "rb\x012701"},
    "an exchange from elsewhere": {"ExchangeID": "MOON"},
    "no number": {"OrderRef": "", "OrderSysID": ""},
    "a negative volume": {"VolumeTotalOriginal": -1},
    "more traded than asked": {"VolumeTraded": 6},
    "a volume that is none": {"VolumeTraded": DBL_MAX},
    "a session of text": {"SessionID": "x"},
    "bytes for text": {"OrderRef": b"7"},
}


@pytest.mark.parametrize("fields", BAD_ORDERS.values(), ids=BAD_ORDERS.keys())
def test_an_order_that_cannot_be_one_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(BadRecord):
        order(**fields)


def test_an_exchange_left_out_is_the_contracts() -> None:
    assert order(ExchangeID="").exchange is Exchange.SHFE
    with pytest.raises(BadRecord):
        order(ExchangeID="", InstrumentID="x1")


def test_a_trade_as_the_venue_tells_it() -> None:
    found = records().trade(TRADE)
    assert (found.tradeid, found.venue_id, found.venue_ref) == ("55501", "98765", "")
    assert (found.direction, found.offset, found.hedge) == (Direction.SHORT, Offset.CLOSETODAY, HedgeFlag.HEDGE)
    assert (found.price, found.volume, found.commission) == (3099.0, 2, None)
    assert found.datetime == moment("2026-11-20T13:59:59")
    assert found.key == ("SHFE", 20261120, "55501", "rb2701", "SHORT")


@pytest.mark.parametrize(
    "fields", [{"TradeID": ""}, {"Price": DBL_MAX}, {"Price": float("nan")}, {"Volume": 0}, {"Direction": "7"}], ids=str
)
def test_a_trade_that_cannot_be_one_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(BadRecord):
        records().trade(TRADE | fields)


def test_the_two_records_that_shfe_keeps_of_a_position_are_one() -> None:
    books = BookRecords(CTP, "td", "main", symbols())
    history = POSITION | {
        "PositionDate": "2", "YdPosition": 5, "Position": 1, "TodayPosition": 0, "ShortFrozen": 1,
        "PositionCost": 30_600.0, "OpenCost": 30_000.0, "PositionProfit": 50.0, "UseMargin": 3_672.0,
    }  # fmt: skip
    (found,) = joined([books.position(POSITION, RECEIVED), books.position(history, RECEIVED)])
    assert (found.volume, found.yd_volume, found.td_volume) == (4, 1, 3)
    assert (found.frozen, found.yd_frozen, found.available) == (2, 1, 2)
    assert (found.position_cost, found.price) == (123_600.0, 3090.0)
    assert (found.open_cost, found.open_price) == (122_700.0, 3067.5)
    assert (found.pnl, found.margin, found.close_profit) == (200.0, 14_832.0, 80.0)


def test_a_short_position_is_frozen_by_buying_and_closed_whole_today_is_still_told() -> None:
    books = BookRecords(CTP, "td", "main", symbols())
    short = books.position(POSITION | {"PosiDirection": "3"}, RECEIVED)
    assert (short.direction, short.frozen) == (Direction.SHORT, 9)
    closed = books.position(POSITION | {"Position": 0, "TodayPosition": 0, "PositionCost": 0.0}, RECEIVED)
    assert (closed.volume, closed.price, closed.close_profit) == (0, 0.0, 40.0)
    both = joined([short, closed])
    assert len(both) == 2


def test_funds_and_the_currency_of_the_country() -> None:
    books = BookRecords(CTP, "td", "main", Symbols())
    found = books.account(ACCOUNT, RECEIVED)
    assert (found.balance, found.available, found.frozen, found.margin) == (1_000_100.0, 900_000.0, 6.0, 50_005.0)
    assert (found.risk_ratio, found.profit) == (0.05, 178.0)
    dollars = books.account(ACCOUNT | {"CurrencyID": "USD", "Balance": 0.0}, RECEIVED)
    assert dollars.risk_ratio is None
    assert own_currency([dollars, found]) is found
    assert own_currency([dollars]) is dollars
    assert own_currency([]) is None
    with pytest.raises(BadRecord):
        books.account(ACCOUNT | {"Available": DBL_MAX}, RECEIVED)


def test_rates_of_the_contract_before_those_of_its_product() -> None:
    names = BookRecords(CTP, "td", "main", symbols()).names("rb2701")
    fields = [f"{what}RatioBy{by}" for what in ("Open", "Close", "CloseToday") for by in ("Money", "Volume")]
    product = {"InstrumentID": "rb"} | dict.fromkeys(fields, 0.5)
    own = {"InstrumentID": "rb2701"} | dict.fromkeys(fields, 0.25)
    charge = Charge(0.25, 0.25)
    assert commission_rates([product, own], names) == CommissionRates(charge, charge, charge)
    assert commission_rates([product], names) == CommissionRates(*[Charge(0.5, 0.5)] * 3)
    assert commission_rates([{**own, "InstrumentID": "hc2701"}], names) is None
    with pytest.raises(BadRecord):
        commission_rates([own | {"OpenRatioByMoney": DBL_MAX}], names)


def test_a_margin_rate_that_leaves_the_margin_open_is_none() -> None:
    fields = [f"{side}MarginRatioBy{by}" for side in ("Long", "Short") for by in ("Money", "Volume")]
    row = {"InstrumentID": "rb2701", "IsRelative": 0} | dict.fromkeys(fields, 0.0)
    assert margin_rates([row | {"LongMarginRatioByMoney": 0.1}], ["rb2701"]) == MarginRates(long=Charge(0.1))
    assert margin_rates([row | {"LongMarginRatioByMoney": 0.1, "IsRelative": 1}], ["rb2701"]) is None
    assert margin_rates([row], ["rb2701"]) is None  # of an option
    assert margin_rates([], ["rb2701"]) is None


ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12), st.binary(max_size=4),
    st.sampled_from(["\0", "24:00:00", "00000000", "20261331", "20261120", "rb2701", "SHFE", -1, 10**400, DBL_MAX]),
)  # fmt: skip
READERS: dict[str, tuple[dict[str, Any], Callable[[dict[str, Any]], object]]] = {
    "order": (ORDER, lambda data: records().order(data)),
    "order of SOPT": (ORDER, lambda data: records(SOPT).order(data)),
    "trade": (TRADE, lambda data: records().trade(data)),
    "position": (POSITION, lambda data: BookRecords(CTP, "td", "main", symbols()).position(data, RECEIVED)),
    "account": (ACCOUNT, lambda data: BookRecords(CTP, "td", "main", symbols()).account(data, RECEIVED)),
    "margin": (
        {"InstrumentID": "rb2701", "IsRelative": 0, "LongMarginRatioByMoney": 0.1},
        lambda data: margin_rates([data], ["rb2701"]),
    ),
}


@pytest.mark.parametrize("kind", READERS)
@given(st.data())
def test_whatever_stands_in_a_record_it_is_read_or_refused(kind: str, data: st.DataObject) -> None:
    fine, read = READERS[kind]
    hostile = data.draw(st.dictionaries(st.sampled_from(sorted(fine)), ANYTHING, max_size=5))
    missing = data.draw(st.sets(st.sampled_from(sorted(fine)), max_size=3))
    record = {name: value for name, value in (fine | hostile).items() if name not in missing}
    try:
        found = read(record)
    except BadRecord:
        return
    assert all(isfinite(getattr(found, name, 0)) for name in ("volume", "price", "balance", "available"))
    if isinstance(found, OrderReport | Trade):
        assert 0 <= found.volume < 1e15
        assert found.symbol
        assert found.exchange is not Exchange.UNKNOWN
