"""Processes of a test: tied to its life, their words kept in a file."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from marketbus.apps import tether


class Process:
    """Started on construction, dies with this process even if that is killed."""

    def __init__(
        self, argv: Sequence[str], log: Path, env: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> None:
        self.log = log
        with log.open("ab") as words:
            self._process = subprocess.Popen(
                [*tether.prefix(), *argv],
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=words,
                env=None if env is None else dict(env),
                cwd=cwd,
                start_new_session=True,
            )
        self.pid = self._process.pid

    @property
    def code(self) -> int | None:
        """Exit code, negative for a signal; None while it runs."""
        return self._process.poll()

    def words(self) -> str:
        """What it said so far."""
        return self.log.read_text(errors="replace")

    def send(self, number: signal.Signals) -> None:
        """A signal to it alone."""
        os.kill(self.pid, number)

    def wait(self, within: float = 10.0) -> int:
        """Its exit code, once it ends."""
        return self._process.wait(within)

    def stop(self) -> None:
        """Ends it and what is left of its group, at once."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait(10)


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    return _stat(pid) is not None


def descendants(pid: int) -> dict[int, str]:
    """Command lines of the processes below one, by process id."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (parent := _stat(int(entry.name))) is not None:
            parents[int(entry.name)] = parent
    found: dict[int, str] = {}
    layer = {pid}
    while layer := {child for child, parent in parents.items() if parent in layer and child not in found}:
        for child in layer:
            with contextlib.suppress(OSError):
                found[child] = Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return found


def gone(pids: Sequence[int], within: float) -> float:
    """Waits until all have ended; the seconds that took."""
    began = time.monotonic()
    while left := [pid for pid in pids if alive(pid)]:
        assert time.monotonic() - began < within, f"still alive after {within:g} s: {left}"
        time.sleep(0.01)
    return time.monotonic() - began


def _stat(pid: int) -> int | None:
    """The parent of a process that runs."""
    try:
        state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if state == "Z" else int(parent)
