"""The contract list of the trading session: asked for until it is whole."""

from pathlib import Path
from typing import Any, cast

import pytest

from marketbus.domain.session import Channel, SessionState
from marketbus.gateways.ctp.api import CtpTraderApi
from marketbus.gateways.ctp.dialect import CTP
from marketbus.gateways.ctp_family.line import Line
from marketbus.gateways.ctp_family.setting import parse
from marketbus.gateways.ctp_family.symbols import Symbols
from marketbus.gateways.ctp_family.td_api import QUERY_RETRY, REFUSED_RETRY
from marketbus.ports.gateway import ContractsListed, Logged, SessionChanged
from tests.unit.gateways.ctp_logins import SETTING, Logins

NOT_READY = {"ErrorID": 90, "ErrorMsg": "CTP:查询未就绪，请稍后重试"}
FINE: dict[str, Any] = {"ErrorID": 0, "ErrorMsg": ""}


class Named:
    gateway_name = "ctp"


class Query:
    def __init__(self, folder: Path) -> None:
        logins = Logins(folder)
        self.sink = logins.sink
        self.clock = logins.clock
        self.later: list[float] = []
        self.asked = 0
        setting = parse(CTP, "ctp", SETTING)
        self.line = Line(Channel.TD, setting, self.sink, logins.of[Channel.TD])
        query = self

        class Api(CtpTraderApi):
            def reqQryInstrument(self, request: object, reqid: int) -> int:  # noqa: N802
                query.asked += 1
                return query.answer

            def reqSettlementInfoConfirm(self, request: object, reqid: int) -> int:  # noqa: N802
                return 0

        self.answer = 0
        named, symbols = cast("Any", Named()), Symbols()
        self.api = Api(named, CTP, setting, Path(), self.line, symbols, self.later.append, self.clock)

    def log_in(self) -> None:
        self.api.onRspUserLogin({"TradingDay": "20261120"}, FINE, 1, True)

    @property
    def states(self) -> list[SessionState]:
        return [change.state for change in self.sink.of(SessionChanged)]


@pytest.fixture
def query(tmp_path: Path) -> Query:
    return Query(tmp_path)


def record(symbol: str, exchange: str = "SHFE") -> dict[str, Any]:
    text = dict.fromkeys(("OpenDate", "ExpireDate", "UnderlyingInstrID", "OptionsType"), "")
    numbers = dict.fromkeys(("LongMarginRatio", "ShortMarginRatio", "StrikePrice", "IsTrading"), 1.0)
    return text | numbers | {
        "InstrumentID": symbol, "ExchangeID": exchange, "InstrumentName": symbol, "ProductClass": "1",
        "ProductID": "rb", "VolumeMultiple": 10, "PriceTick": 1.0, "MinLimitOrderVolume": 1, "MaxLimitOrderVolume": 500,
    }  # fmt: skip


def test_a_counter_that_is_not_ready_is_asked_again_and_nothing_counts_as_listed(query: Query) -> None:
    query.api.onRspQryInstrument({}, NOT_READY, 1, True)
    assert query.later == [REFUSED_RETRY]
    assert query.sink.of(ContractsListed) == []
    assert SessionState.READY not in query.states


def test_the_list_is_whole_with_its_last_record_even_if_that_one_is_no_good(query: Query) -> None:
    query.api.onRspQryInstrument(record("rb2701"), FINE, 1, False)
    query.api.onRspQryInstrument(record("x1", exchange="MOON"), FINE, 1, True)
    (listed,) = query.sink.of(ContractsListed)
    assert [contract.vt_symbol for contract in listed.contracts] == ["rb2701.SHFE"]
    assert listed.complete
    assert query.states == [SessionState.READY]


def test_an_empty_list_takes_no_pin_away(query: Query) -> None:
    query.api.onRspQryInstrument({}, FINE, 1, True)
    (listed,) = query.sink.of(ContractsListed)
    assert not listed.complete


def test_a_confirmation_or_a_list_that_never_comes_is_missed_and_reported_once(query: Query) -> None:
    assert query.api.query_silence(query.clock.monotonic()) == 0
    query.log_in()
    for number in range(1, 4):
        query.clock.seconds += 8
        assert query.api.query_silence(query.clock.monotonic()) == 8
        query.api.query_unanswered(8)
        query.api.query_contracts()
        assert query.asked == number
    assert [log.code for log in query.sink.of(Logged)].count("td.query_timeout") == 1
    query.api.onRspQryInstrument(record("rb2701"), FINE, 1, True)
    query.clock.seconds += 100
    assert query.api.query_silence(query.clock.monotonic()) == 0
    query.api.query_contracts()
    assert query.asked == 3  # what is whole is not asked for again


def test_a_query_that_the_sdk_does_not_take_has_one_further_attempt_due_at_a_time(query: Query) -> None:
    query.log_in()
    query.answer = -2
    query.api.query_contracts()
    query.api.query_unanswered(8)
    query.api.onRspQryInstrument({}, NOT_READY, 1, True)
    query.api.onRspSettlementInfoConfirm({}, FINE, 1, True)
    assert query.later == [QUERY_RETRY]
