"""Log records on their way to the bus: written from any thread, published by one task."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from marketbus.domain.status import LogRecord
from marketbus.ports.publisher import Publisher

KEPT = 1000
"""Records that may wait; older ones give way. They are on stderr in any case."""


class LogFeed:
    """Feeds sys.log."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._records: deque[LogRecord] = deque(maxlen=KEPT)
        self._loop = asyncio.get_running_loop()
        self._some = asyncio.Event()

    def put(self, record: LogRecord) -> None:
        """Take one record, in any thread."""
        self._records.append(record)
        self._loop.call_soon_threadsafe(self._some.set)

    async def run(self) -> None:
        """Publish until cancelled."""
        while True:
            await self._some.wait()
            self._some.clear()
            await self.flush()

    async def flush(self) -> None:
        """Publish what waits."""
        while self._records:
            await self._publisher.log(self._records.popleft())


@asynccontextmanager
async def log_feed(publisher: Publisher) -> AsyncGenerator[LogFeed]:
    """A feed that runs; what waits at the end is still published."""
    feed = LogFeed(publisher)
    task = asyncio.create_task(feed.run())
    try:
        yield feed
    finally:
        task.cancel()
        await asyncio.wait([task])
        await feed.flush()
