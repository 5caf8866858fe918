"""Fronts that drop, refuse, and reject: reported, retried without hammering, everything subscribed again once."""

import signal
import time
from typing import Any

import pytest

from marketbus import GatewayStatus
from tests.conftest import Measured, Systems
from tests.system import Kind, Recorder, System, eventually, symbol

WANTED = 3
"""Instruments that a worker of these tests has."""


def other_product(kind: Kind) -> str:
    """A glob of the second instrument's exchange."""
    code, _, exchange = kind.instruments[1].partition(".")
    return f"{code[:2]}*.{exchange}"


@pytest.mark.row(6, "state published, everything resubscribed exactly once", scaled="ctp")
async def test_a_dropped_front_is_reported_and_everything_subscribed_again_once(
    system: System, measured: Measured
) -> None:
    wanted = system.kind.instruments[:WANTED]
    worker = system.worker(wanted[0])
    async with system.connect() as bus:
        first = await system.ready(bus)
        reports: list[GatewayStatus] = []
        bus._hub.directory.watchers.append(reports.append)  # pyright: ignore[reportPrivateUsage]
        seen = Recorder()
        async with await seen.follow(bus, *wanted):
            await eventually(lambda: len({tick.symbol for tick in seen.live}) == 3, "ticks of all")
            dropped = time.monotonic()
            assert system.lab.control.drop("md") == 1
            await system.until(bus, lambda s: s.md.logins == 2 and s.acknowledged == 3, "the second login")
            await eventually(lambda: seen.first_after(dropped + 0.5), "ticks after the drop")
            measured("front dropped → ticks again", (seen.first_after(dropped + 0.5) or 0) - dropped)
            before = len(seen.live)
            await eventually(lambda: {t.vt_symbol for t in seen.live[before:]} == set(wanted), "all")
        assert system.lab.control.status()["subscribe_requests"] == 2 * WANTED
        states = [report.md.state for report in reports]
        assert "DISCONNECTED" in states
        assert not seen.gaps  # nothing was numbered while the venue was away
        again = await system.ready(bus)
        assert again.epoch == first.epoch
        assert again.td.logins == 1  # the trading session had no part in it
    assert "market data front disconnected, reason 0x1001" in worker.words()
    assert "cannot follow" not in worker.words()


@pytest.mark.row(6, "named, retried, taken again", scaled="ctp")
async def test_a_front_that_refuses_is_named_and_taken_again_when_it_is_back(system: System) -> None:
    wanted = system.kind.instruments[:WANTED]
    worker = system.worker(*wanted, connect_timeout=1.0)
    async with system.connect() as bus:
        await system.ready(bus)
        system.lab.control.refuse(front="md")
        system.lab.control.drop("md")
        status = await system.until(bus, lambda s: "Connect" in s.md.message, "the report")
        assert status.md.state == "CONNECTING"
        assert system.lab.md in status.md.message
        assert status.td.state == "READY"
        assert len(await bus.contracts(system.kind.many)) > 1  # what is known stays known
        system.lab.control.refuse(on=False, front="md")
        status = await system.until(bus, lambda s: s.md.state == "READY" and s.acknowledged == 3, "the recovery")
        assert status.md.message == ""
        assert {tick.vt_symbol for tick in await bus.snapshot("*")} == set(wanted)
    assert f"market data front {system.lab.md} gave no answer within 1 s" in worker.words()
    assert "cannot follow" not in worker.words()


@pytest.mark.row(7, "at most 2 attempts, FAILED latched with the venue's words and a hint")
async def test_a_wrong_password_costs_one_attempt_whatever_restarts_until_an_operator_asks(systems: Systems) -> None:
    system = systems(password="right")
    tried = system.lab.count_logins()
    wanted = system.kind.instruments[:WANTED]
    bad: dict[str, Any] = {"setting": {"密码": "wrong"}, "connect_timeout": 0.5, "login_retry": 0.2}
    worker = system.worker(*wanted, **bad)
    async with system.connect() as bus:
        status = await system.until(bus, lambda s: s.md.state == s.td.state == "FAILED", "both sessions failed")
        for session in (status.md, status.td):
            assert session.code == 3
            assert session.message.startswith("[3] CTP:不合法的登录; check user, password and broker id")
            assert "InvestorID" in session.message
            assert "投资者代码" in session.message  # whoever reads a status may read either language
        system.lab.control.drop()
        fronts = lambda: system.lab.control.status()["fronts"]  # noqa: E731
        await eventually(lambda: fronts()["md"]["sessions"] == fronts()["td"]["sessions"] == 1, "the reconnect")
        assert "FAILED, not tried again today: [3] CTP:不合法的登录; check user" in worker.words()
        assert "投资者代码" not in worker.words()  # the operator's language alone
        worker.send(signal.SIGTERM)
        worker.wait()
        again = system.worker(*wanted, **bad)
        first = status.epoch
        status = await system.until(
            bus, lambda s: s.epoch > first and s.md.state == s.td.state == "FAILED", "the memory"
        )
        assert status.md.code == 3
        assert tried == ["md"]  # counters lock accounts
        await bus.reconnect("ctp")
        assert again.wait() == 70
        asked = system.worker(*wanted, **bad)
        await eventually(lambda: tried == ["md", "md"], "the attempt that was asked for")
        await system.until(bus, lambda s: s.epoch > status.epoch and s.td.state == "FAILED", "the same words")
    for process in (worker, again, asked):
        assert "cannot follow" not in process.words()
        assert "wrong" not in process.words().replace("is wrong", "")  # the password shows nowhere


@pytest.mark.row(7, "at most 2 attempts, FAILED latched")
async def test_an_unknown_refusal_is_tried_once_more_and_no_more(system: System) -> None:
    tried = system.lab.count_logins()
    system.lab.control.reject_login(4321)
    system.worker(*system.kind.instruments[:WANTED], login_retry=0.2)
    async with system.connect() as bus:
        await system.until(bus, lambda s: s.md.state == s.td.state == "FAILED", "both sessions failed")
    assert sorted(tried) == ["md", "td"]  # two in all


@pytest.mark.row(7, "WAITING, retried, READY once the counter opens")
async def test_a_counter_that_is_not_open_yet_is_waited_for(system: System) -> None:
    """Also what the stock gateway never does: log in after a refused login."""
    tried = system.lab.count_logins()
    system.lab.control.reject_login(7)
    worker = system.worker(*system.kind.instruments[:WANTED], login_retry=0.3)
    async with system.connect() as bus:
        status = await system.until(bus, lambda s: s.md.state == s.td.state == "WAITING", "both sessions waiting")
        assert status.md.message.startswith("[7] CTP:还没有初始化; the counter is not open yet")
        await eventually(lambda: tried.count("md") >= 3 and tried.count("td") >= 3, "further attempts")
        system.lab.control.drop()  # a reconnect must not start a second series of attempts
        await eventually(lambda: "reason 0x1001" in worker.words(), "the drop")
        count, began = len(tried), time.monotonic()
        await eventually(lambda: len(tried) >= count + 8, "more attempts")
        assert time.monotonic() - began > 0.9  # two sessions, one attempt each in 0.3 s
        system.lab.control.reject_login(0)
        await system.until(bus, lambda s: s.acknowledged == 3 and s.td.state == "READY", "the opening")
        seen = Recorder()
        async with await seen.follow(bus, system.kind.one):
            await eventually(lambda: seen.live, "ticks")
    assert system.lab.control.status()["logins"] == 2
    assert "cannot follow" not in worker.words()


@pytest.mark.row(12, "data goes on", scaled="ctp")
async def test_market_data_flows_while_the_trading_front_is_down(system: System) -> None:
    """The stock gateway drops every tick that comes before its contract query."""
    system.lab.control.refuse(front="td")
    one, others = system.kind.one, other_product(system.kind)
    system.worker(one, others, connect_timeout=0.5)
    async with system.connect() as bus:
        status = await system.until(bus, lambda s: s.md.state == "READY" and s.ticks > 5, "ticks without contracts")
        assert status.contracts == 0
        assert system.lab.subscribed == {symbol(one)}  # nobody knows yet what the glob takes
        ticks = await bus.snapshot("*")
        assert [(tick.vt_symbol, tick.trading_day) for tick in ticks] == [(one, 20261120)]
        status = await system.until(bus, lambda s: "Connect" in s.td.message, "the report on the trading front")
        assert (status.md.state, status.td.state) == ("READY", "CONNECTING")
        system.lab.control.refuse(on=False, front="td")
        await system.ready(bus)
        await eventually(lambda: len(system.lab.subscribed) > 1, "what the glob takes")
        (contract,) = await bus.contracts(one)
        assert contract.name

        async def named() -> bool:
            return [tick.name for tick in await bus.snapshot(one)] == [contract.name]

        await eventually(named, "the name in the ticks")


@pytest.mark.row(12, "data goes on", scaled="ctp")
async def test_globs_and_names_work_from_the_cached_contracts_while_the_trading_front_is_down(system: System) -> None:
    others = other_product(system.kind)
    worker = system.worker(others)
    async with system.connect() as bus:
        first = await system.ready(bus)
        worker.send(signal.SIGTERM)
        assert worker.wait() == 0
        system.lab.control.refuse(front="td")
        system.lab.control.drop("td")
        system.worker(others, connect_timeout=0.5)
        status = await system.until(bus, lambda s: s.epoch > first.epoch and s.ticks > 10, "ticks")
        assert status.contracts == first.contracts > 0
        assert status.td.logins == 0
        seen = Recorder()
        async with await seen.follow(bus, system.kind.many):
            await eventually(lambda: len({tick.symbol for tick in seen.live}) > 3, "ticks of a client's glob")
        assert all(tick.name for tick in seen.ticks)
        if system.kind.name == "ctp":  # needs the contract's size
            assert all(tick.average_price for tick in seen.live)
