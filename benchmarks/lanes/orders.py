"""Two accounts of one simulated counter: one traded over the bus, one over vnpy's RPC by the stock gateway."""

import json
import os
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.consumers.orders import Asked, Sample
from benchmarks.lanes import native as accelerator
from benchmarks.lanes.bus import GATEWAY, PAST_PYTHON, embedded_nats, environment, toml
from benchmarks.lanes.folders import free_port, made
from benchmarks.lanes.lane import wait_for
from benchmarks.process import Process
from benchmarks.sources.counter import Counter
from marketbus.apps import paths, worker_environment
from marketbus.lab.ctp import CTP
from marketbus.lab.ctp_family import build

LIMITS: dict[str, Any] = {
    "max_order_notional": 1e12, "max_position": 1e6, "max_exposure": 1e12, "max_open_orders": 100_000,
    "max_price_age": 3600.0, "orders_per_second": 100_000, "orders_per_day": 1_000_000,
    "cancels_per_contract": 1_000_000, "max_identical": 1_000_000, "max_daily_loss": 1e12, "high_frequency": True,
}  # fmt: skip
"""Every rule is asked, none says no."""


@dataclass(frozen=True)
class OrderLane:
    """`user`: the account at the counter; `journal`: None where there is none."""

    name: str
    user: str
    client: Process
    server: Process
    journal: Path | None = None
    price: float = 0.0
    """The day's lower limit, where buy orders stand and wait; of ours only, which sees ticks."""
    ticks: Process | None = None
    """Who takes every tick, where somebody does."""
    broker: int | None = None

    def send(self, rate: float, count: int, vt_symbol: str, price: float) -> list[Sample]:
        """Orders of one lot, paced."""
        symbol, _, exchange = vt_symbol.partition(".")
        asked = msgspec.to_builtins(Asked("send", rate, count, symbol, exchange, price))
        answer = self.client.ask(timeout=count / rate + 120, **asked)
        return msgspec.convert(answer["samples"], list[Sample])


@contextmanager
def bus(
    folder: Path, counter: Counter, vt_symbol: str, *, native: bool = False, everything: bool = False
) -> Generator[OrderLane]:
    """Ours, as users run it: worker process, embedded nats-server, a client with the public SDK.

    `everything`: it carries every instrument's ticks, and somebody takes them.

    Raises:
        NotRunnable: the accelerator is wanted and not there.
    """
    made(folder)
    env = environment(folder, native=native)
    file = folder / "marketbus.toml"
    file.touch(mode=0o600)
    gateway = {
        "kind": "ctp",
        "sdk": "lab",
        "trading": True,
        "subscribe": ["*" if everything else vt_symbol],
        "risk": LIMITS,
    }
    file.write_text(toml(gateway | {"setting": counter.setting("ours")}), encoding="utf-8")
    with embedded_nats(folder) as server:
        command = worker_environment.command(GATEWAY, file, server.url, env)
        with (
            Process("worker", command.argv, folder, command.env, command.cwd) as worker,
            Process.module("benchmarks.consumers.orders_bus", server.url, GATEWAY, folder=folder, env=env) as client,
        ):
            symbol, _, exchange = vt_symbol.partition(".")
            wait_for("a trading session", lambda: client.ask("ready", symbol=symbol, exchange=exchange)["ready"])
            price = client.ask("ready", symbol=symbol, exchange=exchange)["price"]
            with ExitStack() as stack:
                ticks = None
                if everything:
                    ticks = stack.enter_context(
                        Process.module("benchmarks.consumers.bus", server.url, folder=folder, env=env)
                    )
                    accelerator.check(ticks.hear()["native"], *(PAST_PYTHON if native else ()))
                journal = paths.journal_file(folder / "state", GATEWAY)
                name = accelerator.name(native=native)
                yield OrderLane(name, "ours", client, worker, journal, price, ticks, server.pid)


@contextmanager
def rpc(folder: Path, counter: Counter) -> Generator[OrderLane]:
    """What users run today: the stock gateway behind EventEngine and RpcServer, a client on RpcClient."""
    rep, pub = (f"tcp://127.0.0.1:{free_port()}" for _ in range(2))
    cwd = made(folder / "cwd")
    made(cwd / ".vntrader")  # else vnpy writes to the user's home
    env = worker_environment.environment(base={**os.environ, "MARKETBUS_STATE": str(folder / "state")})
    arguments = (rep, pub, "0", str(build.library_dir(CTP)), json.dumps(counter.setting("peer")))
    with (
        Process.module("benchmarks.sources.stock_ctp", *arguments, "1", folder=folder, env=env, cwd=cwd) as server,
        Process.module("benchmarks.consumers.orders_rpc", rep, pub, folder=folder, env=env, cwd=cwd) as client,
    ):
        wait_for("the stock gateway's login and contracts", lambda: server.ask("ready")["result"])
        wait_for("the client's subscription", lambda: _greeted(server, client))
        yield OrderLane("vnpy RPC", "peer", client, server)


def _greeted(server: Process, client: Process) -> bool:
    server.ask("hello")
    return bool(client.ask("ready")["ready"])
