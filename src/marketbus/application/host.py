"""Hosts one gateway: takes what it says, keeps the state of its line, and asks it for what is wanted."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Sequence

from marketbus.application.bridge import Bridge
from marketbus.application.market_data import MarketData, Tally
from marketbus.application.sessions import Sessions
from marketbus.application.subscriptions import Change, Subscriptions
from marketbus.domain.contract_book import ContractBook
from marketbus.domain.errors import GatewayError, MarketBusError
from marketbus.domain.heard import Listeners
from marketbus.domain.instrument import Pattern
from marketbus.domain.message import reason
from marketbus.domain.session import Channel, SessionState
from marketbus.domain.status import Level
from marketbus.domain.subscription import Wishes
from marketbus.domain.tick import Tick
from marketbus.domain.times import to_datetime
from marketbus.ports.clock import Clock
from marketbus.ports.gateway import (
    Capability,
    ContractsListed,
    Found,
    Gateway,
    GatewayDied,
    GatewayEvent,
    ListsOnRequest,
    Logged,
    Replace,
    SessionChanged,
    SubscriptionAnswered,
)
from marketbus.ports.log import Log
from marketbus.ports.publisher import Publisher, TickPublisher
from marketbus.ports.state import StateStore
from marketbus.ports.ticks import NumbersTicks, TickTable

SWEEP = 1.0
"""Seconds between two looks at expired leases."""
ASK_AGAIN = 5
"""Sweeps after which contracts are asked for again that the venue gave no answer about."""


class GatewayHost:
    """The state of one gateway in this process, owned by the loop; ticks and counts alone are touched by SDK threads.

    It is the gateway's sink. `changed` is called whenever the status is worth publishing before its time.
    """

    def __init__(
        self,
        name: str,
        epoch: int,
        pins: tuple[str, ...],
        *,
        publisher: Publisher,
        ticks: TickPublisher,
        state: StateStore,
        clock: Clock,
        log: Log,
    ) -> None:
        self.name = name
        self.configured_pins = pins
        self._numbering = MarketData(epoch, ticks)
        self.market_data: TickTable = self._numbering
        """The line's ticks."""
        self.listeners = Listeners()
        self.rejects = Tally()
        self.errors = Tally()
        self.book = ContractBook()
        self.subscriptions = Subscriptions(Wishes((*pins, *state.load_pins())), self.book)
        self.sessions = Sessions(clock, log)
        self.changed: Callable[[], None] = lambda: None
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """Resolved with the reason when this process must be replaced."""
        self._publisher = publisher
        self._state = state
        self._clock = clock
        self._log = log
        self._bridge = Bridge(asyncio.get_running_loop(), self._handle)
        self._gateway: Gateway | None = None
        self._due = asyncio.Event()
        self._fresh_login = False
        self._announce = asyncio.Event()
        self._asked: set[str] = set()
        """Patterns that the venue was asked for in this login, where it lists on request."""
        self._unanswered = 0
        self._looking: set[asyncio.Task[None]] = set()
        self._remember()

    # The sink, called from SDK threads.

    def tick(self, tick: Tick) -> None:
        """Take one tick."""
        try:
            self._numbering.tick(tick)
        except (ValueError, OverflowError, MarketBusError) as error:  # text that no encoding can carry
            self.reject("unencodable", tick.symbol, str(error))

    def reject(self, cause: str, symbol: str, detail: str) -> None:
        """Count a raw tick that could not become a Tick; the 1st, 10th, 100th ... of a cause is logged."""
        if self.rejects.add(cause):
            fields = {"symbol": symbol[:80], "cause": cause, "detail": detail[:200]}
            self.event(Logged(Level.WARNING, "tick.rejected", {**fields}))

    def event(self, event: GatewayEvent) -> None:
        """Take anything else."""
        self._bridge.put(event)

    # The loop's side.

    def follow(self, gateway: Gateway) -> None:
        """Know the market's clock, and the ticks of a gateway that numbers them itself; before anything is asked."""
        self._numbering.market_now = gateway.market_clock.now
        if isinstance(gateway, NumbersTicks) and gateway.ticks is not None:
            self.market_data = gateway.ticks

    async def run(self, gateway: Gateway) -> None:
        """Connect the gateway and serve it until cancelled."""
        self._gateway = gateway
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(gateway.connect())
                tasks.create_task(self._reconcile())
                tasks.create_task(self._sweep())
                tasks.create_task(self._announce_contracts())
        finally:
            for task in self._looking:
                task.cancel()

    def wake(self) -> None:
        """Wishes or contracts changed: reconcile soon."""
        self._due.set()
        self.changed()

    def replace(self, reason: str) -> None:
        """Ask for this process to be replaced by a fresh one."""
        if not self.ended.done():
            self.ended.set_result(reason)

    async def look_up(self, patterns: Sequence[Pattern], patience: float) -> None:
        """Have contracts listed that are asked for by name, where the venue lists none by itself.

        Returns after `patience` seconds at most; a long chain goes on being listed.
        """
        gateway = self._gateway
        if not isinstance(gateway, ListsOnRequest) or self.sessions.of(Channel.MD).state is not SessionState.READY:
            return
        missing = [each for each in patterns if each.text not in self._asked and not self._lists(each)]
        if missing:
            task = asyncio.get_running_loop().create_task(self._look_up(gateway, missing))
            self._looking.add(task)
            task.add_done_callback(self._looking.discard)
            await asyncio.wait({task}, timeout=patience)

    async def _look_up(self, gateway: ListsOnRequest, patterns: Sequence[Pattern]) -> None:
        try:
            self._found(await gateway.look_up(patterns))
        except GatewayError as error:
            self._log.log(Level.DEBUG, "md.not_listed", words=error.message)

    def begin_anew(self, reason: str, *, pardon: bool) -> None:
        """Replace this process on purpose, with nothing left of what went wrong; `pardon`: an operator asked for it."""
        if self._gateway is not None:
            self._gateway.begin_anew(pardon=pardon)
        self.replace(reason)

    def _remember(self) -> None:
        saved, contracts = self._state.load_contracts()
        if contracts and self.book.update(contracts):
            day = to_datetime(saved).date().isoformat()
            self._log.log(Level.INFO, "gateway.contracts_cached", count=len(self.book), day=day)

    def _handle(self, event: GatewayEvent) -> None:
        match event:
            case SessionChanged():
                self._session(event)
            case ContractsListed():
                self._contracts(event)
            case SubscriptionAnswered():
                self.subscriptions.answered(event.instrument, ok=event.ok)
                if not event.ok:
                    self._log.log(
                        Level.WARNING,
                        "md.subscribe_failed",
                        symbol=event.instrument.vt_symbol,
                        error=event.code,
                        words=event.message,
                    )
            case Logged():
                self._log.log(event.level, event.code, **event.fields)
            case GatewayDied():
                self._log.log(Level.ERROR, "gateway.hung", call=event.call, seconds=event.seconds)
                self.replace("hung")
            case Replace():
                self._log.log(Level.WARNING, "gateway.replace", reason=event.reason)
                self.replace(event.reason)

    def _session(self, event: SessionChanged) -> None:
        before = self.sessions.of(event.channel).state
        if not self.sessions.apply(event):
            return
        entered = before is not event.state
        if entered and event.channel is Channel.MD:
            if event.state is SessionState.READY and before is not SessionState.STALE:
                self.subscriptions.logout()
                self._fresh_login = True
                self._due.set()
            elif event.state is not SessionState.STALE:
                self.subscriptions.logout()
        if entered and event.state is SessionState.FAILED:
            why = reason(event.message, event.hint)
            self._log.log(Level.ERROR, "session.latched", channel=event.channel, why=why, gateway=self.name)
        self.changed()

    def _contracts(self, event: ContractsListed) -> None:
        if self.book.update(event.contracts):
            self._announce.set()
        if event.complete:
            self.subscriptions.contracts_complete = True
            self._state.save_contracts(list(self.book), self._clock.now())
            self._tell_unmatched(self.subscriptions.unmatched_pins())
            self._due.set()
            self.changed()

    def _lists(self, pattern: Pattern) -> bool:
        return pattern.instrument is not None and pattern.instrument in self.book

    def _found(self, found: Found) -> None:
        """What the venue listed because it was asked."""
        for each in found.unlisted:
            self.subscriptions.candidates[each.pattern.text] = each.candidates
        for contract in found.contracts:
            self.subscriptions.candidates.pop(contract.vt_symbol, None)
        if self.book.update(found.contracts):
            self._announce.set()
            self._state.save_contracts(list(self.book), self._clock.now())

    def _tell_unmatched(self, pins: Iterable[Pattern]) -> None:
        for pattern in pins:
            near = self.subscriptions.suggest(pattern)
            hint = f" ({', '.join(near)}?)" if near else ""
            self._log.log(Level.WARNING, "pin.unmatched", pattern=pattern.text, hint=hint)

    async def _ask_for_contracts(self) -> None:
        """Of everything that is wanted, once per login."""
        gateway = self._gateway
        if not isinstance(gateway, ListsOnRequest) or self.sessions.of(Channel.MD).state is not SessionState.READY:
            return
        new = sorted((each for each in self.subscriptions.wishes.patterns() if each.text not in self._asked), key=str)
        if not new:
            return
        try:
            self._found(await gateway.look_up(new))
        except GatewayError as error:
            self._unanswered = ASK_AGAIN
            self._log.log(Level.WARNING, "md.not_listed", words=error.message)
            return
        self._unanswered = 0
        self._asked.update(each.text for each in new)
        self.subscriptions.contracts_complete = True
        self._tell_unmatched(each for each in self.subscriptions.unmatched_pins() if each in new)
        self.changed()

    async def _reconcile(self) -> None:
        while True:
            await self._due.wait()
            self._due.clear()
            if self._fresh_login:
                self._asked.clear()
            await self._ask_for_contracts()
            if self.sessions.of(Channel.MD).state not in (SessionState.READY, SessionState.STALE):
                continue  # the login ended while the venue was asked; the next one begins again
            if self._fresh_login:
                self._fresh_login = False
                change = self.subscriptions.login()
            else:
                change = self.subscriptions.reconcile()
            await self._ask(change)

    async def _ask(self, change: Change) -> None:
        gateway = self._gateway
        if gateway is None:
            return
        if change.subscribe:
            await gateway.subscribe(change.subscribe)
        if change.unsubscribe and Capability.UNSUBSCRIBE in gateway.capabilities:
            await gateway.unsubscribe(change.unsubscribe)
        if change.subscribe or change.unsubscribe:
            self.changed()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP)
            if self.subscriptions.wishes.prune(self._clock.monotonic()):
                self.wake()
            if self._unanswered:
                self._unanswered -= 1
                if not self._unanswered:
                    self._due.set()

    async def _announce_contracts(self) -> None:
        while True:
            await self._announce.wait()
            self._announce.clear()
            with contextlib.suppress(MarketBusError):
                await self._publisher.contracts(list(self.book))
