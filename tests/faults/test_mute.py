"""A front that says nothing: found in seconds when it should speak, left alone when the market is only quiet."""

import asyncio
import time

import pytest

from marketbus.apps.exit_codes import ExitCode
from tests.conftest import Measured
from tests.system import Span, System, eventually, symbol

PATIENCE = 1.5


@pytest.mark.row(6, "detected within the patience, state published, line replaced", scaled="ctp")
async def test_a_mute_front_is_stale_in_time_and_the_line_comes_back(system: System, measured: Measured) -> None:
    system.lab.control.rate(200)
    worker = system.worker(system.kind.many, stale_after=PATIENCE)
    async with system.connect() as bus:
        first = await system.ready(bus)
        await system.until(bus, lambda status: status.ticks > 100, "ticks")
        system.lab.control.mute(front="md")
        muted = time.monotonic()
        stale = await system.until(bus, lambda status: status.md.state == "STALE", "mute")
        measured("front mute (patience 1.5 s) → STALE", time.monotonic() - muted)
        assert time.monotonic() - muted <= PATIENCE + 1.0  # a status comes at once, RPC and scheduling on top
        assert "silent for" in stale.md.message
        assert await eventually(lambda: worker.code, "the end of the worker") == ExitCode.REPLACE
        assert "md.mute" in worker.words() or "has been silent" in worker.words()
        system.lab.control.mute(on=False, front="md")
        back = time.monotonic()
        system.start(system.folder / "ctp.toml")
        await system.until(bus, lambda status: status.epoch > first.epoch and status.rate > 0, "ticks again")
        measured("mute front speaks → ticks of the new worker", time.monotonic() - back)


@pytest.mark.row(6, "no false alarm in a quiet market", scaled="ctp")
async def test_a_market_without_a_trade_is_no_mute_front(system: System) -> None:
    system.lab.control.rate(200)
    worker = system.worker(system.kind.many, stale_after=0.4)
    async with system.connect() as bus:
        await system.ready(bus)
        await system.until(bus, lambda status: status.ticks > 100, "ticks")
        system.lab.control.pause()
        asked = system.lab.control.status()["subscribe_requests"]
        quiet = await system.until(bus, lambda status: status.rate == 0, "silence")
        await eventually(lambda: system.lab.control.status()["subscribe_requests"] >= asked + 10, "being asked")
        later = await system.until(bus, lambda status: status.time > quiet.time, "a later status")
        assert later.md.state == "READY"
        assert later.ticks == quiet.ticks, "an unchanged snapshot is no tick"
        assert later.md.logins == 1
    assert worker.code is None


@pytest.mark.row(6, "one instrument mute: told, asked for again, the line left alone", scaled="ctp", once=True)
async def test_one_mute_instrument_among_steady_ones_is_told(system: System, span: Span, measured: Measured) -> None:
    """In the soak only: what is usual for an instrument is known after 30 patiences."""
    if not span.soaking:
        pytest.skip("takes 40 s; tests/unit/application/test_watchdog.py shows it by a clock of its own")
    patience = 1.0
    system.lab.control.rate(300)
    mute = system.kind.instruments[1]
    worker = system.worker(*system.kind.instruments[:3], stale_after=patience)
    async with system.connect() as bus:
        first = await system.ready(bus)
        await asyncio.sleep(32 * patience)
        asked = system.lab.count_subscriptions()
        system.lab.control.mute(instrument=symbol(mute))
        muted = time.monotonic()
        status = await system.until(bus, lambda s: s.silent == 1, "the silent one")
        measured("one instrument mute (patience 1 s) → told", time.monotonic() - muted)
        await eventually(lambda: symbol(mute) in asked, "being asked for again")
        assert status.md.state == "READY"
        assert f"{mute} has been silent for" in worker.words()
        system.lab.control.mute(on=False, instrument=symbol(mute))
        status = await system.until(bus, lambda s: s.silent == 0, "its return")
        assert (status.epoch, status.md.logins) == (first.epoch, 1)
    assert f"{mute} speaks again" in worker.words()
    assert set(asked) == {symbol(mute)}  # nobody else was doubted
