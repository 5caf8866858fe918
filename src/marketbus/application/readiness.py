"""The report before each session: is the line ready, and if not, what differs."""

import asyncio
from collections.abc import Callable

import msgspec

from marketbus.application.host import GatewayHost
from marketbus.application.trading.session import TradingSession
from marketbus.domain.market_calendar import MarketCalendar
from marketbus.domain.readiness import Difference, Readiness
from marketbus.domain.session import Channel, Session, SessionState
from marketbus.domain.status import Level
from marketbus.domain.times import NS, to_datetime
from marketbus.ports.gateway import Gateway
from marketbus.ports.log import Log

EVERY = 0.5
"""Seconds between two looks."""
LAST_CALL = 300 * NS
"""So long before the opening a line that is not ready is said to be so."""
NAMED = 10
"""Instruments named in a report; the rest are counted."""


class ReadinessReport:
    """Answers at any time; says it in the log once per process, and again before an opening that would be missed."""

    def __init__(
        self,
        host: GatewayHost,
        gateway: Gateway,
        market: MarketCalendar,
        log: Log,
        desk: TradingSession | None = None,
    ) -> None:
        """`desk`: of a line that trades: it is not ready before orders are taken."""
        self._host = host
        self._gateway = gateway
        self._market = market
        self._log = log
        self._desk = desk
        self.turned: Callable[[], None] = lambda: None
        """Called when the line became ready, or is so no longer, before that is said in the log."""
        self._was_ready = False
        self._said_ready = False
        self._warned: int | None = None
        self._opening: tuple[frozenset[str], int, int | None] = (frozenset(), 0, None)

    def now(self) -> Readiness:
        """The report of this moment."""
        differs = (*self._sessions(), *self._subscriptions())
        return Readiness(not differs, self._opens(), differs)

    async def run(self) -> None:
        """Say what there is to say, until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            self.look()

    def look(self) -> None:
        """Log the report when it is due."""
        report = self.now()
        if report.ready != self._was_ready:
            self._was_ready = report.ready
            self.turned()
        if report.ready:
            if not self._said_ready:
                self._said_ready = True
                self._say_ready(report)
        elif self._last_call(report.opens):
            self._warned = report.opens
            self._said_ready = False
            self._say_not_ready(report)

    def _last_call(self, opens: int | None) -> bool:
        if opens is None or opens == self._warned:
            return False
        return 0 <= opens - self._gateway.market_clock.now() <= LAST_CALL

    def _sessions(self) -> tuple[Difference, ...]:
        found: list[Difference] = []
        for channel in Channel:
            session = self._host.sessions.of(channel)
            if channel is Channel.TD:
                session = desk_session(session, self._desk)
            if session.state is not SessionState.READY and not (channel is Channel.TD and _unused(session)):
                fields = {"channel": channel.value, "state": session.state.value, "words": session.message or "-"}
                found.append(Difference("ready.session", {**fields}))
        return tuple(found)

    def _subscriptions(self) -> tuple[Difference, ...]:
        held = self._host.subscriptions
        found: list[Difference] = []
        if not len(self._host.book):
            found.append(Difference("ready.no_contracts"))
        missing = sorted(held.wanted() - held.acknowledged)
        if missing:
            named = ", ".join(each.vt_symbol for each in missing[:NAMED])
            rest = f" (+{len(missing) - NAMED})" if len(missing) > NAMED else ""
            found.append(Difference("ready.unacknowledged", {"count": len(missing), "symbols": named + rest}))
        if held.contracts_complete:
            found += [Difference("ready.unmatched", {"pattern": each.text}) for each in held.unmatched_pins()]
        if held.silent:
            named = ", ".join(each.vt_symbol for each in sorted(held.silent)[:NAMED])
            found.append(Difference("ready.silent", {"count": len(held.silent), "symbols": named}))
        return tuple(found)

    def _opens(self) -> int | None:
        now = self._gateway.market_clock.now()
        exchanges = frozenset(each.exchange for each in self._host.subscriptions.requested)
        known, asked, opens = self._opening
        if known != exchanges or now < asked or opens is None or now >= opens:
            opening = self._market.next_opening(sorted(exchanges), now) if exchanges else None
            opens = None if opening is None else opening.start
            self._opening = (frozenset(exchanges), now, opens)
        return opens

    def _say_ready(self, report: Readiness) -> None:
        held = self._host.subscriptions
        self._log.log(
            Level.INFO,
            "gateway.ready",
            contracts=len(self._host.book),
            acknowledged=len(held.acknowledged),
            requested=len(held.requested),
            opens=_clock(report.opens),
        )

    def _say_not_ready(self, report: Readiness) -> None:
        self._log.log(Level.ERROR, "gateway.not_ready", opens=_clock(report.opens), count=len(report.differs))
        for each in report.differs:
            self._log.log(Level.ERROR, each.code, **each.fields)


def desk_session(line: Session, desk: TradingSession | None) -> Session:
    """The trading session as its users see it: READY once the desk takes orders, not when the venue lets us in."""
    if desk is None or desk.ready or line.state is not SessionState.READY:
        return line
    return msgspec.structs.replace(line, state=SessionState.SYNCING, message=desk.blocked or line.message)


def _unused(session: Session) -> bool:
    """A market-data-only configuration never connects its trading session."""
    return session.state is SessionState.DISCONNECTED and not session.front and not session.logins


def _clock(instant: int | None) -> str:
    return "-" if instant is None else f"{to_datetime(instant):%Y-%m-%d %H:%M}"
