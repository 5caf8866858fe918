"""The way of everything that happened: into the journal in its order, then to the bus in the journal's order."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

import msgspec

from marketbus.application.trading.notes import Note, entry_of, note_of, placed
from marketbus.application.trading.tally import Tally
from marketbus.domain.errors import BusUnavailable
from marketbus.ports.journal import JournalUnavailable, OrderJournal
from marketbus.ports.trading_publisher import TradingPayload, TradingPublisher

RETRY = 0.5
"""Seconds between two attempts while the journal or the bus says no."""
KEPT = 20_000
"""Payloads that wait in memory for the bus; with more of them they are read from the journal afterwards."""
LATER = 1_000
"""Claims that may wait for a journal that cannot be written; what comes on top is only counted."""
AT_ONCE = 500
"""Payloads given to the bus at a time."""

Sleep = Callable[[float], Awaitable[object]]


class _Claim(NamedTuple):
    notes: tuple[Note, ...]
    done: "asyncio.Future[None]"


class Outbox:
    """Of one account. What was put is never dropped: while the journal is unwritable it waits, in order."""

    def __init__(
        self, account: str, journal: OrderJournal, publisher: TradingPublisher, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._account = account
        self._journal = journal
        self._publisher = publisher
        self._sleep = sleep
        self._notes: list[Note] = []
        self._claims: list[_Claim] = []
        self._late: list[tuple[Note, ...]] = []
        self._waiters: list[asyncio.Future[bool]] = []
        self._due = asyncio.Event()
        self._out: deque[TradingPayload] = deque()
        self._told = asyncio.Event()
        self._behind = self._writing = False
        self.tally = Tally()
        self.begun = False
        """Whether `written` is known, and telling has begun."""
        self.written = 0
        """The last position of this account on disk."""
        self.published = 0
        """The last position that the bus has."""

    @property
    def idle(self) -> bool:
        """Whether everything was written and told."""
        return not (self._notes or self._claims or self._late or self._writing or self._out or self._behind)

    def begin(self, published: int, written: int) -> None:
        """Start to tell; what the journal holds after `published` is told first."""
        self.published = published
        self.written = max(self.written, written)
        self._behind = self._behind or published < written
        self.begun = True
        self._told.set()

    def put(self, note: Note) -> None:
        """Something that happened: it is written as soon as it can be."""
        self._notes.append(note)
        self._due.set()

    async def claim(self, *notes: Note) -> None:
        """Write notes together, of which the first claims an id; nothing may happen before this returns.

        Raises:
            AlreadyClaimed, JournalUnavailable, ValueError: nothing of it was taken, see `OrderJournal.append`.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._claims.append(_Claim(notes, done))
        self._due.set()
        await done

    def claim_later(self, *notes: Note) -> None:
        """As `claim`, for whom nobody waits: once that can be, unless the id is taken by then, or too many wait."""
        if len(self._late) < LATER:
            self._late.append(notes)
            self._due.set()

    async def flushed(self) -> bool:
        """Wait until all that was put is on disk: True; False when it could not be written now."""
        if not self._notes:
            return True
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiters.append(done)
        self._due.set()
        return await done

    async def kept(self) -> None:
        """Wait until all that was put is on disk, however long that takes."""
        while not await self.flushed():
            await self._sleep(RETRY)

    async def run(self) -> None:
        """Write and tell, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._write())
            tasks.create_task(self._tell())

    async def _write(self) -> None:
        while True:
            await self._due.wait()
            self._due.clear()
            if not await self._write_what_waits():
                await self._sleep(RETRY)
                self._due.set()

    async def _write_what_waits(self) -> bool:
        """One commit's worth. What was put goes first and in one piece: later news must not overtake older."""
        notes, claims, waiters, late = tuple(self._notes), self._claims, self._waiters, tuple(self._late)
        self._claims, self._waiters, self._writing = [], [], True
        groups = [notes, *(claim.notes for claim in claims)] if notes else [claim.notes for claim in claims]
        appends = [asyncio.ensure_future(self._append(group)) for group in (*groups, *late)]
        try:
            results = await asyncio.gather(*appends, return_exceptions=True)
        except asyncio.CancelledError:
            for claim in claims:
                claim.done.cancel()
            raise
        self._writing = False
        good = True
        if notes:
            first = results.pop(0)
            if isinstance(first, JournalUnavailable):
                good = False
            elif isinstance(first, BaseException):
                raise first
            else:
                del self._notes[: len(notes)]
                self._enter(first)
        for claim, result in zip(claims, results[: len(claims)], strict=True):
            if not isinstance(result, BaseException):
                self._enter(result)
            if claim.done.done():
                continue  # nobody waits any more
            if isinstance(result, BaseException):
                claim.done.set_exception(result)
            else:
                claim.done.set_result(None)
        del self._late[: len(late)]
        for group, result in zip(late, results[len(claims) :], strict=True):
            if isinstance(result, JournalUnavailable):
                self._late.append(group)
                good = False
            elif not isinstance(result, BaseException):
                self._enter(result)
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(good)
        return good

    async def _append(self, notes: Sequence[Note]) -> list[Note]:
        positions = await self._journal.append([entry_of(note) for note in notes])
        return [placed(note, position) for note, position in zip(notes, positions, strict=True)]

    def _enter(self, notes: Sequence[Note]) -> None:
        for note in notes:
            for payload in note.payloads:
                self._out.append(payload)
                self.tally.add(payload)
                self.written = max(self.written, payload.journal_position)
        if len(self._out) > KEPT:
            self._out.clear()
            self._behind = True
        self._told.set()

    async def _tell(self) -> None:
        while True:
            await self._told.wait()
            self._told.clear()
            try:
                await self._tell_what_waits()
            except (BusUnavailable, JournalUnavailable):
                await self._sleep(RETRY)
                self._told.set()

    async def _tell_what_waits(self) -> None:
        if not self.begun:
            return
        while self._behind:
            self._behind = False
            try:
                await self._catch_up()
            except BaseException:
                self._behind = True
                raise
        while self._out:
            some = [self._out[index] for index in range(min(AT_ONCE, len(self._out)))]
            await self._give([each for each in some if each.journal_position > self.published])
            for each in some:
                if self._out and self._out[0] is each:  # they may have been given up for the journal meanwhile
                    self._out.popleft()
            if not self._out or self._out[0].journal_position > some[-1].journal_position:
                self.published = max(self.published, some[-1].journal_position)

    async def _catch_up(self) -> None:
        async for page in self._journal.events(self.published, self._account):
            payloads: list[TradingPayload] = []
            for recorded in page:
                try:
                    payloads += note_of(recorded).payloads
                except msgspec.MsgspecError:
                    continue  # an entry of the journal's own
            await self._give(payloads)
            self.published = page[-1].position

    async def _give(self, payloads: Sequence[TradingPayload]) -> None:
        if payloads:
            await self._publisher.tell(payloads)
