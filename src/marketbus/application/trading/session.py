"""The trading session as the desk sees it: what the gateway says, carried to the loop, and whether orders may go."""

import asyncio
from collections import deque
from collections.abc import Callable

import msgspec

from marketbus.domain.session import SessionState
from marketbus.ports.trading import VenueEvent


class Ready(msgspec.Struct, frozen=True):
    """Logged in; the books must be matched before orders go."""

    trading_day: int


class Gone(msgspec.Struct, frozen=True):
    """The session ended."""


Heard = VenueEvent | Ready | Gone


class TradingSession:
    """The gateway's `TradingSink`, and the state of its trading session. SYNCING until the books are matched."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.state = SessionState.DISCONNECTED
        self.number = 0
        """+1 per login."""
        self.trading_day = 0
        self.blocked = ""
        """Why it will not become READY, if it will not."""
        self.handle: Callable[[Heard], None] | None = None
        """On the loop, in order; what is heard before it is set waits."""
        self.failed: asyncio.Future[None] = loop.create_future()
        """Ends with the error of a word that could not be handled: this process's books are not to be trusted."""
        self._loop = loop
        self._heard: deque[Heard] = deque()
        self._awake = False

    # The sink, called from any thread.

    def venue(self, event: VenueEvent) -> None:
        """See `TradingSink`."""
        self._put(event)

    def trading_ready(self, trading_day: int) -> None:
        """See `TradingSink`."""
        self._put(Ready(trading_day))

    def trading_lost(self) -> None:
        """See `TradingSink`."""
        self._put(Gone())

    # The loop's side.

    @property
    def connected(self) -> bool:
        """Whether the venue can be asked, and orders cancelled."""
        return self.state in (SessionState.SYNCING, SessionState.READY)

    @property
    def ready(self) -> bool:
        """Whether orders may go."""
        return self.state is SessionState.READY

    def serve(self, handle: Callable[[Heard], None]) -> None:
        """Hand over from now on; what waited comes first."""
        self.handle = handle
        self._drain()

    def _put(self, heard: Heard) -> None:
        self._heard.append(heard)
        if not self._awake:
            # Two threads may both see False: the second wake-up finds an empty deque, which costs nothing.
            self._awake = True
            self._loop.call_soon_threadsafe(self._drain)

    def _drain(self) -> None:
        self._awake = False
        if self.handle is None:
            return
        for _ in range(len(self._heard)):
            heard = self._heard.popleft()
            if isinstance(heard, Ready):
                self.state = SessionState.SYNCING
                self.number += 1
                self.trading_day = heard.trading_day
            elif isinstance(heard, Gone):
                self.state = SessionState.DISCONNECTED
            try:
                self.handle(heard)
            except BaseException as error:
                if not self.failed.done():
                    self.failed.set_exception(error)
                raise
