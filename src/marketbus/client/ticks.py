"""The two ways to consume a feed: iterate, or be called."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from types import TracebackType
from typing import Generic, TypeVar

from marketbus.client.backlog import Backlog
from marketbus.client.feed import Feed, Wish
from marketbus.client.gap import Gap
from marketbus.client.hub import Hub
from marketbus.client.line import Outlet
from marketbus.domain.tick import Tick

T = TypeVar("T", bound=Tick | Gap)


class Flow:
    """An opened feed and the queue it fills. Not for users: they hold a `Ticks`, so that dropping it ends the flow."""

    def __init__(self, hub: Hub, wish: Wish, *, limit: int, conflate: bool, gaps: bool) -> None:
        self.backlog = Backlog(limit, lambda gap: hub.tell(gap, wish.on_gap), conflate=conflate, inline=gaps)
        self.feed = Feed(hub, wish, Outlet(self.backlog.push, self.backlog.gap))
        self._opening: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None

    @property
    def gateways(self) -> tuple[str, ...]:
        """See `Ticks.gateways`."""
        return self.feed.gateways

    async def open(self) -> None:
        """Open once; raises what opening raises."""
        if self._opening is None:
            self._opening = asyncio.create_task(self.feed.open())
        await asyncio.shield(self._opening)

    def close_soon(self, then: Callable[[], None]) -> None:
        """Close without waiting; `then` is called when it is closed."""
        closing = self._close_once()
        closing.add_done_callback(lambda _: then())

    async def close(self) -> None:
        """Stop listening and give the leases back."""
        await asyncio.shield(self._close_once())

    def _close_once(self) -> "asyncio.Task[None]":
        if self._closing is None:
            self._closing = asyncio.get_running_loop().create_task(self._close(), name="marketbus-close")
        return self._closing

    async def _close(self) -> None:
        if self._opening is not None and not self._opening.done():
            self._opening.cancel()
            await asyncio.gather(self._opening, return_exceptions=True)
        await self.feed.close()
        self.backlog.end()


class Ticks(Generic[T]):
    """An iterator over ticks: `async for`, or `async with` to end it at a certain place.

    Subscribes on first use. Ends, and gives its leases back, when it is closed, when the last reference goes (as on
    `break`), or with its bus.
    """

    def __init__(self, flow: Flow, loop: asyncio.AbstractEventLoop, forget: Callable[[Flow], None]) -> None:
        self._flow = flow
        self._loop = loop
        self._forget = forget
        self._opened = False

    @property
    def gateways(self) -> tuple[str, ...]:
        """The gateways that serve it now: one, unless several carry different parts of it; none before it is open."""
        return self._flow.gateways

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        if not self._opened:
            await self._flow.open()
            self._opened = True
        return await self._flow.backlog.get()  # pyright: ignore[reportReturnType]

    async def batch(self, limit: int = 1024) -> list[T]:
        """Whatever is here, at least one; empty when the feed was closed."""
        if not self._opened:
            await self._flow.open()
            self._opened = True
        return await self._flow.backlog.batch(limit)  # pyright: ignore[reportReturnType]

    async def aclose(self) -> None:
        """Stop listening and give the leases back."""
        await self._flow.close()
        self._forget(self._flow)

    async def __aenter__(self) -> "Ticks[T]":
        await self._flow.open()
        self._opened = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __del__(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._forget, self._flow)


class Listening:
    """A callback feed; ends on `stop()`, at the end of `async with`, or with its bus."""

    def __init__(self, flow: "Push", forget: Callable[["Push"], None]) -> None:
        self._flow = flow
        self._forget = forget

    @property
    def gateways(self) -> tuple[str, ...]:
        """The gateways that serve it now: one, unless several carry different parts of it."""
        return self._flow.gateways

    async def stop(self) -> None:
        """Stop listening and give the leases back."""
        await self._flow.close()
        self._forget(self._flow)

    async def __aenter__(self) -> "Listening":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()


def _guarded(handler: Callable[..., object], failed: Callable[[Exception], None]) -> Callable[[Tick], None]:
    # Called for every tick: whatever it needs is a local.
    def each(tick: Tick) -> None:
        try:
            handler(tick)
        except Exception as error:  # noqa: BLE001 (the user's code may raise anything; the feed goes on)
            failed(error)

    return each


class Push:
    """Calls a handler for every tick, or with every batch."""

    def __init__(
        self,
        hub: Hub,
        wish: Wish,
        handler: Callable[[Tick], object] | Callable[[list[Tick]], object],
        *,
        batch: bool,
        conflate: bool,
        limit: int,
    ) -> None:
        self._hub = hub
        self._handler: Callable[..., object] = handler
        self._batch = batch
        self._pending: list[Tick] = []
        self._pump: asyncio.Task[None] | None = None
        self._backlog: Backlog | None = None
        self._loop = asyncio.get_running_loop()
        push = _guarded(handler, hub.handler_failed)
        if inspect.iscoroutinefunction(handler) or conflate:
            self._backlog = Backlog(limit, lambda gap: hub.tell(gap, wish.on_gap), conflate=conflate)
            push = self._backlog.push
        elif batch:
            push = self._gather
        self._feed = Feed(hub, wish, Outlet(push, lambda _: None))

    @property
    def gateways(self) -> tuple[str, ...]:
        """See `Listening.gateways`."""
        return self._feed.gateways

    async def open(self) -> None:
        """Open the feed; raises what opening raises."""
        if self._backlog is not None:
            self._pump = asyncio.create_task(self._drain(self._backlog), name="marketbus-handler")
        try:
            await self._feed.open()
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Stop listening and give the leases back."""
        await self._feed.close()
        if self._pump is not None and self._backlog is not None:
            self._backlog.end()
            self._pump.cancel()
            await asyncio.gather(self._pump, return_exceptions=True)

    def _gather(self, tick: Tick) -> None:
        if not self._pending:
            self._loop.call_soon(self._hand_over)
        self._pending.append(tick)

    def _hand_over(self) -> None:
        batch, self._pending = self._pending, []
        try:
            self._handler(batch)
        except Exception as error:  # noqa: BLE001 (as above)
            self._hub.handler_failed(error)

    async def _drain(self, backlog: Backlog) -> None:
        while True:
            ticks = await backlog.batch(1024)
            if not ticks:
                return
            for argument in [ticks] if self._batch else ticks:
                try:
                    result = self._handler(argument)
                    if isinstance(result, Awaitable):
                        await result
                except Exception as error:  # noqa: BLE001 (as above)
                    self._hub.handler_failed(error)
            await asyncio.sleep(0)
