"""Puts the order desk of one gateway together, where its configuration says `trading = true`."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from nats.aio.client import Client

from marketbus.adapters.journal import SqliteJournal
from marketbus.adapters.local.kill import KillAsk, WaitingKill
from marketbus.adapters.nats.journal_heads import KvJournalHeads, NoJournalHeads
from marketbus.adapters.nats.trading_publisher import NatsTradingPublisher
from marketbus.adapters.state.statements import FileStatements
from marketbus.adapters.thresholds import cn_thresholds
from marketbus.application.host import GatewayHost
from marketbus.application.trading.ledger import Name
from marketbus.application.trading.market_view import GatewayMarketView
from marketbus.application.trading.service import AccountService
from marketbus.application.trading.session import TradingSession
from marketbus.application.trading.statements import Statements
from marketbus.application.trading.trading import Trading
from marketbus.apps import paths
from marketbus.apps.local_desk import local_desk
from marketbus.apps.logs import Logs
from marketbus.domain.errors import ConfigError
from marketbus.domain.market_calendar import MarketCalendar
from marketbus.domain.rates import Rates
from marketbus.domain.risk.book import RiskBook
from marketbus.domain.risk.limits import Limits
from marketbus.domain.status import Level
from marketbus.domain.times import from_yyyymmdd, yyyymmdd
from marketbus.domain.vitals import TradingVitals
from marketbus.ports.clock import Clock
from marketbus.ports.gateway import Gateway
from marketbus.ports.journal import JournalUnavailable
from marketbus.ports.trading import TradingGateway


class Desk(NamedTuple):
    """What runs, and what answers for it on the bus."""

    trading: Trading
    service: AccountService
    waiting: WaitingKill
    """Taken already; let go of once the journal has it."""
    statements: Statements
    journal: SqliteJournal

    def vitals(self) -> TradingVitals:
        """How it is."""
        return self.trading.vitals(self.journal.vitals())

    async def run(self) -> None:
        """Trade until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.trading.run())
            tasks.create_task(self.statements.run())
            await self.trading.outbox.kept()
            self.waiting.remove()


class Section(NamedTuple):
    """What the configuration says besides the limits."""

    limits: str
    """Its words on them."""
    cancel_on_disconnect: bool
    accept_journal: int


def trading_session() -> TradingSession:
    """Where the gateway's trading side will speak to; made before the gateway is."""
    return TradingSession(asyncio.get_running_loop())


@asynccontextmanager
async def trading(
    name: Name,
    gateway: Gateway,
    session: TradingSession,
    host: GatewayHost,
    limits: Limits,
    section: Section,
    calendar: MarketCalendar,
    state: Path,
    client: Client,
    clock: Clock,
    logs: Logs,
    *,
    jetstream: bool,
) -> AsyncGenerator[Desk]:
    """The desk over an open journal; its `run` is a duty of the worker. The journal is closed at the end.

    Raises:
        ConfigError: this kind of gateway cannot trade.
    """
    if not isinstance(gateway, TradingGateway):
        raise ConfigError(f"gateway.{name.gateway}.trading", "this kind of gateway cannot trade", "set it false")
    journal = SqliteJournal(
        paths.journal_file(state, name.gateway),
        name.gateway,
        clock=clock,
        host=socket.gethostname(),
        on_trouble=lambda trouble: _journal_trouble(logs, trouble),
    )
    await journal.start()
    try:
        view = GatewayMarketView(
            host.book,
            host.market_data.last,
            calendar,
            gateway.market_clock,
            lambda instrument: parts.ledger.rates.get(instrument, Rates()),
        )
        parts = Trading(
            name,
            session,
            gateway,
            journal,
            RiskBook(limits, cn_thresholds()),
            view,
            NatsTradingPublisher(client),
            KvJournalHeads(client, name.gateway) if jetstream else NoJournalHeads(),
            clock=clock,
            log=logs,
            limits_section=section.limits,
            cancel_on_disconnect=section.cancel_on_disconnect,
            accept_journal=section.accept_journal,
        )
        parts.reconciliation.market_day = lambda: yyyymmdd(calendar.days.trading_day_of(gateway.market_clock.now()))
        kept = FileStatements(paths.gateway_dir(state, name.gateway) / "settlements" / name.account)
        statements = Statements(
            gateway, session, kept, lambda day: yyyymmdd(calendar.days.previous(from_yyyymmdd(day))), logs
        )
        service = AccountService(parts, journal, clock, statements)
        waiting = WaitingKill(paths.gateway_dir(state, name.gateway))
        if (asked := waiting.read()) is not None:  # before the first order
            service.kill(asked.why, asked.principal)
        parts.kill.set_aside = lambda principal, why: _set_aside(waiting, principal, why, logs)
        parts.kill.taken_back = waiting.remove
        async with local_desk(paths.desk_socket(state, name.gateway), service, logs):
            yield Desk(parts, service, waiting, statements, journal)
    finally:
        await journal.stop()


def _set_aside(waiting: WaitingKill, principal: str, why: str, logs: Logs) -> None:
    try:
        waiting.write(KillAsk("kill", principal, why))
    except OSError as error:
        logs.log(Level.ERROR, "gateway.not_kept", path=error.filename or "kill.json", detail=str(error))


def _journal_trouble(logs: Logs, trouble: JournalUnavailable | None) -> None:
    if trouble is None:
        logs.log(Level.INFO, "journal.writable")
    else:
        logs.log(Level.ERROR, "journal.unwritable", words=trouble.words, detail=str(trouble))
