"""What vnpy is told of an order that did not simply go out; and what its users fill in."""

import asyncio
from typing import Any, cast

import pytest
from vnpy.trader.constant import Direction, Exchange, Offset, OrderType, Status
from vnpy.trader.gateway import BaseGateway
from vnpy.trader.object import OrderRequest

from marketbus.client.bus import Bus
from marketbus.client.vnpy_gateway import account as module
from marketbus.client.vnpy_gateway.account import VnpyAccount
from marketbus.client.vnpy_gateway.setting import Setting
from marketbus.domain.errors import (
    BadRequest,
    BusUnavailable,
    ConfigError,
    NotPermitted,
    OrderDenied,
    OutcomeUnknown,
    UnknownOrder,
)
from marketbus.domain.order import Order, OrderState
from tests.unit.domain.risk.surroundings import order as an_order

REQUEST = OrderRequest("rb2701", Exchange.SHFE, Direction.LONG, OrderType.LIMIT, 1, 3000, Offset.OPEN)


class Out:
    """What vnpy hears."""

    gateway_name = "CTP"

    def __init__(self) -> None:
        self.states: list[Status] = []
        self.words: list[str] = []

    def on_order(self, data: Any) -> None:
        assert data.gateway_name == "CTP"
        self.states.append(data.status)

    def write_log(self, words: str) -> None:
        self.words.append(words)


class Answers:
    """A bus that gives these, one after another."""

    def __init__(self, sent: Exception | Order, *looked_up: Exception | Order) -> None:
        self.sent, self.looked_up = sent, list(looked_up)

    async def send_order(self, *_: object, **__: object) -> object:
        if isinstance(self.sent, Exception):
            raise self.sent
        return self.sent

    async def order(self, *_: object, **__: object) -> Order:
        answer = self.looked_up.pop(0) if len(self.looked_up) > 1 else self.looked_up[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def order(state: OrderState, **fields: Any) -> Order:
    return an_order("mine", state=state, **fields)


async def send(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> Out:
    monkeypatch.setattr(module, "RETRY", 0.001)
    monkeypatch.setattr(module, "VALID_FOR", 0.05)
    out = Out()
    account = VnpyAccount(cast(Bus, answers), cast(BaseGateway, out), {"gateway": "ctp", "account": None})
    await asyncio.wait_for(account.send(REQUEST, REQUEST.create_order_data("mine", "CTP")), 5)
    return out


@pytest.mark.parametrize("error", [BusUnavailable("nobody trades"), BadRequest("volume")])
async def test_what_certainly_was_not_sent_is_rejected_with_its_reason(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = await send(Answers(error), monkeypatch)
    assert out.states == [Status.REJECTED]
    assert str(error) in out.words[0]


async def test_a_denial_is_a_rejection_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    denied = order(OrderState.DENIED)
    out = await send(Answers(OrderDenied("max_volume", "too much", order=denied)), monkeypatch)
    assert out.states == [Status.REJECTED]


async def test_an_unknown_outcome_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    unknown = OutcomeUnknown("no answer", client_order_id="mine")
    out = await send(
        Answers(unknown, BusUnavailable("away"), UnknownOrder("not yet"), order(OrderState.FILLED, traded=1.0)),
        monkeypatch,
    )
    assert out.states == [Status.ALLTRADED]


async def test_an_order_that_never_arrived_is_rejected_once_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    out = await send(Answers(OutcomeUnknown("no answer", client_order_id="mine"), UnknownOrder("no")), monkeypatch)
    assert out.states == [Status.REJECTED]
    assert "没有到达" in out.words[-1]


async def test_who_may_not_trade_has_market_data_all_the_same() -> None:
    class Refuses:
        async def on_orders(self, *_: object, **__: object) -> object:
            raise NotPermitted("rpc.ctp.td.orders.main.li", "li")

    out = Out()
    account = VnpyAccount(cast(Bus, Refuses()), cast(BaseGateway, out), {"gateway": "ctp", "account": None})
    await account.run()  # ends, and does not take the session with it
    assert not account.open
    assert "只有行情" in out.words[0]


def test_a_setting_that_there_is_not_is_named() -> None:
    with pytest.raises(ConfigError, match="端口"):
        Setting.of({"端口": 1})
    with pytest.raises(ConfigError, match="url"):
        Setting.of({"总线地址": "http://host"})
    with pytest.raises(ConfigError, match="nowhere"):
        Setting.of({"CA证书": "/nowhere.pem"})
    assert Setting.of(Setting.default()).gateway == ""
    assert "secret" not in repr(Setting.of({"用户名": "li", "密码": "secret"}).bus("CTP")._hub.options)  # pyright: ignore[reportPrivateUsage]
