"""SE: logins, the loss of a session, and what a refusal leads to."""

from itertools import groupby

import pytest

from marketbus import GatewayStatus
from marketbus.domain.session import SessionState
from marketbus.ports.gateway import Capability
from tests.contract.life import Life, LockedOut
from tests.contract.line import MAIN, Line
from tests.system import Recorder, eventually

ORDER = [
    SessionState.DISCONNECTED,
    SessionState.CONNECTING,
    SessionState.AUTHENTICATING,
    SessionState.SYNCING,
    SessionState.READY,
]


@pytest.mark.card("SE-01")
def test_se_01_a_session_goes_up_step_by_step(line: Line, life: Life) -> None:
    """States that are passed quickly may not be seen; none is seen out of order but for what follows a wait."""
    up = [state for state, _ in groupby(state for state in life.states if state is not SessionState.WAITING)]
    assert up == [state for state in ORDER if state in up]
    assert life.states[-1] is SessionState.READY
    assert "cannot follow" not in life.words


@pytest.mark.card("SE-02", needs=Capability.SESSIONS)
async def test_se_02_a_dropped_session_is_told_and_comes_back(line: Line) -> None:
    async with line.connect() as bus:
        before = await line.serving(bus)
        reports: list[GatewayStatus] = []
        bus._hub.directory.watchers.append(reports.append)  # pyright: ignore[reportPrivateUsage]
        line.venue.drop()
        logins = before.md.logins + 1
        after = await line.until(bus, lambda s: s.md.state == "READY" and s.md.logins == logins, "the next login", MAIN)
        assert after.epoch == before.epoch
        told = [report.md.state for report in reports if report.gateway == MAIN]
        assert SessionState.DISCONNECTED in told
    assert "cannot follow" not in line.main.words()


@pytest.mark.card("SE-02", lacks=Capability.SESSIONS)
async def test_se_02_a_gateway_that_tells_no_sessions_still_has_ticks_after_a_drop(line: Line) -> None:
    async with line.connect() as bus:
        before = await line.serving(bus)
        seen = Recorder()
        async with await line.follow(bus, seen, line.pinned):
            logins = line.venue.logins_tried()
            line.venue.drop()
            await eventually(lambda: line.venue.logins_tried() > logins, "the next login")
            count = len(seen.live)
            await eventually(lambda: len(seen.live) > count, "ticks")
        status = await line.serving(bus)
        assert status.epoch == before.epoch
        assert Capability.SESSIONS not in status.capabilities


@pytest.mark.card("SE-03")
def test_se_03_a_login_refused_for_good_is_not_tried_a_third_time(line: Line, out: LockedOut) -> None:
    """Nor after the venue cut the connection: counters lock accounts."""
    assert out.attempts <= 2
    assert out.running
    if Capability.SESSIONS in line.registered.capabilities:
        assert out.session.state is SessionState.FAILED
        assert out.session.message
    else:
        assert out.session.state is not SessionState.READY


@pytest.mark.card("SE-04", needs=Capability.MARKET_DATA_ONLY)
async def test_se_04_market_data_needs_no_trading_login(line: Line) -> None:
    async with line.connect() as bus:
        with line.another("data", line.other, trading_login=False):
            status = await line.until(bus, lambda s: s.md.state == "READY" and s.last_tick, "ticks", "data")
            assert (status.td.state, status.td.logins) == ("DISCONNECTED", 0)
            assert [tick.vt_symbol for tick in await bus.snapshot("*", gateway="data")] == [line.other]


@pytest.mark.card("SE-05", needs=Capability.SESSIONS)
def test_se_05_a_venue_that_is_not_open_yet_is_waited_for(line: Line, life: Life) -> None:
    assert SessionState.WAITING in life.states
    assert life.states[-1] is SessionState.READY
