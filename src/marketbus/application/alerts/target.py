"""One target's queue: what it wants to hear, at the pace it bears, tried again when it does not arrive."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from marketbus.application.alerts.allowance import Allowance
from marketbus.application.alerts.words import Text, Words
from marketbus.domain.alert import Alert, Severity
from marketbus.domain.status import Level
from marketbus.ports.log import Log
from marketbus.ports.notifier import NotDelivered, Notifier

KEPT = 50
"""Alerts that wait in full; of further ones the number is kept."""
SETTLE = 1.0
"""Seconds that an alert waits for others that have the same cause."""
RETRIES = (2.0, 10.0, 30.0)
"""Seconds before each further attempt."""
EVERYWHERE = frozenset({"supervisor", "nats-server"})
"""What belongs to no gateway and concerns all."""


class Wants(NamedTuple):
    """What a target hears of."""

    least: Severity
    gateways: frozenset[str]
    """Empty: all."""

    def hear(self, alert: Alert) -> bool:
        """Whether it wants this one."""
        concerns = not self.gateways or alert.gateway in self.gateways or alert.gateway in EVERYWHERE
        return concerns and alert.severity.rank >= self.least.rank


class Target:
    """`put` never waits; `run` delivers."""

    def __init__(
        self,
        notifier: Notifier,
        wants: Wants,
        words: Words,
        allowances: tuple[Allowance, ...],
        log: Log,
        *,
        settle: float = SETTLE,
        retries: tuple[float, ...] = RETRIES,
    ) -> None:
        """`allowances`: its own, and those it shares with others."""
        self._notifier = notifier
        self._wants = wants
        self._words = words
        self._allowances = allowances
        self._log = log
        self._settle = settle
        self._retries = retries
        self._waiting: list[Alert] = []
        self._rest: Counter[str] = Counter()
        self._missed = 0
        self._outcomes: Counter[str] = Counter({"sent": 0, "summarised": 0, "failed": 0})
        self._some = asyncio.Event()
        self._ending = asyncio.Event()

    @property
    def name(self) -> str:
        """The notifier's."""
        return self._notifier.name

    @property
    def outcomes(self) -> Mapping[str, int]:
        """Alerts that were `sent`, `summarised` as no more than a number, and that `failed` to arrive."""
        return self._outcomes

    def put(self, alert: Alert) -> None:
        """Take one, if it wants it. When too many wait, the least severe of them gives way."""
        if not self._wants.hear(alert):
            return
        self._waiting.append(alert)
        if len(self._waiting) > KEPT:
            least = min(range(len(self._waiting)), key=lambda at: self._waiting[at].severity.rank)
            self._rest[self._waiting.pop(least).code] += 1
        self._some.set()

    async def run(self) -> None:
        """Deliver until `end` is called and nothing waits."""
        while True:
            await self._some.wait()
            await self._pause(self._settle)
            while (wait := max(each.wait() for each in self._allowances)) > 0 and not self._ending.is_set():
                await self._pause(wait)
            if self._waiting:
                for each in self._allowances:
                    each.take()
                await self._next()
            if self._ending.is_set() and not self._waiting:
                return

    def end(self) -> None:
        """Deliver what waits at once, trying nothing twice."""
        self._ending.set()
        self._some.set()

    async def _next(self) -> None:
        alerts, rest = self._waiting, self._rest
        self._waiting, self._rest = [], Counter()
        self._some.clear()
        single = len(alerts) == 1 and not rest
        text = self._words.one(alerts[0], self._missed) if single else self._words.many(alerts, rest, self._missed)
        wrong = [alert for alert in alerts if alert.lasted is None]
        worst = max((alert.severity for alert in wrong or alerts), key=lambda each: each.rank)
        why = await self._deliver(text, worst, over=not wrong)
        count = len(alerts) + rest.total()
        if why is None:
            self._outcomes["sent"] += len(alerts)
            self._outcomes["summarised"] += rest.total()
            self._missed = 0
            return
        self._outcomes["failed"] += count
        self._missed += count
        self._log.log(Level.WARNING, "alerts.not_sent", target=self.name, count=count, why=why)

    async def _deliver(self, text: Text, severity: Severity, *, over: bool) -> str | None:
        """Why it did not arrive; None when it did."""
        why = ""
        for pause in (*self._retries, None):
            try:
                await self._notifier.send(text.title, text.body, severity, over=over)
            except NotDelivered as error:
                why = error.message
            else:
                return None
            if pause is None or self._ending.is_set():
                break
            await self._pause(pause)
        return why

    async def _pause(self, seconds: float) -> None:
        """Sleep, unless it ends."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ending.wait()
