"""The kill switch: no new orders at once, every open one cancelled, and *flat* only on the venue's word."""

import asyncio
from collections.abc import Callable

from marketbus.application.trading.desk import OrderDesk
from marketbus.application.trading.ledger import Ledger
from marketbus.application.trading.notes import Note
from marketbus.application.trading.outbox import Outbox, Sleep
from marketbus.application.trading.session import TradingSession
from marketbus.domain.journal_entry import EntryKind
from marketbus.domain.order import Order
from marketbus.domain.status import Level
from marketbus.domain.times import NS
from marketbus.ports.clock import Clock
from marketbus.ports.journal import OrderJournal
from marketbus.ports.log import Log
from marketbus.ports.trading import NotSent

LOOK = 0.5
"""Seconds between two looks at what is still open."""
AGAIN = 3 * NS
"""After a cancel without an answer, the next."""


class KillSwitch:
    """Of one account. Once pulled it holds, over restarts, until it is released."""

    def __init__(
        self,
        ledger: Ledger,
        desk: OrderDesk,
        session: TradingSession,
        journal: OrderJournal,
        outbox: Outbox,
        *,
        clock: Clock,
        log: Log,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.since = 0
        """When it was pulled, ns UTC; 0 while it is not."""
        self.flat = asyncio.Event()
        """The venue has confirmed that no order is open that the kill is about."""
        self.known = asyncio.Event()
        """The journal has said whether an earlier worker's kill holds."""
        self.set_aside: Callable[[str, str], None] = lambda _principal, _why: None
        """Keeps a kill elsewhere that the journal cannot take now, lest it end with this process."""
        self.taken_back: Callable[[], None] = lambda: None
        """Nothing that was kept elsewhere holds any more."""
        self._ledger = ledger
        self._desk = desk
        self._session = session
        self._journal = journal
        self._outbox = outbox
        self._clock = clock
        self._log = log
        self._sleep = sleep
        self._due = asyncio.Event()

    @property
    def pulled(self) -> bool:
        """Whether new orders are denied."""
        return self.since > 0

    def restore(self, kill: Note | None) -> None:
        """Go on with a kill of an earlier worker, if there is one; that it was flat then must be confirmed anew."""
        if kill is not None:
            self.since = kill.time
            self._due.set()
        self.known.set()

    def kill(self, principal: str, why: str = "") -> None:
        """Pull it. Takes effect before this returns, whether or not it can be written down."""
        if self.pulled:
            return
        self.since = self._clock.now()
        self.flat.clear()
        self._outbox.put(self._ledger.note(EntryKind.KILL, {"why": why}, principal))
        if self._journal.trouble is not None:
            self.set_aside(principal, why)
        self._log.log(Level.WARNING, "kill.on", principal=principal, orders=len(self.open()))
        self._due.set()

    async def release(self, principal: str) -> None:
        """Take orders again, once that is written down.

        Raises:
            JournalUnavailable: it could not be; the kill holds.
        """
        await self.known.wait()
        if not self.pulled:
            return
        note = self._ledger.note(EntryKind.RELEASE, None, principal)
        if not await self._outbox.flushed():  # the kill itself goes first
            trouble = self._journal.trouble
            if trouble is not None:
                raise trouble
        await self._outbox.claim(note)
        self.since = 0
        self.flat.clear()
        self.taken_back()
        self._log.log(Level.WARNING, "kill.released", principal=principal)

    def open(self) -> list[Order]:
        """Open orders that the kill is about: all of ours, and of other terminals those that were there before it.

        Whoever closes positions by hand on a broker's terminal after pulling the switch is left alone.
        """
        return [order for order in self._ledger.book.active() if not order.external or _placed(order) < self.since]

    async def run(self) -> None:
        """Cancel what is open while the switch is pulled, until cancelled."""
        while True:
            await self._due.wait()
            while self.pulled:
                await self._look()
                await self._sleep(LOOK)
            self._due.clear()

    async def _look(self) -> None:
        open_orders = self.open()
        if not open_orders and self._session.ready and self.pulled:
            if not self.flat.is_set():
                self.flat.set()
                self._outbox.put(self._ledger.note(EntryKind.FLAT))
                self._log.log(Level.WARNING, "kill.flat")
            return
        self.flat.clear()
        now = self._clock.now()
        due = [order for order in open_orders if not order.cancel_sent or order.cancel_sent < now - AGAIN]
        if due and self._session.connected:
            await asyncio.gather(*(self._cancel(order) for order in due))

    async def _cancel(self, order: Order) -> None:
        try:
            await self._desk.cancel_now(order, "kill")
        except NotSent as error:
            fields = {"order": order.client_order_id, "words": error.message}
            self._log.log(Level.WARNING, "kill.cancel_failed", **fields)


def _placed(order: Order) -> int:
    return order.datetime or order.created
