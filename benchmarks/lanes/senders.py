"""The synthetic gateway in front of what users write themselves."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.lanes.bus import embedded_nats
from benchmarks.lanes.folders import free_port, made
from benchmarks.lanes.lane import Lane, wait_for
from benchmarks.lanes.late_control import late_control
from benchmarks.lanes.redis import redis
from benchmarks.process import Process

ZMQ, REDIS, NATS = "pyzmq + msgspec", "Redis pub/sub", "plain nats-py"


@contextmanager
def over_zmq(folder: Path, threads: int) -> Generator[Lane]:
    """No broker."""
    with _lane(made(folder), ZMQ, "zmq", f"tcp://127.0.0.1:{free_port()}", threads) as lane:
        yield lane


@contextmanager
def over_redis(folder: Path, threads: int) -> Generator[Lane]:
    """Debian's server.

    Raises:
        NotRunnable: it is not there.
    """
    with (
        redis(made(folder)) as server,
        _lane(folder, REDIS, "redis", server.address, threads, server.pid) as lane,
    ):
        yield lane


@contextmanager
def over_nats(folder: Path, threads: int) -> Generator[Lane]:
    """A coroutine for every tick."""
    with (
        embedded_nats(made(folder)) as server,
        _lane(folder, NATS, "nats", server.url, threads, server.pid) as lane,
    ):
        yield lane


@contextmanager
def _lane(folder: Path, name: str, kind: str, address: str, threads: int, broker: int | None = None) -> Generator[Lane]:
    port = free_port()
    arguments = (kind, address, str(port), str(threads))
    with (
        late_control(port) as control,
        Process.module("benchmarks.sources.synthetic_sender", *arguments, folder=folder) as sender,
        Process.module("benchmarks.consumers.quotes", kind, address, folder=folder) as consumer,
    ):
        wait_for("the consumer's subscription", lambda: _greeted(sender, consumer))
        yield Lane(name, control, sender, consumer, broker)


def _greeted(sender: Process, consumer: Process) -> bool:
    # Greeted again and again: what is published before the subscription has arrived is lost.
    sender.ask("hello")
    return bool(consumer.ask("ready")["ready"])
