"""Cancel when whoever controls the orders disappears: a lease that a program renews, and what its end brings about."""

import asyncio
from collections.abc import Iterable

from marketbus.application.trading.desk import OrderDesk
from marketbus.application.trading.ledger import Ledger
from marketbus.application.trading.outbox import Sleep
from marketbus.application.trading.session import TradingSession
from marketbus.domain.errors import NotSent
from marketbus.domain.order import Order
from marketbus.domain.status import Level
from marketbus.domain.times import NS
from marketbus.ports.clock import Clock
from marketbus.ports.log import Log

LOOK = 0.2
"""Seconds between two looks at the leases."""
AGAIN = 3 * NS
"""After a cancel without an answer, the next."""
GRACE = 15.0
"""Seconds that a program has to come back after the worker itself was away."""


class Control:
    """Of one account, one lease per principal: whoever of its programs renews it, holds it.

    A principal that never took the lease keeps its orders, whatever becomes of it.
    """

    def __init__(
        self,
        ledger: Ledger,
        desk: OrderDesk,
        session: TradingSession,
        *,
        armed: bool,
        clock: Clock,
        log: Log,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """`armed`: whether the account is configured so; else leases are taken, and nothing follows from them."""
        self.armed = armed
        self._ledger = ledger
        self._desk = desk
        self._session = session
        self._clock = clock
        self._log = log
        self._sleep = sleep
        self._until: dict[str, float] = {}
        self._lost: set[str] = set()

    def hold(self, principal: str, ttl: float) -> None:
        """Take or renew the lease for `ttl` seconds; 0 gives it back, and the orders stand."""
        self._lost.discard(principal)
        if ttl > 0:
            self._until[principal] = self._clock.monotonic() + ttl
        else:
            self._until.pop(principal, None)

    def holds(self, principal: str) -> bool:
        """Whether the principal's next order ends with its lease."""
        return self.armed and principal in self._until

    def restore(self, principals: Iterable[str]) -> None:
        """Those held it under an earlier worker, and have orders that stand."""
        for principal in principals if self.armed else ():
            self.hold(principal, GRACE)

    async def run(self) -> None:
        """Watch the leases, until cancelled."""
        while True:
            await self._sleep(LOOK)
            now = self._clock.monotonic()
            for principal in [name for name, until in self._until.items() if until <= now]:
                del self._until[principal]
                self._expired(principal)
            for principal in list(self._lost):
                await self._cancel_all(principal)

    def _expired(self, principal: str) -> None:
        standing = self._orders(principal)
        if self.armed and standing:
            self._lost.add(principal)
            self._log.log(Level.WARNING, "control.lost", principal=principal, orders=len(standing))

    async def _cancel_all(self, principal: str) -> None:
        standing = self._orders(principal)
        if not standing:
            self._lost.discard(principal)
            return
        if not self._session.connected:
            return
        now = self._clock.now()
        due = [order for order in standing if not order.cancel_sent or order.cancel_sent < now - AGAIN]
        await asyncio.gather(*(self._cancel(order) for order in due))

    async def _cancel(self, order: Order) -> None:
        try:
            await self._desk.cancel_now(order, f"control of {order.origin} lost")
        except NotSent as error:
            fields = {"order": order.client_order_id, "words": error.message}
            self._log.log(Level.WARNING, "kill.cancel_failed", **fields)

    def _orders(self, principal: str) -> list[Order]:
        return [order for order in self._ledger.book.active() if order.origin == principal and not order.external]
