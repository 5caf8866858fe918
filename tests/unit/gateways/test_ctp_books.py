"""The venue's books are all of it or none: rows come over the SDK's callbacks, one query after the other."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest

from marketbus.domain.calendar import TradingCalendar
from marketbus.domain.exchange_time import ExchangeTime
from marketbus.domain.instrument import Exchange, Instrument
from marketbus.domain.rates import Charge
from marketbus.gateways.ctp.dialect import CTP
from marketbus.gateways.ctp_family.book_records import BookRecords
from marketbus.gateways.ctp_family.books import Books
from marketbus.gateways.ctp_family.order_records import OrderRecords
from marketbus.gateways.ctp_family.queries import INTERVAL, QueryQueue
from marketbus.gateways.ctp_family.setting import parse
from marketbus.gateways.ctp_family.td_api import TraderApi
from marketbus.gateways.ctp_family.trading_side import TradingSide
from marketbus.ports.gateway import Logged
from marketbus.ports.trading import BooksIncomplete, TradingSink
from tests.unit.application.fakes import FakeClock
from tests.unit.gateways.ctp_logins import SETTING
from tests.unit.gateways.sink import FakeSink
from tests.unit.gateways.test_ctp_order_records import ACCOUNT, ORDER, POSITION, TRADE, symbols

FINE: dict[str, Any] = {"ErrorID": 0}
Rows = Sequence[dict[str, Any]]
RB = Instrument("rb2701", Exchange.SHFE)


class Venue:
    """Answers each query with the rows it has been given, in the order of asking; `asked` are the requests."""

    def __init__(self, **rows: Rows) -> None:
        self.rows = rows
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.log = FakeSink()
        self.clock = FakeClock()
        self.meddle: Callable[[str], None] = lambda what: None
        setting = parse(CTP, "td", SETTING)
        times = ExchangeTime(TradingCalendar(lambda _: False))
        records = OrderRecords(CTP, "td", "main", symbols(), times, self.clock, self.clock)
        records.trading_day = 20261120
        nobody = cast("TradingSink", None)
        self.side = TradingSide(CTP, setting, records, symbols(), nobody, self.log, self.clock)
        self.queue = QueryQueue(self._later, self.clock, 8.0)
        self.queue.open()
        books = BookRecords(CTP, "td", "main", symbols())
        self.books = Books(cast("TraderApi", self), self.queue, setting, self.side, books, self.clock)

    def _later(self, seconds: float) -> None:
        def run() -> None:
            self.clock.seconds += seconds
            self.queue.run()

        asyncio.get_running_loop().call_soon(run)

    def __getattr__(self, name: str) -> Callable[[dict[str, Any], int], int]:
        if not name.startswith("reqQry"):
            raise AttributeError(name)
        what = name.removeprefix("reqQry")

        def ask(request: dict[str, Any], number: int) -> int:
            self.asked.append((what, request))
            asyncio.get_running_loop().call_soon(self._answer, what, number)
            return 0

        return ask

    def _answer(self, what: str, number: int) -> None:
        self.meddle(what)
        rows = self.rows.get(what, ())
        for place, row in enumerate(rows or ({},), 1):
            self.queue.answer(number, row, FINE, last=place >= len(rows))


def venue(**rows: Rows) -> Venue:
    full: dict[str, Rows] = {
        "Order": [ORDER, ORDER | {"OrderRef": "8", "OrderSysID": "4"}], "Trade": [TRADE],
        "InvestorPosition": [POSITION, POSITION | {"PositionDate": "2", "TodayPosition": 0}],
        "TradingAccount": [ACCOUNT],
    }  # fmt: skip
    return Venue(**(full | rows))


async def test_all_of_it_in_the_order_it_was_asked() -> None:
    subject = venue()
    books = await subject.books.all()
    assert [what for what, _ in subject.asked] == ["Order", "Trade", "InvestorPosition", "TradingAccount"]
    assert all(request == {"BrokerID": "9999", "InvestorID": "u"} for _, request in subject.asked)
    assert [order.venue_id for order in books.orders] == ["98765", "4"]
    assert all(order.queried for order in books.orders)
    assert [trade.tradeid for trade in books.trades] == ["55501"]
    assert [position.volume for position in books.positions] == [6]
    assert books.account is not None
    assert (books.trading_day, books.asked) == (20261120, subject.clock.now())
    assert subject.side.refs.written(Exchange.SHFE, "98765") == "       98765"
    assert subject.clock.seconds == pytest.approx(100 + 3 * INTERVAL)


async def test_an_account_without_anything_has_empty_books() -> None:
    books = await Venue().books.all()
    assert (books.orders, books.trades, books.positions, books.account) == ((), (), (), None)


@pytest.mark.parametrize(
    ("what", "row", "words"),
    [
        ("Order", ORDER | {"VolumeTraded": 9}, "orders: bad_volume: 9 lots traded of 5"),
        ("Trade", TRADE | {"TradeID": ""}, "trades: bad_trade"),
        ("InvestorPosition", POSITION | {"PosiDirection": "9"}, "positions: bad_position"),
        ("TradingAccount", ACCOUNT | {"Balance": float("nan")}, "funds: bad_number"),
    ],
)
async def test_a_row_that_cannot_be_read_is_not_a_row_that_is_missing(
    what: str, row: dict[str, Any], words: str
) -> None:
    subject = venue(**{what: [row, row]})
    with pytest.raises(BooksIncomplete, match=words):
        await subject.books.all()
    assert [log.code for log in subject.log.of(Logged)] == ["td.unreadable"] * 2


async def test_a_session_lost_between_two_queries_leaves_no_books_though_another_one_begins() -> None:
    subject = venue()

    def lose(what: str) -> None:
        if what == "Trade":
            subject.queue.lost()
            subject.queue.open()

    subject.meddle = lose
    with pytest.raises(BooksIncomplete, match="the session was lost"):
        await subject.books.all()
    subject.meddle = lambda what: None
    assert len((await subject.books.all()).orders) == 2


async def test_a_caller_who_gives_up_takes_his_queries_along() -> None:
    subject = venue()
    asking = asyncio.create_task(subject.books.all())

    def give_up(_: str) -> None:
        asking.cancel()

    subject.meddle = give_up
    with pytest.raises(asyncio.CancelledError):
        await asking
    for _ in range(20):
        await asyncio.sleep(0)
    assert "TradingAccount" not in [what for what, _ in subject.asked]


async def test_rates_of_what_the_venue_says_something_of() -> None:
    charges = {f"{what}RatioBy{by}": 0.1 for what in ("Open", "Close", "CloseToday") for by in ("Money", "Volume")}
    subject = Venue(InstrumentCommissionRate=[{"InstrumentID": "rb", **charges}])
    found = await subject.books.rates([RB, Instrument("x1", Exchange.DCE)])
    assert found.keys() == {RB}
    assert found[RB].margin is None
    commission = found[RB].commission
    assert commission is not None
    assert commission.open == Charge(0.1, 0.1)
    asked = {"BrokerID": "9999", "InvestorID": "u", "InstrumentID": "rb2701", "ExchangeID": "SHFE"}
    assert subject.asked[:2] == [
        ("InstrumentMarginRate", asked | {"HedgeFlag": "1"}), ("InstrumentCommissionRate", asked),
    ]  # fmt: skip


async def test_a_statement_is_put_together_from_its_pieces_though_they_cut_a_character() -> None:
    text = "交易结算单(盯市)\r\n客户号: 000001"
    raw = text.encode("gb18030")
    pieces = [{"SequenceNo": number, "Content": part} for number, part in ((2, raw[5:]), (1, raw[:5]))]
    subject = Venue(SettlementInfo=pieces)
    assert await subject.books.settlement(20261119) == text
    assert subject.asked[0][1]["TradingDay"] == "20261119"
    assert await Venue().books.settlement(20261119) == ""
