"""`python -m tools.grafana.live`: asks a real Prometheus every query of the dashboards, while it scrapes the demo.

Prometheus must be installed (Debian: `prometheus`). Exit code 1 when a query is wrong or finds nothing.
"""

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import marketbus
from marketbus import MarketBusError
from marketbus.apps import tether

BOARDS = Path(__file__).parents[2] / "deploy" / "grafana" / "dashboards"
RULES = Path(__file__).parents[2] / "deploy" / "prometheus" / "rules"
WARM = 40.0
"""Seconds of scraping before the queries are asked."""
MAY_BE_EMPTY = ("marketbus_ticks_dropped", "marketbus_ticks_rejected", "marketbus_errors", "marketbus_client_gaps",
                "marketbus_worker_ends", "marketbus_order_misfits", "ALERTS")  # fmt: skip
"""Nothing of the kind happens in a demo."""
VARIABLES = {"$__rate_interval": "15s", "$gateway": ".*", "$account": ".*"}


def main() -> int:
    """Run demo and Prometheus, trade a little, ask."""
    with ExitStack() as ends, tempfile.TemporaryDirectory(prefix="marketbus-live-") as folder:
        http, nats, prometheus = _free(), _free(), _free()
        env = os.environ | {"MARKETBUS__HTTP__LISTEN": f"127.0.0.1:{http}", "MARKETBUS__NATS__PORT": str(nats)}
        _start(ends, [sys.executable, "-m", "marketbus.apps.main", "up", "--demo"], Path(folder) / "demo.log", env)
        config = Path(folder) / "prometheus.yml"
        config.write_text(_config(http), encoding="utf-8")
        command = ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder}/tsdb"]
        command.append(f"--web.listen-address=127.0.0.1:{prometheus}")
        _start(ends, command, Path(folder) / "prometheus.log")
        asyncio.run(_trade(_until_answers(Path(folder) / "demo.log")))
        if "--stay" in sys.argv:
            print(f"Prometheus: http://127.0.0.1:{prometheus}  metrics: http://127.0.0.1:{http}/metrics")
            time.sleep(3600)
        return _ask(f"http://127.0.0.1:{prometheus}")


def queries() -> Iterator[tuple[str, str]]:
    """Every query of every panel: where it stands, and what it asks."""
    for file in sorted(BOARDS.glob("*.json")):
        board = json.loads(file.read_text(encoding="utf-8"))
        for panel in board["panels"]:
            for target in panel["targets"]:
                yield f"{file.stem} · {panel['title']}", target["expr"]


def _ask(prometheus: str) -> int:
    wrong = 0
    for place, query in queries():
        for name, value in VARIABLES.items():
            query = query.replace(name, value)
        url = f"{prometheus}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 (our own Prometheus)
                count = len(json.loads(answer.read())["data"]["result"])
            words = f"{count} series"
        except urllib.error.HTTPError as error:
            count, words = 0, f"WRONG: {json.loads(error.read()).get('error', error)}"
        good = count > 0 or ("WRONG" not in words and any(name in query for name in MAY_BE_EMPTY))
        wrong += not good
        print(f"{'ok   ' if good else 'WRONG'} {place}: {words}" + ("" if good else f"\n      {query}"))
    return int(wrong > 0)


async def _trade(url: str) -> None:
    """A client that listens, an order that is filled, one that rests and is cancelled, one that is denied."""
    async with marketbus.connect(url) as bus, bus.ticks("rb*.SHFE", ttl=3) as ticks:
        tick = await anext(ticks)
        began = time.monotonic()
        while time.monotonic() - began < WARM:
            try:
                await bus.buy(tick.vt_symbol, 1, tick.last_price + 20)
                resting = await bus.buy(tick.vt_symbol, 1, tick.last_price - 40)
                await resting.cancel()
                await bus.buy(tick.vt_symbol, 1, tick.last_price * 2)
            except MarketBusError:
                await asyncio.sleep(0)  # denied, as it should
            again = time.monotonic() + 1
            while time.monotonic() < again:
                tick = await anext(ticks)


def _config(http: int) -> str:
    rules = [str(file) for file in sorted(RULES.glob("*.yml"))]
    config: dict[str, Any] = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": rules,
        "scrape_configs": [{"job_name": "marketbus", "static_configs": [{"targets": [f"127.0.0.1:{http}"]}]}],
    }
    return json.dumps(config)  # JSON is YAML


def _until_answers(log: Path) -> str:
    """The demo's NATS, once it is there."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        words = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
        if "first tick after" in words and (found := re.search(r"embedded NATS server on (nats://\S+)", words)):
            return found.group(1)
        time.sleep(0.2)
    raise SystemExit(f"the demo does not start: {log.read_text(encoding='utf-8', errors='replace')[-2000:]}")


def _start(ends: ExitStack, command: list[str], log: Path, env: dict[str, str] | None = None) -> None:
    with log.open("wb") as words:
        process = subprocess.Popen([*tether.prefix(), *command], stdout=words, stderr=words, env=env)
    ends.callback(process.wait)
    ends.callback(process.terminate)


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


if __name__ == "__main__":
    sys.exit(main())
