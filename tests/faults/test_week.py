"""A week at the counter, nights, weekend and a holiday included, judged by hand-written tables where it comes out.

The market's time passes fast or jumps to where something happens; worker, supervisor, SDK, bus and client are real.
"""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import NamedTuple

import pytest

import marketbus
from marketbus import GatewayStatus, Tick, TickFlag
from marketbus.lab.hours import SHANGHAI
from tests.conftest import Measured, Systems
from tests.golden.sessions import CLOSING_SECOND, Judge
from tests.system import Kind, Process, Span, System


class Week(NamedTuple):
    """`products` of every exchange and every kind of hours; where something happens in each part of a day.

    Times before 20:00 that follow later ones are the next day's.
    """

    products: tuple[tuple[str, str], ...]
    night: str
    morning: str
    afternoon: str
    begins: str
    """Shortly after the first login."""


WEEKS = {
    "ctp": Week(
        (
            ("SHFE", "rb"), ("SHFE", "cu"), ("SHFE", "au"), ("INE", "sc"), ("DCE", "m"), ("DCE", "jd"), ("CZCE", "SA"),
            ("CZCE", "AP"), ("CFFEX", "IF"), ("CFFEX", "T"), ("GFEX", "si"),
        ),
        "20:58:30-20:59:30 20:59:50-21:01 22:59:30-23:00:30 23:59:45-00:00:30 00:59:30-01:00:30 02:29:30-02:30:30",
        "08:58:30-08:59:30 08:59:50-09:01 09:28:30-09:29:30 09:29:50-09:31 10:14:30-10:15:30 10:29:50-10:31 "
        "11:29:30-11:30:30",
        "12:59:50-13:01 13:29:50-13:31 14:59:30-15:00:30 15:14:30-15:15:30 15:19:30-15:20:30",
        "2026-11-20T20:46:00",
    ),
    "sopt": Week(
        (("SSE", "10000001"), ("SZSE", "90000001")),
        "",
        "09:14:30-09:15:30 09:24:30-09:25:30 09:29:50-09:31 11:29:30-11:30:30",
        "12:59:50-13:01 14:56:30-14:57:30 14:59:30-15:00:30 15:19:30-15:20:30",
        "2026-11-20T08:46:00",
    ),
}  # fmt: skip
EVES = {
    "ctp": ("14:59:30-15:00:30 15:14:30-15:15:30 15:19:30-15:20:30", "08:58:30-08:59:30 08:59:50-09:01"),
    "sopt": ("14:59:30-15:00:30 15:19:30-15:20:30", "09:14:30-09:15:30 09:29:50-09:31"),
}
"""The last hour before a holiday, and the first after it."""
SPEED = 100.0
STALE_AFTER = 1.0


class Market:
    """The market's time, and what came out at the client while it passed."""

    def __init__(self, system: System, bus: marketbus.Bus, up: Process, speed: float) -> None:
        self.system = system
        self.bus = bus
        self.up = up
        self.speed = speed
        self.ticks: list[tuple[Tick, datetime]] = []
        self.statuses: list[GatewayStatus] = []
        self._segments: list[tuple[int, datetime, float]] = []

    def tick(self, tick: Tick) -> None:
        if not tick.flags & TickFlag.SNAPSHOT:
            self.ticks.append((tick, self.at(tick.received)))

    def at(self, real_ns: int) -> datetime:
        """The market's time then, in Shanghai, without a zone."""
        real, market, rate = next(each for each in reversed(self._segments) if each[0] <= real_ns)
        return market + timedelta(seconds=(real_ns - real) / 1e9 * rate)

    def clock(self, *, start: datetime | None = None, speed: float) -> None:
        """Sets the market's time and speed."""
        answer = self.system.lab.control.clock(start=start, speed=speed)
        now = datetime.fromisoformat(answer["now"]).replace(tzinfo=None)
        self._segments.append((time.time_ns(), now, speed))

    async def go(self, moment: datetime, *, seen: bool = True, speed: float | None = None) -> None:
        """Jumps there and lets time pass once the worker knows; `seen` False: nobody is logged in to know."""
        control = self.system.lab.control
        control.pause()
        self.clock(start=moment, speed=1)
        if seen:
            ns = int(moment.replace(tzinfo=SHANGHAI).timestamp()) * 10**9

            def known(status: GatewayStatus) -> bool:
                return 0 <= (status.market_time or 0) - ns < 60 * 10**9

            await self.system.until(self.bus, known, f"the market's time {moment}")
        self.clock(speed=speed or self.speed)
        control.resume()

    async def until(self, moment: datetime) -> None:
        """Lets time pass."""
        while (left := moment - self.at(time.time_ns())) > timedelta(0):
            await asyncio.sleep(left.total_seconds() / self.speed)

    async def log_in(self, moment: datetime) -> GatewayStatus:
        """Lives through a scheduled login: the process that was there is replaced by a fresh one, ready in time."""
        before = max((status.epoch for status in self.statuses), default=0)
        await self.go(moment, seen=False, speed=10)  # a process takes real seconds to start
        status = await self.system.ready(self.bus, after=before, within=60)
        assert self.at(time.time_ns()) < moment + timedelta(minutes=13), "late for the auction"
        return status

    async def session(self, spans: str, day: datetime) -> None:
        """Lives through those parts of a session, jumps over the rest; one process, one login from first to last."""
        before = await self.system.ready(self.bus)
        began = None
        for span in spans.split():
            start, end = (
                datetime.combine(day, datetime.strptime(each, "%H:%M:%S" if each.count(":") == 2 else "%H:%M").time())
                for each in span.split("-")
            )
            began = began or start
            start, end = (each + timedelta(days=1) if each < began else each for each in (start, end))
            await self.go(start)
            await self.until(end)
        after = await self.system.ready(self.bus)
        assert (after.epoch, after.md.logins, after.td.logins) == (before.epoch, 1, 1)

    async def day(self, week: Week, today: datetime) -> None:
        """Morning, noon and afternoon."""
        await self.session(week.morning, today)
        await self.rest(today + timedelta(hours=12), 1.5 * STALE_AFTER)
        await self.session(week.afternoon, today)

    async def rest(self, moment: datetime, seconds: float, *, seen: bool = True) -> None:
        """Stays in a closed market for real seconds: longer than a silence that would be an alarm."""
        await self.go(moment, seen=seen)
        await asyncio.sleep(seconds)


def product(tick: Tick) -> tuple[str, str]:
    """As the tables name it: options of the stock exchanges have numbers, and all the same hours."""
    letters = "".join(letter for letter in tick.symbol[:2] if letter.isalpha())
    return tick.exchange, letters or {"SSE": "10000001", "SZSE": "90000001"}[tick.exchange]


def judged(market: Market, judge: Judge) -> None:
    """Every tick as the tables say."""
    assert market.ticks
    for tick, came in market.ticks:
        day, flags = judge.expected(*product(tick), tick.time.replace(tzinfo=None), came)
        found = TickFlag(tick.flags) & ~TickFlag.SIMULATED
        if flags & TickFlag.OUT_OF_SESSION:
            found &= ~TickFlag.DATE_INFERRED  # DCE and CZCE date a replayed snapshot ahead
        assert (tick.trading_day, found) == (day, flags), f"{tick.vt_symbol} {tick.time} came {came}: {tick}"


def complete(market: Market, judge: Judge, since: datetime, until: datetime) -> None:
    """Auction, first minute and closing second of every session of every product came out."""
    times: dict[tuple[str, str], set[datetime]] = {}
    for tick, _ in market.ticks:
        times.setdefault(product(tick), set()).add(tick.time.replace(tzinfo=None))
    half = timedelta(seconds=0.5)
    for each in WEEKS[market.system.kind.name].products:
        sessions = [session for session in judge.sessions(*each) if since <= session.start and session.end <= until]
        assert sessions
        followed = {session.start for session in sessions}
        for session in sessions:
            if session.flags & TickFlag.AUCTION or session.end - CLOSING_SECOND in followed:
                last = (time for time in times[each] if session.end - timedelta(seconds=61) <= time < session.end)
                assert any(last), f"{each}: {session}"
            else:
                assert session.end - half in times[each], f"{each}: {session}"
                first = (time for time in times[each] if session.start <= time < session.start + timedelta(minutes=1))
                assert any(first), f"{each}: {session}"


def no_alarm(market: Market) -> None:
    """Nothing was taken for mute, nobody was called."""
    assert "STALE" not in {status.md.state for status in market.statuses}
    assert not any(status.silent or status.rejects for status in market.statuses)
    words = market.up.words()
    for alarm in ("silent", "speaks again", "NOT READY", "FAILED", "cannot follow", "Traceback"):
        assert alarm not in words
    # Refused outside of the counter's hours: no alarm, but an error of the counter's.
    assert [line for line in words.splitlines() if " ERROR " in line and "[7]" not in line] == []


@asynccontextmanager
async def counter(systems: Systems, start: str, speed: float) -> AsyncGenerator[Market]:
    """A counter with its own day, a supervised worker, a client that sees everything."""
    system = systems(start=moment(start), instruments=300, rate=300, closed_hours=True, counter_day=True)
    pins = [
        f"{code}*.{exchange}" if code.isalpha() else f"*.{exchange}"
        for exchange, code in WEEKS[system.kind.name].products
    ]
    file = system.config(ctp=system.gateway(*pins, stale_after=STALE_AFTER, login_retry=1.0))
    up = system.cli("up", "up", "-c", str(file))
    async with system.connect() as bus:
        market = Market(system, bus, up, speed)
        market.clock(speed=1)

        async def follow() -> None:
            async for status in bus.statuses():
                market.statuses.append(status)

        following = asyncio.create_task(follow())
        try:
            await system.ready(bus)
            async with await bus.on_ticks(pins, market.tick):
                yield market
        finally:
            following.cancel()


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.row(14, "right trading day, time and flags; one login per session; no false alarm", once=True)
async def test_a_week(systems: Systems, kind: Kind, span: Span, measured: Measured) -> None:
    """From a Friday over the weekend to Monday's close; in a soak to the close of the Friday after."""
    week = WEEKS[kind.name]
    days = ["2026-11-23"] + (["2026-11-24", "2026-11-25", "2026-11-26", "2026-11-27"] if span.soaking else [])
    judge = Judge("2026-11-19", "2026-11-20", *days)
    begun = moment(week.begins)
    async with counter(systems, week.begins, SPEED) as market:
        evening = moment("2026-11-20")
        if not week.night:
            await market.day(week, evening)
        for each in days:
            today = moment(each)
            if week.night:
                if each != days[0]:
                    await market.log_in(evening + timedelta(hours=20, minutes=45))
                await market.session(week.night, evening)
            for closed in range(3, 34 if today - evening > timedelta(days=1) else 4, 30):  # on Saturday, on Sunday
                await market.rest(evening + timedelta(days=1, hours=closed), 1.5 * STALE_AFTER, seen=False)
            await market.log_in(today + timedelta(hours=8, minutes=45))
            await market.day(week, today)
            evening = today
        judged(market, judge)
        complete(market, judge, begun, moment(f"{days[-1]}T15:30"))
        no_alarm(market)
        processes = len({tick.epoch for tick, _ in market.ticks})
        measured("a week, judged", len(market.ticks), "ticks")
        measured("a week, processes", processes, "for as many sessions")
        assert processes == (2 * len(days) if week.night else 1 + len(days))


@pytest.mark.row(14, "no night before a holiday; the first login after it is on time", scaled="ctp", once=True)
async def test_a_holiday(systems: Systems) -> None:
    judge = Judge("2026-09-30", "2026-10-08")
    async with counter(systems, "2026-09-30T14:58:00", SPEED) as market:
        last, first = EVES[market.system.kind.name]
        await market.session(last, moment("2026-09-30"))
        closed = len(market.ticks)
        for text in ("2026-09-30T21:00:00", "2026-10-01T00:30:00", "2026-10-05T10:00:00"):
            await market.rest(moment(text), STALE_AFTER, seen=False)
        assert len(market.ticks) == closed
        status = await market.log_in(moment("2026-10-08T08:45:00"))
        assert status.md.trading_day == 20261008
        await market.session(first, moment("2026-10-08"))
        judged(market, judge)
        no_alarm(market)
