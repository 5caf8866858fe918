"""The configuration: what it accepts, what it says when it cannot, and what it never says."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from marketbus.apps.config import Config, InvalidConfig, load
from marketbus.domain.errors import ConfigError
from marketbus.domain.risk.limits import Limits

pytestmark = pytest.mark.usefixtures("site")

GOOD = """
[nats]
url = "10.0.0.1:4222"

[log]
lang = "zh"

[gateway.ctp-main]
kind = "stub"
subscribe = ["rb*.SHFE", "SHFE.rb2701"]
setting = { "用户名" = "u", "密码" = { env = "CTP_PASSWORD" }, front = ["a:1", "b:2"] }
"""


def written(folder: Path, text: str, env: Mapping[str, str] | None = None) -> Config:
    file = folder / "marketbus.toml"
    file.write_text(text, encoding="utf-8")
    return load(file, env={"CTP_PASSWORD": "hunter2"} if env is None else env)


def lines(folder: Path, text: str, env: Mapping[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        written(folder, text, env)
    return str(caught.value).splitlines()


def test_a_gateway_gets_its_settings_with_secrets_resolved(tmp_path: Path) -> None:
    config = written(tmp_path, GOOD)
    spec = config.gateway_spec("ctp-main")
    assert spec.setting == {"用户名": "u", "密码": "hunter2", "front": ["a:1", "b:2"]}
    assert config.gateways["ctp-main"].subscribe == ["rb*.SHFE", "rb2701.SHFE"]
    assert config.nats.url == ["nats://10.0.0.1:4222"]
    assert (spec.kind, spec.sdk, spec.trading) == ("stub", "vendor", False)


def test_the_environment_wins_over_the_file_and_finds_its_spelling(tmp_path: Path) -> None:
    env = {
        "MARKETBUS__NATS__URL": '["nats://a:1", "nats://b:2"]',
        "MARKETBUS__GATEWAY__CTP_MAIN__TRADING": "true",
        "MARKETBUS__GATEWAY__CTP_MAIN__SETTING__密码": '{"env": "OTHER"}',
        "MARKETBUS__GATEWAY__CTP_MAIN__SUBSCRIBE": "IF*.CFFEX",
        "OTHER": "swordfish",
    }
    config = written(tmp_path, GOOD, env)
    assert config.nats.url == ["nats://a:1", "nats://b:2"]
    assert config.gateway_spec("ctp-main").trading is True
    assert config.gateway_spec("ctp-main").setting["密码"] == "swordfish"
    assert config.gateways["ctp-main"].subscribe == ["IF*.CFFEX"]


def test_a_vnpy_file_serves_as_setting_and_single_keys_override_it(tmp_path: Path) -> None:
    (tmp_path / "connect_ctp.json").write_text('{"用户名": "u", "密码": "literal"}', encoding="utf-8")
    text = '[gateway.a]\nkind = "stub"\nsetting_file = "connect_ctp.json"\nsetting = { "密码" = { file = "pw" } }\n'
    (tmp_path / "pw").write_text("from-file\n")
    assert written(tmp_path, text).gateway_spec("a").setting == {"用户名": "u", "密码": "from-file"}


def test_every_problem_is_reported_at_once_each_with_its_key(tmp_path: Path) -> None:
    found = lines(
        tmp_path,
        """
        [nats]
        user = "u"
        [log]
        lnag = "zh"
        [gateway.ctp-main]
        kind = "stubb"
        tradng = true
        sdk = "labb"
        subscribe = ["rb*.SHFE", "rb2701"]
        ["gateway"."bad name"]
        kind = "stub"
        [gatway]
        """,
    )
    text = "\n".join(found)
    assert "nats: user and password go together" in text
    assert "log.lnag: unknown key (did you mean lang?)" in text
    assert "gateway.ctp-main.kind: unknown kind 'stubb' (did you mean stub?)" in text
    assert "gateway.ctp-main.tradng: unknown key (did you mean trading?)" in text
    assert "gateway.ctp-main.sdk: must be 'vendor' or 'lab'" in text
    assert "gateway.ctp-main.subscribe[1]: 'rb2701' is not an instrument or pattern" in text
    assert "'bad name' is not a gateway name" in text
    assert "gatway: unknown key (did you mean gateway?)" in text
    assert len(found) == 8


def test_missing_secrets_and_refused_settings_name_their_place(tmp_path: Path) -> None:
    text = """
    [nats]
    token = { file = "no-such-file" }
    creds = "bus.creds"
    [gateway.a]
    kind = "stub"
    setting = { "密码" = { env = "NOT_SET" } }
    [gateway.b]
    kind = "stub"
    setting = { "密码" = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" }
    """
    first, creds, second, third = lines(tmp_path, text, {})
    assert first.startswith("nats.token: cannot read ")
    assert creds == f"nats.creds: {tmp_path / 'bus.creds'} is not a file"
    assert second == "gateway.a.setting.密码: the environment variable NOT_SET is not set"
    assert third == "gateway.b.setting.密码: is longer than 40 characters"


def test_a_worker_needs_the_secrets_of_its_own_gateway_only(tmp_path: Path) -> None:
    file = tmp_path / "marketbus.toml"
    file.write_text('[gateway.a]\nkind="stub"\n[gateway.b]\nkind="stub"\nsetting={x={env="NOT_SET"}}\n')
    assert load(file, gateway="a", env={}).gateway_spec("a").name == "a"
    with pytest.raises(InvalidConfig, match=r"gateway\.b\.setting\.x"):
        load(file, gateway="b", env={})
    with pytest.raises(InvalidConfig, match=r"gateway\.aa: is not configured \(did you mean a\?\)"):
        load(file, gateway="aa", env={})


def test_a_variable_that_names_no_section_is_a_typo(tmp_path: Path) -> None:
    (line,) = lines(tmp_path, "", {"MARKETBUS__NATZ__URL": "x"})
    assert line.startswith("MARKETBUS__NATZ__URL: names no section")


def test_a_secret_is_text_or_a_reference(tmp_path: Path) -> None:
    (line,) = lines(tmp_path, "[nats]\ntoken = 12345\n")
    assert line == 'nats.token: must be text, { env = "NAME" } or { file = "PATH" }'


def test_a_file_that_is_not_there_or_not_toml_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load(tmp_path / "none.toml", env={})
    assert len(lines(tmp_path, "[nats")) == 1


def test_without_a_file_the_environment_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = load(env={"MARKETBUS__GATEWAY__A__KIND": "stub"})
    assert list(config.gateways) == ["a"]
    assert config.path is None


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example("hunter2")
@given(st.text(alphabet="abcdefgh0123456789!$%&/()=?", min_size=8, max_size=30))
def test_no_literal_secret_ever_shows(tmp_path: Path, secret: str) -> None:
    text = f"""
    [nats]
    url = "nats://u:{secret}@h:1"
    user = "u"
    password = "{secret}"
    [gateway.a]
    kind = "stub"
    setting = {{ "密码" = "{secret}", nested = [{{ "密码" = "{secret}" }}] }}
    """
    config = written(tmp_path, text, {})
    spec = config.gateway_spec("a")
    assert spec.setting["密码"] == secret
    shown = [repr(config), str(config), repr(spec), str(spec), repr(spec.setting), repr(config.nats)]
    shown += [repr(config.gateways["a"]), str(config.gateways["a"].model_dump()), str(config.nats.password)]
    assert not [text for text in shown if secret in text]
    broken = lines(tmp_path, text + "\nsubscribe = 1\nconnect_timeout = 'x'\n", {})
    assert broken
    assert not [line for line in broken if secret in line]


def test_the_calendar_may_know_more_than_we_do(tmp_path: Path) -> None:
    (tmp_path / "notice.toml").write_text(
        'sources = {notice = "of 2027-02-01"}\npattern.short = { sessions = [["09:00", "11:30"]], auctions = [] }\n'
        '[[hours]]\nexchange = "SHFE"\nproducts = ["rb"]\npattern = "short"\nsince = 2027-02-01\nsource = "notice"'
    )
    text = (
        '[calendar]\nholidays = ["2027-01-01", 2027-02-08]\ntrading_days = ["2026-10-08"]\nhours_file = "notice.toml"'
    )
    config = written(tmp_path, text)
    assert config.calendar.holidays == [date(2027, 1, 1), date(2027, 2, 8)]
    assert config.calendar.trading_days == [date(2026, 10, 8)]
    assert [hours.source for hours in config.trading_hours()] == ["of 2027-02-01"]


def test_the_calendar_comes_from_the_environment_too(tmp_path: Path) -> None:
    assert written(tmp_path, "", {"MARKETBUS__CALENDAR__HOLIDAYS": '["2027-01-01"]'}).calendar.holidays


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('holidays = ["2027-13-01"]', "calendar.holidays[0]: 2027-13-01 is not a date, such as 2027-01-01"),
        ("holidays = 20270101", "calendar.holidays: input should be a valid list"),
        ("holidays = [20270101]", "calendar.holidays[0]: 20270101 is not a date, such as 2027-01-01"),
        ('trading_days = ["2027-01-02"]', "calendar.trading_days[0]: 2027-01-02 is a Saturday: the exchanges never"),
        (
            'holidays = ["2027-01-01"]\ntrading_days = ["2027-01-01"]',
            "calendar: 2027-01-01 stands both in holidays and in trading_days",
        ),
        ('hours_file = "none.toml"', "calendar.hours_file: cannot read"),
        ('hours_file = "marketbus.toml"', "marketbus.toml: Object contains unknown field"),
        ("holiday = []", "calendar.holiday: unknown key (did you mean holidays?)"),
    ],
)
def test_a_wrong_calendar_is_one_line(tmp_path: Path, text: str, line: str) -> None:
    found = lines(tmp_path, f"[calendar]\n{text}")
    assert len(found) == 1
    assert line in found[0]


def test_without_connecting_no_secret_is_looked_for(tmp_path: Path) -> None:
    file = tmp_path / "marketbus.toml"
    file.write_text(GOOD, encoding="utf-8")
    with pytest.raises(InvalidConfig):
        load(file, env={})
    assert load(file, env={}, connects=False).calendar.holidays == []


def test_limits_of_the_account_stand_beside_the_defaults(tmp_path: Path) -> None:
    config = written(
        tmp_path,
        """
        [gateway.ctp-main]
        kind = "stub"
        account = "fund-1"
        [gateway.ctp-main.risk]
        max_order_volume = 3
        revision = "after the fair"
        """,
    )
    assert config.limits_section("ctp-main") == '{"max_order_volume": 3, "revision": "after the fair"}'
    assert config.gateway_spec("ctp-main").account == "fund-1"
    assert config.limits("ctp-main").max_order_volume == 3
    assert config.limits("ctp-main").max_open_orders == Limits().max_open_orders


def test_a_limit_that_is_none_of_ours_is_one_line(tmp_path: Path) -> None:
    text = '[gateway.a]\nkind = "stub"\naccount = "1234 5"\n'
    assert "gateway.a.account: '1234 5' is not an alias of an account" in lines(tmp_path, text)[0]
    text = '[gateway.a]\nkind = "stub"\n[gateway.a.risk]\nmax_volume = 3\n'
    (line,) = lines(tmp_path, text)
    assert "gateway.a.risk" in line
    assert "max_volume" in line
