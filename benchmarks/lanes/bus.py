"""Ours, as users run it: worker process, embedded nats-server, consumer with the public SDK."""

import asyncio
import json
import os
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, cast

from benchmarks.lanes import native as accelerator
from benchmarks.lanes.folders import free_port, made
from benchmarks.lanes.lane import Lane, VenueControl, wait_for
from benchmarks.process import Process
from benchmarks.sources.counter import INSTRUMENTS, counter
from marketbus.adapters.nats.embedded import EmbeddedNats
from marketbus.apps import tether, worker_environment

GATEWAY = "bench"
PAST_PYTHON = (accelerator.TICKS, accelerator.MARKET_DATA)


class Served(NamedTuple):
    """A nats-server that answers."""

    url: str
    pid: int


@contextmanager
def ctp(folder: Path, *, native: bool = False) -> Generator[Lane]:
    """In front of a simulated counter of its own.

    Raises:
        NotRunnable: the accelerator is wanted and not there.
    """
    made(folder)
    with counter(folder) as (addresses, control):
        gateway = {"kind": "ctp", "sdk": "lab", "setting": addresses.setting("bench")}
        with bus_lane(folder, gateway, control, INSTRUMENTS, native=native, native_parts=PAST_PYTHON) as lane:
            yield lane


@contextmanager
def bus_lane(
    folder: Path,
    gateway: Mapping[str, Any],
    control: VenueControl,
    instruments: int,
    *consumer_options: str,
    native: bool = False,
    native_parts: Sequence[str] = (accelerator.TICKS,),
) -> Generator[Lane]:
    """A worker of that configuration, everything pinned unless it says otherwise, and one consumer of everything."""
    env = environment(folder, native=native)
    file = folder / "marketbus.toml"
    file.touch(mode=0o600)
    file.write_text(toml({"subscribe": ["*"], **gateway}), encoding="utf-8")
    with embedded_nats(folder) as server:
        command = worker_environment.command(GATEWAY, file, server.url, env)
        with Process("worker", listening(command.argv), folder, command.env, command.cwd) as worker:
            wait_for("the worker's subscriptions", lambda: control.status()["subscribed"] >= instruments)
            consumer = Process.module("benchmarks.consumers.bus", server.url, *consumer_options, folder=folder, env=env)
            with consumer:
                accelerator.check(consumer.hear()["native"], *(native_parts if native else ()))
                yield Lane(accelerator.name(native=native), control, worker, consumer, server.pid)


def environment(folder: Path, *, native: bool) -> dict[str, str]:
    """Of our processes: nothing of the user's own configuration."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("MARKETBUS")}
    return env | accelerator.environment(native=native) | {"MARKETBUS_STATE": str(folder / "state")}


def listening(argv: Sequence[str]) -> list[str]:
    """The worker's command, with a thread in it that can be told to compute."""
    return ["benchmarks.sources.worker" if word == "marketbus.apps.worker" else word for word in argv]


@contextmanager
def embedded_nats(folder: Path) -> Generator[Served]:
    """The server that `marketbus up` starts, with its options, on a port of its own."""
    with asyncio.Runner() as runner:
        store = made(folder / "nats")
        server = EmbeddedNats(
            store / "jetstream", store / "nats-server.log", port=free_port(), command_prefix=tether.prefix()
        )
        try:
            url = runner.run(server.start())
            assert server.pid is not None
            yield Served(url, server.pid)
        finally:
            runner.run(server.stop(2.0))


def toml(gateway: Mapping[str, Any]) -> str:
    """The configuration of one gateway named `GATEWAY`."""
    lines = [f"{key} = {_value(value)}" for key, value in gateway.items()]
    return "\n".join([f"[gateway.{GATEWAY}]", *lines, ""])


def _value(value: Any) -> str:
    if not isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False)
    table = cast("Mapping[str, Any]", value)
    inner = ", ".join(f"{json.dumps(name, ensure_ascii=False)} = {_value(each)}" for name, each in table.items())
    return f"{{ {inner} }}"
