"""Alerts of the supervisor: it hears every record of its workers whether NATS is there or not."""

import asyncio
import socket
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

from marketbus.application.alerts.allowance import Allowance
from marketbus.application.alerts.conditions import Conditions
from marketbus.application.alerts.target import Target, Wants
from marketbus.application.alerts.triage import Triage
from marketbus.application.alerts.words import Words
from marketbus.apps import report_line
from marketbus.apps.config import Config
from marketbus.apps.config.alert_targets import notifiers
from marketbus.apps.logs import Logs
from marketbus.domain.alert import Alert, Severity
from marketbus.domain.readiness import Difference
from marketbus.domain.status import Level, LogRecord
from marketbus.domain.worker_view import WorkerView

LOOK = 1.0
"""Seconds between two looks at the workers."""
END = 3.0
"""Seconds at the end for what still waits."""
AT_ONCE = 3
"""Messages to one target before its pace counts."""
ALL_AT_ONCE = 20
"""The same for all of them together."""
ALL_EVERY = 1.0
"""Seconds between messages to whomever after that."""


class Alerts:
    """Without targets it does nothing. Lives on the supervisor's loop."""

    def __init__(self, config: Config, logs: Logs, views: Callable[[], Sequence[WorkerView]]) -> None:
        """Raises ConfigError as `notifiers` does."""
        section = config.alerts
        self._logs = logs
        self._views = views
        self._lab = {name for name, gateway in config.gateways.items() if gateway.sdk == "lab"}
        self._triage = Triage(time.monotonic, repeat=section.repeat, simulated=self._lab.__contains__)
        self._conditions = {name: Conditions(name, time.monotonic, time.time_ns) for name in config.gateways}
        together = Allowance(time.monotonic, at_once=ALL_AT_ONCE, every=ALL_EVERY)
        self.targets = [
            Target(
                notifier,
                Wants(Severity(target.severity), frozenset(target.gateways)),
                Words(target.lang or section.lang, socket.gethostname()),
                (Allowance(time.monotonic, at_once=AT_ONCE, every=60 / section.per_minute), together),
                logs,
            )
            for notifier, target in zip(notifiers(config), section.to, strict=True)
        ]

    def hear(self, record: LogRecord) -> None:
        """Take a record of a worker, or of the supervisor."""
        if not self.targets:
            return
        self._take(record, self._differences(record))

    def outcomes(self) -> Mapping[str, Mapping[str, int]]:
        """What became of alerts, by target."""
        return {target.name: target.outcomes for target in self.targets}

    @asynccontextmanager
    async def sending(self) -> AsyncGenerator[None]:
        """Look after the workers and deliver; what waits at the end is delivered too, for a moment."""
        if not self.targets:
            yield
            return
        self._logs.report = self.hear
        self._logs.log(Level.INFO, "alerts.on", targets=", ".join(target.name for target in self.targets))
        looking = asyncio.create_task(self._look())
        delivering = {asyncio.create_task(target.run()) for target in self.targets}
        try:
            yield
        finally:
            for target in self.targets:
                target.end()
            looking.cancel()
            await asyncio.wait(delivering, timeout=END)
            for task in delivering:
                task.cancel()
            await asyncio.wait({looking, *delivering})
            self._logs.report = None

    async def _look(self) -> None:
        while True:
            for view in self._views():
                if view.vitals is not None and view.vitals.status.simulated:
                    self._lab.add(view.gateway)
                if report_line.HERE:  # elsewhere no worker tells anything
                    for found in self._conditions[view.gateway].look(view):
                        self._take(found.record, found.more)
            for alert in self._triage.sweep():
                self._put(alert)
            await asyncio.sleep(LOOK)

    def _take(self, record: LogRecord, more: Sequence[Difference]) -> None:
        if (alert := self._triage.take(record, more)) is not None:
            self._put(alert)

    def _put(self, alert: Alert) -> None:
        for target in self.targets:
            target.put(alert)

    def _differences(self, record: LogRecord) -> Sequence[Difference]:
        """What a line that is not ready lacks, as it last told."""
        if record.code != "gateway.not_ready":
            return ()
        vitals = next((view.vitals for view in self._views() if view.gateway == record.gateway), None)
        readiness = None if vitals is None else vitals.status.readiness
        return () if readiness is None else readiness.differs
