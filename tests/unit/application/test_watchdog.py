"""Silence: what is one, whose it is, and what follows."""

import asyncio
from collections.abc import Iterable

import pytest

from marketbus.application.watchdog import Watchdog
from marketbus.domain.instrument import Exchange, Instrument, parse_instrument
from marketbus.domain.market_calendar import Phase
from marketbus.domain.session import Channel, SessionState
from marketbus.ports.gateway import Capability, SubscriptionAnswered
from tests.unit.application.fakes import FakeGateway, tick
from tests.unit.application.test_host import Bench, until

PATIENCE = 5.0
LOOK = PATIENCE / 10


class Venue(FakeGateway):
    """Answers what it is asked, or not."""

    capabilities = FakeGateway.capabilities | {Capability.ANSWERED_SUBSCRIPTIONS}

    def __init__(self) -> None:
        super().__init__()
        self.answers = True
        self.bench: Watched | None = None

    async def subscribe(self, instruments: Iterable[Instrument]) -> None:
        await super().subscribe(list(instruments))
        if self.answers and self.bench is not None:
            for instrument in instruments:
                self.bench.host.event(SubscriptionAnswered(instrument, ok=True))
                last = self.bench.host.market_data.last(instrument)
                if last is not None:  # the snapshot, unchanged
                    self.bench.host.tick(tick(instrument.vt_symbol, last.volume))


class Deaf(FakeGateway):
    """A gateway that cannot be asked."""


class Watched(Bench):
    """A host whose watchdog looks when told, at a clock that moves when told."""

    def __init__(self, *pins: str, gateway: FakeGateway | None = None) -> None:
        super().__init__(*pins)
        self.gateway = gateway or Venue()
        if isinstance(self.gateway, Venue):
            self.gateway.bench = self
        self.phase: Phase | None = Phase.CONTINUOUS
        self.closed: set[str] = set()
        self.volume = 0.0
        self.watchdog = Watchdog(
            self.host, self.gateway, self._phase, clock=self.clock, log=self.log, patience=PATIENCE
        )

    def _phase(self, exchange: Exchange, product: str, instant: int) -> Phase | None:
        return Phase.CLOSED if product in self.closed else self.phase

    async def start(self) -> None:
        self.login()
        await until(lambda: bool(self.gateway.asked))
        self.gateway.asked.clear()

    def speak(self, *symbols: str) -> None:
        self.volume += 1
        for symbol in symbols:
            self.host.tick(tick(symbol, self.volume))

    async def live(self, seconds: float, *speakers: str, every: float = LOOK) -> None:
        """Let time pass, one look at a time; speakers tick every so many seconds."""
        spoken = 0.0
        for step in range(round(seconds / LOOK)):
            self.clock.seconds += LOOK
            self.clock.ns += int(LOOK * 1e9)
            if (step + 1) * LOOK - spoken >= every:
                spoken = (step + 1) * LOOK
                self.speak(*speakers)
            await self.watchdog.look()
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    @property
    def md(self) -> SessionState:
        return self.host.sessions.of(Channel.MD).state

    @property
    def probes(self) -> int:
        return sum(what == "subscribe" for what, _ in self.gateway.asked)

    @property
    def silent(self) -> list[str]:
        return sorted(instrument.vt_symbol for instrument in self.host.subscriptions.silent)


async def test_a_line_that_no_longer_answers_is_stale_within_the_patience_and_then_replaced() -> None:
    bench = Watched("rb2701.SHFE")
    async with bench.running():
        await bench.start()
        await bench.live(20, "rb2701.SHFE")
        assert isinstance(bench.gateway, Venue)
        bench.gateway.answers = False
        await bench.live(PATIENCE - LOOK)
        assert bench.md is SessionState.STALE
        assert not bench.host.ended.done()
        await bench.live(1)
        assert bench.host.ended.result() == "mute"
        assert ("condemn_front", ["md"]) in bench.gateway.asked
        assert bench.log.codes.count("md.mute") == 1


async def test_a_line_that_was_mute_from_its_login_on_is_found_as_fast() -> None:
    bench = Watched("rb2701.SHFE")
    async with bench.running():
        assert isinstance(bench.gateway, Venue)
        bench.gateway.answers = False
        await bench.start()
        await bench.live(PATIENCE + LOOK)
        assert bench.md is SessionState.STALE


@pytest.mark.parametrize("every", [7.0, 61.0, 900.0])
async def test_illiquid_options_raise_no_alarm_however_seldom_they_trade(every: float) -> None:
    bench = Watched("m2701-C-3000.DCE", "m2701-C-3100.DCE")
    async with bench.running():
        await bench.start()
        await bench.live(3600, "m2701-C-3000.DCE", every=every)
        assert bench.md is SessionState.READY
        assert bench.silent == []
        assert "md.mute" not in bench.log.codes
        assert len(bench.ticks.sent) <= 3600 / every  # asking brought no tick to anybody


@pytest.mark.parametrize("phase", [Phase.CLOSED, Phase.AUCTION])
async def test_a_closed_market_may_be_silent_and_nobody_is_asked(phase: Phase) -> None:
    bench = Watched("rb2701.SHFE")
    async with bench.running():
        await bench.start()
        await bench.live(400, "rb2701.SHFE")
        bench.gateway.asked.clear()
        bench.phase = phase
        assert isinstance(bench.gateway, Venue)
        bench.gateway.answers = False
        await bench.live(4000)
        assert (bench.md, bench.silent, bench.probes) == (SessionState.READY, [], 0)
        bench.phase = Phase.CONTINUOUS
        bench.gateway.answers = True
        await bench.live(4)  # the silence of the break does not count
        assert (bench.md, bench.silent) == (SessionState.READY, [])


async def test_one_instrument_that_was_steady_and_goes_mute_is_named_and_asked_for_again() -> None:
    bench = Watched("rb2701.SHFE", "hc2701.SHFE", "m2701-C-3000.DCE")
    async with bench.running():
        await bench.start()
        await bench.live(400, "rb2701.SHFE", "hc2701.SHFE")
        bench.gateway.asked.clear()
        await bench.live(PATIENCE - LOOK, "rb2701.SHFE")
        assert bench.silent == ["hc2701.SHFE"]
        assert bench.reporter.status().silent == 1
        assert [i.vt_symbol for i in bench.service.subscriptions() if i.silent] == ["hc2701.SHFE"]
        assert ("subscribe", ["hc2701.SHFE"]) in bench.gateway.asked
        assert bench.md is SessionState.READY
        await bench.live(1, "rb2701.SHFE", "hc2701.SHFE")
        assert bench.silent == []
        assert bench.log.codes.count("md.instrument_silent") == bench.log.codes.count("md.instrument_speaks") == 1


async def test_a_line_that_answers_but_brings_no_tick_of_steady_instruments_is_mute_too() -> None:
    symbols = ("rb2701.SHFE", "hc2701.SHFE", "au2612.SHFE")
    bench = Watched(*symbols)
    async with bench.running():
        await bench.start()
        await bench.live(400, *symbols)
        await bench.live(PATIENCE + 3 * LOOK)
        assert bench.host.ended.done()
        assert "md.mute" in bench.log.codes


async def test_a_line_that_speaks_again_in_time_is_not_replaced() -> None:
    bench = Watched("rb2701.SHFE")
    async with bench.running():
        await bench.start()
        assert isinstance(bench.gateway, Venue)
        bench.gateway.answers = False
        await bench.live(PATIENCE)
        assert bench.md is SessionState.STALE
        await bench.live(LOOK, "rb2701.SHFE")
        assert bench.md is SessionState.READY
        assert not bench.host.ended.done()
        assert "md.speaks_again" in bench.log.codes


async def test_a_gateway_that_cannot_be_asked_is_judged_by_its_record_only() -> None:
    bench = Watched("rb2701.SHFE", gateway=Deaf())
    async with bench.running():
        await bench.start()
        await bench.live(100)
        assert bench.md is SessionState.READY, "no record, no judgement"
        await bench.live(400, "rb2701.SHFE")
        await bench.live(6 * PATIENCE + LOOK)
        assert bench.md is SessionState.STALE


async def test_hours_that_nobody_knows_are_watched_by_asking_only() -> None:
    for gateway, state in ((Deaf(), SessionState.READY), (Venue(), SessionState.STALE)):
        bench = Watched("BTCUSDT.GLOBAL", gateway=gateway)
        bench.phase = None
        async with bench.running():
            await bench.start()
            await bench.live(400, "BTCUSDT.GLOBAL")
            if isinstance(gateway, Venue):
                gateway.answers = False
            await bench.live(PATIENCE)
            assert bench.md is state


async def test_a_changed_snapshot_is_a_tick_and_an_unchanged_one_later_too() -> None:
    bench = Watched("rb2701.SHFE")
    data = bench.host.market_data
    instrument = parse_instrument("rb2701.SHFE")
    bench.speak("rb2701.SHFE")
    data.expect_repeat(instrument, now=0)
    bench.host.tick(tick("rb2701.SHFE", bench.volume))
    assert (data.count, data.repeats) == (1, 1)
    bench.speak("rb2701.SHFE")
    data.expect_repeat(instrument, now=-(10**12))
    bench.host.tick(tick("rb2701.SHFE", bench.volume))
    assert (data.count, data.repeats) == (3, 1)
