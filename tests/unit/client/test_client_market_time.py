"""Market time between a gateway's reports."""

import asyncio

import pytest

from marketbus.client import market_time
from marketbus.client.market_time import MarketTime
from marketbus.domain.session import Session
from marketbus.domain.status import GatewayStatus

NS = 1_000_000_000


class Monotonic:
    def __init__(self) -> None:
        self.seconds = 100.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Monotonic:
    one = Monotonic()
    monkeypatch.setattr(market_time, "time", one)
    return one


def report(seconds: float, market: float | None, *, simulated: bool = True, gateway: str = "ctp") -> GatewayStatus:
    return GatewayStatus(
        gateway, "ctp", "lab", simulated, int(seconds * NS), 1, 1, "h", 0, (), Session(), Session(), 0, 0, 0, 0, (), 0,
        0.0, None, {}, {}, {}, market_time=None if market is None else int(market * NS),
    )  # fmt: skip


def test_a_real_market_runs_on_between_reports(here: Monotonic) -> None:
    clock = MarketTime(report(1000, None, simulated=False))
    here.seconds += 0.5
    assert clock.now() == 1000.5 * NS
    clock.heard(report(1001, 1001.25, simulated=False))
    assert clock.now() == 1001.25 * NS


def test_the_speed_of_a_simulated_market_is_found_out(here: Monotonic) -> None:
    clock = MarketTime(report(1000, 5000))
    here.seconds += 10
    assert clock.now() == 5000 * NS  # not yet known
    for second in (1, 2, 3):
        clock.heard(report(1000 + second, 5000 + 60 * second))
    here.seconds += 0.5
    assert clock.now() == (5180 + 30) * NS


def test_a_clock_that_was_set_does_not_count_as_a_fast_one(here: Monotonic) -> None:
    clock = MarketTime(report(1000, 5000))
    for second, market in ((1, 5001), (2, 5002), (3, 9003), (4, 9004)):
        clock.heard(report(1000 + second, market))
        here.seconds += 0.5
        assert clock.now() <= (market + 0.5) * NS
    clock.heard(report(1005, 9005, gateway="another"))
    assert clock.now() == 9004.5 * NS


async def test_a_moment_is_reached_by_reports_or_by_time_passing() -> None:
    standing = MarketTime(report(1000, 5000))
    waiting = asyncio.create_task(standing.reach(5100 * NS))
    await asyncio.sleep(0)
    standing.heard(report(1001, 5050))
    await asyncio.sleep(0)
    assert not waiting.done()
    standing.heard(report(1002, 5100))
    assert await waiting
    running = MarketTime(report(1000, None, simulated=False))
    async with asyncio.timeout(5):
        assert await running.reach(running.now() + NS // 50)


async def test_a_clock_set_back_ends_the_wait() -> None:
    clock = MarketTime(report(1000, 5000))
    waiting = asyncio.create_task(clock.reach(6000 * NS))
    await asyncio.sleep(0)
    clock.heard(report(1001, 1000))
    assert not await waiting
