"""Fronts that cannot be reached or never answer: reported, the next one taken, and never in a hurry."""

import time
from typing import Any

import pytest

from tests.conftest import Measured, Systems
from tests.system import Process, Recorder, System, eventually

QUICK: dict[str, Any] = {"connect_timeout": 0.6, "login_timeout": 0.6, "login_retry": 0.3}
PROCESSES = 60.0
"""Seconds for a succession of processes, on a machine that has other work."""
WANTED = 2
"""Instruments that a worker of these tests has."""


def supervised(system: System, *fronts: str, **keys: Any) -> Process:
    section = system.gateway(*system.kind.instruments[:WANTED], setting={"行情服务器": list(fronts)}, **QUICK | keys)
    return system.cli("up", "up", "-c", str(system.config(ctp=section)))


@pytest.mark.row(6, "state published, next front tried, everything resubscribed", scaled="ctp")
async def test_market_data_moves_to_the_next_front_and_goes_on_there(systems: Systems, measured: Measured) -> None:
    """Refused from the start, then lost in service, then mute from the start: each time the next of the list."""
    system = systems(md_fronts=3)
    one, two, three = system.lab.md_fronts
    control = system.lab.control
    control.refuse(front="md")
    up = supervised(system, one, two, three)
    async with system.connect() as bus:
        first = await system.ready(bus, within=PROCESSES)
        seen = Recorder()
        wanted = set(system.kind.instruments[:WANTED])
        async with await seen.follow(bus, *wanted):
            assert first.md.front == two  # the one in use, not the list
            assert f"market data front {one}: no connection within 0.6 s; the next one is {two}" in up.words()
            await eventually(lambda: {tick.vt_symbol for tick in seen.live} == wanted, "ticks")
            control.mute(front="md3")  # connects, and says nothing ever
            control.refuse(front="md2")
            control.refuse(on=False, front="md")
            lost = time.monotonic()
            assert control.drop("md2") == 1
            status = await system.until(
                bus,
                lambda s: s.md.front == one and s.md.state == "READY" and s.acknowledged == 2,
                "the first front",
                within=PROCESSES,
            )
            await eventually(lambda: {t.vt_symbol for t in seen.live if t.epoch == status.epoch} == wanted, "")
            resumed = next(at for at, tick in zip(seen.times, seen.ticks, strict=True) if tick.epoch == status.epoch)
            measured("front lost, the next mute → ticks of the one after (patience 0.6 s each)", resumed - lost)
    assert f"market data front {two}: no connection within 0.6 s; the next one is {three}" in up.words()
    assert f"market data front {three}: no answer to the login for" in up.words()
    assert f"the next one is {one}" in up.words()
    assert "cannot follow" not in up.words()


@pytest.mark.row(6, "next front tried, jittered pauses, taken again at once", scaled="ctp")
async def test_when_no_front_works_they_are_tried_in_turn_with_growing_pauses(systems: Systems) -> None:
    system = systems(md_fronts=2)
    system.lab.control.refuse(front="md")
    system.lab.control.refuse(front="md2")
    up = supervised(system, *system.lab.md_fronts)
    async with system.connect() as bus:
        await eventually(lambda: "none of the 2 market data fronts works" in up.words(), "both tried", PROCESSES)
        began = up.words().count("worker ctp started")
        assert began == 3
        await system.until(bus, lambda s: s.md.front == system.lab.md, "the first front again")
        system.lab.control.refuse(on=False, front="md")
        # It comes back during the pause: taken at once, in the same process.
        status = await system.until(bus, lambda s: s.md.state == "READY" and s.acknowledged == 2, "the recovery")
        assert status.md.front == system.lab.md
    assert up.words().count("worker ctp started") == began


@pytest.mark.row(6, "accepts and stays mute: state published, tried again, one login in the end", scaled="ctp")
async def test_a_login_that_is_never_answered_is_reported_and_tried_again_in_place(
    system: System, measured: Measured
) -> None:
    """With one front there is nowhere to go. Both sessions; the trading front's silence costs market data nothing."""
    control = system.lab.control
    control.ignore("ReqAuthenticate")
    worker = system.worker(*system.kind.instruments[:WANTED], **QUICK)
    async with system.connect() as bus:
        status = await system.until(
            bus, lambda s: s.td.state == "WAITING" and s.md.state == "READY" and s.ticks, "data without trading"
        )
        assert status.td.message == "no answer to the login within 0.6 s / 0.6 秒内没有收到登录应答"
        control.ignore("ReqUserLogin")
        control.ignore("ReqAuthenticate", on=False)
        control.drop("md")
        await system.until(bus, lambda s: s.md.state == "WAITING", "the report")
        for _ in range(3):
            control.drop("td")  # a front that comes and goes multiplies nothing
            control.drop("md")
        await eventually(lambda: worker.words().count("no answer to the market data login") >= 3, "further attempts")
        answered = time.monotonic()
        control.ignore("ReqUserLogin", on=False)
        again = await system.until(bus, lambda s: s.md.state == s.td.state == "READY" and s.acknowledged == 2, "both")
        measured("login answered again (tried every 0.3 s) → both sessions READY", time.monotonic() - answered)
        assert again.epoch == status.epoch
    assert system.lab.control.status()["logins"] == 3
    assert "cannot follow" not in worker.words()


@pytest.mark.row(12, "data goes on", scaled="ctp")
async def test_a_contract_query_that_is_never_answered_leaves_market_data_alone(system: System) -> None:
    control = system.lab.control
    control.ignore("ReqSettlementInfoConfirm")
    control.ignore("ReqQryInstrument")
    worker = system.worker(*system.kind.instruments[:WANTED], **QUICK)
    async with system.connect() as bus:
        await eventually(lambda: "no answer to the contract query within 0.6 s" in worker.words(), "the report")
        status = await system.until(bus, lambda s: s.td.state == "SYNCING" and s.ticks > 5, "data all the while")
        assert (status.md.state, status.contracts) == ("READY", 0)
        control.ignore("ReqQryInstrument", on=False)
        control.drop("td")  # the library takes no further query on this connection while one is unanswered
        status = await system.until(bus, lambda s: s.td.state == "READY" and s.contracts > 0, "the list")
        assert status.md.logins == 1
    assert worker.words().count("no answer to the contract query") == 2  # once per login
