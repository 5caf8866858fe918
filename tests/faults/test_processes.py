"""The processes of a system: nothing is left behind, one worker per name, another takes over."""

import asyncio
import os
import re
import signal
import time
from typing import Any

import pytest

import marketbus
from marketbus import GapCause
from tests.conftest import Measured
from tests.system import EVERY, IB, Process, Recorder, System, descendants, eventually, free_port, symbol, write_config
from tests.system.process import gone


def everything(system: System, **gateways: Any) -> Process:
    """A supervisor with a nats-server of its own, on a port that nobody takes while it is down."""
    file = write_config(system.folder / "all.toml", {"port": free_port()}, gateways)
    return system.cli("up", "up", "-c", str(file))


async def embedded_url(up: Process) -> str:
    found = await eventually(lambda: re.search(r"embedded NATS server on (nats://\S+)", up.words()), "the server's url")
    return found.group(1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_everything_in_time(system: System, measured: Measured, number: signal.Signals) -> None:
    up = everything(system, ctp=system.gateway("rb2701.SHFE"))
    async with marketbus.connect(await embedded_url(up)) as bus:
        await system.ready(bus)
        below = descendants(up.pid)
        assert len([line for line in below.values() if "apps.worker" in line]) == 1
        assert len([line for line in below.values() if "nats-server" in line]) == 1
        began = time.monotonic()
        up.send(number)
        assert up.wait(5) == 0
        gone(list(below), within=0.5)
        measured(f"{number.name} to the supervisor → nothing left", time.monotonic() - began)
    assert not system.lab.subscribed
    assert "ended" not in up.words()  # nothing crashed on the way down


async def test_a_killed_supervisor_leaves_no_process(system: System, measured: Measured) -> None:
    up = everything(system, ctp=system.gateway("rb2701.SHFE"))
    async with marketbus.connect(await embedded_url(up)) as bus:
        await system.ready(bus)
    below = descendants(up.pid)
    assert len(below) >= 2
    up.send(signal.SIGKILL)
    measured("supervisor killed → nothing left", gone(list(below), within=5))


async def test_a_killed_demo_leaves_no_process(system: System) -> None:
    up = system.cli("demo", "up", "--demo")
    await eventually(lambda: "first tick after" in up.words(), "the first tick", within=30)
    below = descendants(up.pid)
    kinds = [word for word in ("apps.worker", "nats-server", "lab ctp") if any(word in line for line in below.values())]
    assert kinds == ["apps.worker", "nats-server", "lab ctp"]
    up.send(signal.SIGKILL)
    gone(list(below), within=5)


@pytest.mark.row(9, "worker replaced, subscriptions recovered", scaled="ctp", kinds=EVERY)
async def test_a_killed_worker_is_replaced(system: System, measured: Measured) -> None:
    one, two, *_ = system.kind.instruments
    up = everything(system, ctp=system.gateway(one))
    async with marketbus.connect(await embedded_url(up)) as bus:
        first = await system.ready(bus)
        seen = Recorder()
        async with await seen.follow(bus, two):
            killed = time.monotonic()
            descended = [pid for pid, line in descendants(up.pid).items() if "apps.worker" in line]
            assert descended == [first.pid]
            os.kill(first.pid, signal.SIGKILL)
            second = await system.ready(bus, after=first.epoch)
            await eventually(lambda: [t for t in seen.live if t.epoch == second.epoch], "ticks of the new worker")
            measured("worker killed → ticks of the next", time.monotonic() - killed)
            assert system.subscribed == {symbol(one), symbol(two)}


@pytest.mark.row(5, "our own server is started again, ticks resume", scaled="ctp")
async def test_a_killed_nats_server_of_our_own_comes_back_on_its_port(system: System) -> None:
    up = everything(system, ctp=system.gateway(system.kind.one))
    url = await embedded_url(up)
    async with marketbus.connect(url) as bus:
        first = await system.ready(bus)
        (server,) = [pid for pid, line in descendants(up.pid).items() if "nats-server" in line]
        os.kill(server, signal.SIGKILL)
        await eventually(lambda: not bus.connected, "the loss")
        again = await system.ready(bus, within=15)
        assert again.epoch == first.epoch
        seen = Recorder()
        async with await seen.follow(bus, system.kind.one):
            await eventually(lambda: seen.live, "ticks")


@pytest.mark.row(18, "one live; a frozen one steps down before it sends anything", scaled="ctp", kinds=EVERY)
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP])
async def test_a_standby_takes_over(system: System, measured: Measured, end: signal.Signals) -> None:
    """Two workers of one name: the second waits, and is live soon after the first is killed, stopped or frozen."""
    one, two, *_ = system.kind.instruments
    # Frozen for longer than an SDK call may take, it would be ended by that timer instead.
    first = system.worker(one, call_timeout=60)
    async with system.connect() as bus:
        before = await system.ready(bus)
        second = system.standby()
        await eventually(lambda: f"live on {before.host} (pid {first.pid})" in second.words(), "the standby")
        assert [each.pid for each in await bus.gateways()] == [first.pid]
        seen = Recorder()
        async with await seen.follow(bus, two):
            await eventually(lambda: seen.live, "ticks of the first")
            ended = time.monotonic()
            first.send(end)
            frozen = end is signal.SIGSTOP
            if frozen and system.kind is IB:  # TWS takes nobody else while the frozen one's socket is there
                await system.until(bus, lambda s: s.pid == second.pid and s.md.state == "WAITING", "326")
                first.send(signal.SIGCONT)
            await eventually(lambda: any(t.epoch > before.epoch for t in seen.live), "ticks of the second")
            measured(f"{end.name} to the live worker → ticks of the standby", time.monotonic() - ended)
            after = await system.ready(bus, after=before.epoch)
            assert after.pid == second.pid
            if frozen:
                first.send(signal.SIGCONT)
                assert await asyncio.to_thread(first.wait) == 75  # it steps down, and says nothing more
                assert "another worker took this gateway's name" in first.words()
            count = len(seen.ticks)
            await eventually(lambda: len(seen.ticks) > count + 20, "the feed goes on")
        assert [gap.cause for gap in seen.gaps] == [GapCause.EPOCH]
        epochs = [tick.epoch for tick in seen.ticks]
        assert epochs == sorted(epochs)
        assert set(epochs) == {before.epoch, after.epoch}
        assert second.code is None
