"""From SDK threads to the loop: a deque and one wake-up per batch."""

import asyncio
from collections import deque
from collections.abc import Callable

from marketbus.ports.gateway import GatewayEvent


class Bridge:
    """Carries events of any thread to a handler on the loop, in order, without loss."""

    def __init__(self, loop: asyncio.AbstractEventLoop, handle: Callable[[GatewayEvent], None]) -> None:
        self._loop = loop
        self._handle = handle
        self._events: deque[GatewayEvent] = deque()
        self._awake = False

    def put(self, event: GatewayEvent) -> None:
        """Hand an event over, from any thread; never blocks."""
        self._events.append(event)
        if not self._awake:
            # Two threads may both see False: the second wake-up finds an empty deque, which costs nothing.
            self._awake = True
            self._loop.call_soon_threadsafe(self._drain)

    def _drain(self) -> None:
        self._awake = False
        # Only what is here now: a thread that puts faster than we handle must not keep the loop from its other work.
        for _ in range(len(self._events)):
            self._handle(self._events.popleft())
