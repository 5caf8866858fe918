"""Workers by the hundred: forks of one warm interpreter, see warm.py."""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from marketbus.apps import tether, worker_environment
from marketbus.apps.worker_environment import WorkerCommand

PATIENCE = 60.0
"""Seconds: the first fork waits for the imports."""


class Forked:
    """A worker's process; speaks like `tests.system.process.Process`."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._watched = os.pidfd_open(pid)

    def send(self, number: signal.Signals) -> None:
        """A signal to it alone."""
        signal.pidfd_send_signal(self._watched, number)

    def wait(self, within: float = 10.0) -> None:
        """Returns once it has ended."""
        ended, _, _ = select.select([self._watched], [], [], within)
        if not ended:
            raise TimeoutError(f"process {self.pid} lives on")
        os.close(self._watched)


class Nursery:
    """Start workers within `with`; those that are left die at its end."""

    def __init__(self, base: Mapping[str, str], *modules: str) -> None:
        """`base`: as of `worker_environment.environment`, which a locale must find before the first import; `modules`:
        imported too, where an SDK is pure Python.
        """
        argv = [*tether.prefix(), sys.executable, "-m", "tests.system.warm", *modules]
        env = worker_environment.environment(base=base) | {"PYTHONPATH": os.pathsep.join(sys.path)}
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()  # and with it, by PR_SET_PDEATHSIG, its children
        self._process.communicate()

    def start(self, command: WorkerCommand, log: Path) -> Forked:
        """A worker, as the supervisor would start it."""
        asked = {"argv": list(command.argv[2:]), "env": dict(command.env), "cwd": str(command.cwd), "log": str(log)}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        self._process.stdin.flush()
        answered, _, _ = select.select([self._process.stdout], [], [], PATIENCE)
        if not answered:
            raise TimeoutError("the warm interpreter forks no worker")
        return Forked(int(self._process.stdout.readline()))
