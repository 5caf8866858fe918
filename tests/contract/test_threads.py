"""TH: the SDK's threads; CL: the end."""

import asyncio
import time

import pytest

from marketbus.ports.gateway import Capability
from tests.contract.life import Life
from tests.contract.line import MAIN, Line
from tests.system import Recorder, eventually

BURST = 3000


@pytest.mark.card("TH-01", needs=Capability.MARKET_DATA)
async def test_th_01_callbacks_never_wait_for_the_bus(line: Line) -> None:
    """The bus is frozen, not gone: a callback that writes to it would wait; ours stamp and count every tick."""
    async with line.connect() as bus:
        before = await line.serving(bus)
        line.venue.pause()
        line.nats.freeze()
        try:
            line.venue.burst(BURST)
            await asyncio.sleep(1)  # how long the SDK has for them
        finally:
            thawed = time.time_ns()
            line.nats.thaw()
        status = await line.until(bus, lambda s: s.ticks - before.ticks >= BURST, "every tick counted", MAIN)
        assert status.last_tick is not None
        assert status.last_tick < thawed
        assert (status.epoch, status.md.logins) == (before.epoch, before.md.logins)
        line.venue.resume()


@pytest.mark.card("TH-02", needs=Capability.MARKET_DATA)
async def test_th_02_a_malformed_record_is_counted_and_the_next_tick_is_good(line: Line) -> None:
    async with line.connect() as bus:
        before = await line.serving(bus)
        line.venue.pause()
        seen = Recorder()
        async with await line.follow(bus, seen, line.pinned):
            for _ in range(3):
                line.venue.malformed(line.pinned)
            line.venue.burst(2)
            truth = line.venue.sent(line.pinned)
            await eventually(lambda: seen.ticks[-1].volume == truth.volume, "the good tick")
        status = await line.until(bus, lambda s: sum(s.rejects.values()) > 0, "the count", MAIN)
        assert sum(status.rejects.values()) - sum(before.rejects.values()) == 3
        assert seen.ticks[-1].last_price == truth.last_price
        assert all(tick.volume >= 0 for tick in seen.ticks)
        assert status.epoch == before.epoch
        line.venue.resume()


@pytest.mark.card("CL-01")
def test_cl_01_a_stopped_worker_ends_in_time_and_leaves_no_session(line: Line, life: Life) -> None:
    """Whatever the SDK's close would do: it deadlocks in some."""
    assert life.code == 0
    assert life.seconds < 5
    assert life.sessions_left == 0
