"""Keeps one gateway's worker alive."""

import asyncio
import time
from collections.abc import Callable

from marketbus.apps.exit_codes import ExitCode
from marketbus.apps.logs import Logs
from marketbus.apps.supervisor.backoff import Backoff
from marketbus.apps.supervisor.child import Child, how
from marketbus.apps.worker_environment import WorkerCommand
from marketbus.domain.status import Level

GRACE = 3.0
"""Seconds a worker has to flush and log out."""


class Keeper:
    """Starts the worker, and starts it again when it ends; cancel `keep` to stop it for good."""

    def __init__(
        self,
        gateway: str,
        command: Callable[[], WorkerCommand],
        logs: Logs,
        backoff: Backoff,
        stderr: int | None = None,
    ) -> None:
        self._gateway = gateway
        self._command = command
        self._logs = logs
        self._backoff = backoff
        self._stderr = stderr
        self._child: Child | None = None

    async def keep(self) -> None:
        """Return only when starting the worker again would not help."""
        while True:
            started = time.monotonic()
            code = await self._one_life()
            if code == ExitCode.CONFIG:
                final = {"worker": self._gateway, "how": how(code), "hint": "see `marketbus check`"}
                self._logs.log(Level.ERROR, "supervisor.worker_final", **final)
                return
            delay = self._delay(code, time.monotonic() - started)
            level = Level.WARNING if code in _ASKED else Level.ERROR
            self._logs.log(level, "supervisor.worker_ended", worker=self._gateway, how=how(code), seconds=delay)
            await asyncio.sleep(delay)

    def kill(self) -> None:
        """End the worker at once."""
        if self._child is not None:
            self._child.kill()

    async def _one_life(self) -> int:
        self._child = child = await Child.start(self._command(), stderr=self._stderr)
        self._logs.log(Level.INFO, "supervisor.worker_started", worker=self._gateway, pid=child.pid)
        try:
            return await child.wait()
        finally:
            await child.stop(GRACE)

    def _delay(self, code: int, lived: float) -> float:
        return self._backoff.after_request() if code in _ASKED else self._backoff.after_crash(lived)


_ASKED = frozenset({ExitCode.STOPPED, ExitCode.REPLACE, ExitCode.STEPPED_DOWN})
