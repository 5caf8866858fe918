"""What a gateway's worker answers on the bus, on its loop; quick, but for `look_up` and `query_history`."""

from collections.abc import AsyncGenerator, Iterable, Sequence
from typing import Protocol

from marketbus.domain.bar import Bar
from marketbus.domain.calendar_table import CalendarTable
from marketbus.domain.contract import Contract
from marketbus.domain.heard import Heard
from marketbus.domain.history import HistoryRequest, Progress
from marketbus.domain.status import GatewayStatus
from marketbus.domain.subscription import Coverage, Interest
from marketbus.domain.tick import Tick


class GatewayService(Protocol):
    """The `md` and `ops` verbs. Every method raises MarketBusError for a request that cannot be met."""

    @property
    def epoch(self) -> int:
        """Incarnation of this worker."""
        ...

    def status(self) -> GatewayStatus:
        """The status now."""
        ...

    def subscribe(self, owner: str, patterns: Sequence[str], ttl: float) -> Coverage:
        """Lease patterns for `ttl` seconds."""
        ...

    def renew(self, owner: str, ttl: float, heard: Heard | None = None) -> bool:
        """Keep a lease alive; False when there is none. `heard`: what its owner says of its ticks."""
        ...

    def unsubscribe(self, owner: str) -> None:
        """Give a lease back."""
        ...

    def subscriptions(self) -> Iterable[Interest]:
        """Every instrument that is wanted."""
        ...

    def snapshot(self, patterns: Sequence[str]) -> Iterable[Tick]:
        """The last known ticks, flagged SNAPSHOT."""
        ...

    async def look_up(self, patterns: Sequence[str]) -> None:
        """Have contracts listed that the venue lists on request only; a moment where it must be asked, else at once."""
        ...

    def contracts(self, patterns: Sequence[str]) -> Iterable[Contract]:
        """Contracts that the patterns take."""
        ...

    def calendar(self) -> CalendarTable:
        """Holidays of the years around the market's present one, and trading hours."""
        ...

    def query_history(self, request: HistoryRequest) -> AsyncGenerator[Sequence[Bar] | Sequence[Tick] | Progress]:
        """Bars or ticks of the past, and at last how far they reach; `end` 0 is now. Closing it gives the rest up."""
        ...

    def pin(self, patterns: Sequence[str], principal: str) -> Sequence[str]:
        """Subscribe for good; gives all pins back."""
        ...

    def unpin(self, patterns: Sequence[str], principal: str) -> Sequence[str]:
        """Take run-time pins back; gives all pins back."""
        ...

    def reconnect(self, principal: str) -> None:
        """Replace the worker with a fresh process."""
        ...
