"""Thousands of instruments at once: each is asked for once and answered, and nothing else waits for it."""

import asyncio
import time

from tests.conftest import Measured, Systems
from tests.system import Recorder, eventually

COUNT = 5000


async def test_thousands_of_subscriptions_hold_nobody_up(systems: Systems, measured: Measured) -> None:
    system = systems(instruments=COUNT, rate=500)
    worker = system.worker("rb2701.SHFE")
    control = system.lab.control
    async with system.connect() as bus, system.connect() as greedy:
        first = await system.ready(bus)
        assert first.contracts == COUNT
        seen = Recorder()
        async with await seen.follow(bus, "rb2701.SHFE"):
            await eventually(lambda: seen.live, "ticks")
            asked: list[float] = []

            async def keep_asking() -> None:
                while True:
                    began = time.monotonic()
                    assert await system.status(bus)
                    asked.append(time.monotonic() - began)
                    await asyncio.sleep(0.02)

            asking = asyncio.create_task(keep_asking())
            began = time.monotonic()
            everything = Recorder()
            async with await everything.follow(greedy, "*"):
                await system.until(bus, lambda status: status.acknowledged == COUNT, "every answer")
                measured(f"{COUNT:,} instruments subscribed and acknowledged", time.monotonic() - began)
                assert control.status()["subscribe_requests"] == COUNT
                assert control.drop("md") == 1
                await system.until(bus, lambda s: s.md.logins == 2 and s.acknowledged == COUNT, "every answer again")
                assert control.status()["subscribe_requests"] == 2 * COUNT
                await eventually(lambda: len({tick.symbol for tick in everything.ticks}) == COUNT, "a value of each")
            await eventually(lambda: system.lab.subscribed == {"rb2701"}, "the leases given back")
            asking.cancel()
            measured("a status meanwhile, worst of all", max(asked))
            assert max(asked) < 5
        assert not seen.gaps
        status = await system.ready(bus)
        assert (status.epoch, status.md.state, status.acknowledged) == (first.epoch, "READY", 1)
    assert worker.code is None
