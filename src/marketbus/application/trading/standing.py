"""Whether this journal is the one last announced: a worker with an older copy must not trade."""

import asyncio
from collections.abc import Callable

from marketbus.application.trading.outbox import RETRY, Sleep
from marketbus.domain.errors import BusUnavailable
from marketbus.domain.journal_entry import Head, Standing
from marketbus.domain.message import Bilingual, say
from marketbus.domain.status import Level
from marketbus.ports.journal import JournalUnavailable, OrderJournal
from marketbus.ports.log import Log
from marketbus.ports.trading_publisher import HeadRegister

EVERY = 1.0
"""Seconds between two announcements at least."""


class JournalStanding:
    """Compares once, and announces from then on, whenever all that is written was told: `idle` says so."""

    def __init__(
        self,
        journal: OrderJournal,
        heads: HeadRegister,
        log: Log,
        idle: Callable[[], bool],
        sleep: Sleep = asyncio.sleep,
        *,
        accepted: int = 0,
    ) -> None:
        """`accepted`: position of an announced head that an operator has decided not to wait for."""
        self._journal = journal
        self._heads = heads
        self._log = log
        self._sleep = sleep
        self._good: bool | None = None
        self._idle = idle
        self._comparing = asyncio.Lock()
        self._accepted = accepted
        self._found = journal.head if journal.trouble is None else None
        """As an earlier worker left it; None where it could not be read."""
        self.overruled: Head | None = None
        """The announced head that this journal does not have, and trades all the same."""
        self.words: Bilingual | None = None
        """Why it is not good, and what to do."""
        self.announced: Head | None = None
        """The head last announced, by an earlier worker or by this one: what is up to there was told."""

    async def good(self) -> bool:
        """Whether the journal may be trusted; waits for the bus and the disk to say."""
        async with self._comparing:
            while self._good is None:
                try:
                    self._good = await self._compare()
                except (BusUnavailable, JournalUnavailable):
                    await self._sleep(RETRY)
            return self._good

    async def run(self) -> None:
        """Announce the head after it moved, until cancelled."""
        while True:
            await self._sleep(EVERY)
            head = self._journal.head
            if not self._good or head == self.announced or not self._idle():
                continue
            try:
                await self._heads.announce(head)
            except BusUnavailable:
                continue
            self.announced = head

    async def _compare(self) -> bool:
        last = await self._heads.last()
        if last is None and self._found is not None:  # should we die before the first one, the next tells what we wrote
            await self._heads.announce(self._found)
        standing = Standing.NEWER if last is None else await self._journal.standing(last)
        if last is None or standing in (Standing.SAME, Standing.NEWER):
            self.announced = last
            return True
        facts = {"standing": standing.value, "position": self._journal.head.position, "announced": last.position}
        if last.position == self._accepted:
            self.overruled = last
            self._log.log(Level.WARNING, "desk.journal_accepted", **facts)
            return True
        self.words = Bilingual(say("desk.journal_old", "en", facts), say("desk.journal_old", "zh", facts))
        self._log.log(Level.ERROR, "desk.journal_old", **facts)
        return False
