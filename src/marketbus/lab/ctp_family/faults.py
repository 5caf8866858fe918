"""Scripted faults on a user's trading callbacks, each at a named step. The counter keeps its books through them."""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from marketbus.lab.ctp_family import frame
from marketbus.lab.ctp_family.front import Session

_CRASH = frame.encode(frame.CRASH, 0, None, None, last=True)
_REORDER_MS = 1000.0


class Action(StrEnum):
    """What happens to a callback, or to a request."""

    DELAY = "delay"
    """It and all that follows come later."""
    DROP = "drop"
    DUPLICATE = "duplicate"
    REORDER = "reorder"
    """The next one overtakes it."""
    CRASH = "crash"
    """The SDK's process dies before it; of a request: when the counter has it, before any answer."""
    CRASH_AFTER = "crash_after"
    """The SDK's process dies just after it."""
    CUT = "cut"
    """The connection breaks instead."""


@dataclass(slots=True)
class Fault:
    """`step` may hold wildcards: "ReqOrderInsert", "OnRtnOrder:filled", "OnRtn*". The first `skip` are spared, the next
    `count` hit (0: all). `ms`: how long a delay lasts, and how long at most an overtaken callback waits.
    """

    step: str
    action: Action
    count: int = 1
    skip: int = 0
    ms: float = 0.0
    user: str = ""
    """Empty: anybody."""
    hits: int = 0

    def takes(self, user: str, step: str) -> bool:
        """Whether it is this one's turn."""
        if self.user not in {"", user} or not fnmatchcase(step, self.step) or 0 < self.count <= self.hits:
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.hits += 1
        return True


class Script:
    """The faults in force; at one step the first that takes it counts."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def at(self, user: str, step: str) -> Fault | None:
        """What happens now."""
        return next((fault for fault in self.faults if fault.takes(user, step)), None)


@dataclass(slots=True)
class _Parcel:
    data: bytes
    sessions: tuple[Session, ...]
    fault: Fault | None
    waited: bool = False


class Courier:
    """Brings one user's callbacks to his sessions, in order but for the faults."""

    def __init__(self, user: str, script: Script) -> None:
        self._user = user
        self._script = script
        self._queue: deque[_Parcel] = deque()
        self._overtaken: list[_Parcel] = []
        self._timer: asyncio.TimerHandle | None = None

    def post(self, step: str, data: bytes, sessions: Iterable[Session]) -> None:
        """One callback to some sessions."""
        self._queue.append(_Parcel(data, tuple(sessions), self._script.at(self._user, step)))
        self._pump()

    def _pump(self) -> None:
        while self._queue and self._timer is None:
            parcel = self._queue[0]
            fault = parcel.fault
            if fault is not None and fault.action is Action.DELAY and not parcel.waited:
                parcel.waited = True
                self._timer = asyncio.get_running_loop().call_later(fault.ms / 1000, self._go_on)
                return
            self._queue.popleft()
            if fault is not None and fault.action is Action.REORDER and not parcel.waited:
                parcel.waited = True
                self._overtaken.append(parcel)
                asyncio.get_running_loop().call_later((fault.ms or _REORDER_MS) / 1000, self._catch_up)
                continue
            self._deliver(parcel)
            self._catch_up()

    def _go_on(self) -> None:
        self._timer = None
        self._pump()

    def _catch_up(self) -> None:
        late, self._overtaken = self._overtaken, []
        for parcel in late:
            self._deliver(parcel)

    def _deliver(self, parcel: _Parcel) -> None:
        action = parcel.fault.action if parcel.fault is not None else None
        for session in parcel.sessions:
            if action is Action.CUT:
                session.close()
            elif action is Action.CRASH:
                session.force(_CRASH)
            elif action is not Action.DROP:
                session.send(parcel.data * (2 if action is Action.DUPLICATE else 1))
            if action is Action.CRASH_AFTER:
                session.force(_CRASH)
