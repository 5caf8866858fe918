"""Every code block of the README and the documentation works as printed, in both languages.

A block that says the same in both, comments apart, runs once.
"""

import ast
import asyncio
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

import marketbus
from marketbus.adapters.clock import SystemClock
from marketbus.adapters.hours import read_hours
from marketbus.adapters.journal import SqliteJournal
from marketbus.adapters.nats.embedded import find_binary
from marketbus.apps import paths
from marketbus.apps.config import load
from marketbus.apps.permits.write import write as write_permits
from marketbus.domain.journal_entry import Entry, EntryKind
from tests.e2e.demo import COMMAND, demo
from tests.system import System, free_port
from tests.system.config import SETTING

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "README.zh-CN.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LISTEN = f"127.0.0.1:{free_port()}"
"""Of the demo's health and metrics."""
ENOUGH = 5
"""Lines after which a program that would go on for ever has shown that it works."""


class Block(NamedTuple):
    page: Path
    language: str
    text: str


def blocks(*languages: str) -> list[object]:
    found: dict[str, object] = {}
    for page in PAGES:
        for number, match in enumerate(BLOCK.finditer(page.read_text()), start=1):
            if match[1] in languages:
                block = Block(page, match[1], match[2])
                name = page.name.replace(".zh-CN", "")
                found.setdefault(f"{name} {says(block)}", pytest.param(block, id=f"{page.name}-{number}"))
    return list(found.values())


def says(block: Block) -> str:
    """What a block says to the machine."""
    match block.language:
        case "python":
            return ast.dump(ast.parse(block.text))
        case "bash":
            return repr([words for line in block.text.splitlines() if (words := shlex.split(line, comments=True))])
        case _:
            return block.text


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    with demo(tmp_path_factory.mktemp("demo"), until="demo.order", listen=LISTEN) as url:
        yield url


@pytest.fixture(scope="module")
def ib_url(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """A bus with a gateway that has history."""
    with System(tmp_path_factory.mktemp("ib")) as system:
        setting = {"port": system.tws.port}
        section = {"kind": "ib", "sdk": "lab", "setting": setting, "subscribe": ["AAPL-USD-STK.SMART"]}
        worker = system.start(system.config(ib=section), "ib")
        deadline = time.monotonic() + 60
        while "took client" not in worker.words():
            assert time.monotonic() < deadline, worker.words()
            time.sleep(0.05)
        yield system.nats.url


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state folder of a machine whose gateway ctp-main sent one order."""
    folder = tmp_path_factory.mktemp("state")
    asyncio.run(one_order(paths.journal_file(folder, "ctp-main")))
    return folder


async def one_order(file: Path) -> None:
    journal = SqliteJournal(file, "ctp-main", clock=SystemClock())
    await journal.start()
    for kind in (EntryKind.CLAIMED, EntryKind.NEW, EntryKind.SENT, EntryKind.TRADE):
        given = Entry(
            kind=kind, time=SystemClock().now(), trading_day=20261123, account="main", client_order_id="grid-1"
        )
        await journal.append([given])
    await journal.stop()


def environment(url: str) -> dict[str, str]:
    path = f"{COMMAND.parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "MARKETBUS_URL": url, "MARKETBUS__HTTP__LISTEN": LISTEN, "PATH": path}


@pytest.mark.parametrize("block", blocks("python"))
def test_python_blocks_run_against_a_live_bus(
    block: Block, state: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url: str = request.getfixturevalue("ib_url" if "query_history" in block.text else "url")
    if "journal.sqlite" in block.text:
        shutil.copy(paths.journal_file(state, "ctp-main"), tmp_path)
    script = tmp_path / "block.py"
    script.write_text(block.text)
    process = subprocess.Popen(
        [sys.executable, "-u", script],
        env=environment(url),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    shown: list[str] = []
    for line in process.stdout:
        shown.append(line)
        if len(shown) >= ENOUGH:
            break
    try:
        process.wait(timeout=10 if len(shown) < ENOUGH else 1)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=10)
    assert shown, errors
    assert not errors or errors.rstrip().endswith("KeyboardInterrupt"), errors


@pytest.mark.parametrize("block", blocks("toml"))
def test_toml_blocks_are_valid(block: Block, tmp_path: Path) -> None:
    if "[project." in block.text:
        points = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]
        assert (
            tomllib.loads(block.text)["project"]["entry-points"].items()
            <= {
                group: {name: value for name, value in given.items() if name == "ctp"}
                for group, given in points.items()
            }.items()
        )
        return
    if "[[hours]]" in block.text:
        assert read_hours(block.text)
        return
    if "[user." in block.text:
        (tmp_path / "users.toml").write_text(block.text)
        assert list(write_permits(tmp_path / "users.toml", (), datetime.now(UTC)))
        return
    for name in re.findall(r'^(?:nkey|tls_ca) = "([^"]+)"', block.text, re.MULTILINE):
        (tmp_path / name).touch()
    fronts = {"交易服务器": "10.0.0.1:30001", "行情服务器": "10.0.0.1:30011"}
    (tmp_path / "connect_ctp.json").write_text(json.dumps(SETTING | fronts), "utf-8")
    file = tmp_path / "marketbus.toml"
    file.write_text(block.text)
    (tmp_path / "secrets").mkdir(exist_ok=True)
    (tmp_path / "secrets" / "mail_url").write_text("mailtos://u:p@smtp.example.com?to=desk@example.com")
    secrets = {"CTP_PASSWORD": "secret", "SOPT_PASSWORD": "secret", "DINGTALK_URL": "dingtalk://abcdef"}
    config = load(file, env=secrets)
    assert config.gateways or "[http]" in block.text


@pytest.mark.parametrize("block", blocks("bash"))
def test_shell_blocks_run(
    block: Block,
    url: str,
    state: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    for line in block.text.splitlines():
        words = shlex.split(line, comments=True)
        match words:
            case []:
                continue
            case ["make", target, *_]:
                run(["make", "-n", target], url, ROOT)
            case ["set", "-a;", ".", file, *_]:  # who one is, for what follows in that shell
                permitted(tmp_path, url)
                assert (tmp_path / file.rstrip(";")).exists()
            case ["nats-server", "-c", file]:
                permitted(tmp_path, url)
                run([str(find_binary()), "-c", file, "-t"], url, tmp_path)
            case ["nats-server", "--signal", "reload"]:  # there is no server of ours that it would find
                assert "reload" in subprocess.run([find_binary(), "--help"], capture_output=True, text=True).stdout
            case ["marketbus", "history", *_]:
                run(words, request.getfixturevalue("ib_url"), tmp_path)
            case ["marketbus", "alerts", "test"]:  # would send: no target is configured here
                assert "--config" in run([*words, "--help"], url, tmp_path)
            case ["marketbus", "permits", *_]:
                permitted(tmp_path, url)
                run(words, url, tmp_path)
            case ["marketbus", command, *rest] if (
                "-c" in rest
            ):  # would leave this machine: only its options are looked at
                assert "--config" in run(["marketbus", command, "--help"], url, tmp_path)
            case ["marketbus", "order", "send", symbol, *terms]:  # at today's price
                run(["marketbus", "order", "send", symbol, *at_the_market(url, symbol, terms)], url, tmp_path)
            case ["marketbus", "audit", *_]:
                with monkeypatch.context() as patch:
                    patch.setenv("MARKETBUS_STATE", str(state))
                    run(words, url, tmp_path)
            case ["marketbus", *_]:
                run(words, url, tmp_path)
            case [
                ".venv/bin/python",
                "-m",
                ("benchmarks" | "benchmarks.soak") as module,
                *rest,
            ]:  # minutes: its words only
                help_text = run([sys.executable, "-m", module, "--help"], url, ROOT)
                assert all(word in help_text for word in rest if not word.replace(",", "").isdigit()), line
            case [".venv/bin/pytest", *rest]:  # that it selects something: code 5 when it does not
                run([sys.executable, "-m", "pytest", "--collect-only", *rest], url, ROOT)
            case _:
                raise AssertionError(f"{block.page.name}: nobody tests {line!r}")


def permitted(folder: Path, url: str) -> None:
    """The folder of an administrator."""
    if not (folder / "users.toml").exists():
        shutil.copytree(ROOT / "deploy" / "nats", folder, dirs_exist_ok=True)
        run(["marketbus", "permits"], url, folder)


def at_the_market(url: str, symbol: str, terms: list[str]) -> list[str]:
    """The terms of an order, with the other side's price in place of the one that was printed."""
    with marketbus.connect_sync(url) as bus:
        (tick,) = bus.snapshot(symbol)
    price = tick.ask_price_1 if {"long", "多"} & set(terms) else tick.bid_price_1
    at = terms.index("--price") + 1
    return [*terms[:at], f"{price:g}", *terms[at + 1 :]]


def run(words: list[str], url: str, folder: Path) -> str:
    done = subprocess.run(
        words, env=environment(url), cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, (words, done.stdout, done.stderr)
    return done.stdout


def test_no_block_is_in_a_language_that_nobody_tests() -> None:
    known = {"python", "toml", "bash", "text"}
    for page in PAGES:
        assert {match[1] for match in BLOCK.finditer(page.read_text())} <= known, page


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target
