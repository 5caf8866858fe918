"""A real nats-server with JetStream on a port of its own, that may be killed and come back."""

import signal
import socket
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from marketbus.adapters.nats.embedded import find_binary
from tests.system.process import Process


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class NatsServer:
    """Keeps its port and its store over `kill` and `start`."""

    def __init__(
        self, folder: Path, options: str = "", config: Path | None = None, *,
        arguments: Sequence[str] = (), env: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        """`options`: lines of its configuration file; or a whole `config`, which is run in its folder."""
        self.port = free_port()
        self.url = f"nats://127.0.0.1:{self.port}"
        self.log = folder / "nats-server.log"
        self._store = folder / "jetstream"
        self._file = config or folder / "nats-test.conf"
        self._own = config is None
        self._arguments = tuple(arguments)
        self._env = env
        if self._own:
            self._file.write_text(options)
        self._process: Process | None = None

    def start(self) -> None:
        """Returns when it answers."""
        command = [
            str(find_binary()),
            "-a",
            "127.0.0.1",
            "-p",
            str(self.port),
            "-c",
            str(self._file),
            *(("-js", "-sd", str(self._store)) if self._own else ()),
            *self._arguments,
        ]
        self._process = Process(command, self.log, self._env, self._file.parent)
        deadline = time.monotonic() + 10
        while not self._answers():
            assert self._process.code is None, f"nats-server ended: {self._process.words()[-500:]}"
            assert time.monotonic() < deadline, "nats-server does not answer"
            time.sleep(0.01)

    def kill(self) -> None:
        """SIGKILL; returns when it is gone."""
        if self._process is not None:
            self._process.send(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def reload(self) -> None:
        """It reads its configuration again."""
        assert self._process is not None
        self._process.send(signal.SIGHUP)

    def freeze(self) -> None:
        """It stays connected and does nothing until `thaw`."""
        assert self._process is not None
        self._process.send(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on."""
        assert self._process is not None
        self._process.send(signal.SIGCONT)

    def stop(self) -> None:
        """For good."""
        if self._process is not None:
            self._process.stop()
            self._process = None

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as probe:
                return probe.recv(5) == b"INFO "
        except OSError:
            return False
