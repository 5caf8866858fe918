"""A real nats-server that a test may stop, freeze and kill."""

import asyncio
import os
import signal
import socket
import subprocess
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from marketbus.adapters.nats.embedded import find_binary
from marketbus.adapters.nats.options import NatsOptions


class NatsProcess:
    def __init__(self, folder: Path, *arguments: str) -> None:
        self.port = free_port()
        self.url = f"nats://127.0.0.1:{self.port}"
        self.options = NatsOptions(url=(self.url,))
        self._folder = folder
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [str(find_binary()), "-a", "127.0.0.1", "-p", str(self.port), *self._arguments]
        with (self._folder / "nats.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + 10
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as probe:
                    if probe.recv(5) == b"INFO ":
                        return
            except OSError:
                assert self._process.poll() is None, "nats-server ended"
            assert time.monotonic() < deadline, "nats-server does not answer"
            time.sleep(0.01)

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def reload(self) -> None:
        self._signal(signal.SIGHUP)

    def kill(self) -> None:
        if self._process is None:
            return
        self._signal(signal.SIGKILL)
        self._process.wait()
        self._process = None

    def _signal(self, number: int) -> None:
        assert self._process is not None
        os.kill(self._process.pid, number)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def connect(url: str, **options: Any) -> Client:
    client = Client()
    await client.connect(url, error_cb=_quiet, **options)
    return client


async def subscribe(
    client: Client, subject: str, handler: Callable[[Msg], Awaitable[None]] | None = None
) -> Subscription:
    return await client.subscribe(  # pyright: ignore[reportUnknownMemberType]
        subject, cb=handler, pending_bytes_limit=-1, pending_msgs_limit=-1
    )


async def _quiet(error: Exception) -> None:
    """Outages are made on purpose."""


async def until(condition: Callable[[], bool], within: float = 15.0) -> None:
    async with asyncio.timeout(within):
        while not condition():
            await asyncio.sleep(0.01)
