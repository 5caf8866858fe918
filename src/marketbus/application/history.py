"""The past, told in answers of limited length: who wants more asks for the rest.

So nobody's request outlives its asker by much, a bus with permissions lets every reply through, and a pause that a
venue's pace demands is spent where the answer is wanted.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import msgspec

from marketbus.domain.bar import Bar
from marketbus.domain.errors import NotSupported
from marketbus.domain.history import HistoryPart, HistoryRequest, Progress, check
from marketbus.domain.tick import Tick
from marketbus.ports.clock import Clock, MarketClock
from marketbus.ports.history import HistorySource

ANSWER = 20.0
"""Seconds after which an answer ends with what it has; what the venue is being asked for then is waited for."""
MOST = 50_000
"""Bars or ticks of one answer, give or take what comes in one part."""
AT_ONCE = 8
"""Answers under way at a time; who comes then is sent away for a moment."""
BUSY = 1.0
"""Seconds of that."""
BEAT = 1.0
"""Seconds after which an answer says that it is still coming."""

Told = Sequence[Bar] | Sequence[Tick] | Progress


class History:
    """Of one gateway; `source` is None where there is no past to be had."""

    def __init__(self, gateway: str, source: HistorySource | None, clock: Clock, market: MarketClock) -> None:
        self._gateway = gateway
        self._source = source
        self._clock = clock
        self._market = market
        self._under_way = 0

    async def answer(self, request: HistoryRequest) -> AsyncGenerator[Told]:
        """Bars or ticks in time's order, and at last how far that is; `end` 0 is the market's now.

        Raises:
            NotSupported: this gateway has no history.
            BadRequest: it cannot be asked for that.
            GatewayError: the venue refused or did not answer.
        """
        if self._source is None:
            raise NotSupported(f"gateway {self._gateway!r} has no history", "see its capabilities: `marketbus status`")
        if not request.end:
            request = msgspec.structs.replace(request, end=self._market.now())
        check(request)
        if self._under_way >= AT_ONCE:
            yield Progress(request.start, BUSY)
            return
        self._under_way += 1
        try:
            async with (
                aclosing(self._source.query_history(request)) as parts,
                aclosing(self._told(request, parts)) as told,
            ):
                async for each in told:
                    yield each
        finally:
            self._under_way -= 1

    async def _told(self, request: HistoryRequest, parts: AsyncGenerator[HistoryPart]) -> AsyncGenerator[Told]:
        until, told = request.start, 0
        ends = self._clock.monotonic() + ANSWER
        while True:
            asking = asyncio.get_running_loop().create_task(_next(parts))
            try:
                while not (await asyncio.wait({asking}, timeout=BEAT))[0]:
                    yield Progress(until)
            finally:
                if not asking.done():
                    asking.cancel()
                    await asyncio.wait({asking})
            part = asking.result()
            if part is None:
                yield Progress(request.end, complete=True)
                return
            until, told = part.until, told + len(part.items)
            if part.items:
                yield part.items
            left = ends - self._clock.monotonic()
            if part.wait > left or left <= 0 or told >= MOST:
                yield Progress(until, part.wait, complete=until >= request.end)
                return


async def _next(parts: AsyncGenerator[HistoryPart]) -> HistoryPart | None:
    return await anext(parts, None)
