"""What the trading session asks after its login: the settlement's confirmation, and contracts until they are whole."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from marketbus.domain.session import Channel, SessionState
from marketbus.gateways.ctp.api import CtpTraderApi
from marketbus.gateways.ctp.dialect import CTP
from marketbus.gateways.ctp_family.line import Line
from marketbus.gateways.ctp_family.queries import INTERVAL, REFUSED_RETRY, QueryQueue
from marketbus.gateways.ctp_family.setting import parse
from marketbus.gateways.ctp_family.symbols import Symbols
from marketbus.gateways.ctp_family.trading_side import TradingSide
from marketbus.ports.gateway import ContractsListed, Logged, SessionChanged
from tests.unit.gateways.ctp_logins import SETTING, Logins

NOT_READY = {"ErrorID": 90, "ErrorMsg": "CTP:查询未就绪，请稍后重试"}
FINE: dict[str, Any] = {"ErrorID": 0, "ErrorMsg": ""}
PATIENCE = 8.0


class Session:
    """One trading session under a clock that moves when told; `asked` are the ids of its contract queries."""

    def __init__(self, folder: Path, *, trades: bool = False) -> None:
        logins = Logins(folder)
        self.sink = logins.sink
        self.clock = logins.clock
        self.asked: list[int] = []
        self.confirmations = 0
        self.answer = 0
        self.ready: list[int] = []
        self._timers: list[tuple[float, Callable[[], None]]] = []
        setting = parse(CTP, "ctp", SETTING)
        line = Line(Channel.TD, setting, self.sink, logins.of[Channel.TD])
        session = self

        class Api(CtpTraderApi):
            def reqQryInstrument(self, request: object, reqid: int) -> int:  # noqa: N802
                session.asked.append(reqid)
                return session.answer

            def reqSettlementInfoConfirm(self, request: object, reqid: int) -> int:  # noqa: N802
                session.confirmations += 1
                return 0

        class Named:
            gateway_name = "ctp"

        class Side:
            def logged_in(self, data: object, trading_day: int) -> None: ...

            def lost(self) -> None: ...

            def ready(self, trading_day: int) -> None:
                session.ready.append(trading_day)

        self._queue = QueryQueue(self._ask_later, self.clock, PATIENCE)
        side = cast("TradingSide", Side()) if trades else None
        self.api = Api(
            cast("Any", Named()), CTP, setting, Path(), line, Symbols(), self._queue, self._later, self.clock, side
        )

    def _later(self, seconds: float, call: Callable[[], None]) -> None:
        self._timers.append((self.clock.seconds + seconds, call))

    def _ask_later(self, seconds: float) -> None:
        self._later(seconds, self._queue.run)

    def wait(self, seconds: float) -> None:
        """Time passes, what is due happens, and what is overdue is looked at."""
        end = self.clock.seconds + seconds
        while self._timers and (due := min(at for at, _ in self._timers)) <= end:
            self.clock.seconds = max(self.clock.seconds, due)
            now = [call for at, call in self._timers if at <= due]
            self._timers = [timer for timer in self._timers if timer[0] > due]
            for call in now:
                call()
        self.clock.seconds = end
        self.api.look(PATIENCE)

    def log_in(self, *, confirmed: bool = True) -> None:
        self.api.onRspUserLogin({"TradingDay": "20261120"}, FINE, 1, True)
        if confirmed:
            self.api.onRspSettlementInfoConfirm({}, FINE, 2, True)
        self.wait(0)

    def tell(self, data: dict[str, Any], error: dict[str, Any] = FINE, *, last: bool = True) -> None:
        """An answer to the newest query."""
        self.api.onRspQryInstrument(data, error, self.asked[-1], last)

    @property
    def states(self) -> list[SessionState]:
        return [change.state for change in self.sink.of(SessionChanged)]


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(tmp_path)


@pytest.fixture
def trading(tmp_path: Path) -> Session:
    return Session(tmp_path, trades=True)


def record(symbol: str, exchange: str = "SHFE") -> dict[str, Any]:
    text = dict.fromkeys(("OpenDate", "ExpireDate", "UnderlyingInstrID", "OptionsType"), "")
    numbers = dict.fromkeys(("LongMarginRatio", "ShortMarginRatio", "StrikePrice", "IsTrading"), 1.0)
    return text | numbers | {
        "InstrumentID": symbol, "ExchangeID": exchange, "InstrumentName": symbol, "ProductClass": "1",
        "ProductID": "rb", "VolumeMultiple": 10, "PriceTick": 1.0, "MinLimitOrderVolume": 1, "MaxLimitOrderVolume": 500,
    }  # fmt: skip


def test_a_counter_that_is_not_ready_is_asked_again_and_nothing_counts_as_listed(session: Session) -> None:
    session.log_in()
    session.tell({}, NOT_READY)
    assert session.sink.of(ContractsListed) == []
    assert SessionState.READY not in session.states
    session.wait(REFUSED_RETRY - 0.1)
    assert len(session.asked) == 1
    session.wait(0.1)
    assert len(session.asked) == 2


def test_the_list_is_whole_with_its_last_record_even_if_that_one_is_no_good(session: Session) -> None:
    session.log_in()
    session.tell(record("rb2701"), last=False)
    session.tell(record("x1", exchange="MOON"))
    (listed,) = session.sink.of(ContractsListed)
    assert [contract.vt_symbol for contract in listed.contracts] == ["rb2701.SHFE"]
    assert listed.complete
    assert session.states[-1] is SessionState.READY


def test_an_empty_list_takes_no_pin_away(session: Session) -> None:
    session.log_in()
    session.tell({})
    (listed,) = session.sink.of(ContractsListed)
    assert not listed.complete


def test_a_list_that_is_asked_for_again_begins_anew_and_the_late_rows_of_the_first_do_not_count(
    session: Session,
) -> None:
    session.log_in()
    session.tell(record("rb2701"), last=False)
    session.wait(PATIENCE)
    session.wait(INTERVAL)
    first, second = session.asked
    session.api.onRspQryInstrument(record("rb2702"), FINE, first, True)
    assert session.sink.of(ContractsListed) == []
    session.api.onRspQryInstrument(record("rb2703"), FINE, second, True)
    (listed,) = session.sink.of(ContractsListed)
    assert [contract.symbol for contract in listed.contracts] == ["rb2703"]


def test_a_confirmation_or_a_list_that_never_comes_is_missed_and_reported_once(session: Session) -> None:
    session.log_in(confirmed=False)
    assert session.asked == []
    session.wait(PATIENCE)
    for number in range(1, 4):
        session.wait(INTERVAL)
        assert len(session.asked) == number
        session.wait(PATIENCE)
    assert [log.code for log in session.sink.of(Logged)].count("td.query_timeout") == 1
    session.wait(INTERVAL)
    session.tell(record("rb2701"))
    session.wait(100)
    assert len(session.asked) == 4  # what is whole is not asked for again
    assert session.confirmations == 1  # market data needs none


def test_a_query_that_the_sdk_does_not_take_is_repeated_at_the_counters_pace(session: Session) -> None:
    session.answer = -2
    session.log_in()
    session.api.onRspSettlementInfoConfirm({}, FINE, 3, True)
    session.wait(10 * INTERVAL)
    assert len(session.asked) == 11
    session.answer = 0
    session.wait(INTERVAL)
    session.tell(record("rb2701"))
    assert session.states[-1] is SessionState.READY


def test_a_lost_front_takes_its_query_along_and_the_next_login_asks_anew(session: Session) -> None:
    session.log_in()
    session.tell(record("rb2701"), last=False)
    session.api.onFrontDisconnected(4097)
    session.wait(100)
    assert len(session.asked) == 1
    session.log_in()
    session.wait(INTERVAL)
    session.tell(record("rb2702"))
    (listed,) = session.sink.of(ContractsListed)
    assert [contract.symbol for contract in listed.contracts] == ["rb2702"]


def test_orders_may_go_out_once_the_settlement_is_confirmed_and_contracts_are_listed(trading: Session) -> None:
    trading.log_in(confirmed=False)
    trading.api.onRspSettlementInfoConfirm({}, {"ErrorID": 7, "ErrorMsg": "CTP:还没有初始化"}, 2, True)
    trading.wait(0)
    trading.tell(record("rb2701"))
    assert trading.states[-1] is SessionState.READY  # market data has what it needs
    assert trading.ready == []
    trading.wait(REFUSED_RETRY)
    assert trading.confirmations == 2
    trading.wait(PATIENCE)  # unanswered this time
    trading.wait(0)
    assert trading.confirmations == 3
    trading.api.onRspSettlementInfoConfirm({}, FINE, 4, True)
    assert trading.ready == [20261120]
    assert len(trading.asked) == 1


def test_an_error_that_names_the_query_only_by_its_id_is_its_answer(session: Session) -> None:
    session.log_in()
    session.api.onRspError(NOT_READY, session.asked[-1], True)
    session.wait(REFUSED_RETRY)
    assert len(session.asked) == 2
