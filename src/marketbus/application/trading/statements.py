"""The settlement statement of every trading day, fetched after the next login and kept as the venue wrote it."""

import asyncio
from collections.abc import Callable

from marketbus.application.trading.outbox import Sleep
from marketbus.application.trading.session import TradingSession
from marketbus.domain.errors import BadRequest
from marketbus.domain.status import Level
from marketbus.ports.log import Log
from marketbus.ports.statements import StatementStore
from marketbus.ports.trading import BooksIncomplete, VenueFacts

LOOK = 1.0
AGAIN = 600.0
"""Seconds until a statement is asked for again that was not there."""


class Statements:
    """Of one account. `before` gives the trading day before another, both yyyymmdd."""

    def __init__(
        self,
        gateway: VenueFacts,
        session: TradingSession,
        store: StatementStore,
        before: Callable[[int], int],
        log: Log,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._gateway = gateway
        self._session = session
        self._store = store
        self._before = before
        self._log = log
        self._sleep = sleep

    async def run(self) -> None:
        """Fetch the day before's, until cancelled."""
        kept = tried = 0
        wait = 0.0
        while True:
            await self._sleep(LOOK)
            wait -= LOOK
            if not self._session.ready:
                continue
            day = self._before(self._session.trading_day)
            if day == kept or (day == tried and wait > 0):
                continue
            if self._store.load(day) is not None or await self._fetch(day):
                kept = day
            else:
                tried, wait = day, AGAIN

    def days(self) -> list[int]:
        """Those that are kept, the oldest first."""
        return self._store.days()

    async def get(self, trading_day: int) -> tuple[int, str]:
        """The day (0: the last one kept) and its statement; one that is not kept is asked of the venue.

        Raises:
            BadRequest: there is none.
        """
        days = self.days()
        day = trading_day or (days[-1] if days else 0)
        text = self._store.load(day) if day else None
        if text is None and day and self._session.ready and await self._fetch(day):
            text = self._store.load(day)
        if text is None:
            kept = f"kept: {days[0]} to {days[-1]}" if days else "none is kept yet"
            raise BadRequest(f"no settlement statement of {day or 'any day'}", kept)
        return day, text

    async def _fetch(self, day: int) -> bool:
        try:
            text = await self._gateway.settlement(day)
        except BooksIncomplete:
            return False
        if not text:
            return False
        try:
            self._store.save(day, text)
        except OSError as error:
            self._log.log(Level.ERROR, "settlement.not_kept", day=day, detail=str(error))
            return False
        self._log.log(Level.INFO, "settlement.kept", day=day, length=len(text))
        return True
