"""Two lives of a worker, watched from outside: one that goes well, and the next, in which the venue refuses it."""

import asyncio
import signal
import time
from typing import NamedTuple

import marketbus
from marketbus import Contract, GatewayStatus
from marketbus.domain.session import Session, SessionState
from marketbus.ports.gateway import Capability
from tests.contract.line import START, Line
from tests.contract.registration import Refusal
from tests.system import eventually

NAME = "second"


class Life(NamedTuple):
    """From the start of a worker to its end by SIGTERM."""

    states: list[SessionState]
    """Of the market data session, each once in a row. A gateway that tells sessions met a venue not open yet."""
    code: int
    """Exit code."""
    seconds: float
    """From SIGTERM to the end."""
    contracts: int
    sessions_left: int
    """At the venue, beyond those that were there before."""
    words: str


class LockedOut(NamedTuple):
    """The same worker started again, with a venue that refuses its login for good."""

    session: Session
    """Market data, after the venue would have taken it again."""
    attempts: int
    """Logins tried."""
    running: bool
    contracts: int
    contract: Contract
    """Of the other symbol."""


def lived(line: Line) -> Life:
    """A worker that gets its ticks and its contracts."""
    return asyncio.run(_live(line))


def locked_out(line: Line) -> LockedOut:
    """A worker that gets nothing."""
    try:
        return asyncio.run(_refused(line))
    finally:
        line.venue.refuse_logins(None)


async def _live(line: Line) -> Life:
    reports: list[GatewayStatus] = []
    async with line.connect() as bus:
        await line.listed(line.main)
        await line.serving(bus)
        before = line.venue.sessions()
        bus._hub.directory.watchers.append(reports.append)  # pyright: ignore[reportPrivateUsage]
        if tells_sessions(line):
            line.venue.refuse_logins(Refusal.NOT_OPEN)
        with line.another(NAME, line.pinned, line.registered.stranger) as worker:
            if tells_sessions(line):
                await _opening(line, bus)
            await line.listed(worker)
            await bus.contract(line.other, gateway=NAME)  # a venue may list what it is asked for only
            status = await line.until(bus, lambda s: s.contracts > 1 and s.last_tick, "contracts and ticks", NAME)
            reports.append(status)  # it may end before it has reported that by itself
            began = time.monotonic()
            worker.send(signal.SIGTERM)
            code = await asyncio.to_thread(worker.wait, START)
            seconds = time.monotonic() - began
            words = worker.words()
    await eventually(lambda: line.venue.sessions() <= before, "the end of its session at the venue")
    states: list[SessionState] = []
    for report in reports:
        if report.gateway == NAME and report.md.state not in states[-1:]:
            states.append(report.md.state)
    return Life(states, code, seconds, status.contracts, line.venue.sessions() - before, words)


async def _opening(line: Line, bus: marketbus.Bus) -> None:
    try:
        await line.until(bus, lambda s: s.md.state == "WAITING", "the waiting", NAME, START)
        tried = line.venue.logins_tried()
        await eventually(lambda: line.venue.logins_tried() > tried, "another attempt")
    finally:
        line.venue.refuse_logins(None)


async def _refused(line: Line) -> LockedOut:
    async with line.connect() as bus:
        await line.serving(bus)
        others = await eventually(line.venue.sessions, "the main worker's session")  # it may be back from a drop soon
        tried = line.venue.logins_tried()
        line.venue.refuse_logins(Refusal.WRONG_PASSWORD)
        with line.another(NAME, line.pinned) as worker:
            await eventually(lambda: line.venue.logins_tried() > tried, "the first attempt", START)
            if tells_sessions(line):
                await line.until(bus, lambda s: s.md.state == "FAILED", "the latch", NAME)
            status = await line.until(bus, lambda s: s.contracts > 0, "contracts from the cache", NAME)
            contract = await bus.contract(line.other, gateway=NAME)
            # From here on the venue would take it: whoever tried now would also try at one that locks accounts.
            line.venue.refuse_logins(None)
            line.venue.drop()
            # A gateway that tells no sessions may log in again as well, at the same moment; one that does must not.
            exact = tells_sessions(line)
            back = lambda: line.venue.sessions() == others or (not exact and line.venue.sessions() > others)  # noqa: E731
            await eventually(back, "the main worker's next login")
            attempts = line.venue.logins_tried() - tried - others
            status = await line.until(bus, lambda _: True, "its word", NAME)
            return LockedOut(status.md, attempts, worker.code is None, status.contracts, contract)


def tells_sessions(line: Line) -> bool:
    """Whether the gateway says where its sessions stand."""
    return Capability.SESSIONS in line.registered.capabilities
