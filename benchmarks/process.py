"""A child process that answers one JSON line to each JSON line, and ends with us whatever happens."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from benchmarks.errors import BenchmarkFailed
from marketbus.apps import tether

ROOT = Path(__file__).resolve().parents[1]
GRACE = 3.0
"""Seconds between asking a child to end and killing it."""


class Process:
    """Started on construction, stopped at the end of `with`. What it writes on stderr is kept for its last words."""

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        folder: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        self.name = name
        self._log = folder / f"{name}.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*tether.prefix(), *argv],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=_with_root(os.environ if env is None else env),
                cwd=cwd,
                start_new_session=True,
            )
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    @classmethod
    def module(
        cls,
        module: str,
        *arguments: str,
        folder: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        name: str = "",
    ) -> Self:
        """`python -m module arguments`; named by the last word of the module unless told otherwise."""
        return cls(name or module.rpartition(".")[2], [sys.executable, "-m", module, *arguments], folder, env, cwd)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Process id: the tether becomes the command, so it is the command's."""
        return self._process.pid

    def ask(self, do: str, timeout: float = 20.0, **arguments: Any) -> Any:
        """Send a command and wait for its answer."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(msgspec.json.encode({"do": do} | arguments) + b"\n")
            self._process.stdin.flush()
        except OSError:
            raise self._failure(f"is gone at {do!r}") from None
        return self.hear(timeout)

    def hear(self, timeout: float = 20.0) -> Any:
        """The next JSON line it says; anything else on its stdout is passed over."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                line = self._lines.get(timeout=max(deadline - time.monotonic(), 0.001))
            except queue.Empty:
                raise self._failure(f"said nothing within {timeout:g} s") from None
            if not line:
                raise self._failure("ended")
            if line.startswith(b"{"):
                return msgspec.json.decode(line)

    def send(self, number: signal.Signals) -> None:
        """A signal to it alone."""
        self._process.send_signal(number)

    def stop(self) -> None:
        """Ask it to end, kill it and what it started if it does not. Safe to call twice."""
        process = self._process
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(GRACE)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if process.stdin is not None:
            process.stdin.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stdout:
            for line in stdout:
                self._lines.put(line)
        self._lines.put(b"")

    def _failure(self, what: str) -> BenchmarkFailed:
        words = self._log.read_text(errors="replace").strip().splitlines()[-3:]
        return BenchmarkFailed(f"{self.name} {what}" + "".join(f"\n  {line[:300]}" for line in words))


def _with_root(env: Mapping[str, str]) -> dict[str, str]:
    paths = [str(ROOT), *filter(None, env.get("PYTHONPATH", "").split(os.pathsep))]
    return {**env, "PYTHONPATH": os.pathsep.join(paths)}
