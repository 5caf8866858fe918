"""A fresh login before every session: the worker asks to be replaced when the schedule says so."""

import asyncio

from marketbus.application.host import GatewayHost
from marketbus.domain.calendar import TradingCalendar
from marketbus.domain.schedule import Schedule, next_login
from marketbus.domain.session import Channel, SessionState
from marketbus.domain.status import Level
from marketbus.domain.times import NS, to_datetime
from marketbus.ports.gateway import Gateway
from marketbus.ports.log import Log

EVERY = 0.2
"""Seconds between two looks at the market's clock."""
SET_BACK = 60 * NS
"""A market clock that goes back further than this was set anew, which only a simulated market's is."""
_NO_CLOCK = (SessionState.DISCONNECTED, SessionState.CONNECTING)


class FreshLogins:
    """Counts from the moment this process knows the market's time."""

    def __init__(
        self, host: GatewayHost, gateway: Gateway, calendar: TradingCalendar, schedule: Schedule, log: Log
    ) -> None:
        self._host = host
        self._gateway = gateway
        self._calendar = calendar
        self._schedule = schedule
        self._log = log
        self._last: int | None = None
        self._due: int | None = None

    async def run(self) -> None:
        """Wait for the next scheduled login, until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(EVERY)

    def look(self) -> None:
        """Ask for the fresh process when it is due."""
        if not self._clock_known():
            return
        now = self._gateway.market_clock.now()
        if self._last is None or now < self._last - SET_BACK:
            self._due = next_login(self._schedule, self._calendar, now)
        self._last = now
        if self._due is not None and now >= self._due:
            self._log.log(Level.INFO, "gateway.scheduled_login", at=f"{to_datetime(self._due):%Y-%m-%d %H:%M}")
            self._due = None
            self._host.begin_anew("schedule", pardon=False)

    def _clock_known(self) -> bool:
        """A simulated market tells its time once a front of it has connected."""
        return (
            not self._gateway.simulated
            or self._last is not None
            or any(session.state not in _NO_CLOCK for session in map(self._host.sessions.of, Channel))
        )
