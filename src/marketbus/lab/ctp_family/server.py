"""The counter: its fronts, one market, and every way to make them fail."""

import asyncio
import time
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from marketbus.lab import hours, serving
from marketbus.lab.bells import latest_close
from marketbus.lab.clock import LabClock
from marketbus.lab.control import ControlPort
from marketbus.lab.ctp_family import frame
from marketbus.lab.ctp_family.contracts import ContractBook
from marketbus.lab.ctp_family.control import COMMANDS
from marketbus.lab.ctp_family.day import CounterDay
from marketbus.lab.ctp_family.dialect import Dialect
from marketbus.lab.ctp_family.feed import Feed
from marketbus.lab.ctp_family.front import Front
from marketbus.lab.ctp_family.layout import Layout
from marketbus.lab.ctp_family.login import Gatekeeper
from marketbus.lab.ctp_family.market import MarketDesk
from marketbus.lab.ctp_family.options import LabOptions
from marketbus.lab.ctp_family.orders import OrderDesk
from marketbus.lab.ctp_family.terminal import Terminal
from marketbus.lab.ctp_family.trader import TradingDesk
from marketbus.lab.ctp_family.venue import Venue
from marketbus.lab.errors import LabError
from marketbus.lab.exchange import Exchange

FrontName = str
"""`md`, `td`; further market data fronts are `md2`, `md3` ..."""


class CounterLab:
    """A simulated counter: `start`, `failed`, `stop`; its other methods and `terminal`'s are the control commands."""

    def __init__(self, dialect: Dialect, options: LabOptions | None = None, layout: Layout | None = None) -> None:
        """Raises LibraryMissing when the libraries (whose layouts it needs) are not built."""
        self._dialect = dialect
        self.options = options or LabOptions()
        layout = layout or Layout.load(dialect)
        self._layout = layout
        self._clock = LabClock(
            self.options.start, self.options.speed, closed_hours=self.options.closed_hours, live_in=dialect.hours
        )
        today = hours.trading_day(self._clock.now())
        listed = dialect.listings(today, self.options.instruments)
        self._exchange = Exchange(listed, today, seed=self.options.seed, oracle=self.options.oracle)
        if hours.trading_day(latest_close(self._clock.now(), dialect.hours)) != today:
            self._exchange.open_day(today)  # nothing has traded yet: the figures so far are yesterday's
        self._gatekeeper = Gatekeeper(layout, self.options, self._clock)
        self._market = MarketDesk(layout, self._gatekeeper)
        venue = Venue(self._exchange, self._clock)
        orders = OrderDesk(layout, venue, Decimal(str(self.options.money)), confirm_daily=self.options.counter_day)
        contracts = ContractBook(dialect, layout, listed, today)
        self._trading = TradingDesk(layout, self._gatekeeper, venue, contracts, orders)
        self.terminal = Terminal(orders, venue)
        md = [self._md_front(number) for number in range(self.options.md_fronts)]
        td = Front("td", self.options.td_port, self._trading.receive, self._trading.lost, self._time_frame)
        self._fronts = {front.name: front for front in (*md, td)}
        self._feed = self._market.feed = Feed(
            dialect, layout, self._clock, self._exchange, md, self.options.rate,
            on_ticks=self._trading.ticked, awaited=orders.counter.resting,
        )  # fmt: skip
        self._day = (
            CounterDay(dialect, self._clock.now(), self._gatekeeper, self.drop, self._relist)
            if self.options.counter_day
            else None
        )
        self._control = ControlPort(self.options.control_port, COMMANDS, self, self.terminal)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Opens all ports and lets the market run."""
        for front in self._fronts.values():
            await front.open()
        await self._control.open()
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._feed.run()), loop.create_task(self._keep_time())]

    async def stop(self) -> None:
        """Cuts every connection and closes the ports."""
        await self._control.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._trading.close()
        for front in self._fronts.values():
            await front.close()

    async def failed(self) -> None:
        """Returns never; raises what ended the market, should that happen."""
        await asyncio.gather(*self._tasks)

    @property
    def addresses(self) -> dict[str, Any]:
        """Where it listens: td, md, md2 ... (as CTP writes addresses) and control (host:port)."""
        return {
            "simulated": True,
            **{name: f"tcp://127.0.0.1:{front.port}" for name, front in self._fronts.items()},
            "control": f"127.0.0.1:{self._control.port}",
        }

    def rate(self, rate: float) -> None:
        """Ticks a second over all subscribed instruments; 0 stops them."""
        self._feed.set_rate(rate)

    async def burst(self, count: int) -> dict[str, float]:
        """Sends `count` ticks as fast as they are taken; answers when they are: how many, in how many seconds."""
        begin = time.monotonic()
        sent = await self._feed.burst(count)
        return {"sent": sent, "seconds": time.monotonic() - begin}

    def pause(self) -> None:
        """No paced ticks until `resume`; `burst` still works."""
        self._feed.paused = True

    def resume(self) -> None:
        """Paced ticks again."""
        self._feed.paused = False

    def drop(self, front: FrontName | None = None) -> int:
        """Cuts the connections of one front or all; returns how many."""
        return sum(each.drop() for each in self._chosen(front))

    def mute(self, *, on: bool = True, front: FrontName | None = None, instrument: str | None = None) -> None:
        """A front accepts and reads but says nothing; or one instrument gives no more ticks."""
        if instrument is not None:
            self._feed.silence(instrument, on=on)
            return
        for each in self._chosen(front):
            each.muted = on

    async def refuse(self, *, on: bool = True, front: FrontName | None = None) -> None:
        """Stops listening, or listens again on the same port. Connections stay: see `drop`."""
        for each in self._chosen(front):
            await (each.refuse() if on else each.open())

    def delay(self, ms: float, front: FrontName | None = None) -> None:
        """Answers requests that much later (ticks are not delayed)."""
        for each in self._chosen(front):
            each.delay_s = ms / 1000

    def reject_login(self, error_id: int = 0) -> None:
        """Every login fails with that ErrorID; 0: as usual again."""
        self._gatekeeper.reject = error_id

    def ignore(self, request: str, *, on: bool = True) -> None:
        """Requests of that name, such as "ReqUserLogin", are read and never answered, whatever the front."""
        (self._gatekeeper.ignored.add if on else self._gatekeeper.ignored.discard)(request)

    def malformed(self, instrument: str, fields: dict[str, Any]) -> None:
        """Sends one tick of `instrument` with raw fields overwritten: text, numbers, "DBL_MAX", or {"hex": "..."}."""
        self._feed.malformed(instrument, fields)

    def crash(self, front: FrontName = "md") -> int:
        """Every connected SDK process of that front gets SIGSEGV in its callback thread."""
        return self._order(front, frame.encode(frame.CRASH, 0, None, None, last=True))

    def hang(self, front: FrontName = "md", *, calls: bool = False) -> int:
        """The SDK's callback thread blocks for ever; with `calls` its next API call does instead."""
        return self._order(front, frame.encode(frame.HANG, int(calls), None, None, last=True))

    def oracle(self) -> dict[str, dict[str, int]]:
        """What was sent, by instrument: see Feed.oracle."""
        return self._feed.oracle()

    def clock(
        self, *, start: datetime | None = None, step: float | None = None, speed: float | None = None
    ) -> dict[str, Any]:
        """Sets the market's time (Shanghai when naive), steps it by seconds, or changes its speed; answers the time."""
        self._look()  # what was due before
        if speed is not None:
            self._clock.set_speed(speed)
        if start is not None:
            self._clock.set(start)
        if step is not None:
            self._clock.set(self._clock.now() + timedelta(seconds=step))
        self._announce()
        now = self._clock.now()
        return {
            "now": now.isoformat(),
            "trading_day": hours.trading_day(now).isoformat(),
            "speed": self._clock.segment.rate,
        }

    def status(self) -> dict[str, Any]:
        """Figures and switches."""
        now = self._clock.now()
        return {
            "now": now.isoformat(),
            "trading_day": hours.trading_day(now).isoformat(),
            "rate": self._feed.rate,
            "paused": self._feed.paused,
            "sent": self._feed.total,
            "subscribed": self._feed.subscribed,
            "subscribe_requests": self._market.subscribe_requests,
            "logins": self._gatekeeper.logins,
            "reject_login": self._gatekeeper.reject,
            "open": self._gatekeeper.open,
            "listed": len(self._exchange.listings),
            "fronts": {
                name: {
                    "listening": front.listening,
                    "muted": front.muted,
                    "delay_ms": front.delay_s * 1000,
                    "sessions": len(front.sessions),
                    "logged_in": sum(session.logged_in for session in front.sessions),
                }
                for name, front in self._fronts.items()
            },
        }

    def _md_front(self, number: int) -> Front:
        name, port = (f"md{number + 1}", 0) if number else ("md", self.options.md_port)
        return Front(name, port, self._market.receive, self._market.lost, self._time_frame)

    def _chosen(self, front: FrontName | None) -> list[Front]:
        if front is None:
            return list(self._fronts.values())
        if front not in self._fronts:
            raise LabError(f"no front {front!r}: {', '.join(self._fronts)}")
        return [self._fronts[front]]

    def _order(self, front: FrontName, data: bytes) -> int:
        sessions = [session for each in self._chosen(front) for session in each.sessions]
        for session in sessions:
            session.force(data)
        return len(sessions)

    def _time_frame(self) -> bytes:
        segment = self._clock.segment
        return frame.encode_clock(segment.real_ns, segment.market_ns, segment.rate)

    def _look(self) -> None:
        """What the market's time brings about by itself."""
        now = self._clock.now()
        if self._day is not None:
            self._day.look(now)
        elif (day := hours.trading_day(now)) != self._exchange.trading_day:
            ended = self._exchange.trading_day
            self._feed.open_day(day)
            self._trading.new_day(ended, self._exchange)
        self._feed.ring()

    def _relist(self, trading_day: date) -> None:
        listed = self._dialect.listings(trading_day, self.options.instruments)
        old, ended = self._exchange, self._exchange.trading_day
        self._exchange = old.relisted(listed, trading_day)
        self._feed.relist(self._exchange)
        contracts = ContractBook(self._dialect, self._layout, listed, trading_day)
        self._trading.new_day(ended, old, self._exchange, contracts)

    def _announce(self) -> None:
        self._feed.new_time()
        self._look()
        for front in self._fronts.values():
            for session in front.sessions:
                session.force(self._time_frame())

    async def _keep_time(self) -> None:
        while True:
            # Looked at often rather than slept through: the clock may be set meanwhile.
            await asyncio.sleep(min(max(self._clock.seconds_to_end(), 0.001), 0.2, 5 / self._clock.speed))
            if self._clock.advance():
                self._announce()
            else:
                self._look()


async def serve(dialect: Dialect, options: LabOptions) -> None:
    """Runs a lab until SIGTERM or SIGINT; its first line on stdout says where it listens, as JSON."""
    await serving.serve(CounterLab(dialect, options))
