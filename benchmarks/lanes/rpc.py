"""What users run today: a stock gateway in vnpy's EventEngine, published by vnpy's RPC (ZeroMQ and pickle)."""

import json
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.lanes.folders import free_port, made
from benchmarks.lanes.lane import Lane, VenueControl, wait_for
from benchmarks.process import Process
from benchmarks.sources.counter import INSTRUMENTS, counter
from marketbus.apps import worker_environment
from marketbus.lab.ctp import CTP
from marketbus.lab.ctp_family import build


@contextmanager
def ctp(folder: Path, *, lean: bool = False) -> Generator[Lane]:
    """The stock vnpy_ctp gateway in front of a simulated counter of its own."""
    made(folder)
    with counter(folder) as (addresses, control):
        arguments = (str(build.library_dir(CTP)), json.dumps(addresses.setting("bench")), str(INSTRUMENTS))
        with rpc_lane(folder, "benchmarks.sources.stock_ctp", arguments, control, INSTRUMENTS, lean=lean) as lane:
            yield lane


@contextmanager
def rpc_lane(
    folder: Path,
    module: str,
    arguments: tuple[str, ...],
    control: VenueControl,
    instruments: int,
    *consumer_options: str,
    lean: bool,
) -> Generator[Lane]:
    """A gateway's process and one consumer of everything."""
    rep, pub = (f"tcp://127.0.0.1:{free_port()}" for _ in range(2))
    cwd = made(folder / "cwd")
    made(cwd / ".vntrader")  # else vnpy writes to the user's home
    env = worker_environment.environment(base={**os.environ, "MARKETBUS_STATE": str(folder / "state")})
    with (
        Process.module(module, rep, pub, str(int(lean)), *arguments, folder=folder, env=env, cwd=cwd) as server,
        Process.module(
            "benchmarks.consumers.rpc", rep, pub, *consumer_options, folder=folder, env=env, cwd=cwd
        ) as consumer,
    ):
        wait_for("the stock gateway's login and contracts", lambda: server.ask("ready")["result"])
        server.ask("subscribe")
        wait_for("the stock gateway's subscriptions", lambda: control.status()["subscribed"] >= instruments)
        wait_for("the consumer's subscription", lambda: _greeted(server, consumer))
        yield Lane("vnpy RPC, EVENT_TICK alone" if lean else "vnpy RPC", control, server, consumer)


def _greeted(server: Process, consumer: Process) -> bool:
    # Greeted again and again: what ZeroMQ publishes before the subscription has arrived is lost.
    server.ask("hello")
    return bool(consumer.ask("ready")["ready"])
