"""TWS's address and as whom: one clear line for each mistake, before anything connects."""

from typing import Any

import pytest

from marketbus.domain.errors import ConfigError
from marketbus.domain.schedule import Schedule
from marketbus.gateways.ib import plugin
from marketbus.gateways.ib.setting import parse
from marketbus.ports.gateway import GatewaySpec

GOOD = {"host": "127.0.0.1", "port": 4002, "client_id": 7}


def spec(setting: dict[str, Any], sdk: str = "vendor") -> GatewaySpec:
    return GatewaySpec(name="ib", kind="ib", sdk=sdk, setting=setting)


def test_ours_and_vnpy_ibs_keys_are_taken() -> None:
    ours = parse("ib", GOOD | {"account": "DU1"})
    assert ours == parse("ib", {"TWS地址": "127.0.0.1", "TWS端口": 4002, "客户号": 7, "交易账户": "DU1"})
    assert (ours.address, ours.client_id, ours.account) == ("127.0.0.1:4002", 7, "DU1")
    assert plugin.fronts(spec(GOOD)) == [("TWS", "127.0.0.1", 4002)]
    assert (plugin.kind, plugin.schedule, plugin.modules(spec(GOOD))) == ("ib", Schedule.ALWAYS, ("ib_async",))


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        ({"port": None}, "port"),
        ({"port": 0}, "port"),
        ({"port": 70000}, "port"),
        ({"port": "abc"}, "port"),
        ({"client_id": -1}, "client_id"),
        ({"client_id": True}, "client_id"),
        ({"host": "here and there"}, "host"),
        ({"host": 5}, "host"),
        ({"account": ["DU1"]}, "account"),
        ({"depth": "nothing"}, "depth"),
        ({"delayed": "yes"}, "delayed"),
        ({"clientid": 7}, "clientid"),
    ],
)
def test_a_mistake_is_named(wrong: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        plugin.validate(spec(GOOD | wrong))
    assert caught.value.key == f"gateway.ib.setting.{key}"


def test_a_port_must_be_given() -> None:
    with pytest.raises(ConfigError, match="4002 paper"):
        plugin.validate(spec({"host": "127.0.0.1"}))


def test_a_simulated_tws_is_on_this_machine() -> None:
    plugin.validate(spec(GOOD, sdk="lab"))
    with pytest.raises(ConfigError, match="not on this machine"):
        plugin.validate(spec(GOOD | {"host": "10.0.0.1"}, sdk="lab"))
