"""Which records operators are told of: the table's, once per trouble, and its end."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence

from msgspec.structs import replace

from marketbus.domain.alert import RULES, Alert, Rule, Severity
from marketbus.domain.readiness import Difference
from marketbus.domain.status import LogRecord

REPEAT = 900.0
"""Seconds in which the same trouble is not told again, but counted."""
FLAPS = 3
"""How often within them a trouble that ends and comes back is told."""


class _Trouble:
    """One thing that is wrong, over all its ups and downs."""

    def __init__(self) -> None:
        self.since: float | None = None
        """None: it is not wrong."""
        self.loud = False
        """Whether it was told since then."""
        self.told: deque[float] = deque()
        self.untold = 0
        self.newest: Alert | None = None
        """What was not told."""


class Triage:
    """Takes records in any order; not thread-safe."""

    def __init__(
        self,
        now: Callable[[], float],
        *,
        repeat: float = REPEAT,
        simulated: Callable[[str], bool] = lambda _gateway: False,
    ) -> None:
        """`now`: monotonic seconds; `simulated`: whether a gateway's venue is."""
        self._now = now
        self._repeat = repeat
        self._simulated = simulated
        self._troubles: dict[tuple[str, str], dict[str, _Trouble]] = {}
        """By code and gateway, then by what the rule's `by` names."""
        self._bursts: dict[tuple[str, str], deque[tuple[float, int]]] = {}

    def take(self, record: LogRecord, more: Sequence[Difference] = ()) -> Alert | None:
        """What to tell of a record, if anything. `more`: what is wrong in detail."""
        rule = RULES.get(record.code)
        if rule is None or rule.routine(record.level):
            return None
        worker = record.fields.get("worker")
        gateway = worker if isinstance(worker, str) else record.gateway
        which = str(record.fields.get(rule.by, "")) if rule.by else ""
        alert = Alert(
            record.code,
            gateway,
            rule.severity,
            record.time,
            record.fields,
            record.message,
            tuple(more),
            simulated=self._simulated(gateway),
        )
        if (over := self._ended(rule, gateway, which)) is not None:
            lasted, severity = over
            return replace(alert, lasted=lasted, severity=max(severity, rule.severity, key=lambda each: each.rank))
        many = self._many(rule, alert) if rule.alone else None
        return None if many is None else self._wrong(many, which)

    def sweep(self) -> Iterator[Alert]:
        """What happened again while it was not told again, once the time for it has come."""
        now = self._now()
        for trouble in (each for found in self._troubles.values() for each in found.values()):
            newest = trouble.newest
            if newest is not None and now - trouble.told[-1] >= self._repeat:
                yield self._tell(trouble, newest)

    def _ended(self, rule: Rule, gateway: str, which: str) -> tuple[float, Severity] | None:
        """How long it lasted, seconds, and how severe it was; None when nothing that was told ended."""
        now = self._now()
        lasted, severity = None, Severity.INFO
        for code, named in rule.ends:
            found = self._troubles.get((code, gateway), {})
            one = found.get(which or named)
            for trouble in found.values() if not (which or named) else () if one is None else (one,):
                if trouble.since is not None and trouble.loud:
                    lasted = max(lasted or 0.0, now - trouble.since)
                    severity = max(severity, RULES[code].severity, key=lambda each: each.rank)
                trouble.since, trouble.loud, trouble.newest = None, False, None
        return None if lasted is None else (lasted, severity)

    def _many(self, rule: Rule, alert: Alert) -> Alert | None:
        """The alert, of a burst with the whole count; None while they are too few."""
        burst = rule.burst
        if burst is None:
            return alert
        now = self._now()
        counted = self._bursts.setdefault((alert.code, alert.gateway), deque())
        count = alert.fields.get(burst.field, 1)
        counted.append((now, count if isinstance(count, int) else 1))
        while now - counted[0][0] > burst.within:
            counted.popleft()
        total = sum(count for _, count in counted)
        return None if total < burst.many else replace(alert, fields={**alert.fields, burst.field: total})

    def _wrong(self, alert: Alert, which: str) -> Alert | None:
        now = self._now()
        trouble = self._troubles.setdefault((alert.code, alert.gateway), {}).setdefault(which, _Trouble())
        while trouble.told and now - trouble.told[0] >= self._repeat:
            trouble.told.popleft()
        again = trouble.since is None
        trouble.since = now if again else trouble.since
        if len(trouble.told) < (FLAPS if again else 1):
            return self._tell(trouble, alert)
        trouble.untold += 1
        trouble.newest = alert
        return None

    def _tell(self, trouble: _Trouble, alert: Alert) -> Alert:
        times = trouble.untold + (trouble.newest is not alert)
        trouble.loud = True
        trouble.told.append(self._now())
        trouble.untold, trouble.newest = 0, None
        return replace(alert, times=times)
