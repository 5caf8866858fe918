"""Everything that `marketbus up` runs, and in which order it starts and ends."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random

from marketbus.adapters.nats.options import NatsOptions, connect_arguments
from marketbus.apps.config import Config
from marketbus.apps.exit_codes import ExitCode
from marketbus.apps.http.answers import answers
from marketbus.apps.http.server import listening, serving
from marketbus.apps.logs import Logs, language
from marketbus.apps.nats_options import nats_options
from marketbus.apps.supervisor.alerts import Alerts
from marketbus.apps.supervisor.backoff import Backoff
from marketbus.apps.supervisor.bus import EmbeddedBus
from marketbus.apps.supervisor.child import Child
from marketbus.apps.supervisor.first_tick import first_tick
from marketbus.apps.supervisor.keeper import Keeper
from marketbus.apps.supervisor.local import LocalControl
from marketbus.apps.supervisor.stop import until_stopped
from marketbus.apps.supervisor.watch import WorkerWatch
from marketbus.apps.worker_environment import WorkerCommand
from marketbus.domain.errors import ConfigError
from marketbus.domain.status import Level
from marketbus.domain.worker_view import WorkerView

Command = Callable[[str, str | None], WorkerCommand]
"""Gateway's name and the embedded server's url, to the command that runs its worker."""

Side = Callable[[NatsOptions], Coroutine[None, None, None]]
"""Runs beside the workers, such as the demo's board."""


class Supervisor:
    """Used once."""

    def __init__(
        self, config: Config, state: Path, command: Command, logs: Logs, *,
        sides: Sequence[Side] = (), children: Sequence[Child] = (), stderr: int | None = None,
        backoff: Callable[[], Backoff] | None = None, began: float | None = None,
    ) -> None:  # fmt: skip
        """`children`: other processes to end at once when the operator insists; whoever started them stops them.

        `stderr`: file descriptor for the workers' logs instead of ours. `began`: monotonic seconds, when the command
        was given.
        """
        self._began = time.monotonic() if began is None else began
        self._config = config
        self._state = state
        self._command = command
        self._logs = logs
        self._sides = sides
        self._children = children
        self._stderr = stderr
        random = Random()  # noqa: S311 (spreads restarts, protects nothing)
        self._backoff = backoff or (lambda: Backoff(random))
        self._alerts = Alerts(config, logs, self._views)
        self._watches = [
            WorkerWatch(name, trades=section.trading, heard=self._alerts.hear)
            for name, section in config.gateways.items()
        ]
        self._keepers: list[Keeper] = []
        self._bus: EmbeddedBus | None = None

    async def run(self, duration: float | None = None) -> int:
        """Run until a signal or the end of `duration` (seconds); gives the exit code.

        Raises:
            ConfigError: no gateway is configured.
        """
        if not self._config.gateways:
            raise ConfigError("gateway", "none is configured", "write a marketbus.toml, or see `marketbus up --demo`")
        connect_arguments(
            nats_options(self._config, "marketbus supervisor")
        )  # says what is wrong before anything starts
        code = await until_stopped(
            self._serve(), duration, lambda: self._logs.log(Level.INFO, "supervisor.stopping"), self._kill
        )
        self._logs.log(Level.INFO, "supervisor.stopped")
        return code

    async def _serve(self) -> int:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._alerts.sending())
            bus, url = None, None
            if not self._config.nats.url:
                bus = self._bus = EmbeddedBus(self._state, self._config.nats.port, self._logs, self._backoff())
                stack.push_async_callback(bus.stop)
                url = await bus.start()
            options = nats_options(self._config, "marketbus supervisor", url)
            for watch in self._watches:
                command = lambda name=watch.gateway: self._command(name, url)  # noqa: E731
                self._keepers.append(Keeper(watch, command, self._logs, self._backoff(), self._stderr))
            await self._serve_http(stack)
            async with asyncio.TaskGroup() as beside:
                tasks = [beside.create_task(self._first_tick(options))]
                trading = {name: gateway.trading for name, gateway in self._config.gateways.items()}
                tasks += [beside.create_task(LocalControl(self._state, trading, self._logs).run())]
                tasks += [beside.create_task(side(options)) for side in self._sides]
                tasks += [beside.create_task(bus.keep())] if bus is not None else []
                async with asyncio.TaskGroup() as workers:
                    for keeper in self._keepers:
                        workers.create_task(keeper.keep())
                for task in tasks:
                    task.cancel()
        return ExitCode.USAGE  # no worker could use its configuration

    async def _serve_http(self, stack: AsyncExitStack) -> None:
        """What nobody can reach must not stop what trades."""
        at = self._config.http.listen
        if not at:
            return
        host, _, port = at.rpartition(":")
        try:
            listens = listening(host.strip("[]"), int(port))
        except OSError as error:
            self._logs.log(Level.WARNING, "http.not_served", at=at, detail=error.strerror or str(error))
            return
        lang = language(self._config.log.lang)
        await stack.enter_async_context(serving(answers(self._views, lang, self._alerts.outcomes), listens))
        self._logs.log(Level.INFO, "http.serving", at=f"{host}:{listens.getsockname()[1]}")

    def _views(self) -> list[WorkerView]:
        return [watch.view() for watch in self._watches]

    async def _first_tick(self, options: NatsOptions) -> None:
        await first_tick(options, self._config.gateways, self._on_nats)
        self._logs.log(Level.INFO, "supervisor.first_tick", seconds=time.monotonic() - self._began)

    def _on_nats(self, code: str, fields: dict[str, str]) -> None:
        if code == "nats.connected":  # the workers tell the rest
            self._logs.log(Level.INFO, code, **fields)

    def _kill(self) -> None:
        for keeper in self._keepers:
            keeper.kill()
        for child in self._children:
            child.kill()
        if self._bus is not None:
            self._bus.kill()
