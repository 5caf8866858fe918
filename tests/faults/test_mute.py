"""A front that says nothing: found in seconds when it should speak, left alone when the market is only quiet."""

import time

import pytest

from marketbus.apps.exit_codes import ExitCode
from tests.conftest import Measured
from tests.system import System, eventually

PATIENCE = 1.5


@pytest.mark.row(6, "detected within the patience, state published, line replaced")
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


@pytest.mark.row(6, "no false alarm in a quiet market")
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
