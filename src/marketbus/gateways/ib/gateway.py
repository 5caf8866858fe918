"""A line to TWS behind the gateway port: market data. All of it runs on the worker's loop; there are no threads."""

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, Sequence
from importlib import metadata
from random import Random

from marketbus.domain.errors import GatewayError, UnknownInstrument
from marketbus.domain.history import HistoryPart, HistoryRequest
from marketbus.domain.instrument import Instrument, Pattern
from marketbus.domain.session import Channel
from marketbus.gateways.ib.catalogue import Catalogue, Entry
from marketbus.gateways.ib.connection import Connection
from marketbus.gateways.ib.heard import OrdersHeard
from marketbus.gateways.ib.history import History
from marketbus.gateways.ib.quotes import Quotes
from marketbus.gateways.ib.requests import Unanswered
from marketbus.gateways.ib.session import Parts, Session
from marketbus.gateways.ib.setting import Setting
from marketbus.gateways.ib.venue_clock import VenueClock
from marketbus.ports.gateway import (
    Capability,
    ContractsListed,
    Found,
    GatewayContext,
    GatewaySpec,
    SubscriptionAnswered,
)

COMPETING_AGAIN = 30.0
"""Seconds until market data is asked for again that another session of the user had."""


class IbGateway(Parts):
    """Implements ports.gateway.Gateway, ListsOnRequest and HistorySource; a line that trades is a TradingIbGateway."""

    capabilities = frozenset(
        {
            Capability.MARKET_DATA,
            Capability.CONTRACTS,
            Capability.LISTS_ON_REQUEST,
            Capability.UNSUBSCRIBE,
            Capability.MARKET_DATA_ONLY,
            Capability.SESSIONS,
            Capability.HISTORY,
        }
    )

    def __init__(self, spec: GatewaySpec, setting: Setting, context: GatewayContext) -> None:
        self.simulated = spec.sdk == "lab"
        self.sdk = f"{spec.sdk} ib_async {metadata.version('ib_async')}"
        self.market_clock = VenueClock(context.clock, simulated=self.simulated)
        self._sink = context.sink
        self._catalogue = Catalogue(spec.name, context.clock, context.contracts)
        self._quotes = Quotes(setting, context.sink, context.clock, self.market_clock, simulated=self.simulated)
        random = Random(f"{spec.name}/{os.getpid()}/{context.clock.now()}")  # noqa: S311 (spreads retries)
        self._session = Session(
            spec, setting, context.sink, context.clock, random, self, self._quotes, self._orders_of(spec, context)
        )
        self._session.told_time = self.market_clock.told
        self._quotes.competing = self._competing
        self._quotes.fed = self._session.data_again
        self._history = History(
            context.sink,
            context.clock,
            self.market_clock,
            lambda: self._session.connection,
            self._with_hours,
            simulated=self.simulated,
        )
        self._tasks = asyncio.TaskGroup()
        self._retry: asyncio.Task[None] | None = None
        logging.getLogger("ib_async").setLevel(logging.CRITICAL)  # what it says, we say in our words

    async def connect(self) -> None:
        """Keep the line up, until cancelled."""
        async with self._tasks:
            await self._session.run()

    async def look_up(self, patterns: Sequence[Pattern]) -> Found:
        """Contracts by name, and chains such as `ES-*-USD-FUT.CME`. Raises GatewayError: not answered."""
        return await self._catalogue.look_up(patterns, self._connected())

    def query_history(self, request: HistoryRequest) -> AsyncGenerator[HistoryPart]:
        """See ports.history.HistorySource."""
        return self._history.query(request)

    async def subscribe(self, instruments: Sequence[Instrument]) -> None:
        """Ask for market data; what is not listed yet is looked up first."""
        for instrument in instruments:
            entry = self._catalogue.get(instrument)
            if entry is None:
                entry = await self._listed(instrument)
            if entry is not None:
                self._quotes.subscribe(instrument, entry)

    async def unsubscribe(self, instruments: Sequence[Instrument]) -> None:
        """Give the lines back."""
        for instrument in instruments:
            self._quotes.unsubscribe(instrument)

    def condemn_front(self, channel: Channel) -> None:
        """Nothing: there is one TWS, and the line watches it itself."""

    def begin_anew(self, *, pardon: bool) -> None:
        """Nothing is remembered from one process to the next."""

    async def close(self) -> None:
        """Nothing: the socket closes with the process, and TWS takes that as a goodbye."""

    # The line's parts

    def begin(self, connection: Connection) -> None:
        """See Parts."""
        self._quotes.begin(connection)

    def restored(self, *, data_lost: bool) -> None:
        """See Parts."""
        if data_lost:
            self._quotes.forget()

    def farm_restored(self) -> None:
        """See Parts."""
        self._quotes.renew()

    def _orders_of(self, spec: GatewaySpec, context: GatewayContext) -> OrdersHeard | None:
        return None

    def _connected(self) -> Connection:
        connection = self._session.connection
        if connection is None:
            raise Unanswered("no connection to TWS")
        return connection

    async def _listed(self, instrument: Instrument) -> Entry | None:
        try:
            found = await self.look_up([Pattern(instrument.vt_symbol)])
        except GatewayError as error:
            self._sink.event(SubscriptionAnswered(instrument, ok=False, message=error.message))
            return None
        if found.contracts:
            self._sink.event(ContractsListed(found.contracts, complete=False))
        for each in found.unlisted:
            near = f"; {', '.join(each.candidates)}?" if each.candidates else ""
            self._sink.event(SubscriptionAnswered(instrument, ok=False, message=f"{each.message}{near}"))
        return self._catalogue.get(instrument)

    async def _with_hours(self, instrument: Instrument) -> Entry:
        """A contract as IB lists it now: one that is known from an earlier life lacks its hours."""
        entry = self._catalogue.get(instrument)
        if entry is not None and entry.hours.known:
            return entry
        found = await self.look_up([Pattern(instrument.vt_symbol)])
        if found.contracts:
            self._sink.event(ContractsListed(found.contracts, complete=False))
        entry = self._catalogue.get(instrument)
        if entry is None:
            raise UnknownInstrument(instrument.vt_symbol, [name for each in found.unlisted for name in each.candidates])
        return entry

    def _competing(self, words: str) -> None:
        self._session.competing(words)
        if self._retry is None or self._retry.done():
            self._retry = self._tasks.create_task(self._after_competing())

    async def _after_competing(self) -> None:
        """The other session does not say when it ends: TWS says so again, or data come."""
        await asyncio.sleep(COMPETING_AGAIN)
        if self._session.connection is not None and self._quotes.starved:
            self._quotes.renew()
