"""Looks after a session that gets no answer: a front that cannot be reached or stays mute, a login or query unheard.

The SDK says nothing of any of these.
"""

import asyncio
from collections.abc import Callable, Sequence

from marketbus.domain.message import Bilingual
from marketbus.domain.session import Channel, SessionState
from marketbus.domain.status import Level
from marketbus.gateways.ctp_family.front_order import FrontOrder
from marketbus.gateways.ctp_family.front_watch import probe
from marketbus.gateways.ctp_family.line import Line
from marketbus.gateways.ctp_family.setting import Front
from marketbus.gateways.ctp_family.td_api import TraderApi
from marketbus.ports.clock import Clock
from marketbus.ports.gateway import GatewaySpec, Logged, Replace, SessionChanged

LOOK = 0.1
"""Seconds between two looks while a session is not logged in."""
CALM = 0.5
"""The same while it is."""


class SessionWatch:
    """One session's fronts and logins. With an `order`, a front that gives no answer is left for the next one."""

    def __init__(
        self,
        channel: Channel,
        line: Line,
        fronts: Sequence[Front],
        spec: GatewaySpec,
        clock: Clock,
        order: FrontOrder | None = None,
        rest: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """`rest`: seconds that may pass in vain at this moment, once no front works."""
        self._channel = channel
        self._line = line
        self._fronts = fronts
        self._spec = spec
        self._clock = clock
        self._order = order if order is not None and order.following is not None else None
        self._rest = rest
        self._addresses = ", ".join(front.address for front in fronts)
        self._down: float | None = None
        self._found = ""

    async def run(self) -> None:
        """Watch until the session is given up, or another process is asked for."""
        self._down = self._clock.monotonic()
        if self._order is not None and self._order.pause:
            pause = {"count": self._order.count, "seconds": round(self._shortest() + self._extra(), 1)}
            self._line.sink.event(Logged(Level.ERROR, "md.no_front", {**pause}))
        while not self._line.given_up:
            await asyncio.sleep(CALM if self._line.logged_in_now else LOOK)
            now = self._clock.monotonic()
            if self._line.connected:
                self._down = None
                self._found = ""
            elif self._down is None:
                self._down = now
            why = await self._look(now)
            if why is not None and self._order is not None:
                self._leave(self._order, why)
                return

    async def _look(self, now: float) -> Bilingual | None:
        """Report what is wrong; the words when the front is to be left."""
        spec, extra = self._spec, self._extra()
        if self._down is not None:
            if now - self._down < spec.connect_timeout:
                return None
            await self._report_unreachable(spec.connect_timeout)
            if self._line.connected or now - self._down < spec.connect_timeout + extra:
                return None
            return Bilingual(
                f"no connection within {spec.connect_timeout:g} s", f"{spec.connect_timeout:g} 秒内连接不上"
            )
        unanswered = self._line.login_overdue
        if unanswered:
            self._line.login_timed_out()
        if self._line.logged_in_now or self._line.given_up:
            return None
        silent = self._line.silence
        if (unanswered and silent >= spec.login_timeout + extra) or silent >= self._longest() + extra:
            return Bilingual(f"no answer to the login for {silent:.1f} s", f"{silent:.1f} 秒没有应答登录")
        return None

    async def _report_unreachable(self, patience: float) -> None:
        found = await probe(self._fronts, seconds=1.0)
        if self._line.connected or found == self._found:
            return
        self._found = found
        self._line.sink.event(SessionChanged(self._channel, SessionState.CONNECTING, message=found))
        fields = {"front": self._addresses, "seconds": patience, "probe": found}
        self._line.sink.event(Logged(Level.ERROR, f"{self._channel}.connect_timeout", {**fields}))

    def _leave(self, order: FrontOrder, why: Bilingual) -> None:
        following = order.following
        assert following is not None
        order.condemn()
        sink = self._line.sink
        fields = {"front": order.current.address, "why": why, "next": following.address}
        sink.event(Logged(Level.WARNING, "md.next_front", {**fields}))
        state = SessionState.CONNECTING
        sink.event(SessionChanged(self._channel, state, front=following.address, hint=why))
        sink.event(Replace("next front"))

    def _extra(self) -> float:
        """Seconds of further patience: another process with another front would do no better."""
        pause = 0.0 if self._order is None else self._order.pause
        return max(pause, self._rest()) if pause else 0.0

    def _shortest(self) -> float:
        return min(self._spec.connect_timeout, self._spec.login_timeout)

    def _longest(self) -> float:
        """A front that comes and goes and never answers."""
        return self._spec.connect_timeout + self._spec.login_timeout


async def watch_answers(api: TraderApi, patience: float) -> None:
    """Have requests repeated or ended that nothing has come of for `patience` seconds; until cancelled."""
    while True:
        await asyncio.sleep(min(CALM, patience / 4))
        api.look(patience)
