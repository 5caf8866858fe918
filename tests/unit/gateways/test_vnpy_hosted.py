"""A foreign gateway class: how it is imported, its settings, and what is told when it stays silent."""

import asyncio
import contextlib
import sys
from pathlib import Path
from typing import Any

import pytest
from vnpy.trader.gateway import BaseGateway

from marketbus.adapters.clock import SystemClock
from marketbus.adapters.hours import cn_hours
from marketbus.domain.calendar import TradingCalendar
from marketbus.domain.errors import ConfigError, GatewayError, NotSupported
from marketbus.domain.instrument import Exchange, Instrument
from marketbus.domain.market_calendar import MarketCalendar
from marketbus.domain.trading_hours import TradingHours
from marketbus.gateways.vnpy.gateway import VnpyGateway
from marketbus.gateways.vnpy.hosted import load_class, setting_of
from marketbus.ports.gateway import GatewayContext, GatewaySpec, Logged, SessionChanged
from tests.unit.gateways.sink import FakeSink


class Foreign(BaseGateway):
    """Logs, and raises when its user is called so."""

    default_setting: dict[str, Any] = {"用户名": "", "端口": 0, "服务器": ["REAL", "DEMO"]}  # noqa: RUF012

    def connect(self, setting: dict[str, Any]) -> None:
        self.write_log("服务器登录失败，原因：connection refused")
        if setting["用户名"] == "raises":
            raise KeyError("密码")

    def close(self) -> None: ...
    def subscribe(self, req: Any) -> None: ...
    def send_order(self, req: Any) -> str: ...
    def cancel_order(self, req: Any) -> None: ...
    def query_account(self) -> None: ...
    def query_position(self) -> None: ...


def spec(class_path: str = "foreign:Foreign", **setting: Any) -> GatewaySpec:
    return GatewaySpec("x", "vnpy", "vendor", setting, class_path=class_path, connect_timeout=0.05)


def hosted(sink: FakeSink, **setting: Any) -> VnpyGateway:
    market = MarketCalendar(TradingCalendar(lambda _: False), TradingHours(cn_hours()))
    return VnpyGateway(spec(**setting), GatewayContext(sink, SystemClock(), market, Path(), None), Foreign)


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("import vnpy_sdk_nobody_has", "pip install vnpy_sdk_nobody_has"),
        ("import {name}.api", "this installation of {name} has no extension for this platform and Python"),
        ("raise ImportError('/tmp/pip-1/libx.so: cannot open shared object file: No such file')", "patchelf"),
        ("raise ImportError('libx.so: cannot open shared object file: No such file')", "LD_LIBRARY_PATH"),
        ("", "does this version of {name} have it?"),
    ],
)
def test_a_failed_import_says_what_helps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, hint: str, request: pytest.FixtureRequest
) -> None:
    name = f"hosted_{len(code)}"
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").write_text(code.format(name=name))
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    request.addfinalizer(lambda: sys.modules.pop(name, None))
    with pytest.raises(ConfigError) as caught:
        load_class(spec(f"{name}:Gateway"))
    assert caught.value.key == "gateway.x.class"
    assert hint.format(name=name) in caught.value.hint


def test_settings_are_completed_as_vnpys_dialog_does() -> None:
    assert setting_of(spec(用户名="me"), Foreign) == {"用户名": "me", "端口": 0, "服务器": "REAL"}


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"用户": "me"}, "did you mean 用户名?"),
        ({"zzz": "me"}, "known: 用户名, 端口, 服务器"),
        ({"服务器": "TEST"}, "one of REAL, DEMO"),
        ({"用户名": 123456}, "put it in quotes"),
        ({"端口": "8080"}, "write it without quotes"),
    ],
)
def test_a_wrong_setting_is_named(setting: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=r"gateway\.x\.setting\.") as caught:
        setting_of(spec(**setting), Foreign)
    assert said in str(caught.value)


async def test_a_connect_that_raises_is_an_error_with_the_class_and_its_words() -> None:
    with pytest.raises(GatewayError, match="foreign:Foreign raised KeyError in connect: '密码'"):
        await hosted(FakeSink(), 用户名="raises").connect()


async def test_a_gateway_from_which_nothing_comes_is_told_with_its_last_words() -> None:
    sink = FakeSink()
    task = asyncio.create_task(hosted(sink).connect())
    while not (told := [each for each in sink.of(SessionChanged) if each.message]):
        await asyncio.sleep(0.01)
    assert {(str(each.state), each.message) for each in told} == {
        ("CONNECTING", "服务器登录失败，原因：connection refused")
    }
    assert [each.fields for each in sink.of(Logged) if each.code == "gateway.silent"] == [{"seconds": 0.05}]
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_what_vnpys_interface_lacks_is_not_supported() -> None:
    with pytest.raises(NotSupported):
        await hosted(FakeSink()).unsubscribe([Instrument("rb2701", Exchange.SHFE)])
