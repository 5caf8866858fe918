"""Scripted faults on one client's requests and messages, each at a named step. TWS keeps its books through them."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from marketbus.lab.tws.messages.message import Message

_REORDER_MS = 1000.0


class Action(StrEnum):
    """What happens to a message, or to a request."""

    DELAY = "delay"
    """It and all that follows come later."""
    DROP = "drop"
    """It never arrives."""
    DUPLICATE = "duplicate"
    REORDER = "reorder"
    """The next one overtakes it."""
    CUT = "cut"
    """The connection breaks instead; of a request: when TWS has it, before any answer."""
    KILL = "kill"
    """The same, and the client's process dies (SIGKILL)."""
    KILL_AFTER = "kill_after"
    """The client's process dies `ms` after it went out."""


@dataclass(slots=True)
class Fault:
    """`step` may hold wildcards: "placeOrder", "orderStatus:Filled", "exec*". The first `skip` are spared, the next
    `count` hit (0: all). `ms`: how long a delay lasts, how long at most an overtaken message waits.
    """

    step: str
    action: Action
    count: int = 1
    skip: int = 0
    ms: float = 0.0
    client: int | None = None
    """None: any."""
    hits: int = 0

    def takes(self, client: int, step: str) -> bool:
        """Whether it is this one's turn."""
        if self.client not in {None, client} or not fnmatchcase(step, self.step) or 0 < self.count <= self.hits:
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

    def at(self, client: int, step: str) -> Fault | None:
        """What happens now."""
        return next((fault for fault in self.faults if fault.takes(client, step)), None)


@dataclass(slots=True)
class _Parcel:
    message: Message
    fault: Fault | None
    waited: bool = False


class Courier:
    """Brings one client its messages, in order but for the faults. `write` sends; `cut` hangs up; `kill` does worse."""

    def __init__(self, write: Callable[[bytes], None], cut: Callable[[], None], kill: Callable[[], None]) -> None:
        self._write = write
        self._cut = cut
        self._kill = kill
        self._queue: deque[_Parcel] = deque()
        self._overtaken: list[_Parcel] = []
        self._timer: asyncio.TimerHandle | None = None

    @property
    def idle(self) -> bool:
        """Nothing waits."""
        return not self._queue and not self._overtaken

    def post(self, message: Message, fault: Fault | None) -> None:
        """One message."""
        if fault is None and self.idle:
            self._write(message.data)
            return
        self._queue.append(_Parcel(message, fault))
        self._pump()

    def close(self) -> None:
        """Nobody is there any more."""
        self._queue.clear()
        self._overtaken.clear()
        if self._timer is not None:
            self._timer.cancel()

    def _pump(self) -> None:
        loop = asyncio.get_running_loop()
        while self._queue and self._timer is None:
            parcel = self._queue[0]
            fault = parcel.fault
            if fault is not None and fault.action is Action.DELAY and not parcel.waited:
                parcel.waited = True
                self._timer = loop.call_later(fault.ms / 1000, self._go_on)
                return
            self._queue.popleft()
            if fault is not None and fault.action is Action.REORDER and not parcel.waited:
                parcel.waited = True
                self._overtaken.append(parcel)
                loop.call_later((fault.ms or _REORDER_MS) / 1000, self._catch_up)
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
        fault = parcel.fault
        action = fault.action if fault is not None else None
        if action is Action.CUT:
            self._cut()
        elif action is Action.KILL:
            self._kill()
        elif action is not Action.DROP:
            self._write(parcel.message.data * (2 if action is Action.DUPLICATE else 1))
        if fault is not None and action is Action.KILL_AFTER:
            asyncio.get_running_loop().call_later(fault.ms / 1000, self._kill)
