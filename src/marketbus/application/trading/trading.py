"""One account's trading, put together: the books from the journal first, then the venue's words, then requests."""

import asyncio
from collections import Counter

from marketbus.application.trading.brackets import Brackets
from marketbus.application.trading.control import Control
from marketbus.application.trading.desk import OrderDesk
from marketbus.application.trading.kill import KillSwitch
from marketbus.application.trading.ledger import Ledger, Name
from marketbus.application.trading.market_view import MarketView
from marketbus.application.trading.modify import Modifications
from marketbus.application.trading.notes import Facts
from marketbus.application.trading.outbox import RETRY, Outbox, Sleep
from marketbus.application.trading.preview import Previews
from marketbus.application.trading.rate_keeper import RateKeeper
from marketbus.application.trading.reconciliation import Reconciliation
from marketbus.application.trading.restore import Kept, restored
from marketbus.application.trading.session import Gone, Heard, Ready, TradingSession
from marketbus.application.trading.standing import JournalStanding
from marketbus.application.trading.tightening import Tightenings
from marketbus.domain.journal_entry import EntryKind
from marketbus.domain.order import OrderState
from marketbus.domain.risk.book import RiskBook
from marketbus.domain.risk.flow import Flow
from marketbus.domain.status import Level
from marketbus.domain.vitals import JournalVitals, TradingVitals
from marketbus.ports.clock import Clock
from marketbus.ports.journal import JournalUnavailable, OrderJournal
from marketbus.ports.log import Log
from marketbus.ports.trading import TradingGateway
from marketbus.ports.trading_publisher import HeadRegister, TradingPublisher


class Trading:
    """The parts, wired. Requests may come at any time: they are denied until the session is READY."""

    def __init__(
        self,
        name: Name,
        session: TradingSession,
        gateway: TradingGateway,
        journal: OrderJournal,
        risk: RiskBook,
        market: MarketView,
        publisher: TradingPublisher,
        heads: HeadRegister,
        *,
        clock: Clock,
        log: Log,
        sleep: Sleep = asyncio.sleep,
        limits_section: str = "",
        cancel_on_disconnect: bool = False,
        accept_journal: int = 0,
    ) -> None:
        """`limits_section`: the configuration's words on the limits, see `Tightenings`; `cancel_on_disconnect`: see
        `Control`; `accept_journal`: see `JournalStanding`."""
        self.session = session
        self.outbox = Outbox(name.account, journal, publisher, sleep)
        self.ledger = Ledger(name, risk, self.outbox, market, clock=clock, log=log)
        self.desk = OrderDesk(self.ledger, gateway, session, journal, self.outbox, market, clock=clock, log=log)
        self.modifications = Modifications(self.ledger, self.desk, gateway, session, self.outbox, market, clock)
        self.previews = Previews(self.ledger, self.desk, gateway, market, clock)
        self.brackets = Brackets(self.ledger, self.desk, session, clock=clock, log=log, sleep=sleep)
        self.standing = JournalStanding(journal, heads, log, lambda: self.outbox.idle, sleep, accepted=accept_journal)
        self.reconciliation = Reconciliation(
            self.ledger, gateway, session, self.desk, self.outbox, self.standing, clock=clock, log=log, sleep=sleep
        )
        self.kill = KillSwitch(self.ledger, self.desk, session, journal, self.outbox, clock=clock, log=log, sleep=sleep)
        self.rates = RateKeeper(self.ledger, gateway, session, clock=clock, sleep=sleep)
        self.tightenings = Tightenings(self.ledger, self.outbox, journal, log, limits_section)
        self.control = Control(
            self.ledger, self.desk, session, armed=cancel_on_disconnect, clock=clock, log=log, sleep=sleep
        )
        self.desk.controlled = self.control.holds
        self.desk.killed = lambda: self.kill.pulled
        self.ledger.doubt = self.reconciliation.wake
        self._journal = journal
        self._log = log
        self._sleep = sleep

    def vitals(self, journal: JournalVitals) -> TradingVitals:
        """How the desk is."""
        steps = self.ledger.steps
        return TradingVitals(
            account=self.ledger.name.account,
            killed=self.kill.pulled,
            journal=journal,
            active=dict(Counter(order.state.value for order in self.ledger.book.active())),
            ended=dict(steps.ended),
            fills=self.ledger.fills,
            cancels=steps.cancels,
            misfits=dict(self.ledger.misfits),
            steps={"journal": steps.journal.now(), "sdk": steps.sdk.now(), "venue": steps.venue.now()},
        )

    async def run(self) -> None:
        """Read the journal, then trade until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.outbox.run())
                kept = await self._kept()
                self._restore(kept)
                self.session.serve(self._handle)
                tasks.create_task(self.reconciliation.run())
                tasks.create_task(self.kill.run())
                tasks.create_task(self.control.run())
                tasks.create_task(self.brackets.run())
                tasks.create_task(self.rates.run())
                tasks.create_task(self.standing.run())
                tasks.create_task(self._heard())
                await self.standing.good()
                if self.standing.overruled is not None:
                    facts: Facts = {"accepted_instead_of": self.standing.overruled.position}
                    self.outbox.put(self.ledger.note(EntryKind.HEAD_ANNOUNCED, facts, "configuration"))
                told = self.standing.announced
                self.outbox.begin(kept.position if told is None else told.position, kept.position)
        finally:
            self.desk.stop()

    async def _heard(self) -> None:
        await self.session.failed

    async def _kept(self) -> Kept:
        told = False
        while True:
            try:
                return await restored(self._journal, self.ledger.name.account, self.ledger.risk.burst)
            except JournalUnavailable as error:
                if not told:
                    self._log.log(Level.ERROR, "desk.unreadable", detail=str(error))
                told = True
                await self._sleep(RETRY)

    def _restore(self, kept: Kept) -> None:
        self.ledger.risk.flow = Flow(kept.flow)
        for order in kept.orders.values():
            self.ledger.adopted(order, kept.trades.get(order.client_order_id, ()))
        self.kill.restore(kept.killed)
        self.tightenings.restore(kept.tightened)
        self.control.restore(kept.controlled)
        for order in self.ledger.book.active():
            if order.state in (OrderState.NEW, OrderState.SENT):
                self.desk.lost(order, "restart")

    def _handle(self, heard: Heard) -> None:
        match heard:
            case Ready():
                self.ledger.begin_session(heard.trading_day)
                self.reconciliation.wake()
            case Gone():
                self._log.log(Level.WARNING, "desk.lost")
                self.desk.session_lost()
            case _:
                self.ledger.venue(heard)
