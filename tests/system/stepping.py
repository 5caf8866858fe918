"""Runs a process in slices of a fraction of a millisecond, to stop it where it is wanted."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path


def step_until(pid: int, there: Callable[[], bool], slice_s: float, within: float = 3.0) -> bool:
    """Let it run slice by slice, look while it stands still; it stays stopped when `there` says so.

    False: it never was, and the process runs on.
    """
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        stop(pid)
        if there():
            return True
        os.kill(pid, signal.SIGCONT)
        time.sleep(slice_s)
    return False


def stop(pid: int, within: float = 10.0) -> None:
    """Returns when every thread of it stands still. Raises TimeoutError: one does not."""
    os.kill(pid, signal.SIGSTOP)
    deadline = time.monotonic() + within
    while left := [task.name for task in Path(f"/proc/{pid}/task").iterdir() if _state(task) not in "TtZX"]:
        if time.monotonic() > deadline:
            raise TimeoutError(f"threads of {pid} that do not stop: {left}")
        time.sleep(0.0001)


def _state(task: Path) -> str:
    try:
        return (task / "stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "X"  # a thread that has ended
