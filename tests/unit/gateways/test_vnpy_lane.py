"""A lane runs blocking calls one after the other, and says when one does not come back."""

import asyncio
import threading

import pytest

from marketbus.domain.errors import GatewayError
from marketbus.gateways.vnpy.lane import Lane
from marketbus.ports.gateway import GatewayDied
from tests.unit.gateways.sink import FakeSink


async def test_calls_run_in_the_lanes_own_thread_in_order() -> None:
    lane = Lane("md", 5, FakeSink())
    threads: list[str] = []
    done: list[int] = []

    def call(number: int) -> int:
        threads.append(threading.current_thread().name)
        done.append(number)
        return number

    results = await asyncio.gather(*(lane.call("x", lambda n=n: call(n)) for n in range(5)))
    assert results == done == list(range(5))
    assert {name.partition("_")[0] for name in threads} == {"md"}
    assert len(set(threads)) == 1


async def test_what_a_call_raises_reaches_the_caller_and_the_lane_goes_on() -> None:
    sink = FakeSink()
    lane = Lane("md", 5, sink)

    def bad() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        await lane.call("bad", bad)
    assert await lane.call("good", lambda: 1) == 1
    assert sink.events == []


async def test_a_call_that_does_not_return_declares_the_process_hung() -> None:
    sink, free = FakeSink(), threading.Event()
    lane = Lane("md", 0.05, sink)
    with pytest.raises(GatewayError, match=r"subscribe did not return within 0.05 s"):
        await lane.call("subscribe", free.wait)
    assert sink.events == [GatewayDied("subscribe", 0.05)]
    free.set()


async def test_waiting_for_a_turn_does_not_count_as_hanging() -> None:
    sink = FakeSink()
    lane = Lane("md", 0.3, sink)
    pause = threading.Event()
    await asyncio.gather(*(lane.call("slow", lambda: pause.wait(0.1)) for _ in range(5)))
    assert sink.events == []


async def test_lanes_do_not_wait_for_each_other() -> None:
    sink, free = FakeSink(), threading.Event()
    stuck, other = Lane("md", 5, sink), Lane("td", 5, sink)
    waiting = asyncio.create_task(stuck.call("stuck", free.wait))
    assert await asyncio.wait_for(other.call("quick", lambda: 7), 2) == 7
    assert not waiting.done()
    free.set()
    await waiting
