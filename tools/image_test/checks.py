"""What the image must be, seen from inside while the demo runs in it, and from a run of ten seconds."""

import re
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tools.image_test.container import Container

COMPILERS = (
    "gcc",
    "cc",
    "c++",
    "g++",
    "cpp",
    "clang",
    "tcc",
    "as",
    "ld",
    "make",
    "cmake",
    "meson",
    "ninja",
    "rustc",
    "go",
)
INSTALLERS = ("pip", "pip3", "uv")
PACKAGES = ("vnpy_ctp", "vnpy_sopt", "vnpy.trader.utility", "talib", "apprise")
DURATION = 10
START = 60.0
"""Seconds until the demo must be ready."""
STOP = 15.0
FIRST_TICK = "first tick after"
READY = "READY:"
MARKETBUS_TOML = """
[nats]
port = 0

[gateway.ctp-main]
kind = "ctp"
sdk = "lab"
subscribe = ["rb*.SHFE"]

[gateway.ctp-main.setting]
"用户名" = "123456"
"密码" = { file = "/etc/marketbus/ctp_password" }
"经纪商代码" = "9999"
"交易服务器" = "127.0.0.1:30001"
"行情服务器" = "127.0.0.1:30011"
"产品名称" = "simnow_client_test"
"授权编码" = "0000000000000000"
"柜台环境" = "测试"
"""
# A counter that its starter leaves behind, as a shell in a container would: process 1 inherits it.
COUNTER = """
marketbus lab ctp --td-port 30001 --md-port 30011 > /tmp/counter 2>&1 &
echo $!
until grep -q 30001 /tmp/counter; do sleep 0.1; done
"""
LOCALE = "import locale; print(locale.setlocale(locale.LC_ALL, 'zh_CN.GB18030'))"


class Check(NamedTuple):
    """One thing that was looked at."""

    what: str
    ok: bool
    seen: str


class Start(NamedTuple):
    """Seconds from the start of the container."""

    first_tick: float
    ready: float


def inside(root: Path, config: dict[str, Any], folder: Path) -> Iterator[Check | Start]:
    """Of a demo that runs until it is stopped."""
    etc = folder / "etc"
    etc.mkdir(exist_ok=True)
    (etc / "marketbus.toml").write_text(MARKETBUS_TOML, encoding="utf-8")
    (etc / "ctp_password").write_text("secret")
    began = time.monotonic()
    with Container(root, config, folder, ["up", "--demo"]) as container:
        started, heard = _start(container, began)
        if started is None:
            yield Check("the demo starts", False, heard)
            return
        yield started
        yield from _who_and_where(container)
        kept = [file.name for folder in ("run/host", "run/secrets") for file in (root / folder).glob("*")]
        yield Check("nothing of the building machine's settings", not kept, ", ".join(kept) or "none found")
        yield from _health(container, config)
        orphan = container.run("sh", "-c", COUNTER).stdout.strip()
        done = container.run("marketbus", "check")
        yield Check("marketbus check of a configuration", done.returncode == 0, _short(done.stdout))
        yield from _taken_in(container, orphan)
        begun = time.monotonic()
        try:
            code = container.stop(STOP)
            yield Check("SIGTERM ends it", code == 0, f"exit code {code} after {time.monotonic() - begun:.1f} s")
        except subprocess.TimeoutExpired:
            yield Check("SIGTERM ends it", False, f"still there after {STOP:g} s")


def ten_seconds(root: Path, config: dict[str, Any], folder: Path) -> Iterator[Check]:
    """Of a demo that ends by itself."""
    with Container(root, config, folder, ["up", "--demo", "--duration", str(DURATION)]) as container:
        code, words = container.wait(START + DURATION)
    ticks = [line for line in words.splitlines() if line.endswith("SIMULATED") and re.search(r"\d×\d", line)]
    enough = len(ticks) >= DURATION // 2  # the board prints one a second
    yield Check(f"{DURATION} s of the demo", code == 0, f"exit code {code}")
    yield Check(
        "ticks flow", enough, f"{len(ticks)} printed, the last: {' '.join(ticks[-1].split())}" if ticks else words
    )


def _start(container: Container, began: float) -> tuple[Start | None, str]:
    heard, first = "", None
    for line in container.words:
        heard += line
        now = time.monotonic() - began
        if FIRST_TICK in line:
            first = now
        if READY in line and first is not None:
            return Start(first, now), heard
        if now > START:
            break
    return None, heard


def _who_and_where(container: Container) -> Iterator[Check]:
    seen = container.run("id", "-u").stdout.strip()
    yield Check("the user is not root", seen not in ("", "0"), f"uid {seen}")
    seen = container.run("cat", "/proc/1/comm").stdout.strip()
    yield Check("process 1 is an init", seen == "tini", seen)
    seen = container.run("date", "+%Z %z").stdout.strip()
    yield Check("time zone", seen == "CST +0800", seen)
    seen = container.run("python", "-c", LOCALE).stdout.strip()
    yield Check("locale of the SDKs", seen == "zh_CN.GB18030", _short(seen))
    done = container.run("python", "-c", f"import {', '.join(PACKAGES)}; print('imported')")
    yield Check(f"{', '.join(PACKAGES)}", done.stdout.strip() == "imported", _short(done.stdout))
    found = _there(container, COMPILERS)
    yield Check("no compiler", not found, ", ".join(found) or "none found")
    found = _there(container, INSTALLERS)
    yield Check("no installer of packages for Python", not found, ", ".join(found) or "none found")
    done = container.run("sh", "-c", "touch /opt/marketbus/x /etc/x /x")
    yield Check("only the volume and /tmp can be written", done.stdout.count("Read-only") == 3, _short(done.stdout))


def _there(container: Container, programs: Sequence[str]) -> list[str]:
    looking = f"for each in {' '.join(programs)} tini; do command -v $each; done"
    *found, known = container.run("sh", "-c", looking).stdout.split()
    assert known.endswith("tini"), known  # so that nothing found means that it was looked for
    return found


def _health(container: Container, config: dict[str, Any]) -> Iterator[Check]:
    kind, *command = (config.get("Healthcheck") or {"Test": ["NONE"]})["Test"]
    if kind == "NONE":
        yield Check("health check", False, "the image has none")
        return
    done = container.run(*(["sh", "-c", *command] if kind == "CMD-SHELL" else command))
    yield Check("health check", done.returncode == 0, f"{' '.join(command)}: {_short(done.stdout)}")


def _taken_in(container: Container, orphan: str) -> Iterator[Check]:
    """The counter that was left behind ends; nobody but process 1 can take in what is left of it."""
    container.run("sh", "-c", f"kill {orphan}")
    deadline = time.monotonic() + STOP
    while left := container.run("sh", "-c", f"grep State /proc/{orphan}/status").stdout:
        if "No such file" in left or time.monotonic() > deadline:
            break
        time.sleep(0.1)
    yield Check("an orphan leaves no zombie", "No such file" in left, _short(left))


def _short(words: str) -> str:
    return "; ".join(" ".join(line.split()) for line in words.strip().splitlines())[-1500:]
