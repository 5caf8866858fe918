"""Troubles that nobody logs: a worker that falls silent, NATS that stays away, a line that is not ready for long."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from marketbus.domain.health import Health, judge
from marketbus.domain.message import say
from marketbus.domain.readiness import Difference
from marketbus.domain.status import Level, LogRecord
from marketbus.domain.worker_view import WorkerView

MUTE = 10.0
"""Seconds that a worker that runs may have no report that is fresh; its start is well below."""
NO_BUS = 5.0
"""Seconds that a worker may be without NATS: reconnecting takes less."""
NOT_READY = 60.0
"""Seconds that a line may not be ready while its market is open."""
STEADY = 5.0
"""Seconds that a worker must report before it counts as well again."""
TOLD_ELSEWHERE = frozenset({"health.no_bus", "health.journal", "health.killed"})
"""What is wrong by itself has its own alert."""


class Found(NamedTuple):
    """Something to be judged like any record."""

    record: LogRecord
    more: tuple[Difference, ...] = ()


class Conditions:
    """Of one gateway; asked about once a second."""

    def __init__(self, gateway: str, monotonic: Callable[[], float], now: Callable[[], int]) -> None:
        """`monotonic`: seconds; `now`: ns UTC."""
        self._gateway = gateway
        self._monotonic = monotonic
        self._now = now
        self._since: dict[str, float] = {}
        self._said: set[str] = set()

    def look(self, view: WorkerView) -> Iterator[Found]:
        """What is wrong for too long, and what no longer is."""
        vitals = view.vitals
        tells = vitals is not None or view.standby is not None
        yield from self._lasting("health.mute", view.running and not tells, MUTE, silent=view.age)
        if self._for("well", tells) >= STEADY:
            yield from self._once("health.reports")
        else:
            self._said.discard("health.reports")
        if vitals is None:
            return  # nothing else is known
        yield from self._lasting("health.no_bus", not vitals.bus_connected, NO_BUS, over="health.bus_back")
        judged = judge(view)
        more = tuple(each for each in judged.differs if each.code not in TOLD_ELSEWHERE)
        wrong = judged.health is Health.NOT_READY and vitals.market_open and bool(more)
        yield from self._lasting(
            "health.not_ready_long", wrong, NOT_READY, more, over="health.ready_again", count=len(more)
        )

    def _lasting(
        self,
        code: str,
        wrong: bool,
        patience: float,
        more: tuple[Difference, ...] = (),
        over: str = "",
        *,
        silent: float | None = None,
        **fields: int,
    ) -> Iterator[Found]:
        """`silent`: seconds that are told, where it was wrong before we could know."""
        seconds = self._for(code, wrong)
        if seconds >= patience:
            if code not in self._said:
                self._said.add(code)
                yield self._found(Level.ERROR, code, more, seconds=round(silent or seconds), **fields)
        elif not wrong and code in self._said:
            self._said.discard(code)
            if over:
                yield self._found(Level.INFO, over)

    def _once(self, code: str) -> Iterator[Found]:
        if code not in self._said:
            self._said.add(code)
            yield self._found(Level.INFO, code)

    def _for(self, what: str, true: bool) -> float:
        """Seconds that it has been so; less than 0 when it is not."""
        if not true:
            self._since.pop(what, None)
            return -1.0
        now = self._monotonic()
        return now - self._since.setdefault(what, now)

    def _found(self, level: Level, code: str, more: tuple[Difference, ...] = (), **fields: int) -> Found:
        return Found(LogRecord(self._gateway, self._now(), level, code, say(code, "en", fields), {**fields}), more)
