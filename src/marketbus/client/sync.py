"""The same bus without asyncio: for scripts and notebooks."""

import contextlib
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Any, Generic, Literal, TypeVar, Unpack, overload

from marketbus.client.bus import Bus, connect
from marketbus.client.calendar import Calendar, LiveCalendar
from marketbus.client.choices import Choices
from marketbus.client.frame import Rows
from marketbus.client.gap import Gap
from marketbus.client.history import OnWait, When
from marketbus.client.hub import GapHandler
from marketbus.client.portal import Portal
from marketbus.client.stats import Stats
from marketbus.client.ticks import Listening, Ticks
from marketbus.client.trading.sync import SyncTradingApi
from marketbus.domain.bar import Bar, Interval
from marketbus.domain.contract import Contract
from marketbus.domain.errors import MarketBusError
from marketbus.domain.history import TickKind
from marketbus.domain.market_calendar import SessionEvent
from marketbus.domain.status import GatewayStatus
from marketbus.domain.subscription import Interest
from marketbus.domain.tick import Tick

T = TypeVar("T", bound=Tick | Gap)


def connect_sync(url: str | Sequence[str] | None = None, **options: Any) -> "SyncBus":
    """Connect without asyncio; takes what `connect` takes.

    Use it with `with connect_sync() as bus`, or keep the result and `close()` it.

    Raises:
        ConfigError: the url is none.
        BusUnavailable: no server takes us.
    """
    return SyncBus(connect(url, **options))


class SyncTicks(Generic[T]):
    """An ordinary iterator over ticks. Ends as `Ticks` does; `close()` ends it at a certain place."""

    def __init__(self, portal: Portal, ticks: Ticks[T]) -> None:
        self._portal = portal
        self._ticks = ticks
        self._here: deque[T] = deque()

    @property
    def gateways(self) -> tuple[str, ...]:
        """See `Ticks.gateways`."""
        return self._portal.run(_gateways(self._ticks))

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        if not self._here:
            self._here.extend(self._portal.run(self._ticks.batch()))
            if not self._here:
                raise StopIteration
        return self._here.popleft()

    def close(self) -> None:
        """Stop listening and give the leases back."""
        self._portal.run(self._ticks.aclose())

    def __enter__(self) -> "SyncTicks[T]":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class SyncListening:
    """A callback feed; ends on `stop()`, at the end of `with`, or with its bus."""

    def __init__(self, portal: Portal, listening: Listening) -> None:
        self._portal = portal
        self._listening = listening

    @property
    def gateways(self) -> tuple[str, ...]:
        """See `Listening.gateways`."""
        return self._portal.run(_gateways(self._listening))

    def stop(self) -> None:
        """Stop listening and give the leases back."""
        self._portal.run(self._listening.stop())

    def __enter__(self) -> "SyncListening":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class SyncCalendar(Calendar):
    """`LiveCalendar` for callers without an event loop."""

    def __init__(self, portal: Portal, live: LiveCalendar) -> None:
        super().__init__(live.market, live.clock)
        self._portal = portal
        self._live = live

    def events(self, symbol: str) -> Iterator[SessionEvent]:
        """See `LiveCalendar.events`."""
        stream = self._live.events(symbol)

        async def following() -> SessionEvent:
            return await anext(stream)

        try:
            while True:
                yield self._portal.run(following())
        finally:
            with contextlib.suppress(MarketBusError):
                self._portal.run(stream.aclose())


class SyncBus(SyncTradingApi):
    """`Bus` for callers without an event loop; see there for every argument and error."""

    def __init__(self, bus: Bus) -> None:
        super().__init__(bus, Portal())
        self._end = weakref.finalize(self, _shut, self._portal, bus)
        try:
            self._portal.run(bus.open())
        except BaseException:
            self._end()
            raise

    @property
    def stats(self) -> Stats:
        """What this connection counted."""
        return self._bus.stats

    @property
    def connected(self) -> bool:
        """Whether NATS is reachable now."""
        return self._bus.connected

    def close(self) -> None:
        """End every feed, give the leases back, disconnect. Safe to call twice."""
        self._end()

    def __enter__(self) -> "SyncBus":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @overload
    def ticks(self, *patterns: str, gaps: Literal[False] = False, **choices: Unpack[Choices]) -> SyncTicks[Tick]: ...
    @overload
    def ticks(self, *patterns: str, gaps: Literal[True], **choices: Unpack[Choices]) -> SyncTicks[Tick | Gap]: ...
    def ticks(self, *patterns: str, gaps: bool = False, **choices: Unpack[Choices]) -> SyncTicks[Any]:
        """See `Bus.ticks`. `on_gap` is called on the bus's thread."""

        async def make() -> Ticks[Any]:
            return self._bus.ticks(*patterns, gaps=gaps, **choices)  # pyright: ignore[reportCallIssue, reportArgumentType, reportUnknownVariableType]

        return SyncTicks(self._portal, self._portal.run(make()))

    @overload
    def on_ticks(
        self,
        patterns: str | Sequence[str],
        handler: Callable[[list[Tick]], object],
        *,
        batch: Literal[True],
        **choices: Unpack[Choices],
    ) -> SyncListening: ...
    @overload
    def on_ticks(
        self,
        patterns: str | Sequence[str],
        handler: Callable[[Tick], object],
        *,
        batch: Literal[False] = False,
        **choices: Unpack[Choices],
    ) -> SyncListening: ...
    def on_ticks(
        self, patterns: str | Sequence[str], handler: Any, *, batch: Any = False, **choices: Unpack[Choices]
    ) -> SyncListening:
        """See `Bus.on_ticks`. The handler is called on the bus's thread and must not call the bus."""
        listening = self._portal.run(self._bus.on_ticks(patterns, handler, batch=batch, **choices))
        return SyncListening(self._portal, listening)

    def on_gap(self, handler: GapHandler) -> Callable[[], None]:
        """See `Bus.on_gap`."""
        return self._bus.on_gap(handler)

    def snapshot(self, *patterns: str, gateway: str | None = None, wait: float = 10.0) -> Rows[Tick]:
        """See `Bus.snapshot`."""
        return self._portal.run(self._bus.snapshot(*patterns, gateway=gateway, wait=wait))

    def contracts(self, *patterns: str, gateway: str | None = None) -> Rows[Contract]:
        """See `Bus.contracts`."""
        return self._portal.run(self._bus.contracts(*patterns, gateway=gateway))

    def contract(self, symbol: str, *, gateway: str | None = None, wait: float = 10.0) -> Contract:
        """See `Bus.contract`."""
        return self._portal.run(self._bus.contract(symbol, gateway=gateway, wait=wait))

    def query_history(
        self,
        symbol: str,
        interval: Interval | str,
        start: When,
        end: When | None = None,
        *,
        gateway: str | None = None,
        wait: float = 10.0,
        on_wait: OnWait | None = None,
    ) -> Rows[Bar]:
        """See `Bus.query_history`. `on_wait` is called on the bus's thread."""
        asking = self._bus.query_history(symbol, interval, start, end, gateway=gateway, wait=wait, on_wait=on_wait)
        return self._portal.run(asking)

    def query_ticks(
        self,
        symbol: str,
        start: When,
        end: When | None = None,
        *,
        kind: TickKind | str = TickKind.TRADES,
        gateway: str | None = None,
        wait: float = 10.0,
        on_wait: OnWait | None = None,
    ) -> Rows[Tick]:
        """See `Bus.query_ticks`. `on_wait` is called on the bus's thread."""
        asking = self._bus.query_ticks(symbol, start, end, kind=kind, gateway=gateway, wait=wait, on_wait=on_wait)
        return self._portal.run(asking)

    def calendar(self, gateway: str | None = None) -> SyncCalendar:
        """See `Bus.calendar`."""
        return SyncCalendar(self._portal, self._portal.run(self._bus.calendar(gateway)))

    def gateways(self) -> list[GatewayStatus]:
        """See `Bus.gateways`."""
        return self._portal.run(self._bus.gateways())

    def statuses(self) -> Iterator[GatewayStatus]:
        """See `Bus.statuses`."""
        stream = self._bus.statuses()

        async def following() -> GatewayStatus:
            return await anext(stream)

        try:
            while True:
                yield self._portal.run(following())
        finally:
            with contextlib.suppress(MarketBusError):
                self._portal.run(stream.aclose())

    def subscriptions(self, gateway: str | None = None) -> Rows[Interest]:
        """See `Bus.subscriptions`."""
        return self._portal.run(self._bus.subscriptions(gateway))

    def pin(self, *patterns: str, gateway: str | None = None, wait: float = 10.0) -> dict[str, list[str]]:
        """See `Bus.pin`."""
        return self._portal.run(self._bus.pin(*patterns, gateway=gateway, wait=wait))

    def unpin(self, *patterns: str, gateway: str | None = None) -> dict[str, list[str]]:
        """See `Bus.unpin`."""
        return self._portal.run(self._bus.unpin(*patterns, gateway=gateway))

    def reconnect(self, gateway: str) -> None:
        """See `Bus.reconnect`."""
        self._portal.run(self._bus.reconnect(gateway))


async def _gateways(feed: Ticks[Any] | Listening) -> tuple[str, ...]:
    return feed.gateways


def _shut(portal: Portal, bus: Bus) -> None:
    with contextlib.suppress(MarketBusError):
        portal.run(bus.close())
    portal.close()
