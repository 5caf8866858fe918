"""The way from a counter to its venue."""

import asyncio
from collections import deque
from collections.abc import Callable


class VenueLine:
    """Carries what goes to the venue: at once, later, or not until it is let go. Never out of order."""

    def __init__(self) -> None:
        self.delay_s = 0.0
        self.held = False
        self._waiting: deque[Callable[[], None]] = deque()

    def __call__(self, act: Callable[[], None]) -> None:
        """Does `act` when its turn comes."""
        if not self._waiting and not self.held and not self.delay_s:
            act()
            return
        self._waiting.append(act)
        if self.delay_s:
            asyncio.get_running_loop().call_later(self.delay_s, self._next)

    @property
    def waiting(self) -> int:
        """How much has not arrived."""
        return len(self._waiting)

    def hold(self, *, on: bool) -> None:
        """Nothing arrives until it is off again; then all of it does."""
        self.held = on
        while not on and self._waiting:
            self._waiting.popleft()()

    def clear(self) -> None:
        """The day is over: nothing arrives any more."""
        self._waiting.clear()

    def _next(self) -> None:
        while self._waiting and not self.held:
            self._waiting.popleft()()
            if self.delay_s:  # the others have their own time
                return
