"""Sends ticks to whoever subscribed, paced without drift or as fast as they are taken; keeps the oracle's books."""

import asyncio
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from marketbus.lab import hours
from marketbus.lab.bells import Belfry, Bell, latest_close
from marketbus.lab.clock import LabClock, from_ns, to_ns
from marketbus.lab.ctp_family.depth import DepthPacker, override
from marketbus.lab.ctp_family.dialect import Dialect
from marketbus.lab.ctp_family.front import Front, Session
from marketbus.lab.ctp_family.layout import Layout, Structured
from marketbus.lab.exchange import Exchange, Ints, Ticks

_BATCH = 512
_SHORTEST_SLEEP_S = 0.001
_FEW, _CADENCE_S = 64, 0.002
"""So many ticks or fewer wait until so long after those before: they cost as much to make as one, and whoever is
measured on this machine needs it too."""
_IDLE_S = 0.05
_LATE_S = 1.0
"""A feed that is further behind than this forgets the rest: it was stalled, and a flood would not be its pace."""


class Feed:
    """The market data of one lab. Every subscriber of an instrument gets the same ticks."""

    def __init__(
        self,
        dialect: Dialect,
        layout: Layout,
        clock: LabClock,
        exchange: Exchange,
        fronts: list[Front],
        rate: float,
        on_ticks: Callable[[Ticks], None],
        awaited: Callable[[], set[str]],
    ) -> None:
        """`awaited`: symbols that tick though nobody may have subscribed them, for orders wait there."""
        self._dialect = dialect
        self._layout = layout
        self._clock = clock
        self._fronts = fronts
        self._on_ticks = on_ticks
        self._awaited = awaited
        self._ticking: set[str] = set()
        self._belfry = Belfry(clock.now())
        self._begin(exchange)
        self._turn = asyncio.Lock()
        self._pace_changed = asyncio.Event()
        self.rate = rate
        self.paused = False
        self.total = 0

    def _begin(self, exchange: Exchange) -> None:
        """Nobody subscribes, nothing is sent yet; what last traded did so when its products last had a session."""
        self._exchange = exchange
        self._packer = DepthPacker(self._dialect, self._layout, exchange)
        count = len(exchange.listings)
        self._members: dict[Session, npt.NDArray[np.bool_]] = {}
        self._subscribers = np.zeros(count, np.int64)
        self._silent = np.zeros(count, np.bool_)
        self._settled = np.zeros(count, np.bool_)
        now = self._clock.now()
        closes = {each: to_ns(latest_close(now, each)) for each in hours.Hours}
        self._time_ns = np.array([closes[listing.hours] for listing in exchange.listings], np.int64)
        self._before = exchange.volume.copy()
        self._sent = np.zeros(count, np.int64)
        self._hours = np.array([str(listing.hours) for listing in exchange.listings])
        self._active: Ints = np.zeros(0, np.int64)
        self._active_minute = -1
        self._cursor = 0

    async def run(self) -> None:
        """Paces ticks until cancelled."""
        loop = asyncio.get_running_loop()
        anchor, done, sent = loop.time(), 0, 0.0
        while True:
            if self._pace_changed.is_set():
                self._pace_changed.clear()
                anchor, done = loop.time(), 0
            active = (
                self.rate > 0 and not self.paused and not self._muted and len(self._in_session(self._clock.now_ns()))
            )
            if not active:
                await self._rest(_IDLE_S)
                anchor, done = loop.time(), 0
                continue
            owed = int((loop.time() - anchor) * self.rate) - done
            if owed > max(self.rate * _LATE_S, _BATCH):
                anchor, done = loop.time(), 0
            elif owed < 1:
                await self._rest(max((done + 1) / self.rate + anchor - loop.time(), _SHORTEST_SLEEP_S))
            elif owed <= _FEW and (soon := sent + _CADENCE_S - loop.time()) > 0:
                await self._rest(soon)
            else:
                sent = loop.time()
                async with self._turn:
                    done += await self._emit(min(owed, _BATCH))
                await asyncio.sleep(0)

    async def burst(self, count: int) -> int:
        """Sends `count` ticks as fast as every subscriber takes them; returns how many (0: nothing to send)."""
        sent = 0
        async with self._turn:
            while sent < count and not self._muted:
                made = await self._emit(min(count - sent, _BATCH))
                if not made:
                    break
                sent += made
                await asyncio.sleep(0)
        self._pace_changed.set()
        return sent

    def set_rate(self, rate: float) -> None:
        """Ticks a second from now on."""
        self.rate = rate
        self._pace_changed.set()

    def subscribe(self, session: Session, symbol: str) -> None:
        """Adds a session to an instrument and sends it the latest tick; an unknown one is never heard of again."""
        row = self._exchange.rows.get(symbol)
        if row is None:
            return
        members = self._members.setdefault(session, np.zeros(len(self._subscribers), np.bool_))
        if not members[row]:
            members[row] = True
            if not self._subscribers[row]:
                self._begin_books(np.array([row]))
            self._subscribers[row] += 1
            self._active_minute = -1
        session.send(self._snapshot(row).tobytes())

    def unsubscribe(self, session: Session, symbol: str) -> None:
        """Takes a session off an instrument."""
        row = self._exchange.rows.get(symbol)
        members = self._members.get(session)
        if row is not None and members is not None and members[row]:
            members[row] = False
            self._subscribers[row] -= 1
            self._active_minute = -1

    def forget(self, session: Session) -> None:
        """Takes a session off everything."""
        members = self._members.pop(session, None)
        if members is not None:
            self._subscribers -= members
            self._active_minute = -1

    def silence(self, symbol: str, *, on: bool) -> None:
        """Makes one instrument mute; raises KeyError when it is not listed."""
        self._silent[self._exchange.rows[symbol]] = on
        self._active_minute = -1

    def malformed(self, symbol: str, fields: dict[str, Any]) -> None:
        """Sends one tick with raw fields overwritten to every session; raises KeyError, ValueError."""
        frames = self._snapshot(self._exchange.rows[symbol])
        override(frames, self._layout, fields)
        for front in self._fronts:
            for session in front.sessions:
                session.send(frames.tobytes())

    def new_time(self) -> None:
        """The clock was set or jumped."""
        self._active_minute = -1
        self._belfry.set(self._clock.now())

    def ring(self) -> None:
        """Sends what real fronts send at fixed times, as far as it is due."""
        for moment, bell, products in self._belfry.due(self._clock.now()):
            if self.paused or self._muted:
                continue
            wanted = np.isin(self._hours, [str(each) for each in products])
            rows = np.flatnonzero((self._subscribers > 0) & wanted & ~self._silent)
            if bell is Bell.SETTLEMENT:
                self._settle(rows[self._exchange.volume[rows] > 0], moment)
            elif len(rows):
                self._send(rows, 1, to_ns(moment))
                self.total += len(rows)

    def open_day(self, trading_day: date) -> None:
        """Settles and begins that trading day with the same contracts."""
        self._exchange.open_day(trading_day)
        self._packer.open_day()
        self._begin_books(np.arange(len(self._sent)))

    def relist(self, exchange: Exchange) -> None:
        """Begins a trading day with other contracts; whoever subscribed must do so again."""
        before = {listing.symbol: self._time_ns[row] for row, listing in enumerate(self._exchange.listings)}
        settled = {listing.symbol: self._settled[row] for row, listing in enumerate(self._exchange.listings)}
        self._begin(exchange)
        for row, listing in enumerate(exchange.listings):
            self._time_ns[row] = before.get(listing.symbol, self._time_ns[row])
            self._settled[row] = settled.get(listing.symbol, False)

    def oracle(self) -> dict[str, dict[str, int]]:
        """Symbol → first and last Volume and number of ticks sent since it was subscribed (snapshots not counted).

        In oracle mode last - first + 1 == count. Begins anew with the first subscriber and with a trading day.
        """
        rows = np.flatnonzero((self._sent > 0) | (self._subscribers > 0))
        listings, volume = self._exchange.listings, self._exchange.volume
        return {
            listings[row].symbol: {
                "first": int(self._before[row]) + 1,
                "last": int(volume[row]),
                "count": int(self._sent[row]),
            }
            for row in rows
        }

    @property
    def subscribed(self) -> int:
        """How many instruments somebody subscribed."""
        return int((self._subscribers > 0).sum())

    @property
    def _muted(self) -> bool:
        return all(front.muted for front in self._fronts)

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._pace_changed.wait()
        except TimeoutError:
            pass

    def _in_session(self, moment_ns: int) -> Ints:
        """Subscribed and awaited instruments that trade then; looked up once a market minute."""
        minute = moment_ns // 60_000_000_000
        awaited = self._awaited()
        if minute != self._active_minute or awaited != self._ticking:
            self._ticking = awaited
            wanted = self._subscribers > 0
            wanted[[self._exchange.rows[symbol] for symbol in awaited if symbol in self._exchange.rows]] = True
            now = from_ns(moment_ns)
            open_hours = [str(each) for each in hours.Hours if hours.session_end(now, each) is not None]
            trading = np.isin(self._hours, open_hours)
            self._active = np.flatnonzero(wanted & trading & ~self._silent)
            self._active_minute = minute
            self._cursor = 0 if not len(self._active) else self._cursor % len(self._active)
        return self._active

    async def _emit(self, count: int) -> int:
        """Makes and sends up to `count` ticks, then waits until they are nearly taken."""
        self.ring()  # first what is due before these ticks
        moment_ns = self._clock.now_ns()  # once: a session may end between two looks
        rows = self._in_session(moment_ns)
        if not len(rows):
            return 0
        order = np.roll(rows, -self._cursor)
        rounds, rest = divmod(count, len(rows))
        if rounds:
            self._send(order, rounds, moment_ns)
        if rest:
            self._send(order[:rest], 1, moment_ns)
            self._cursor = (self._cursor + rest) % len(rows)
        self.total += count
        for session in list(self._members):
            await session.drained()
        return count

    def _send(self, rows: Ints, rounds: int, moment_ns: int) -> None:
        ticks = self._exchange.step(rows, rounds)
        self._time_ns[rows] = moment_ns
        self._settled[rows] = False
        self._sent[rows] += rounds
        self._to_members(ticks, self._packer.pack(ticks, from_ns(moment_ns)))
        self._on_ticks(ticks)

    def _settle(self, rows: Ints, moment: datetime) -> None:
        self._time_ns[rows] = to_ns(moment)
        self._settled[rows] = True
        ticks = self._exchange.snapshot(rows)
        frames = self._packer.pack(ticks, moment)
        self._packer.settle(frames, ticks)
        self._to_members(ticks, frames)

    def _to_members(self, ticks: Ticks, frames: Structured) -> None:
        for session, members in list(self._members.items()):
            wanted = members[ticks.rows]
            session.send((frames if wanted.all() else frames[wanted]).tobytes())

    def _snapshot(self, row: int) -> Structured:
        ticks = self._exchange.snapshot(np.array([row]))
        frames = self._packer.pack(ticks, from_ns(int(self._time_ns[row])))
        if self._settled[row]:
            self._packer.settle(frames, ticks)
        return frames

    def _begin_books(self, rows: Ints) -> None:
        self._before[rows] = self._exchange.volume[rows]
        self._sent[rows] = 0
