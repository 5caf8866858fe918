"""Several gateways carry the same instruments: one serves each of them, the others stand by.

Pure: no I/O, no clock. The ticks of all of them pass here; those of the serving one go through. Two gateways are never
merged: an instrument's ticks come from one gateway until it is lost, then from another, with a gap in between.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from marketbus.client.gap import Gap, GapCause
from marketbus.client.health import Health
from marketbus.client.line import Outlet
from marketbus.client.plan import Share
from marketbus.client.stats import Stats, logger
from marketbus.domain.instrument import Exchange, Instrument
from marketbus.domain.tick import Tick, TickFlag, with_flag
from marketbus.domain.times import NS

COMPARABLE = 60 * NS
"""Exchange time within which the volumes of two gateways must agree; should one of them count differently for good (one
side, both sides), the other is not kept out for longer than this."""


class Gate:
    """Where a feed stands on one instrument."""

    __slots__ = ("floor", "given", "last", "serving")

    def __init__(self, serving: str) -> None:
        self.serving = serving
        self.given: Tick | None = None
        """The latest tick handed on."""
        self.floor: Tick | None = None
        """The latest tick handed on from other gateways before; what is not newer is not handed on."""
        self.last: dict[str, Tick] = {}
        """The last value of each gateway that stands by."""


def newer(tick: Tick, than: Tick) -> bool:
    """Whether a tick of one gateway comes after a tick of another in the market: by exchange time, then volume."""
    ahead = tick.datetime - than.datetime
    if ahead < 0:
        return False
    if ahead == 0:
        return (tick.trading_day, tick.volume) > (than.trading_day, than.volume)
    return tick.volume >= than.volume or tick.trading_day != than.trading_day or ahead > COMPARABLE


class Verdict(Protocol):
    """What is known of a gateway; see `Health`."""

    def good(self, gateway: str) -> bool:
        """READY now."""
        ...

    def steady(self, gateway: str) -> bool:
        """READY for long enough to be returned to."""
        ...


def pick(carriers: Sequence[str], serving: str | None, health: Verdict) -> str | None:
    """The gateway that should serve: the present one until it is lost or a better one has been READY for long enough.

    `carriers`: best first. Where none is READY nothing changes: nobody would have more.
    """
    if serving is not None and serving in carriers and health.good(serving):
        return next(name for name in carriers if name == serving or health.steady(name))
    found = next((name for name in carriers if health.good(name)), None)
    if found is not None or serving in carriers:
        return found or serving
    return carriers[0] if carriers else serving


class Relay:
    """Between the lines of a feed and its consumer."""

    def __init__(
        self, ranking: Sequence[str], health: Health, outlet: Outlet, stats: Stats, *, last_values: bool = True
    ) -> None:
        """`ranking`: the gateways concerned, best first. `last_values`: hand on the last value after a switch."""
        self.ranking = tuple(ranking)
        self._health = health
        self._outlet = outlet
        self._stats = stats
        self._last_values = last_values
        self._shares: dict[str, Share] = {}
        self._gates: dict[tuple[str, Exchange], Gate] = {}

    def join(self, shares: Iterable[Share]) -> None:
        """Gateways take part from now on."""
        for share in shares:
            self._shares[share.gateway] = share
        self.judge()

    def leave(self, gateway: str) -> None:
        """A gateway takes no part any more."""
        if self._shares.pop(gateway, None) is not None:
            self.judge()

    def outlet(self, gateway: str) -> Outlet:
        """Where the line of a gateway delivers."""
        return Outlet(self._entry(gateway), lambda gap: self._gap(gateway, gap))

    def serving(self) -> tuple[str, ...]:
        """The gateways that serve some instrument now, best first."""
        found = {gate.serving for gate in self._gates.values()}
        return tuple(name for name in self.ranking if name in found)

    def judge(self) -> None:
        """The gateways' health, or what they carry, has changed: switch what has to be switched."""
        moved: Counter[tuple[str, str]] = Counter()
        for share in self._shares.values():
            for one in share.instruments:
                if one not in self._gates:
                    self._adopt(one, share.gateway)
        for key, gate in list(self._gates.items()):
            serving = self._choice(key, gate.serving)
            if serving is not None and serving != gate.serving:
                moved[gate.serving, serving] += 1
                self._switch(Instrument(*key), gate, serving)
        for (before, after), count in moved.items():
            self._stats.failovers += 1
            how = f"{before} is {self._health.words(before)}, {after} is {self._health.words(after)}"
            logger.warning("%s: %d instruments come from %s now, no longer from %s", how, count, after, before)

    def _entry(self, gateway: str) -> Callable[[Tick], None]:
        gates, stats, adopt, hand_on = self._gates, self._stats, self._adopt, self._outlet.tick

        def take(tick: Tick) -> None:
            key = (tick.symbol, tick.exchange)
            gate = gates[key] if key in gates else adopt(key, gateway)
            if gate.serving != gateway:
                gate.last[gateway] = tick
                stats.standby += 1
                stats.ticks -= 1  # the line counted it as handed over
            elif gate.floor is not None and not newer(tick, gate.floor):
                stats.duplicates += 1
                stats.ticks -= 1
            else:
                if gate.given is None or tick.datetime >= gate.given.datetime:
                    gate.given = tick
                hand_on(tick)

        return take

    def _gap(self, gateway: str, gap: Gap) -> None:
        key = (gap.symbol, gap.exchange)
        gate = self._gates[key] if key in self._gates else self._adopt(key, gateway)
        if gate.serving == gateway:
            self._outlet.gap(gap)

    def _adopt(self, key: tuple[str, Exchange], gateway: str) -> Gate:
        gate = self._gates[key] = Gate(self._choice(key, None) or gateway)
        return gate

    def _choice(self, key: tuple[str, Exchange], serving: str | None) -> str | None:
        here = [self._shares[name] for name in self.ranking if name in self._shares]
        listing = [share.gateway for share in here if key in share.instruments]
        return pick(listing or [s.gateway for s in here if s.wants(Instrument(*key))], serving, self._health)

    def _switch(self, instrument: Instrument, gate: Gate, serving: str) -> None:
        gate.serving, gate.floor = serving, gate.given
        if gate.given is not None:
            epoch = self._health.epoch(serving)
            self._outlet.gap(Gap(serving, instrument.symbol, instrument.exchange, GapCause.FAILOVER, None, epoch))
        last = gate.last.pop(serving, None)
        if last is not None and self._last_values and (gate.floor is None or newer(last, gate.floor)):
            gate.given = last
            self._stats.standby -= 1
            self._stats.ticks += 1
            self._outlet.tick(with_flag(last, TickFlag.SNAPSHOT))
