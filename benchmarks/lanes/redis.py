"""A Redis of our own, on a free port."""

import os
import shutil
import socket
import subprocess
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from benchmarks.cases.case import note
from benchmarks.errors import NotRunnable
from benchmarks.lanes.folders import free_port, made
from benchmarks.lanes.lane import wait_for
from benchmarks.process import Process

INSTALL = ["apt-get", "install", "-y", "--no-install-recommends", "redis-server"]
PENDING = 64 * 2**20
"""Bytes that may wait for a subscriber, as nats-server's default has it; Redis's own is 32 MiB."""


class Served(NamedTuple):
    """A server that answers."""

    address: str
    pid: int


def binary() -> str:
    """Debian's, installed if that is allowed and needed.

    Raises:
        NotRunnable: it is not there.
    """
    found = shutil.which("redis-server")
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        note(" ".join(INSTALL))
        with suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(
                INSTALL, capture_output=True, timeout=300, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            )  # fmt: skip
        found = shutil.which("redis-server")
    if found is None:
        raise NotRunnable("no redis-server: apt-get install redis-server")
    return found


@contextmanager
def redis(folder: Path) -> Generator[Served]:
    """Nothing kept on the disk."""
    port = free_port()
    limit = ["--client-output-buffer-limit", "pubsub", str(PENDING), str(PENDING), "60"]
    argv = [binary(), "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no", *limit]
    with Process("redis", argv, folder, cwd=made(folder)) as process:
        wait_for("redis-server", lambda: _answers(port))
        yield Served(f"127.0.0.1:{port}", process.pid)


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0) as connection:
        connection.sendall(b"PING\r\n")
        return connection.recv(64).startswith(b"+PONG")
    return False
