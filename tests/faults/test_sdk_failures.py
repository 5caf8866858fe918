"""An SDK that crashes or hangs takes its process with it, and nothing else: the supervisor brings a fresh one."""

import contextlib
import time
from typing import Any

import pytest

import marketbus
from marketbus import GapCause, GatewayStatus
from tests.conftest import Measured
from tests.system import Process, Recorder, System, eventually, past_python, symbol

PATIENCE = 1.5
"""Seconds before an SDK call counts as hung here; 10 by default."""


def supervised(system: System, *subscribe: str, **keys: Any) -> Process:
    file = system.config(ctp=system.gateway(*subscribe, call_timeout=PATIENCE, **keys))
    return system.cli("up", "up", "-c", str(file))


async def recovered(system: System, bus: marketbus.Bus, seen: Recorder, first: GatewayStatus) -> GatewayStatus:
    """A new process with a larger epoch, its pin and the client's lease both asked for, ticks at the client."""
    pin, *two = map(symbol, system.kind.instruments[:3])
    followed = set(two)
    status = await system.ready(bus, after=first.epoch)
    assert status.pid != first.pid
    await eventually(
        lambda: {tick.symbol for tick in seen.live if tick.epoch == status.epoch} == followed,
        "ticks of the new epoch",
    )
    assert system.lab.subscribed >= {pin, *followed}
    assert {gap.cause for gap in seen.gaps} == {GapCause.EPOCH}
    assert {gap.symbol for gap in seen.gaps} == followed
    return status


@pytest.mark.row(9, "worker replaced, subscriptions recovered, state published", scaled="ctp")
async def test_a_crash_costs_one_epoch(system: System, measured: Measured) -> None:
    pin, *two = system.kind.instruments[:3]
    up = supervised(system, pin)
    async with system.connect() as bus:
        first = await system.ready(bus)
        seen = Recorder()
        async with await seen.follow(bus, *two):
            await eventually(lambda: len({tick.symbol for tick in seen.live}) == 2, "ticks")
            crashed = time.monotonic()
            assert system.lab.control.crash("md") == 1
            await recovered(system, bus, seen, first)
            resumed = next(at for at, tick in zip(seen.times, seen.ticks, strict=True) if tick.epoch > first.epoch)
            measured("SDK crashed → ticks of the new worker", resumed - crashed)
    assert "ended (SIGSEGV); starting it again" in up.words()


@pytest.mark.row(9, "worker replaced, subscriptions recovered, state published", scaled="ctp")
async def test_a_call_that_never_returns_ends_the_process(system: System, measured: Measured) -> None:
    """vnpy_ctp calls the library with the GIL held: all threads stop with it; our core does not."""
    pin, *two = system.kind.instruments[:3]
    up = supervised(system, pin)
    async with system.connect() as bus:
        first = await system.ready(bus)
        seen = Recorder()
        async with await seen.follow(bus, *two):
            await eventually(lambda: len({tick.symbol for tick in seen.live}) == 2, "ticks")
            assert system.lab.control.hang("md", calls=True) == 1
            hung = time.monotonic()
            # The subscription this leads to is the call that never returns; whether the pin is answered is chance.
            with contextlib.suppress(marketbus.MarketBusError):
                await bus.pin(system.kind.instruments[3], wait=0.5)
            await recovered(system, bus, seen, first)
            resumed = next(at for at, tick in zip(seen.times, seen.ticks, strict=True) if tick.epoch > first.epoch)
            measured(f"SDK call hung (patience {PATIENCE:g} s) → ticks of the new worker", resumed - hung)
    if past_python.expected() == "native":
        assert "the SDK did not return from subscribe within 1.5 s" in up.words()
    else:
        assert "Timeout (0:00:01.5" in up.words()  # the tracebacks of all threads: where it hung
        assert "subscribe" in up.words()
