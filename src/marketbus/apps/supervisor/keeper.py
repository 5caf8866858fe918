"""Keeps one gateway's worker alive."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager

import msgspec

from marketbus.apps import report_line
from marketbus.apps.exit_codes import ExitCode
from marketbus.apps.logs import Logs
from marketbus.apps.supervisor.backoff import Backoff
from marketbus.apps.supervisor.child import Child, how
from marketbus.apps.supervisor.watch import WorkerWatch
from marketbus.apps.worker_environment import WorkerCommand
from marketbus.domain.status import Level

GRACE = 3.0
"""Seconds a worker has to flush and log out."""


class Keeper:
    """Starts the worker, and starts it again when it ends; cancel `keep` to stop it for good."""

    def __init__(
        self,
        watch: WorkerWatch,
        command: Callable[[], WorkerCommand],
        logs: Logs,
        backoff: Backoff,
        stderr: int | None = None,
    ) -> None:
        self._watch = watch
        self._gateway = watch.gateway
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
                self._watch.final = how(code)
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
        async with self._listening() as (environment, inherits):
            command = self._command()
            command = msgspec.structs.replace(command, env={**command.env, **environment})
            self._child = child = await Child.start(command, stderr=self._stderr, inherits=inherits)
            self._watch.started(child.pid)
            self._logs.log(Level.INFO, "supervisor.worker_started", worker=self._gateway, pid=child.pid)
            try:
                return await child.wait()
            finally:
                code = await child.stop(GRACE)
                self._watch.ended(how(code))

    @asynccontextmanager
    async def _listening(self) -> AsyncGenerator[tuple[Mapping[str, str], tuple[int, ...]]]:
        """What the worker must be given so that it tells us how it is."""
        if not report_line.HERE:
            yield {}, ()
            return
        ours, theirs = report_line.pair()
        with ours, theirs:
            listening = asyncio.create_task(self._watch.listen(ours))
            try:
                yield {report_line.VARIABLE: str(theirs.fileno())}, (theirs.fileno(),)
            finally:
                listening.cancel()
                await asyncio.wait({listening})
                self._watch.drain(ours)

    def _delay(self, code: int, lived: float) -> float:
        return self._backoff.after_request() if code in _ASKED else self._backoff.after_crash(lived)


_ASKED = frozenset({ExitCode.STOPPED, ExitCode.REPLACE, ExitCode.STEPPED_DOWN})
