"""NATS killed for seconds under load: the SDK's threads never wait, and the feed is whole again soon after."""

import asyncio
import os
import signal
import time

import pytest

from marketbus import GapCause
from tests.conftest import Measured
from tests.system import EVERY, Recorder, Span, System, eventually, symbol

RATE = 500


@pytest.mark.row(5, "SDK threads never block; ticks resume ≤ 2 s after NATS returns, gap marked", scaled="ctp")
async def test_ticks_resume_soon_after_nats_is_back(system: System, span: Span, measured: Measured) -> None:
    outage = span.seconds(2.5, 30)
    system.lab.control.rate(RATE)
    one, two, *_ = system.kind.instruments
    worker = system.worker(system.kind.many)
    async with system.connect() as bus:
        first = await system.ready(bus)
        seen = Recorder()
        async with await seen.follow(bus, one, two):
            await eventually(lambda: len({tick.symbol for tick in seen.live}) == 2, "ticks")
            before = await system.status(bus)
            assert before is not None
            sent = system.lab.control.status()["sent"]
            killed = time.monotonic()
            system.nats.kill()
            await asyncio.sleep(outage)
            during = len(seen.ticks)
            # A venue drops a client whose thread does not take its ticks; here all are taken, at the full rate.
            taken = system.lab.control.status()["sent"] - sent
            assert taken > 0.8 * RATE * (time.monotonic() - killed)
            assert system.lab.control.status()["fronts"]["md"]["sessions"] == 1
            system.nats.start()
            back = time.monotonic()
            await eventually(lambda: len(seen.ticks) > during, "ticks", within=10)
            await eventually(lambda: seen.first_after(back), "live ticks", within=10)
            resumed = seen.times[during] - back
            measured("NATS back → ticks at the client", resumed)
            assert resumed <= 2
            await eventually(lambda: {gap.symbol for gap in seen.gaps} == {symbol(one), symbol(two)}, "the gaps")
            status = await system.until(bus, lambda s: s.ticks > before.ticks, "an answer")  # RPC works again
            measured("NATS back → RPC answered", time.monotonic() - back)
            assert status.ticks - before.ticks > 0.8 * RATE * outage  # the SDK's callbacks went on meanwhile
            assert (status.epoch, status.pid) == (first.epoch, first.pid)
            assert status.md.logins == 1
            assert status.drops.keys() <= {"disconnected", "slow_bus"}
            assert sum(status.drops.values()) > 0
            await eventually(lambda: len({t.symbol for t in seen.live if t.received > status.time}) == 2, "both go on")
            system.lab.control.pause()
            last = system.lab.control.oracle()

            def complete() -> bool:
                return all(volumes[-1] == last[name]["last"] for name, volumes in seen.volumes().items())

            await eventually(complete, "the last tick of each")
    assert {gap.cause for gap in seen.gaps} == {GapCause.RECONNECT}
    # Every tick either came or lies in a gap that was told, judged by the venue's own numbers.
    for name, volumes in seen.volumes().items():
        assert volumes == sorted(set(volumes)) or volumes[0] == volumes[1]  # the venue repeats its last on subscription
        missed = sum(gap.missed or 0 for gap in seen.gaps if gap.symbol == name)
        assert len(set(range(volumes[0], volumes[-1] + 1)) - set(volumes)) == missed
    assert worker.code is None
    assert "stepping down" not in worker.words()
    assert worker.words().count("epoch") == 1


@pytest.mark.row(5, "every outage is survived like the first", scaled="ctp", kinds=EVERY)
async def test_a_second_outage_is_survived_like_the_first(system: System) -> None:
    worker = system.worker(system.kind.one)
    async with system.connect() as bus:
        first = await system.ready(bus)
        seen = Recorder()
        async with await seen.follow(bus, system.kind.one):
            for _ in range(2):
                system.nats.kill()
                await eventually(lambda: not bus.connected, "the loss")
                system.nats.start()
                back = time.monotonic()
                await eventually(lambda at=back: seen.first_after(at), "ticks")
                assert (await system.ready(bus)).epoch == first.epoch
    assert worker.code is None


@pytest.mark.row(5, "a start without NATS is told and repeated", scaled="ctp", kinds=EVERY)
async def test_a_worker_that_starts_without_nats_says_so_and_is_started_again(system: System) -> None:
    file = system.config(ctp=system.gateway(system.kind.one))
    up = system.cli("up", "up", "-c", str(file))
    async with system.connect() as bus:
        first = await system.ready(bus)
        system.nats.kill()
        os.kill(first.pid, signal.SIGKILL)
        await eventually(lambda: f"NATS at {system.nats.url} cannot be reached" in up.words(), "the reason", within=30)
        system.nats.start()
        await system.until(bus, lambda status: status.pid != first.pid, "the worker of after the outage")
