"""Brackets that came apart: what is left of one must neither wait at the venue for ever nor work unprotected."""

import asyncio
from collections import defaultdict

from marketbus.application.trading.desk import OrderDesk
from marketbus.application.trading.ledger import Ledger
from marketbus.application.trading.outbox import Sleep
from marketbus.application.trading.session import TradingSession
from marketbus.domain.order import NEVER_RECEIVED, Order, OrderState
from marketbus.domain.order_terms import OrderType
from marketbus.domain.status import Level
from marketbus.domain.times import NS
from marketbus.ports.clock import Clock
from marketbus.ports.log import Log
from marketbus.ports.trading import NotSent

LOOK = 0.5
"""Seconds between two looks."""
AGAIN = 3 * NS
"""For the venue to end what belongs together by itself, and between two cancels of one order."""
LATELY = 60 * NS
_INCOMPLETE = "bracket.incomplete"
_NEVER_WORKED = frozenset({OrderState.REJECTED, OrderState.DENIED})


class Brackets:
    """Of one account; found by `Order.parent`, over restarts too. A leg that somebody cancels is meant to be."""

    def __init__(
        self,
        ledger: Ledger,
        desk: OrderDesk,
        session: TradingSession,
        *,
        clock: Clock,
        log: Log,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._ledger = ledger
        self._desk = desk
        self._session = session
        self._clock = clock
        self._log = log
        self._sleep = sleep
        self._told: set[str] = set()

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self._sleep(LOOK)
            if self._session.ready:
                for order in self._surplus():
                    await self._cancel(order)
                for order in self._held():
                    await self._cancel(order, even_if_over=True)

    def _surplus(self) -> list[Order]:
        """What must not stay at the venue."""
        legs: defaultdict[str, list[Order]] = defaultdict(list)
        for order in self._ledger.book:
            if order.parent:
                legs[order.parent].append(order)
        found: list[Order] = []
        for parent, both in legs.items():
            entry = self._ledger.book.get(parent)
            if entry is None or parent in self._desk.on_the_way:
                continue
            failed = [leg for leg in both if leg.state in _NEVER_WORKED]
            if entry.is_active and failed:
                found.append(entry)
            elif entry.state.is_final and not entry.traded and entry.updated < self._clock.now() - AGAIN:
                found += [leg for leg in both if leg.is_active]
            if entry.traded and any(leg.type is OrderType.STOP for leg in failed):
                self._tell("bracket.unprotected", Level.ERROR, entry)
        return [order for order in found if order.cancel_sent == 0 or order.cancel_sent < self._clock.now() - AGAIN]

    def _held(self) -> list[Order]:
        """What the venue never showed may be held there, waiting for the rest of its bracket: TWS tells of no orders
        that were not transmitted, and a hand could send them."""
        book, since = self._ledger.book, self._clock.now() - LATELY
        lost = [order for order in book if order.denied_by == NEVER_RECEIVED and order.updated > since]
        families = {order.parent for order in lost if order.parent}
        return [
            order
            for order in lost
            if families & {order.client_order_id, order.parent}
            and _INCOMPLETE + order.client_order_id not in self._told
        ]

    async def _cancel(self, order: Order, *, even_if_over: bool = False) -> None:
        self._tell(_INCOMPLETE, Level.WARNING, order)
        try:
            await self._desk.cancel_now(order, "bracket", even_if_over=even_if_over)
        except NotSent as error:
            fields = {"order": order.client_order_id, "words": error.message}
            self._log.log(Level.WARNING, "kill.cancel_failed", **fields)

    def _tell(self, code: str, level: Level, order: Order) -> None:
        if code + order.client_order_id not in self._told:
            self._told.add(code + order.client_order_id)
            self._log.log(level, code, order=order.client_order_id)
