"""One process of ours, tied to our life."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence

from marketbus.apps import tether
from marketbus.apps.worker_environment import WorkerCommand


class Child:
    """Dies with us; does not hear the terminal's Ctrl-C, so that the order of the end is ours."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @classmethod
    async def start(
        cls, command: WorkerCommand, talks: bool = False, stderr: int | None = None, inherits: Sequence[int] = ()
    ) -> "Child":
        """Start a command. `talks`: its stdout is for us; `stderr`: a file descriptor instead of our own stderr.

        `inherits`: file descriptors that it keeps.
        """
        process = await asyncio.create_subprocess_exec(
            *tether.prefix(),
            *command.argv,
            env=command.env or None,
            cwd=command.cwd,
            stdin=DEVNULL,
            stdout=PIPE if talks else None,
            stderr=stderr,
            pass_fds=inherits,
            start_new_session=sys.platform != "win32",
        )
        return cls(process)

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    async def read_line(self) -> bytes:
        """The next line it says; empty at its end."""
        assert self._process.stdout is not None
        return await self._process.stdout.readline()

    async def wait(self) -> int:
        """Its exit code; negative: the signal that ended it."""
        return await self._process.wait()

    async def stop(self, grace: float) -> int:
        """Ask it to end, kill it after `grace` seconds."""
        if self._process.returncode is None:
            self._process.terminate()
            try:
                async with asyncio.timeout(grace):
                    await self._process.wait()
            except TimeoutError:
                self.kill()
        return await self._process.wait()

    def kill(self) -> None:
        """End it now, and what it started."""
        if self._process.returncode is None:
            if sys.platform == "win32":
                self._process.kill()
            else:
                os.killpg(self._process.pid, signal.SIGKILL)


def how(code: int) -> str:
    """An exit code in words."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
