"""`[alerts]`: checked before anything connects, and never shown."""

import builtins
import sys
from pathlib import Path
from typing import Any

import pytest

from marketbus.apps.check.alerts import alerts
from marketbus.apps.config import Config, InvalidConfig, load
from marketbus.apps.config.alert_targets import notifiers
from marketbus.domain.errors import ConfigError

pytestmark = pytest.mark.usefixtures("site")
TOKEN = "0123456789abcdef"
GATEWAY = '[gateway.ctp-main]\nkind = "stub"\n'


def loaded(folder: Path, section: str, gateway: str | None = None, **env: str) -> Config:
    file = folder / "marketbus.toml"
    file.write_text(f"[alerts]\n{section}\n{GATEWAY}", encoding="utf-8")
    return load(file, gateway, env)


def problems(folder: Path, section: str, **env: str) -> str:
    with pytest.raises(InvalidConfig) as caught:
        loaded(folder, section, **env)
    assert TOKEN not in str(caught.value)
    return str(caught.value)


def test_targets_by_reference_and_in_the_clear(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text(f"mailtos://desk:{TOKEN}@example.com\n")
    section = """
    lang = "zh"
    to = [
        { url = { env = "DING" }, severity = "critical", gateways = ["ctp-main"] },
        { url = { file = "mail" }, lang = "en" },
        { url = "jsons://example.com/hook" },
    ]
    """
    config = loaded(tmp_path, section, DING=f"dingtalk://{TOKEN}")
    assert [each.name for each in notifiers(config)] == ["dingtalk-0", "mailtos-1", "jsons-2"]
    assert TOKEN not in repr(config.alerts)
    (probe,) = alerts(config)
    assert probe.ok
    assert probe.detail.startswith("dingtalk-0 (from critical, ctp-main), mailtos-1 (from warning), jsons-2 (")


def test_the_environment_can_name_them_too(tmp_path: Path) -> None:
    named = '[{"url": {"env": "DING"}, "severity": "info"}]'
    config = loaded(tmp_path, "", MARKETBUS__ALERTS__TO=named, DING=f"feishu://{TOKEN}")
    assert [each.name for each in notifiers(config)] == ["feishu-0"]


@pytest.mark.parametrize(
    ("section", "words"),
    [
        (f'to = [{{ url = "dingtalkk://{TOKEN}" }}]', "alerts.to[0].url: dingtalkk:// is no service"),
        (f'to = [{{ url = "dingtalk://{TOKEN}-" }}]', "alerts.to[0].url: is not complete"),
        ('to = [{ url = { env = "NOT_SET" } }]', "alerts.to[0].url: the environment variable NOT_SET is not set"),
        ('to = [{ severity = "info" }]', "alerts.to[0].url: is missing"),
        (f'to = [{{ url = "json://h/{TOKEN}", severity = "bad" }}]', "alerts.to[0].severity: must be 'info', "),
        (
            f'to = [{{ url = "json://h/{TOKEN}", langs = "zh" }}]',
            "alerts.to[0].langs: unknown key (did you mean lang?)",
        ),
        (
            f'to = [{{ url = "json://h/{TOKEN}", gateways = ["ctp-mian"] }}]',
            "alerts.to[0].gateways: ctp-mian is not configured (did you mean ctp-main?)",
        ),
        ("too = []", "alerts.too: unknown key (did you mean to?)"),
    ],
)
def test_a_mistake_is_one_line_that_names_its_place_and_no_secret(tmp_path: Path, section: str, words: str) -> None:
    assert problems(tmp_path, section).startswith(words)


def test_a_worker_needs_none_of_it(tmp_path: Path) -> None:
    loaded(tmp_path, 'to = [{ url = { env = "NOT_SET" } }]', gateway="ctp-main")


def test_without_apprise_the_extra_is_named_and_only_where_alerts_are_configured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def absent(name: str, *rest: Any, **options: Any) -> Any:
        if name.partition(".")[0] == "apprise":
            raise ModuleNotFoundError("No module named 'apprise'", name="apprise")
        return real(name, *rest, **options)

    monkeypatch.delitem(sys.modules, "marketbus.adapters.alerts.apprise_notifier", raising=False)
    monkeypatch.setattr(builtins, "__import__", absent)
    assert notifiers(loaded(tmp_path, "")) == ()
    with pytest.raises(ConfigError, match=r"alerts: apprise is not installed .*marketbus\[alerts\]"):
        loaded(tmp_path, f'to = [{{ url = "json://h/{TOKEN}" }}]')
