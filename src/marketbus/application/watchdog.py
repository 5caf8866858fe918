"""Notices silence: of the whole line, and of single instruments; only while their markets are open.

The venue is asked rather than guessed about: subscribing again to an instrument makes the counters of the CTP family
answer and repeat its last snapshot. A line that stays silent after being asked is mute, however quiet the market;
one that answers is alive, however illiquid its instruments. So there is nothing to tune per product.
"""

import asyncio
from collections.abc import Callable

from marketbus.application.host import GatewayHost
from marketbus.application.pace import Pace
from marketbus.domain.instrument import Exchange, Instrument, product_code
from marketbus.domain.market_calendar import Phase
from marketbus.domain.session import Channel, SessionState
from marketbus.domain.status import Level
from marketbus.ports.clock import Clock
from marketbus.ports.gateway import Capability, Gateway, SessionChanged
from marketbus.ports.log import Log

PhaseOf = Callable[[Exchange, str, int], Phase | None]
"""Exchange, product code and instant (ns UTC) to the market's phase; None where no hours are known."""

ASK_AFTER = 0.4
"""Share of the patience after which the venue is asked."""
RECORD = 60
"""Patiences that a record of steadiness looks back."""
UNASKED = 6
"""A line that cannot be asked must be silent so many patiences before it counts as mute."""
FROZEN = 3
"""A line that answers but brings no tick is mute too, once so many steady instruments are silent and none is not."""
ASK_AT_ONCE = 10
"""Instruments asked about at one look: a halt of a whole exchange must not become a storm of requests."""


class _Watch:
    """What is known of one instrument."""

    __slots__ = ("asked", "instrument", "pace", "product", "seq", "silent")

    def __init__(self, instrument: Instrument, record: float) -> None:
        self.instrument = instrument
        self.product = (instrument.exchange, product_code(instrument.symbol))
        self.pace = Pace(record)
        self.seq = 0
        self.asked = 0.0
        self.silent = False


class Watchdog:
    """Looks several times per `patience` (seconds that an open market may be silent). Lives on the loop."""

    def __init__(
        self, host: GatewayHost, gateway: Gateway, phase: PhaseOf, *, clock: Clock, log: Log, patience: float
    ) -> None:
        self._host = host
        self._gateway = gateway
        self._phase = phase
        self._clock = clock
        self._log = log
        self._patience = patience
        self._can_ask = Capability.ANSWERED_SUBSCRIPTIONS in gateway.capabilities
        self._line = Pace(RECORD * patience)
        self._asked = 0.0
        self._mute_since: float | None = None
        self._watches: dict[Instrument, _Watch] = {}
        self._known: object = None
        self._ticks = self._answers = 0
        self._frozen = False
        self._next = 0

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            await asyncio.sleep(self._patience / 10)
            await self.look()

    async def look(self) -> None:
        """One look at everything."""
        now = self._clock.monotonic()
        if self._host.sessions.of(Channel.MD).state not in (SessionState.READY, SessionState.STALE):
            self._rest()
            return
        self._follow_subscriptions()
        open_now = self._open_now()
        watches = [watch for watch in self._watches.values() if watch.product in open_now]
        self._look_at_line(now, bool(watches))
        self._look_at_instruments(now, open_now)
        if not self._can_ask or not watches:
            return
        ask = [watch for watch in watches if self._worth_asking(watch, now)][:ASK_AT_ONCE]
        if not ask and self._line.silence(now) >= ASK_AFTER * self._patience <= now - self._asked:
            self._next = (self._next + 1) % len(watches)
            ask = [watches[self._next]]
        if ask:
            await self._ask(ask, now)

    def _rest(self) -> None:
        self._line.pause()
        self._mute_since = None
        self._frozen = False
        for watch in self._watches.values():
            watch.pace.pause()
            watch.silent = False
        self._publish_silent()

    def _follow_subscriptions(self) -> None:
        wanted = self._host.subscriptions.requested
        if wanted is not self._known:  # a new set with every change
            self._known = wanted
            record = RECORD * self._patience
            old = self._watches
            self._watches = {each: old.get(each) or _Watch(each, record) for each in sorted(wanted)}

    def _open_now(self) -> set[tuple[Exchange, str]]:
        market = self._gateway.market_clock.now()
        products = {watch.product for watch in self._watches.values()}
        closed = (Phase.CLOSED, Phase.AUCTION) if self._can_ask else (Phase.CLOSED, Phase.AUCTION, None)
        return {product for product in products if self._phase(*product, market) not in closed}

    def _look_at_line(self, now: float, any_open: bool) -> None:
        ticks, answers = self._host.market_data.count, self._host.market_data.repeats + self._host.subscriptions.answers
        new = ticks - self._ticks + (0 if self._frozen else answers - self._answers)
        self._ticks, self._answers = ticks, answers
        if not any_open:
            self._line.pause()
            return
        self._line.look(now, new)
        if new and self._mute_since is not None:
            self._mute_since = None
            self._host.event(SessionChanged(Channel.MD, SessionState.READY))
            self._log.log(Level.INFO, "md.speaks_again")
        silence = self._line.silence(now)
        if self._mute_since is None and (self._frozen or silence >= self._limit()):
            self._mute_since = now
            seconds = round(silence, 1)
            self._host.event(SessionChanged(Channel.MD, SessionState.STALE, message=f"silent for {seconds:g} s"))
            self._log.log(Level.ERROR, "md.mute", seconds=seconds)
        elif self._mute_since is not None and now - self._mute_since >= self._patience / 5:
            self._gateway.condemn_front(Channel.MD)
            self._host.replace("mute")

    def _limit(self) -> float:
        if self._can_ask:
            return 0.9 * self._patience  # the look that finds it must not be later than the patience
        widest = self._line.widest
        return float("inf") if widest is None else max(UNASKED * self._patience, widest)

    def _look_at_instruments(self, now: float, open_now: set[tuple[Exchange, str]]) -> None:
        changed = False
        steady = 0
        for watch in self._watches.values():
            if watch.product not in open_now:
                watch.pace.pause()
                continue
            seq = self._host.market_data.seq(watch.instrument)
            watch.pace.look(now, seq - watch.seq)
            spoke, watch.seq = seq > watch.seq, seq
            widest = watch.pace.widest
            silent = watch.silent and not spoke
            steady += silent or widest is not None
            if not silent and widest is not None:
                silent = watch.pace.silence(now) >= max(0.9 * self._patience, widest)
            if silent is not watch.silent:
                watch.silent, changed = silent, True
                self._say(watch, now)
        if changed:
            self._publish_silent()
        self._frozen = steady >= FROZEN and len(self._host.subscriptions.silent) == steady

    def _say(self, watch: _Watch, now: float) -> None:
        symbol = watch.instrument.vt_symbol
        if watch.silent:
            self._log.log(
                Level.WARNING, "md.instrument_silent", symbol=symbol, seconds=round(watch.pace.silence(now), 1)
            )
        else:
            self._log.log(Level.INFO, "md.instrument_speaks", symbol=symbol)

    def _publish_silent(self) -> None:
        silent = frozenset(watch.instrument for watch in self._watches.values() if watch.silent)
        if silent != self._host.subscriptions.silent:
            self._host.subscriptions.silent = silent
            self._host.changed()

    def _worth_asking(self, watch: _Watch, now: float) -> bool:
        """A steady instrument has paused: perhaps the venue forgot our subscription; asking again would mend it."""
        pause = max(ASK_AFTER * self._patience, watch.pace.widest or 0.0)
        steady = watch.silent or watch.pace.widest is not None
        return steady and watch.pace.silence(now) >= pause and now - watch.asked >= self._patience

    async def _ask(self, watches: list[_Watch], now: float) -> None:
        self._asked = now
        for watch in watches:
            watch.asked = now
            self._host.market_data.expect_repeat(watch.instrument, self._clock.now())
        await self._gateway.subscribe([watch.instrument for watch in watches])
