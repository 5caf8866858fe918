"""The contract list of the trading session: asked for until it is whole."""

from pathlib import Path
from typing import Any, cast

import pytest

from marketbus.domain.session import Channel, SessionState
from marketbus.gateways.ctp.api import CtpTraderApi
from marketbus.gateways.ctp.dialect import CTP
from marketbus.gateways.ctp_family.line import Line
from marketbus.gateways.ctp_family.login import Login
from marketbus.gateways.ctp_family.setting import parse
from marketbus.gateways.ctp_family.symbols import Symbols
from marketbus.gateways.ctp_family.td_api import REFUSED_RETRY
from marketbus.ports.gateway import ContractsListed, SessionChanged
from tests.unit.gateways.sink import FakeSink

SETTING = {"用户名": "u", "密码": "p", "经纪商代码": "9999", "交易服务器": "127.0.0.1:1", "行情服务器": "127.0.0.1:2"}
NOT_READY = {"ErrorID": 90, "ErrorMsg": "CTP:查询未就绪，请稍后重试"}
FINE: dict[str, Any] = {"ErrorID": 0, "ErrorMsg": ""}


class Named:
    gateway_name = "ctp"


class Query:
    def __init__(self) -> None:
        self.sink = FakeSink()
        self.later: list[float] = []
        setting = parse(CTP, "ctp", SETTING)
        line = Line(Channel.TD, setting, self.sink, Login(Channel.TD, self.sink, lambda _, __: None, retry=1.0))
        self.api = CtpTraderApi(cast("Any", Named()), CTP, setting, Path(), line, Symbols(), self.later.append)

    @property
    def states(self) -> list[SessionState]:
        return [change.state for change in self.sink.of(SessionChanged)]


@pytest.fixture
def query() -> Query:
    return Query()


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
