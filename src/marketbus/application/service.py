"""What a gateway answers on the bus: the `md` and `ops` verbs over its host."""

from collections.abc import AsyncGenerator, Iterable, Sequence

from marketbus.application.history import History
from marketbus.application.host import GatewayHost
from marketbus.application.market_data import snapshot
from marketbus.application.reporting import Reporter
from marketbus.domain.bar import Bar
from marketbus.domain.calendar_table import CalendarTable, table_of
from marketbus.domain.contract import Contract
from marketbus.domain.errors import BadRequest
from marketbus.domain.heard import Heard
from marketbus.domain.history import HistoryRequest, Progress
from marketbus.domain.instrument import Pattern
from marketbus.domain.market_calendar import MarketCalendar
from marketbus.domain.status import GatewayStatus, Level
from marketbus.domain.subscription import Coverage, Interest
from marketbus.domain.tick import Tick
from marketbus.domain.times import to_datetime
from marketbus.ports.clock import Clock, MarketClock
from marketbus.ports.log import Log
from marketbus.ports.state import StateStore

LOOK_UP = 3.0
"""Seconds for the venue to say what it has; a client waits five for the whole answer."""
YEARS_BACK = 5
"""Of holidays that a calendar on the bus reaches back; it reaches to the end of next year."""


class Service:
    """Implements ports.service.GatewayService."""

    def __init__(
        self,
        host: GatewayHost,
        reporter: Reporter,
        history: History,
        *,
        calendar: MarketCalendar,
        market_clock: MarketClock,
        state: StateStore,
        clock: Clock,
        log: Log,
    ) -> None:
        self._host = host
        self._reporter = reporter
        self._history = history
        self._calendar = calendar
        self._market_clock = market_clock
        self._state = state
        self._clock = clock
        self._log = log

    @property
    def epoch(self) -> int:
        """Incarnation of this worker."""
        return self._host.market_data.epoch

    def status(self) -> GatewayStatus:
        """The status now."""
        return self._reporter.status()

    def subscribe(self, owner: str, patterns: Sequence[str], ttl: float) -> Coverage:
        """Lease patterns for `ttl` seconds."""
        subscriptions = self._host.subscriptions
        coverage = subscriptions.coverage(patterns)
        subscriptions.wishes.lease(owner, patterns, self._clock.monotonic() + ttl)
        self._host.wake()
        return coverage

    def renew(self, owner: str, ttl: float, heard: Heard | None = None) -> bool:
        """Keep a lease alive."""
        if heard is not None:
            self._host.listeners.told(heard)
        return self._host.subscriptions.wishes.renew(owner, self._clock.monotonic() + ttl)

    def unsubscribe(self, owner: str) -> None:
        """Give a lease back."""
        if self._host.subscriptions.wishes.release(owner):
            self._host.wake()

    def subscriptions(self) -> Iterable[Interest]:
        """Every instrument that is wanted."""
        held = self._host.subscriptions
        for instrument in sorted(held.wanted()):
            last = self._host.market_data.last(instrument)
            yield Interest(
                vt_symbol=instrument.vt_symbol,
                holders=held.wishes.holders(instrument),
                requested=instrument in held.requested,
                acknowledged=instrument in held.acknowledged,
                last_tick=None if last is None else last.received,
                silent=instrument in held.silent,
            )

    def snapshot(self, patterns: Sequence[str]) -> Iterable[Tick]:
        """The last known ticks."""
        return snapshot(self._host.market_data, [Pattern(text) for text in patterns])

    async def look_up(self, patterns: Sequence[str]) -> None:
        """Have contracts listed that the venue lists on request only; what it answers later is there the next time."""
        await self._host.look_up([Pattern(text) for text in patterns], LOOK_UP)

    def contracts(self, patterns: Sequence[str]) -> Iterable[Contract]:
        """Contracts that the patterns take, each once, in the venue's order."""
        wanted = [Pattern(text) for text in patterns]
        if len(wanted) == 1:
            return self._host.book.select(wanted[0])
        found = {contract.instrument: contract for pattern in wanted for contract in self._host.book.select(pattern)}
        return found.values()

    def calendar(self) -> CalendarTable:
        """Holidays of the years around the market's present one, and trading hours."""
        year = to_datetime(self._market_clock.now()).year
        return table_of(self._calendar, year - YEARS_BACK, year + 1)

    def query_history(self, request: HistoryRequest) -> AsyncGenerator[Sequence[Bar] | Sequence[Tick] | Progress]:
        """Bars or ticks of the past."""
        return self._history.answer(request)

    def pin(self, patterns: Sequence[str], principal: str) -> Sequence[str]:
        """Subscribe for good."""
        parsed = [Pattern(text).text for text in patterns]  # all or nothing
        for text in parsed:
            self._host.subscriptions.wishes.pin(text)
        return self._pinned("pin.added", parsed, principal)

    def unpin(self, patterns: Sequence[str], principal: str) -> Sequence[str]:
        """Take run-time pins back."""
        parsed = [Pattern(text).text for text in patterns]
        fixed = {Pattern(text).text for text in self._host.configured_pins}
        for text in parsed:
            if text in fixed:
                raise BadRequest(f"{text} is pinned by the configuration", "take it out of `subscribe` there")
        for text in parsed:
            self._host.subscriptions.wishes.unpin(text)
        return self._pinned("pin.removed", parsed, principal)

    def reconnect(self, principal: str) -> None:
        """Replace the worker with a fresh process, which tries again what had been given up."""
        self._log.log(Level.INFO, "gateway.reconnect", principal=principal)
        self._host.begin_anew("reconnect", pardon=True)

    def _pinned(self, code: str, patterns: Sequence[str], principal: str) -> Sequence[str]:
        pins = self._host.subscriptions.wishes.pins
        fixed = {Pattern(text).text for text in self._host.configured_pins}
        self._state.save_pins([pin for pin in pins if pin not in fixed])
        self._log.log(Level.INFO, code, principal=principal, patterns=", ".join(patterns))
        self._host.wake()
        return pins
