"""What operators are told of wherever they are: which messages, how severe, and what ends them."""

from enum import StrEnum

import msgspec

from marketbus.domain.readiness import Difference
from marketbus.domain.status import Level


class Severity(StrEnum):
    """How much it matters."""

    INFO = "info"
    """Worth knowing."""
    WARNING = "warning"
    """Look at it soon."""
    CRITICAL = "critical"
    """Trading or market data is in danger now."""

    @property
    def rank(self) -> int:
        """Comparable."""
        return _ORDER.index(self)


_ORDER = (Severity.INFO, Severity.WARNING, Severity.CRITICAL)
_LEVELS = (Level.DEBUG, Level.INFO, Level.WARNING, Level.ERROR)


class Burst(msgspec.Struct, frozen=True):
    """Single ones do not matter, many do."""

    field: str
    """Of the record, that counts."""
    many: int
    within: float
    """Seconds."""


class Rule(msgspec.Struct, frozen=True):
    """One code of domain.message."""

    severity: Severity
    ends: tuple[tuple[str, str], ...] = ()
    """What is over when this is said: codes, and the value of their `by`, empty for whatever it was."""
    alone: bool = True
    """False: told only when it ends something."""
    by: str = ""
    """The field that makes two of them different things."""
    least: Level = Level.DEBUG
    """Records below it are routine."""
    burst: Burst | None = None

    def routine(self, level: Level) -> bool:
        """Whether a record of this level is none of the operator's business."""
        return _LEVELS.index(level) < _LEVELS.index(self.least)


def _over(*ends: tuple[str, str]) -> Rule:
    return Rule(Severity.INFO, ends=ends, alone=False)


_INFO, _WARNING, _CRITICAL = Rule(Severity.INFO), Rule(Severity.WARNING), Rule(Severity.CRITICAL)

RULES: dict[str, Rule] = {
    # The sessions.
    "session.latched": Rule(Severity.CRITICAL, by="channel"),
    "session.refused_before": Rule(Severity.CRITICAL, by="channel"),
    "md.login": _over(
        ("session.latched", "md"), ("session.refused_before", "md"), ("md.mute", ""), ("md.no_front", "")
    ),
    "td.login": _over(("session.latched", "td"), ("session.refused_before", "td")),
    "ib.connected": _over(("session.latched", ""), ("session.refused_before", ""), ("md.mute", "")),
    "md.mute": _CRITICAL,
    "md.speaks_again": _over(("md.mute", "")),
    "md.no_front": _CRITICAL,
    "md.instrument_silent": Rule(Severity.WARNING, by="symbol"),
    "md.instrument_speaks": Rule(Severity.INFO, ends=(("md.instrument_silent", ""),), alone=False, by="symbol"),
    "gateway.not_ready": _CRITICAL,
    "gateway.ready": Rule(Severity.INFO, ends=(("gateway.not_ready", ""),)),
    "health.not_ready_long": _CRITICAL,
    "health.ready_again": _over(("health.not_ready_long", "")),
    "calendar.unknown_year": Rule(Severity.WARNING, by="year"),
    # The ticks.
    "tick.dropped": Rule(Severity.WARNING, burst=Burst("count", 1000, 60.0)),
    # The processes, and the one that is live.
    "supervisor.worker_ended": Rule(Severity.CRITICAL, least=Level.ERROR),
    "nats.embedded": _over(("supervisor.worker_ended", "")),
    "supervisor.worker_final": _CRITICAL,
    "worker.failed": _CRITICAL,
    "gateway.hung": _CRITICAL,
    "health.mute": _CRITICAL,
    "health.reports": _over(("supervisor.worker_ended", ""), ("gateway.hung", ""), ("health.mute", "")),
    "gateway.standby": _INFO,
    "gateway.live": Rule(Severity.WARNING, ends=(("gateway.standby", ""),), alone=False),
    "gateway.stepped_down": _CRITICAL,
    "state.damaged": _WARNING,
    # NATS.
    "health.no_bus": _CRITICAL,
    "health.bus_back": _over(("health.no_bus", "")),
    # The orders.
    "kill.on": _CRITICAL,
    "kill.waits": _CRITICAL,
    "kill.flat": _INFO,
    "kill.cancel_failed": _WARNING,
    "kill.released": Rule(
        Severity.INFO,
        ends=(
            ("kill.on", ""),
            ("kill.waits", ""),
            ("kill.cancel_failed", ""),
        ),
    ),
    "journal.unwritable": _CRITICAL,
    "journal.writable": _over(("journal.unwritable", "")),
    "desk.journal_old": _CRITICAL,
    "desk.journal_accepted": Rule(Severity.INFO, ends=(("desk.journal_old", ""),)),
    "desk.unreadable": _CRITICAL,
    "order.unknown": _WARNING,
    "order.misfit": _WARNING,
    "control.lost": _WARNING,
    "limits.tightened": _WARNING,
    "limits.lifted": _WARNING,
    "settlement.not_kept": _WARNING,
}
"""Every message that is told, by its code."""


class Alert(msgspec.Struct, frozen=True):
    """One thing to tell."""

    code: str
    gateway: str
    """Or `supervisor`, `nats-server`."""
    severity: Severity
    time: int
    """ns UTC"""
    fields: dict[str, str | int | float | bool | None] = {}
    words: str = ""
    """The sentence in the log's language."""
    more: tuple[Difference, ...] = ()
    """What is wrong in detail."""
    lasted: float | None = None
    """Seconds; it is over. None: it is not."""
    times: int = 1
    """How often it happened since it was last told."""
    simulated: bool = False
