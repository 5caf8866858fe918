"""Whether a gateway can be relied on, in one word, and what is wrong if not."""

from enum import StrEnum

import msgspec

from marketbus.domain.readiness import Difference
from marketbus.domain.times import NS
from marketbus.domain.worker_view import WorkerView

REST = 1800
"""Seconds before the next opening from which on a line must be ready."""


class Health(StrEnum):
    """One word."""

    READY = "ready"
    STANDBY = "standby"
    """Another worker of this name is live elsewhere; this one takes over from it."""
    RESTING = "resting"
    """Not ready, and need not be: the market is closed and opens later than in half an hour."""
    NOT_READY = "not ready"


class Judged(msgspec.Struct, frozen=True):
    """One gateway."""

    gateway: str
    health: Health
    opens: int | None = None
    """When its markets open next, ns UTC."""
    live_at: str = ""
    """Where the live worker is, of a standby."""
    simulated: bool = False
    differs: tuple[Difference, ...] = ()
    """What is not as it should be; `code` is one of domain.message."""

    @property
    def good(self) -> bool:
        """Whether nothing must be done now."""
        return self.health is not Health.NOT_READY


def judge(view: WorkerView) -> Judged:
    """What to think of a worker."""
    vitals = view.vitals
    if view.standby is not None:
        return Judged(view.gateway, Health.STANDBY, live_at=f"{view.standby.host}, pid {view.standby.pid}")
    if vitals is None:
        return Judged(view.gateway, Health.NOT_READY, differs=(_absent(view),))
    status = vitals.status
    differs: list[Difference] = []
    if not vitals.bus_connected:
        differs.append(Difference("health.no_bus"))
    if (trading := vitals.trading) is not None:
        if not trading.journal.writable:
            differs.append(Difference("health.journal"))
        if trading.killed:
            differs.append(Difference("health.killed", {"account": trading.account}))
    must = [*differs]
    readiness = status.readiness
    opens = None if readiness is None else readiness.opens
    if readiness is None or not readiness.ready:
        must += (Difference("ready.unknown"),) if readiness is None else readiness.differs
    if not must:
        return Judged(view.gateway, Health.READY, opens, simulated=status.simulated)
    now = status.market_time or status.time
    rests = not differs and not vitals.market_open and opens is not None and opens - now > REST * NS
    return Judged(
        view.gateway,
        Health.RESTING if rests else Health.NOT_READY,
        opens,
        simulated=status.simulated,
        differs=tuple(must),
    )


def _absent(view: WorkerView) -> Difference:
    if view.final:
        return Difference("health.given_up", {"how": view.final})
    if not view.running:
        return Difference("health.restarting", {"starts": view.starts})
    return Difference("health.mute", {"seconds": round(view.age or 0.0, 1)})
