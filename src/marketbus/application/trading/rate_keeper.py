"""Margin and commission rates, asked for one by one while nothing better is to be done, and kept."""

import asyncio

from marketbus.application.trading.ledger import Ledger
from marketbus.application.trading.outbox import Sleep
from marketbus.application.trading.session import TradingSession
from marketbus.domain.instrument import Instrument
from marketbus.domain.rates import InstrumentRates, Rates
from marketbus.ports.clock import Clock
from marketbus.ports.trading import BooksIncomplete, VenueFacts

LOOK = 1.0
"""Seconds between two looks at what is missing: counters take one query a second anyway."""


class RateKeeper:
    """Of one account; each instrument once a trading day, those that somebody asks for first.

    While the books are being matched nothing is asked; the gateway's own queue lets the books go first, too.
    """

    def __init__(
        self,
        ledger: Ledger,
        gateway: VenueFacts,
        session: TradingSession,
        *,
        clock: Clock,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._ledger = ledger
        self._gateway = gateway
        self._session = session
        self._clock = clock
        self._sleep = sleep
        self._asked: dict[Instrument, int] = {}
        self._wished: dict[Instrument, None] = {}
        self._day = 0

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            await self._sleep(LOOK)
            while self._session.ready and (instrument := self._next()) is not None:
                if not await self._ask(instrument):
                    break

    def known(self, instruments: tuple[Instrument, ...] = ()) -> list[InstrumentRates]:
        """What is known of these, or of all; what was not asked today is asked for soon."""
        self._new_day()
        for instrument in instruments:
            if instrument not in self._asked:
                self._wished[instrument] = None
        return [self._of(each) for each in instruments or sorted(self._ledger.rates)]

    def _of(self, instrument: Instrument) -> InstrumentRates:
        rates = self._ledger.rates.get(instrument, Rates())
        return InstrumentRates(instrument.vt_symbol, rates.margin, rates.commission, self._asked.get(instrument, 0))

    def _next(self) -> Instrument | None:
        self._new_day()
        wished = next(iter(self._wished), None)
        if wished is not None:
            return wished
        missing = self._ledger.instruments - self._asked.keys()
        return min(missing) if missing else None

    async def _ask(self, instrument: Instrument) -> bool:
        """Whether it was answered; a session that ended meanwhile says nothing."""
        number = self._session.number
        try:
            found = await self._gateway.rates([instrument])
        except BooksIncomplete:
            return False
        if instrument not in found and not (self._session.ready and number == self._session.number):
            return False
        self._wished.pop(instrument, None)
        self._asked[instrument] = self._clock.now()
        if instrument in found:
            self._ledger.rates[instrument] = found[instrument]
        return True

    def _new_day(self) -> None:
        """Rates are the day's; yesterday's count until there are others."""
        if self._day != self._ledger.trading_day:
            self._day = self._ledger.trading_day
            self._asked.clear()
