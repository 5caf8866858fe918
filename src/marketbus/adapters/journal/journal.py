"""The journal as the worker's loop sees it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import msgspec

from marketbus.adapters.journal.reader import JournalReader, Wanted
from marketbus.adapters.journal.writer import JournalWriter
from marketbus.domain.journal_entry import Entry, EntryKind, Head, Recorded, Standing
from marketbus.domain.vitals import JournalVitals
from marketbus.ports.clock import Clock
from marketbus.ports.journal import JournalUnavailable


class SqliteJournal:
    """`ports.journal.OrderJournal` in one SQLite file: WAL, `synchronous=FULL`, group commit in its own thread."""

    def __init__(
        self,
        path: Path,
        gateway: str,
        *,
        clock: Clock,
        host: str = "",
        on_trouble: Callable[[JournalUnavailable | None], None] = lambda _trouble: None,
    ) -> None:
        """`on_trouble` hears, on the loop, when writing fails (and when for another cause), and None when it works."""
        self._on_trouble = on_trouble
        self._reader = JournalReader(path)
        self._writer = JournalWriter(path, gateway, clock, host, self._heard)
        self._loop: asyncio.AbstractEventLoop | None = None

    async def start(self) -> None:
        """Open the file. A failure is no error here: it is `trouble`, and opening is tried again by itself."""
        self._loop = asyncio.get_running_loop()
        self._writer.start()
        await asyncio.to_thread(self._writer.tried.wait)

    async def stop(self) -> None:
        """Write what waits, then close."""
        await asyncio.to_thread(self._writer.stop)

    @property
    def trouble(self) -> JournalUnavailable | None:
        """See `OrderJournal`."""
        return self._writer.trouble

    @property
    def writable(self) -> bool:
        """See `OrderJournal`."""
        return self._writer.trouble is None

    @property
    def head(self) -> Head:
        """See `OrderJournal`."""
        return self._writer.head

    def vitals(self) -> JournalVitals:
        """How it is."""
        writer = self._writer
        return JournalVitals(
            writer.trouble is None, writer.head.position, writer.waiting, writer.bytes(), writer.commits.now()
        )

    async def append(self, entries: Sequence[Entry]) -> Sequence[int]:
        """See `OrderJournal`."""
        return await asyncio.wrap_future(self._writer.append(entries))

    async def events(self, since: int, account: str | None = None) -> AsyncIterator[Sequence[Recorded]]:
        """See `OrderJournal`."""
        wanted = Wanted(since=since, account=account)
        while page := await asyncio.to_thread(self._reader.page, wanted):
            yield page
            wanted = msgspec.structs.replace(wanted, since=page[-1].position)

    async def order(self, account: str, client_order_id: str) -> Sequence[Recorded]:
        """See `OrderJournal`."""
        wanted = Wanted(account=account, client_order_id=client_order_id)
        return await asyncio.to_thread(lambda: list(self._reader.entries(wanted)))

    async def latest(self, account: str, *kinds: EntryKind) -> Recorded | None:
        """See `OrderJournal`."""
        return await asyncio.to_thread(self._reader.latest, account, kinds)

    async def before_day(self, trading_day: int) -> int:
        """See `OrderJournal`."""
        return await asyncio.to_thread(self._reader.before_day, trading_day)

    async def standing(self, head: Head) -> Standing:
        """See `OrderJournal`."""
        return await asyncio.to_thread(self._reader.standing, head)

    def _heard(self, trouble: JournalUnavailable | None) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._on_trouble, trouble)
