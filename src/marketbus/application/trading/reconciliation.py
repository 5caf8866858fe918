"""Our books beside the venue's: one way for a cold start, a crash, a reconnect, a new session, and every doubt."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec

from marketbus.application.trading.desk import OrderDesk
from marketbus.application.trading.ledger import Ledger
from marketbus.application.trading.outbox import Outbox, Sleep
from marketbus.application.trading.session import TradingSession
from marketbus.application.trading.standing import JournalStanding
from marketbus.domain.journal_entry import EntryKind
from marketbus.domain.message import Bilingual
from marketbus.domain.order import Order, OrderState
from marketbus.domain.order_events import Absent, CancelRefused, ModifyRefused
from marketbus.domain.session import SessionState
from marketbus.domain.status import Level
from marketbus.domain.times import NS
from marketbus.domain.trade import Trade
from marketbus.ports.clock import Clock
from marketbus.ports.log import Log
from marketbus.ports.trading import BooksIncomplete, TradingGateway, VenueBooks, VenueHoldings

Answer = TypeVar("Answer", VenueBooks, VenueHoldings)
APART = 2 * NS
"""Between two complete queries that prove together that the venue has never received an order."""
AGAIN = 1.0
"""Seconds until an incomplete query is repeated."""
ROUNDS = 5
"""Queries in a row that fills may disturb; then what was filled meanwhile counts as part of the answer."""
REFRESH = 30.0
"""Seconds between queries while nothing is in doubt: funds, and what nobody noticed."""
CALM = 2.0
"""Seconds from a doubt to its query: one query for many of them."""
ANSWER = 5 * NS
"""For the venue's first word on an order, or its word on a cancel."""
NO_ANSWER = Bilingual("the cancel had no answer; cancel again if need be", "撤单没有回应，需要时请再次撤单")

NOT_MODIFIED = Bilingual(
    "the modification had no answer; the order stands at the venue as it is here",
    "改单没有回应，以此处显示的柜台委托为准",
)


class Matched(msgspec.Struct, frozen=True):
    """What one complete query said."""

    unresolved: int
    """Orders that it does not have, of which one query is not enough to say why."""
    adopted: int


class Reconciliation:
    """Makes the session READY once the books agree, and keeps them so."""

    def __init__(
        self,
        ledger: Ledger,
        gateway: TradingGateway,
        session: TradingSession,
        desk: OrderDesk,
        outbox: Outbox,
        standing: JournalStanding,
        *,
        clock: Clock,
        log: Log,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._ledger = ledger
        self._gateway = gateway
        self._session = session
        self._desk = desk
        self._outbox = outbox
        self._standing = standing
        self._clock = clock
        self._log = log
        self._sleep = sleep
        self._due = asyncio.Event()
        self._missing: dict[str, int] = {}
        self._vanished: set[str] = set()
        self.queries = 0
        """Complete ones so far."""
        self.market_day: Callable[[], int] = lambda: 0
        """The trading day (yyyymmdd) by the market's clock: a new one is asked for, should nobody tell of it."""
        self._day_asked = 0

    def wake(self) -> None:
        """A new session, or something that only the venue can say: ask it soon."""
        self._due.set()

    async def run(self) -> None:
        """Reconcile when it is due, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._refresh())
            tasks.create_task(self._watch())
            while True:
                await self._due.wait()
                if self._session.ready:
                    await self._sleep(CALM)
                self._due.clear()
                if self._session.connected:
                    await self._reconcile(self._session.number)

    async def _reconcile(self, session: int) -> None:
        """Until the books agree, or the session is another."""
        rounds = adopted = 0
        if not self._session.ready:
            self._log.log(Level.INFO, "desk.syncing", day=self._session.trading_day)
            good = await self._standing.good()
            self._session.blocked = "" if good else str(self._standing.words)
        while True:
            self._due.clear()
            fills = self._ledger.fills
            books = await self._ask(session, lambda: self._gateway.books(twice=self._undecided()))
            if books is None:
                return
            self.queries += 1
            self._new_day(books.trading_day)
            rounds += 1
            before = len(self._trades())
            matched = self._match(books)
            adopted += matched.adopted
            if not matched.unresolved:
                break
            # The pace of a counter's queries alone may have taken long enough.
            await self._sleep(max(0, books.asked + APART - self._clock.now()) / NS)
        # Fills that the query of the trades had are in the positions too; those that came by themselves since it began
        # may be, or not. Positions are asked for again then, until none comes meanwhile.
        quiet = self._ledger.fills - fills == len(self._trades()) - before
        while not quiet and rounds < ROUNDS:
            fills = self._ledger.fills
            held = await self._ask(session, self._gateway.holdings)
            if held is None:
                return
            books = msgspec.structs.replace(books, positions=held.positions, account=held.account)
            quiet = self._ledger.fills == fills
            rounds += 1
        self._finish(books, adopted)

    async def _ask(self, session: int, query: Callable[[], Awaitable[Answer]]) -> Answer | None:
        """The venue's answer; None when the session it was asked in is over."""
        while self._session.connected and self._session.number == session:
            try:
                answer = await query()
            except BooksIncomplete as error:
                self._log.log(Level.WARNING, "desk.books_incomplete", words=error.message)
                await self._sleep(AGAIN)
                continue
            if self._session.connected and self._session.number == session:
                return answer
        return None

    def _undecided(self) -> bool:
        """Whether it will take two answers to say what became of an order."""
        return any(order.state is OrderState.UNKNOWN for order in self._ledger.book.active())

    def _match(self, books: VenueBooks) -> Matched:
        seen: set[str] = set()
        adopted = 0
        for report in books.orders:
            known = len(self._ledger.book)
            order = self._ledger.venue(report)
            adopted += len(self._ledger.book) - known
            if order is not None:
                seen.add(order.client_order_id)
                self._missing.pop(order.client_order_id, None)
                self._vanished.discard(order.client_order_id)
                self._settle(order, books.asked)
        for trade in books.trades:
            self._ledger.venue(trade)
        excepted = seen | self._desk.on_the_way | self._vanished
        absent = [order for order in self._ledger.book.active() if order.client_order_id not in excepted]
        closed = sum(self._absent(order, books) for order in absent)
        return Matched(len(absent) - closed, adopted)

    def _absent(self, order: Order, books: VenueBooks) -> bool:
        """Whether it is certain by now what became of an order that the venue does not have."""
        order_id = order.client_order_id
        if order.updated > books.asked:
            return False  # it may have been sent after the query
        day_over = 0 < order.trading_day < books.trading_day
        first = self._missing.setdefault(order_id, books.since if order.updated <= books.since else books.asked)
        if not day_over and books.asked - first < APART:
            return False
        del self._missing[order_id]
        event = Absent(order_id, self._clock.now(), books.trading_day)
        if self._ledger.own(event, EntryKind.RESOLVED).is_active:
            self._vanished.add(order_id)  # the venue had it once: said in the log, and asking on would not help
        return True

    def _settle(self, order: Order, asked: int) -> None:
        """What the venue has not answered in time has not come about: its books do not show it."""
        if order.is_active and 0 < order.modify_sent < asked - ANSWER:
            refused = ModifyRefused(order.client_order_id, self._clock.now(), words=str(NOT_MODIFIED))
            self._ledger.own(refused, EntryKind.RESOLVED)
        if order.is_active and 0 < order.cancel_sent < asked - ANSWER:
            words = CancelRefused(order.client_order_id, self._clock.now(), words=str(NO_ANSWER))
            self._ledger.own(words, EntryKind.RESOLVED)

    def _finish(self, books: VenueBooks, adopted: int) -> None:
        note = self._ledger.take(books, self._trades())
        entered = not self._session.ready and not self._session.blocked
        facts = {"orders": len(books.orders), "trades": len(books.trades), "adopted": adopted}
        if entered or note.positions or note.funds is not None:
            stop = self._ledger.risk.flow.state.loss_stop  # holds for the day, over restarts
            self._outbox.put(msgspec.structs.replace(note, facts=facts | ({"loss_stop": True} if stop else {})))
        if entered:
            self._session.state = SessionState.READY
            self._log.log(Level.INFO, "desk.ready", **facts)

    def _trades(self) -> list[Trade]:
        book = self._ledger.book
        return [trade for order in book for trade in book.trades(order.client_order_id)]

    def _new_day(self, trading_day: int) -> None:
        """The venue went on to another day under a session that stands: what a login would have told."""
        if trading_day > self._ledger.trading_day:
            self._session.trading_day = trading_day
            self._ledger.begin_day(trading_day)

    async def _refresh(self) -> None:
        while True:
            await self._sleep(REFRESH)
            self.wake()

    async def _watch(self) -> None:
        """Orders and cancels that the venue does not answer."""
        while True:
            await self._sleep(ANSWER / NS / 5)
            now, day = self._clock.now(), self.market_day()
            if day > max(self._ledger.trading_day, self._day_asked):
                self._day_asked = day
                self.wake()
            for order in self._ledger.book.active():
                if order.state is OrderState.SENT and 0 < order.sent < now - ANSWER:
                    self._desk.lost(order, "no answer")
                waits = min((at for at in (order.cancel_sent, order.modify_sent) if at), default=now)
                if order.state is OrderState.UNKNOWN or waits < now - ANSWER:
                    self.wake()
