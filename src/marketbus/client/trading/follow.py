"""The two ways to follow an account: iterate, or be called."""

import asyncio
import inspect
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from types import TracebackType
from typing import Generic, TypedDict, TypeVar

from marketbus.client.hub import Hub
from marketbus.client.trading.calls import Desk, TradingCalls
from marketbus.client.trading.channel import Channel
from marketbus.domain.account import Account
from marketbus.domain.order import Order
from marketbus.domain.position import Position
from marketbus.domain.trade import Trade

P = TypeVar("P", Order, Trade, Position, Account)
WAIT = 10.0


class FollowChoices(TypedDict, total=False):
    """Keyword arguments of `follow_orders`, `on_orders` and the like."""

    snapshot: bool
    """How matters stand first; default True."""
    since: int | None
    """Instead, everything after this position of the journal: the `journal_position` that was seen last."""
    gateway: str | None
    """Only this one; else every one that trades when the stream begins."""
    account: str | None
    """Only this one."""
    wait: float
    """Seconds to wait for a gateway that is starting; default 10."""


def check_choices(choices: FollowChoices) -> None:
    """Refuse what is no choice.

    Raises:
        TypeError: an argument that there is not.
    """
    unknown = set(choices) - FollowChoices.__annotations__.keys()
    if unknown:
        raise TypeError(f"unexpected argument: {', '.join(sorted(unknown))}")


class Stream(Generic[P]):
    """What some accounts tell of one kind, in a queue. Nothing is ever shed: see `Bus.follow_orders`."""

    def __init__(self, hub: Hub, calls: TradingCalls, kind: type[P], choices: FollowChoices) -> None:
        self._hub = hub
        self._calls = calls
        self._kind = kind
        self._choices = choices
        self._channels: list[Channel[P]] = []
        self._items: deque[P] = deque()
        self._here = asyncio.Event()
        self._ended = False

    async def open(self, desks: Sequence[Desk]) -> None:
        """Begin; raises what beginning raises."""
        choices = self._choices
        snapshot, since, wait = choices.get("snapshot", True), choices.get("since"), choices.get("wait", WAIT)
        try:
            for desk in desks:
                channel = Channel(self._hub, self._calls, desk, self._kind, self._put)
                self._channels.append(channel)
                await channel.open(snapshot=snapshot, since=since, wait=wait)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """End it; what is here can still be taken. Safe to call twice."""
        self._ended = True
        self._here.set()
        await asyncio.gather(*(channel.close() for channel in self._channels))

    async def get(self) -> P:
        """The next.

        Raises:
            StopAsyncIteration: it ended.
        """
        while not self._items:
            if self._ended:
                raise StopAsyncIteration
            self._here.clear()
            await self._here.wait()
        return self._items.popleft()

    async def batch(self) -> list[P]:
        """Whatever is here, at least one; empty when it ended."""
        try:
            out = [await self.get()]
        except StopAsyncIteration:
            return []
        out += self._items
        self._items.clear()
        return out

    def _put(self, payload: P) -> None:
        self._items.append(payload)
        self._here.set()


class Following(Generic[P]):
    """An iterator: `async for`, or `async with` to end it at a certain place. It begins with its first step, and ends
    when it is closed, when the last reference goes, or with its bus."""

    def __init__(
        self,
        stream: Stream[P],
        desks: Callable[[], Awaitable[Sequence[Desk]]],
        loop: asyncio.AbstractEventLoop,
        forget: Callable[[Stream[P]], None],
    ) -> None:
        self._stream = stream
        self._desks = desks
        self._loop = loop
        self._forget = forget
        self._opened = False

    def __aiter__(self) -> AsyncIterator[P]:
        return self

    async def __anext__(self) -> P:
        await self._open()
        return await self._stream.get()

    async def batch(self) -> list[P]:
        """Whatever is here, at least one; empty when it was closed."""
        await self._open()
        return await self._stream.batch()

    async def aclose(self) -> None:
        """End it."""
        await self._stream.close()
        self._forget(self._stream)

    async def __aenter__(self) -> "Following[P]":
        await self._open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __del__(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._forget, self._stream)

    async def _open(self) -> None:
        if not self._opened:
            await self._stream.open(await self._desks())
            self._opened = True


class Calling(Generic[P]):
    """A callback stream; ends on `stop()`, at the end of `async with`, or with its bus."""

    def __init__(
        self,
        hub: Hub,
        stream: Stream[P],
        handler: Callable[[P], object],
        forget: Callable[[Stream[P]], None],
    ) -> None:
        self._hub = hub
        self._stream = stream
        self._handler = handler
        self._forget = forget
        self._pump = asyncio.get_running_loop().create_task(self._run(), name="marketbus-handler")

    async def stop(self) -> None:
        """End it; what has come is still handed over unless `stop` is called from the handler itself."""
        await self._stream.close()
        self._forget(self._stream)
        if asyncio.current_task() is not self._pump:
            await asyncio.gather(self._pump, return_exceptions=True)

    async def __aenter__(self) -> "Calling[P]":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _run(self) -> None:
        while True:
            try:
                payload = await self._stream.get()
            except StopAsyncIteration:
                return
            try:
                result = self._handler(payload)
                if inspect.isawaitable(result):
                    await result
            except Exception as error:  # noqa: BLE001 (the user's code may raise anything; the stream goes on)
                self._hub.handler_failed(error)
