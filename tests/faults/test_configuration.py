"""A wrong configuration is one clear line that names the key, and nothing has been connected to."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.system import SETTING, free_port, write_config

GOOD: dict[str, Any] = {
    "kind": "ctp",
    "sdk": "lab",
    "setting": SETTING | {"行情服务器": "127.0.0.1:9", "交易服务器": "127.0.0.1:9"},
}


class Ears:
    """A NATS port that hears whether anybody comes."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self.url = f"nats://127.0.0.1:{self._socket.getsockname()[1]}"

    def visited(self) -> bool:
        try:
            self._socket.accept()[0].close()
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def ears() -> Iterator[Ears]:
    ears = Ears()
    yield ears
    ears.close()


def run(folder: Path, *command: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MARKETBUS_")}
    return subprocess.run(
        [sys.executable, "-m", "marketbus.apps.main", *command],
        cwd=folder,
        env=kept | {"MARKETBUS_STATE": str(folder / "state"), "MARKETBUS_LANG": "en"} | dict(env or {}),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def setting(**keys: Any) -> dict[str, Any]:
    return {key: value for key, value in (GOOD["setting"] | keys).items() if value is not None}


CASES: dict[str, tuple[dict[str, Any], str]] = {
    "a typing error": ({"subscrbe": ["rb*.SHFE"]}, "gateway.ctp.subscrbe: unknown key (did you mean subscribe?)"),
    "an unknown kind": ({"kind": "cpt"}, "gateway.ctp.kind: unknown kind 'cpt' (did you mean ctp?)"),
    "a wrong type": ({"trading": "perhaps"}, "gateway.ctp.trading: "),
    "a bad pattern": ({"subscribe": ["rb2701"]}, "gateway.ctp.subscribe[0]: 'rb2701' is not an instrument or pattern"),
    "a typing error in vnpy's keys": (
        {"setting": setting(用户="x")},
        "setting.用户: unknown key (did you mean 用户名?)",
    ),
    "no password": ({"setting": setting(密码=None)}, "gateway.ctp.setting.密码: missing"),
    "no front": ({"setting": setting(行情服务器=None)}, "gateway.ctp.setting.行情服务器: missing"),
    "a front without a port": (
        {"setting": setting(行情服务器="127.0.0.1")},
        "行情服务器: '127.0.0.1' is not an address",
    ),
    # 400 characters end the stock gateway with SIGSEGV: its binding copies without a bound.
    "an over-long AuthCode": (
        {"setting": setting(授权编码="a" * 400)},
        "授权编码: 400 bytes long, the counter takes at most 16",
    ),
    "an over-long password": (
        {"setting": setting(密码="密" * 21)},
        "密码: 42 bytes long, the counter takes at most 40",
    ),
    "a real front for the simulated SDK": (
        {"setting": setting(行情服务器="192.0.2.1:10211")},
        "gateway.ctp.setting: tcp://192.0.2.1:10211 is not on this machine",
    ),
    "a secret that is not there": ({"setting": setting(密码={"env": "NO_SUCH"})}, "gateway.ctp.setting.密码: "),
    "trading without a trading front": (
        {"trading": True, "setting": setting(交易服务器=None)},
        "gateway.ctp.trading: a line without a trading front cannot trade",
    ),
}


@pytest.mark.parametrize(("keys", "line"), CASES.values(), ids=CASES.keys())
def test_up_says_what_is_wrong_before_anything_connects(
    tmp_path: Path, ears: Ears, keys: dict[str, Any], line: str
) -> None:
    file = write_config(tmp_path / "marketbus.toml", {"url": ears.url}, {"ctp": GOOD | keys})
    done = run(tmp_path, "up", "-c", str(file))
    assert done.returncode == 2
    assert done.stdout == ""
    (said,) = done.stderr.splitlines()
    assert line in said
    assert not ears.visited()
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("command", [("check",), ("gateway", "ctp"), ("up",)], ids=["check", "gateway", "up"])
def test_the_other_commands_say_the_same(tmp_path: Path, ears: Ears, command: tuple[str, ...]) -> None:
    keys: dict[str, Any] = GOOD | {"subscrbe": "rb*.SHFE", "setting": setting(授权编码="a" * 400)}
    file = write_config(tmp_path / "marketbus.toml", {"url": ears.url}, {"ctp": keys})
    done = run(tmp_path, *command, "-c", str(file))
    assert done.returncode == 2
    assert "gateway.ctp.subscrbe: unknown key" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert not ears.visited()


def test_every_problem_is_told_at_once(tmp_path: Path, ears: Ears) -> None:
    gateways = {
        "a": GOOD | {"setting": setting(授权编码="a" * 400)},
        "b": GOOD | {"setting": setting(密码=None)},
    }
    file = write_config(tmp_path / "marketbus.toml", {"url": ears.url}, gateways)
    done = run(tmp_path, "up", "-c", str(file))
    assert done.returncode == 2
    first, second = done.stderr.splitlines()
    assert "gateway.a.setting.授权编码" in first
    assert "gateway.b.setting.密码" in second


def test_a_secret_never_shows(tmp_path: Path, ears: Ears) -> None:
    file = write_config(
        tmp_path / "marketbus.toml",
        {"url": ears.url},
        {"ctp": GOOD | {"setting": setting(密码="hunter2" * 7, 授权编码="s3cr3t" * 4)}},
    )
    for command in (("check",), ("up",)):
        done = run(tmp_path, *command, "-c", str(file))
        assert done.returncode == 2
        assert "hunter2" not in done.stdout + done.stderr
        assert "s3cr3t" not in done.stdout + done.stderr


def test_a_file_or_a_gateway_that_is_not_there_is_named(tmp_path: Path, ears: Ears) -> None:
    missing = run(tmp_path, "up", "-c", "nowhere.toml")
    assert missing.returncode == 2
    assert missing.stderr.endswith("nowhere.toml: no such file\n")
    file = write_config(tmp_path / "marketbus.toml", {"url": ears.url}, {"ctp": GOOD})
    other = run(tmp_path, "gateway", "cpt", "-c", str(file))
    assert other.returncode == 2
    assert "gateway.cpt: is not configured (did you mean ctp?) (configured: ctp)" in other.stderr
    assert not ears.visited()


@pytest.mark.parametrize("command", [("check",), ("gateway", "ctp"), ("up",)], ids=["check", "gateway", "up"])
def test_a_nats_host_that_cannot_be_reached_is_named(tmp_path: Path, command: tuple[str, ...]) -> None:
    url = f"nats://127.0.0.1:{free_port()}"
    file = write_config(tmp_path / "marketbus.toml", {"url": url}, {"ctp": GOOD})
    began = time.monotonic()
    done = run(tmp_path, *command, "-c", str(file))
    assert done.returncode == 1
    assert time.monotonic() - began < 15
    said = done.stdout + done.stderr
    assert f"NATS at {url} cannot be reached: " in said
    assert "correct nats.url" in said
    assert "Traceback" not in said
