"""What a feed has received and its consumer has not taken yet: bounded, oldest first to go, never silently."""

import asyncio
from collections import deque
from collections.abc import Callable

from marketbus.client.gap import Gap, GapCause
from marketbus.domain.instrument import Exchange
from marketbus.domain.tick import Tick, TickFlag, with_flag

Key = tuple[Exchange, str]
"""An instrument; whichever gateway its ticks come from."""
SHED_SHARE = 10
"""A full queue sheds this part of itself at once, so that the account of what went is drawn up seldom."""


class _Shed:
    """The ticks of one instrument that gave way: a hole, and the last of them, kept as its snapshot."""

    __slots__ = ("count", "first", "last")

    def __init__(self, tick: Tick) -> None:
        self.first = tick
        self.last = tick
        self.count = 0


class Backlog:
    """A queue of ticks (and gaps, if wanted inline).

    When it is full the oldest tick gives way. When the consumer continues it first gets, for every instrument that
    lost ticks, the gap, and the newest of the lost ones flagged SNAPSHOT if nothing newer waits in the queue.
    """

    def __init__(
        self, limit: int, on_gap: Callable[[Gap], None], *, conflate: bool = False, inline: bool = False
    ) -> None:
        self.shed = 0
        """Ticks that gave way so far."""
        self._limit = max(1, limit)
        self._on_gap = on_gap
        self._inline = inline
        self._head: deque[Tick | Gap] = deque()
        self._items: deque[Tick | Gap] = deque()
        self._latest: dict[Key, Tick] = {}
        self._lost: dict[tuple[Key, str, int], _Shed] = {}
        self._waiter: asyncio.Future[None] | None = None
        self._end: BaseException | None = None
        self.push = self._keep if conflate else self._append

    def __len__(self) -> int:
        return len(self._head) + len(self._items) + len(self._latest)

    def gap(self, gap: Gap) -> None:
        """Put a gap where it happened, if gaps are wanted inline."""
        if self._inline:
            self._items.append(gap)
            self._wake()

    def end(self, error: BaseException | None = None) -> None:
        """No more will come; what is here can still be taken. With an error, the consumer gets it at the end."""
        self._end = error or StopAsyncIteration()
        self._wake()

    async def get(self) -> Tick | Gap:
        """The oldest.

        Raises:
            StopAsyncIteration: it ended (or the error it ended with).
        """
        while True:
            if self._lost:
                self._recover()
            if self._head:
                return self._head.popleft()
            if self._items:
                return self._items.popleft()
            if self._latest:
                return self._latest.pop(next(iter(self._latest)))
            await self._wait()

    async def batch(self, limit: int) -> list[Tick | Gap]:
        """At least one, at most `limit`; empty when it ended."""
        try:
            out = [await self.get()]
        except StopAsyncIteration:
            return []
        while len(out) < limit and len(self):
            out.append(await self.get())
        return out

    def _append(self, tick: Tick) -> None:
        self._items.append(tick)
        if len(self._items) > self._limit:
            for _ in range(max(1, self._limit // SHED_SHARE)):
                self._drop(self._items.popleft())
        if self._waiter is not None:
            self._wake()

    def _keep(self, tick: Tick) -> None:
        self._latest[(tick.exchange, tick.symbol)] = tick
        if self._waiter is not None:
            self._wake()

    def _drop(self, item: Tick | Gap) -> None:
        if isinstance(item, Gap):
            return  # handlers and counters have had it; the hole it marks lies inside the one that grows here
        self.shed += 1
        key = ((item.exchange, item.symbol), item.gateway, item.epoch)
        shed = self._lost.get(key)
        if shed is None:
            shed = self._lost[key] = _Shed(item)
        shed.count += 1
        shed.last = item

    def _recover(self) -> None:
        lost, self._lost = self._lost, {}
        newer = {(item.exchange, item.symbol) for item in self._items if isinstance(item, Tick)}
        for (key, _, _), shed in lost.items():
            keep = key not in newer
            missed = shed.count - keep
            if missed:
                last = shed.last
                gap = Gap(
                    last.gateway, last.symbol, last.exchange, GapCause.SLOW_CONSUMER, missed, last.epoch,
                    shed.first.seq, last.seq - keep,
                )  # fmt: skip
                self._on_gap(gap)
                if self._inline:
                    self._head.append(gap)
            if keep:
                self._head.append(with_flag(shed.last, TickFlag.SNAPSHOT))

    async def _wait(self) -> None:
        if self._end is not None:
            raise self._end
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
