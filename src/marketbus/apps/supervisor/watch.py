"""What the supervisor knows of one worker."""

import asyncio
import contextlib
import socket
import time
from collections import Counter
from collections.abc import Callable

import msgspec

from marketbus.apps import report_line
from marketbus.domain.status import LogRecord
from marketbus.domain.vitals import Standby, Vitals
from marketbus.domain.worker_view import WorkerView

FRESH = 5.0
"""Seconds that a report is good for."""


class WorkerWatch:
    """One gateway's worker, over all its lives. `heard` hears its log records."""

    def __init__(
        self, gateway: str, *, trades: bool, heard: Callable[[LogRecord], object] = lambda _record: None
    ) -> None:
        self.gateway = gateway
        self.trades = trades
        self.pid = 0
        """0: it does not run."""
        self.starts = 0
        self.ends: Counter[str] = Counter()
        """How it ended, in words."""
        self.final = ""
        """Why it will not be started again."""
        self._told: Vitals | Standby | None = None
        """The newest report of the process that runs."""
        self.unreadable = 0
        self._heard = heard
        self._at = 0.0

    def started(self, pid: int) -> None:
        """A new process."""
        self.pid = pid
        self.starts += 1
        self._told = None

    def ended(self, how: str) -> None:
        """It ended."""
        self.pid = 0
        self.ends[how] += 1
        self._told = None

    @property
    def age(self) -> float | None:
        """Seconds since it last reported; None if it has not."""
        return None if self._told is None else time.monotonic() - self._at

    def view(self) -> WorkerView:
        """What is known now."""
        age = self.age
        told = self._told if age is not None and age <= FRESH else None
        return WorkerView(
            gateway=self.gateway,
            trades=self.trades,
            running=self.pid != 0,
            starts=self.starts,
            ends=dict(self.ends),
            final=self.final,
            age=age,
            standby=told if isinstance(told, Standby) else None,
            vitals=told if isinstance(told, Vitals) else None,
        )

    async def listen(self, end: socket.socket) -> None:
        """Take what a worker tells, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            self._take(await loop.sock_recv(end, report_line.LARGEST))

    def drain(self, end: socket.socket) -> None:
        """Take the last words of a worker that ended."""
        with contextlib.suppress(BlockingIOError):
            while message := end.recv(report_line.LARGEST):
                self._take(message)

    def _take(self, message: bytes) -> None:
        try:
            told = report_line.read(message)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            self.unreadable += 1
            return
        if isinstance(told, LogRecord):
            self._heard(told)
        else:
            self._told, self._at = told, time.monotonic()
