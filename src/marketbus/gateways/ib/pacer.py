"""Requests at the pace that TWS allows, the urgent ones first.

TWS answers more than 50 messages a second with error 100 and cuts a client off that goes on. ib_async's own throttle is
one queue, in which an order stands behind every market data request that came before it; it is switched off
(`Client.MaxRequests = 0`), and this is in its place.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from enum import IntEnum
from typing import NamedTuple

Send = Callable[[], None]


class Urgency(IntEnum):
    """Who goes first, and how much of the second it may use up: the rest is kept free for what is more urgent."""

    ORDER = 0
    QUERY = 1
    DATA = 2
    HISTORY = 3


SHARE = {Urgency.ORDER: 45, Urgency.QUERY: 40, Urgency.DATA: 35, Urgency.HISTORY: 30}
"""Messages of the last second, all urgencies together, below which one of this urgency may go."""
SECOND = 1.0
AT_ONCE = {Urgency.ORDER: 45, Urgency.QUERY: 10, Urgency.DATA: 7, Urgency.HISTORY: 6}
"""The same of the last `MOMENT`: TWS counts what arrives, and a delay on the way must not make one burst of two."""
MOMENT = 0.2


class _Message(NamedTuple):
    send: Send
    dropped: Send


def _nothing() -> None:
    pass


class Pacer:
    """Lives on the loop. What may go at once goes within `put`."""

    def __init__(self) -> None:
        self._waiting: dict[Urgency, deque[_Message]] = {urgency: deque() for urgency in Urgency}
        self._sent: deque[float] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def put(self, urgency: Urgency, send: Send, dropped: Send = _nothing) -> None:
        """Send one message as soon as it may go; `dropped` is called when it will never go."""
        self._waiting[urgency].append(_Message(send, dropped))
        self._go()

    def waiting(self, urgency: Urgency) -> int:
        """Messages that wait."""
        return len(self._waiting[urgency])

    def clear(self) -> None:
        """The connection is gone, and what waited with it."""
        dropped = [message for waiting in self._waiting.values() for message in waiting]
        for waiting in self._waiting.values():
            waiting.clear()
        self._sent.clear()
        self._rest()
        for message in dropped:
            message.dropped()

    def _go(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        while self._sent and now - self._sent[0] > SECOND:
            self._sent.popleft()
        self._rest()
        for urgency, waiting in self._waiting.items():
            while waiting and self._due(urgency) <= now:
                self._sent.append(now)
                waiting.popleft().send()
            if waiting:  # the less urgent do not overtake
                self._timer = loop.call_at(self._due(urgency) + 0.001, self._go)
                return

    def _due(self, urgency: Urgency) -> float:
        """When the next one of an urgency may go."""
        return max(self._freed(SHARE[urgency], SECOND), self._freed(AT_ONCE[urgency], MOMENT))

    def _freed(self, many: int, window: float) -> float:
        return self._sent[len(self._sent) - many] + window if len(self._sent) >= many else 0.0

    def _rest(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
