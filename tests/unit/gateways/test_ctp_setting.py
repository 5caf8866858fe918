"""vnpy's settings, checked: whatever is given, the answer is a good setting or an error that names a key."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketbus.domain.errors import ConfigError
from marketbus.gateways.ctp import plugin
from marketbus.gateways.ctp.dialect import CTP
from marketbus.gateways.ctp_family.setting import Setting, keys, parse
from marketbus.ports.gateway import GatewaySpec

GOOD = {
    "用户名": "000001",
    "密码": "secret",
    "经纪商代码": "9999",
    "交易服务器": "180.0.0.1:10201",
    "行情服务器": ["tcp://180.0.0.1:10211", "180.0.0.2:10211"],
    "产品名称": "app",
    "授权编码": "0" * 16,
    "柜台环境": "测试",
}


def test_vnpys_own_keys_are_taken() -> None:
    setting = parse(CTP, "ctp", GOOD)
    assert [front.address for front in setting.md_fronts] == ["tcp://180.0.0.1:10211", "tcp://180.0.0.2:10211"]
    assert [(front.host, front.port) for front in setting.td_fronts] == [("180.0.0.1", 10201)]
    assert (setting.user_id, setting.broker_id, setting.production) == ("000001", "9999", False)


def test_english_keys_mean_the_same() -> None:
    english = {alias: GOOD[key] for key, (alias, _) in keys(CTP).items()}
    assert parse(CTP, "ctp", english) == parse(CTP, "ctp", GOOD)


def test_market_data_alone_needs_no_account() -> None:
    setting = parse(CTP, "ctp", {"行情服务器": "127.0.0.1:1"})
    assert setting.td_fronts == ()
    assert setting.user_id == ""


def test_blanks_around_a_value_are_a_slip_of_the_mouse() -> None:
    assert parse(CTP, "ctp", GOOD | {"用户名": " 000001\n".strip("\n")}).user_id == "000001"


@pytest.mark.parametrize(
    ("keys", "named"),
    [
        ({"密码": ""}, "密码"),
        ({"经纪商代码": ""}, "经纪商代码"),
        ({"行情服务器": ""}, "行情服务器"),
        ({"行情服务器": []}, "行情服务器"),
        ({"行情服务器": "host"}, "行情服务器"),
        ({"行情服务器": "host:0"}, "行情服务器"),
        ({"行情服务器": "host:65536"}, "行情服务器"),
        ({"行情服务器": "http://host:80"}, "行情服务器"),
        ({"行情服务器": 10211}, "行情服务器"),
        ({"柜台环境": "生产"}, "柜台环境"),
        ({"柜台环境": ["实盘"]}, "柜台环境"),
        ({"柜台环境": 1}, "柜台环境"),
        ({"用户名": 1}, "用户名"),
        ({"用户名": "1" * 16}, "用户名"),
        ({"密码": "密" * 21}, "密码"),
        ({"授权编码": "0" * 400}, "授权编码"),
        ({"产品名称": "a\0b"}, "产品名称"),
        ({"密码": "\ud800"}, "密码"),
        ({"passwd": "x"}, "passwd"),
    ],
)
def test_what_is_wrong_is_named(keys: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(CTP, "ctp", GOOD | keys)
    assert caught.value.key == f"gateway.ctp.setting.{named}"
    assert caught.value.hint or "实盘" in str(caught.value)


def test_a_setting_never_shows_its_secrets() -> None:
    assert "secret" not in repr(parse(CTP, "ctp", GOOD))
    assert "0000000000000000" not in repr(parse(CTP, "ctp", GOOD))


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3) | st.tuples(inner),
    max_leaves=6,
)
KEYS = keys(CTP)
NAMES = st.sampled_from([*KEYS, *(alias for alias, _ in KEYS.values())])
ADDRESSES = st.from_regex(r"(tcp://|ssl://|x://|)[a-z0-9.\[\]:@-]{0,20}:[0-9]{0,6}", fullmatch=True)


@given(st.dictionaries(NAMES | st.text(), ANYTHING | ADDRESSES | st.lists(ADDRESSES), max_size=9))
def test_nothing_but_a_good_setting_or_a_configuration_error(keys: dict[str, Any]) -> None:
    for given_keys in (keys, GOOD | keys):
        outcome = attempt(given_keys)
        if isinstance(outcome, ConfigError):
            assert outcome.key.startswith("gateway.ctp.setting.")
        else:
            assert outcome.md_fronts
            assert len(outcome.auth_code.encode("gb18030")) <= 16
            assert len(outcome.password.encode("gb18030")) <= 40
            for front in (*outcome.md_fronts, *outcome.td_fronts):
                assert 0 < front.port < 65536
                assert "://" in front.address
                assert front.address.isascii()


def attempt(setting: dict[str, Any]) -> Setting | ConfigError:
    try:
        return parse(CTP, "ctp", setting)
    except ConfigError as error:
        return error


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.9.9.9", "[::1]"])
def test_the_simulated_sdk_may_stay_at_home(host: str) -> None:
    setting = GOOD | {"行情服务器": f"{host}:1", "交易服务器": f"tcp://{host}:2"}
    plugin.validate(GatewaySpec("ctp", "ctp", "lab", setting))


@pytest.mark.parametrize(
    "host", ["192.0.2.1", "counter.example", "127.0.0.1.example.com", "0x7f000001", "[2001:db8::1]"]
)
def test_the_simulated_sdk_may_not_go_anywhere_else(host: str) -> None:
    for key in ("行情服务器", "交易服务器"):
        setting = GOOD | {"行情服务器": "127.0.0.1:1", "交易服务器": "127.0.0.1:2", key: f"{host}:1"}
        with pytest.raises(ConfigError, match="not on this machine"):
            plugin.validate(GatewaySpec("ctp", "ctp", "lab", setting))
