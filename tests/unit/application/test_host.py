"""The host against a gateway that remembers what it is asked."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import pytest

from marketbus.adapters.hours import cn_hours
from marketbus.application.history import History
from marketbus.application.host import GatewayHost
from marketbus.application.readiness import ReadinessReport
from marketbus.application.reporting import Reporter
from marketbus.application.service import Service
from marketbus.domain.calendar import TradingCalendar
from marketbus.domain.errors import BadRequest, SymbolError
from marketbus.domain.instrument import parse_instrument
from marketbus.domain.market_calendar import MarketCalendar
from marketbus.domain.session import Channel, SessionState
from marketbus.domain.trading_hours import TradingHours
from marketbus.ports.gateway import ContractsListed, GatewayDied, Replace, SessionChanged, SubscriptionAnswered
from tests.unit.application.fakes import (
    FakeClock,
    FakeGateway,
    FakeLog,
    FakePublisher,
    FakeState,
    FakeTicks,
    contract,
    tick,
)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


class Bench:
    def __init__(self, *pins: str, state: FakeState | None = None) -> None:
        self.clock, self.log, self.state = FakeClock(), FakeLog(), state or FakeState()
        self.ticks, self.publisher, self.gateway = FakeTicks(), FakePublisher(), FakeGateway()
        self.host = GatewayHost(
            "g", 1, pins, publisher=self.publisher, ticks=self.ticks, state=self.state, clock=self.clock, log=self.log
        )
        market = MarketCalendar(TradingCalendar(lambda _: False), TradingHours(cn_hours()))
        self.reporter = Reporter(
            self.host,
            self.gateway,
            kind="fake",
            process=("here", 1),
            publisher=self.publisher,
            ticks=self.ticks,
            readiness=ReadinessReport(self.host, self.gateway, market, self.log),
            clock=self.clock,
            log=self.log,
        )
        self.service = Service(
            self.host,
            self.reporter,
            History("g", None, self.clock, self.gateway.market_clock),
            calendar=market,
            market_clock=self.gateway.market_clock,
            state=self.state,
            clock=self.clock,
            log=self.log,
        )

    def session(self, *states: SessionState, channel: Channel = Channel.MD) -> None:
        for state in states:
            self.host.event(SessionChanged(channel, state))

    def login(self) -> None:
        self.session(SessionState.CONNECTING, SessionState.AUTHENTICATING, SessionState.READY)

    def contracts(self, *vt_symbols: str) -> None:
        self.host.event(ContractsListed(tuple(map(contract, vt_symbols)), complete=True))

    @asynccontextmanager
    async def running(self) -> AsyncGenerator["Bench"]:
        task = asyncio.create_task(self.host.run(self.gateway))
        try:
            yield self
        finally:
            task.cancel()
            await asyncio.wait([task])


async def test_pins_are_subscribed_after_login_and_globs_when_contracts_come() -> None:
    async with Bench("rb2701.SHFE", "au*.SHFE").running() as bench:
        bench.login()
        await until(lambda: bench.gateway.asked == [("subscribe", ["rb2701.SHFE"])])
        bench.contracts("rb2701.SHFE", "au2612.SHFE")
        await until(lambda: bench.gateway.asked[1:] == [("subscribe", ["au2612.SHFE"])])


async def test_each_login_subscribes_each_instrument_exactly_once() -> None:
    async with Bench("rb2701.SHFE", "rb*.SHFE").running() as bench:
        bench.contracts("rb2701.SHFE", "rb2705.SHFE")
        bench.login()
        await until(lambda: len(bench.gateway.asked) == 1)
        bench.session(SessionState.DISCONNECTED, SessionState.AUTHENTICATING, SessionState.READY)
        await until(lambda: len(bench.gateway.asked) == 2)
        assert bench.gateway.asked == [("subscribe", ["rb2701.SHFE", "rb2705.SHFE"])] * 2


async def test_a_lease_subscribes_and_its_end_unsubscribes() -> None:
    async with Bench().running() as bench:
        bench.contracts("rb2701.SHFE", "au2612.SHFE")
        bench.login()
        await until(lambda: bench.reporter.status().contracts == 2)
        coverage = bench.service.subscribe("me", ["rb2701.SHFE", "rb2799.SHFE"], ttl=5)
        assert coverage.matched == 1
        assert coverage.unmatched[0].suggestions == ("rb2701.SHFE",)
        await until(lambda: bench.gateway.asked == [("subscribe", ["rb2701.SHFE"])])
        bench.host.event(SubscriptionAnswered(parse_instrument("rb2701.SHFE"), ok=True))
        await until(lambda: bench.reporter.status().acknowledged == 1)
        bench.clock.seconds += 6
        await until(lambda: bench.gateway.asked[1:] == [("unsubscribe", ["rb2701.SHFE"])])
        assert not bench.service.renew("me", 5)


async def test_cached_contracts_serve_before_the_venue_lists_any() -> None:
    state = FakeState()
    state.contracts = [contract("au2612.SHFE")]
    async with Bench("au*.SHFE", state=state).running() as bench:
        bench.login()
        await until(lambda: bench.gateway.asked == [("subscribe", ["au2612.SHFE"])])
        assert "gateway.contracts_cached" in bench.log.codes


async def test_pins_survive_and_the_configurations_own_stay() -> None:
    bench = Bench("rb2701.SHFE")
    assert bench.service.pin(["au*.SHFE"], "me") == ("rb2701.SHFE", "au*.SHFE")
    assert bench.state.pins == ["au*.SHFE"]
    with pytest.raises(BadRequest, match="configuration"):
        bench.service.unpin(["rb2701.SHFE"], "me")
    with pytest.raises(SymbolError):
        bench.service.pin(["cu2701.SHFE", "nonsense"], "me")
    assert bench.service.unpin(["au*.SHFE"], "me") == ("rb2701.SHFE",)


async def test_a_pin_that_matches_nothing_is_said() -> None:
    async with Bench("rb2799.SHFE").running() as bench:
        bench.login()
        await until(lambda: bench.gateway.asked == [("subscribe", ["rb2799.SHFE"])])
        bench.contracts("rb2701.SHFE")
        await until(lambda: "pin.unmatched" in bench.log.codes)
        await until(lambda: bench.gateway.asked[-1:] == [("unsubscribe", ["rb2799.SHFE"])])


async def test_an_event_that_cannot_follow_is_logged_not_applied() -> None:
    async with Bench().running() as bench:
        bench.session(SessionState.STALE)
        await until(lambda: "gateway.illegal_transition" in bench.log.codes)
        assert bench.reporter.status().md.state is SessionState.DISCONNECTED


async def test_a_tick_that_cannot_be_encoded_is_counted_and_the_next_is_fine() -> None:
    bench = Bench()
    bench.ticks.refuse = UnicodeEncodeError("utf-8", "\udc80", 0, 1, "surrogates")
    bench.host.tick(tick("rb2701.SHFE"))
    bench.ticks.refuse = None
    bench.host.tick(tick("rb2701.SHFE"))
    assert bench.reporter.status().rejects == {"unencodable": 1}
    assert [t.seq for t in bench.ticks.sent] == [2]


async def test_a_hung_sdk_asks_for_a_fresh_process() -> None:
    bench = Bench()
    bench.host.event(GatewayDied("subscribe", 10))
    assert await asyncio.wait_for(bench.host.ended, 5) == "hung"


async def test_a_gateway_that_asks_for_a_fresh_process_gets_one() -> None:
    bench = Bench()
    bench.host.event(Replace("next front"))
    assert await asyncio.wait_for(bench.host.ended, 5) == "next front"
    assert "gateway.replace" in bench.log.codes


async def test_an_operators_reconnect_pardons_and_ends_the_process() -> None:
    async with Bench().running() as bench:
        await until(lambda: bench.gateway.connected)
        bench.service.reconnect("alice")
        assert bench.host.ended.result() == "reconnect"
        assert bench.gateway.asked[-1] == ("begin_anew", ["pardon"])


async def test_the_status_follows_the_sessions() -> None:
    async with Bench().running() as bench:
        report = asyncio.create_task(bench.reporter.run())
        bench.login()
        await until(lambda: any(s.md.state is SessionState.READY for s in bench.publisher.statuses))
        report.cancel()
        status = bench.publisher.statuses[-1]
        assert (status.gateway, status.md.logins, status.td.state) == ("g", 1, SessionState.DISCONNECTED)
        assert status.drops == {"slow_bus": 2}
