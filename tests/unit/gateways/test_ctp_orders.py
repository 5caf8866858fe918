"""Orders and cancels in the SDK's words, the numbers they go by, and whom a refusal means."""

from typing import Any

import pytest
from msgspec.structs import replace

from marketbus.domain.calendar import TradingCalendar
from marketbus.domain.exchange_time import ExchangeTime
from marketbus.domain.instrument import Exchange
from marketbus.domain.order import Order
from marketbus.domain.order_events import CancelRefused, Refused
from marketbus.domain.order_terms import Direction, HedgeFlag, Offset, OrderType
from marketbus.gateways.ctp.dialect import CTP
from marketbus.gateways.ctp_family.order_records import OrderRecords
from marketbus.gateways.ctp_family.orders import cancellation, insertion
from marketbus.gateways.ctp_family.setting import parse
from marketbus.gateways.ctp_family.symbols import Symbols
from marketbus.gateways.ctp_family.trading_side import TradingSide
from marketbus.gateways.sopt.dialect import SOPT
from marketbus.ports.gateway import Logged
from marketbus.ports.trading import NotSent, VenueEvent
from tests.unit.application.fakes import FakeClock
from tests.unit.gateways.ctp_logins import SETTING
from tests.unit.gateways.sink import FakeSink
from tests.unit.gateways.test_ctp_order_records import ORDER, TRADE

PLAIN = Order(
    gateway="td", account="main", symbol="rb2701", exchange=Exchange.SHFE, client_order_id="id-1",
    direction=Direction.LONG, offset=Offset.OPEN, type=OrderType.LIMIT, price=3100.0, volume=5, venue_ref="1_-12345_7",
)  # fmt: skip
CTP_SETTING = parse(CTP, "td", SETTING)
NO_MONEY: dict[str, Any] = {"ErrorID": 31, "ErrorMsg": "CTP:资金不足"}
DONE: dict[str, Any] = {"ErrorID": 26, "ErrorMsg": "CTP:报单已全成交或已撤销，不能再撤"}


class Desk:
    """The trading side of one account, its SDK a list."""

    def __init__(self) -> None:
        self.heard: list[VenueEvent] = []
        self.lost = 0
        self.sent: list[dict[str, Any]] = []
        self.code = 0
        self.log = FakeSink()
        times = ExchangeTime(TradingCalendar(lambda _: False))
        clock, symbols = FakeClock(), Symbols()
        records = OrderRecords(CTP, "td", "main", symbols, times, clock, clock)
        self.side = TradingSide(CTP, CTP_SETTING, records, symbols, self, self.log, clock)

    def venue(self, event: VenueEvent) -> None:
        self.heard.append(event)

    def trading_ready(self, trading_day: int) -> None: ...

    def trading_lost(self) -> None:
        self.lost += 1

    def log_in(self, session: int = -12345, last: str = "6") -> None:
        self.side.logged_in({"FrontID": 1, "SessionID": session, "MaxOrderRef": last}, 20261120)

    def send(self, **fields: Any) -> Order:
        order = replace(PLAIN, venue_ref=self.side.refs.following(), **fields)
        self.side.insert(order, self._sdk, 1)
        return order

    def cancel(self, order: Order) -> dict[str, Any]:
        self.side.cancel(order, self._sdk, 2)
        return self.sent[-1]

    def _sdk(self, request: dict[str, Any], number: int) -> int:
        if not self.code:
            self.sent.append(request)
        return self.code


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.log_in()
    return desk


def test_an_order_as_vnpys_gateway_would_send_it() -> None:
    assert insertion(CTP, CTP_SETTING, PLAIN) == {
        "BrokerID": "9999", "InvestorID": "u", "UserID": "u", "InstrumentID": "rb2701", "ExchangeID": "SHFE",
        "OrderRef": "7", "OrderPriceType": "2", "Direction": "0", "CombOffsetFlag": "0", "CombHedgeFlag": "1",
        "LimitPrice": 3100.0, "VolumeTotalOriginal": 5, "TimeCondition": "3", "VolumeCondition": "1", "MinVolume": 1,
        "ContingentCondition": "1", "ForceCloseReason": "0", "IsAutoSuspend": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "sent"),
    [
        ({"type": OrderType.MARKET}, {"OrderPriceType": "1", "TimeCondition": "3", "LimitPrice": 0.0}),
        ({"type": OrderType.FAK}, {"OrderPriceType": "2", "TimeCondition": "1", "VolumeCondition": "1"}),
        ({"type": OrderType.FOK}, {"OrderPriceType": "2", "TimeCondition": "1", "VolumeCondition": "3"}),
        ({"direction": Direction.SHORT, "offset": Offset.CLOSE}, {"Direction": "1", "CombOffsetFlag": "1"}),
        ({"offset": Offset.CLOSETODAY}, {"CombOffsetFlag": "3"}),
        ({"offset": Offset.CLOSEYESTERDAY}, {"CombOffsetFlag": "4"}),
        ({"hedge": HedgeFlag.HEDGE}, {"CombHedgeFlag": "3"}),
        ({"price": -12.5}, {"LimitPrice": -12.5}),  # spreads
    ],
    ids=str,
)
def test_the_words_of_an_order(fields: dict[str, Any], sent: dict[str, Any]) -> None:
    assert insertion(CTP, CTP_SETTING, replace(PLAIN, **fields)).items() >= sent.items()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"type": OrderType.STOP}, "type STOP: a CTP counter takes LIMIT, MARKET, FAK, FOK"),
        ({"offset": Offset.NONE}, "offset NONE: a CTP counter takes OPEN, CLOSE, CLOSETODAY, CLOSEYESTERDAY"),
        ({"direction": Direction.NET}, "direction NET: LONG or SHORT"),
        ({"hedge": HedgeFlag.COVERED}, "hedge COVERED: a CTP counter takes"),
        ({"volume": 1.5}, "volume 1.5: whole lots only"),
        ({"volume": 2.0**31}, "whole lots only"),
        ({"price": float("nan")}, "price nan"),
        ({"symbol": "x" * 81}, "at most 80 ASCII characters"),
        ({"venue_ref": "7"}, "'7' is not front_session_ref"),
        ({"venue_ref": "1_2_1234567890123"}, "1 to 12 characters"),
    ],
    ids=str,
)
def test_what_the_counter_has_no_word_for_is_not_sent(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(NotSent) as refused:
        insertion(CTP, CTP_SETTING, replace(PLAIN, **fields))
    assert words in str(refused.value)


def test_sopt_takes_covered_orders_and_shorter_symbols() -> None:
    assert insertion(SOPT, CTP_SETTING, replace(PLAIN, hedge=HedgeFlag.COVERED))["CombHedgeFlag"] == "4"
    with pytest.raises(NotSent, match="at most 30"):
        insertion(SOPT, CTP_SETTING, replace(PLAIN, symbol="1" * 31))


def test_numbers_go_on_after_the_last_one_the_counter_has(desk: Desk) -> None:
    assert [desk.side.refs.following() for _ in range(2)] == ["1_-12345_7", "1_-12345_8"]
    desk.side.lost()
    with pytest.raises(NotSent, match="no trading session"):
        desk.side.refs.following()
    desk.log_in(session=5, last="3")  # of this session; ours of before are higher
    assert desk.side.refs.following() == "1_5_9"
    desk.log_in(session=6, last="           40")
    assert desk.side.refs.following() == "1_6_41"
    desk.log_in(session=7, last="?")
    assert desk.side.refs.following() == "1_7_42"
    desk.log_in(session=8, last="9" * 12)
    with pytest.raises(NotSent, match="leaves none"):
        desk.side.refs.following()


def test_an_order_numbered_in_an_earlier_session_is_not_sent(desk: Desk) -> None:
    order = replace(PLAIN, venue_ref=desk.side.refs.following())
    desk.side.lost()
    desk.log_in(session=5)
    with pytest.raises(NotSent, match="earlier session"):
        desk.side.insert(order, desk._sdk, 1)  # pyright: ignore[reportPrivateUsage]
    assert desk.sent == []
    assert desk.lost == 1


@pytest.mark.parametrize(
    ("code", "words"), [(-1, "未连接"), (-2, "未处理请求超过许可数"), (-3, "每秒发送请求数超过许可数"), (-9, "-9")]
)
def test_an_sdk_that_says_no_says_why(desk: Desk, code: int, words: str) -> None:
    desk.code = code
    with pytest.raises(NotSent, match=words):
        desk.send()
    with pytest.raises(NotSent, match=words):
        desk.cancel(PLAIN)


def test_a_cancel_by_the_exchanges_number_as_it_was_written_there_else_by_the_sessions() -> None:
    desk = Desk()
    desk.log_in()
    ours = desk.cancel(PLAIN)
    assert ours["ActionFlag"] == "0"
    assert (ours["FrontID"], ours["SessionID"], ours["OrderRef"]) == (1, -12345, "7")
    assert "OrderSysID" not in ours
    desk.side.order(ORDER)
    theirs = desk.cancel(replace(PLAIN, venue_id="98765"))
    assert (theirs["OrderSysID"], theirs["ExchangeID"]) == ("       98765", "SHFE")
    assert "OrderRef" not in theirs
    assert desk.cancel(replace(PLAIN, venue_id="4"))["OrderSysID"] == "4"
    with pytest.raises(NotSent):
        desk.cancel(replace(PLAIN, venue_ref=""))
    with pytest.raises(NotSent):
        cancellation(CTP, CTP_SETTING, replace(PLAIN, venue_ref="a_b_c"), "", 1)


def test_a_refused_order_is_told_once_with_its_number_words_and_what_helps(desk: Desk) -> None:
    order = desk.send()
    desk.side.insert_refused(desk.sent[0], NO_MONEY, told_all=False)
    desk.side.insert_refused(desk.sent[0], NO_MONEY, told_all=True)
    (refused,) = desk.heard
    assert isinstance(refused, Refused)
    assert (refused.client_order_id, refused.error_id) == (order.client_order_id, 31)
    assert refused.words.startswith("[31] CTP:资金不足 (not enough available funds")
    assert refused.words.endswith("可用资金不足以支付保证金和手续费)")
    (log,) = desk.log.of(Logged)
    assert log.code == "td.order_refused"


def test_what_all_sessions_are_told_is_ours_only_if_it_can_be(desk: Desk) -> None:
    """OnErrRtnOrderInsert names no session, and every terminal counts its orders from 1."""
    desk.send()
    theirs = desk.sent[0] | {"VolumeTotalOriginal": 6}
    desk.side.insert_refused(theirs, NO_MONEY, told_all=True)
    desk.side.insert_refused(desk.sent[0] | {"OrderRef": "77"}, NO_MONEY, told_all=True)
    assert desk.heard == []
    desk.side.order(ORDER)  # ours stands: the venue has said so
    desk.side.insert_refused(desk.sent[0], NO_MONEY, told_all=True)
    assert len(desk.heard) == 1
    desk.send(client_order_id="id-2")
    desk.side.insert_refused(desk.sent[1], NO_MONEY, told_all=True)
    refused = desk.heard[-1]
    assert isinstance(refused, Refused)
    assert refused.client_order_id == "id-2"


def test_a_refused_cancel_is_told_once_and_only_to_whom_it_belongs(desk: Desk) -> None:
    asked = desk.cancel(PLAIN)
    desk.side.cancel_refused(asked | {"OrderActionRef": 99}, DONE)  # another terminal's cancel of the same order
    assert desk.heard == []
    desk.side.cancel_refused(asked, DONE)
    desk.side.cancel_refused(asked, DONE)
    (refused,) = desk.heard
    assert isinstance(refused, CancelRefused)
    assert (refused.client_order_id, refused.error_id) == ("id-1", 26)
    again = desk.cancel(replace(PLAIN, venue_id="98765"))
    desk.side.cancel_refused(asked, DONE)  # late, of the first
    assert len(desk.heard) == 1
    desk.side.cancel_refused(again | {"OrderActionRef": 0}, DONE)
    assert len(desk.heard) == 2


def test_a_record_that_says_nothing_is_reported_and_the_next_one_is_heard(desk: Desk) -> None:
    desk.side.order(ORDER | {"VolumeTraded": -1})
    desk.side.trade(TRADE | {"Price": float("inf")})
    desk.side.insert_refused({"OrderRef": 7}, NO_MONEY, told_all=False)
    desk.side.cancel_refused({"InstrumentID": "rb2701", "ExchangeID": "MOON"}, DONE)
    assert [log.code for log in desk.log.of(Logged)] == ["td.unreadable"] * 4
    assert desk.heard == []
    desk.side.order(ORDER)
    desk.side.trade(TRADE)
    assert len(desk.heard) == 2


def test_an_answer_without_an_error_is_no_refusal(desk: Desk) -> None:
    desk.send()
    desk.side.insert_refused(desk.sent[0], {"ErrorID": 0}, told_all=False)
    desk.side.cancel_refused(desk.sent[0], {})
    assert desk.heard == []
