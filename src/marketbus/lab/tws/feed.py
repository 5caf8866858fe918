"""Makes the market tick, paced or as fast as it is taken, and shows every tick to whoever watches its contract."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from marketbus.lab.clock import LabClock
from marketbus.lab.exchange import Exchange, Ints, Ticks
from marketbus.lab.tws.catalogue import Catalogue
from marketbus.lab.tws.contract import Contract
from marketbus.lab.tws.session import Session

_BATCH = 256
_SHORTEST_SLEEP_S = 0.001
_IDLE_S = 0.05
_LATE_S = 1.0
"""A feed that is further behind than this forgets the rest: it was stalled, and a flood would not be its pace."""


@dataclass(frozen=True, slots=True)
class RawTick:
    """One tick of the exchange model: prices NaN where there is none, `volume` and sizes in lots, book best first."""

    number: int
    now_ns: int
    last: float
    open: float
    high: float
    low: float
    close: float
    average: float
    volume: int
    interest: int
    bids: list[float]
    asks: list[float]
    bid_lots: list[int]
    ask_lots: list[int]


class Watch(Protocol):
    """A stream of one session about one contract."""

    session: Session
    contract: Contract

    def ticked(self, tick: RawTick) -> bytes:
        """What its client is told."""
        ...


class Feed:
    """The market of one lab. `awaited`: contracts that tick though nobody may watch them, for orders wait there."""

    def __init__(
        self,
        clock: LabClock,
        exchange: Exchange,
        catalogue: Catalogue,
        rate: float,
        on_ticks: Callable[[Ticks], None],
        awaited: Callable[[], set[str]],
    ) -> None:
        self._clock = clock
        self._exchange = exchange
        self._catalogue = catalogue
        self._on_ticks = on_ticks
        self._awaited = awaited
        self._watches: defaultdict[int, list[Watch]] = defaultdict(list)
        self._ranges: dict[int, list[list[int]]] = {}
        self._silent: set[int] = set()
        self._turn = asyncio.Lock()
        self._pace_changed = asyncio.Event()
        self._cursor = 0
        self.rate = rate
        self.paused = False
        self.blocked: Callable[[], bool] = lambda: False
        """Whether the farm says nothing: the market goes on, its ticks are not told."""
        self.total = 0

    async def run(self) -> None:
        """Paces ticks until cancelled."""
        loop = asyncio.get_running_loop()
        anchor, done = loop.time(), 0
        while True:
            if self._pace_changed.is_set():
                self._pace_changed.clear()
                anchor, done = loop.time(), 0
            if self.rate <= 0 or self.paused or not len(self._rows()):
                await self._rest(_IDLE_S)
                anchor, done = loop.time(), 0
                continue
            owed = int((loop.time() - anchor) * self.rate) - done
            if owed > max(self.rate * _LATE_S, _BATCH):
                anchor, done = loop.time(), 0
            elif owed < 1:
                await self._rest(max((done + 1) / self.rate + anchor - loop.time(), _SHORTEST_SLEEP_S))
            else:
                async with self._turn:
                    done += await self._emit(min(owed, _BATCH))
                await asyncio.sleep(0)

    async def burst(self, count: int) -> int:
        """Sends `count` ticks as fast as every client takes them; returns how many (0: nobody watches)."""
        sent = 0
        async with self._turn:
            while sent < count:
                made = await self._emit(min(count - sent, _BATCH))
                if not made:
                    break
                sent += made
                await asyncio.sleep(0)
        self._pace_changed.set()
        return sent

    async def step(self, contract: Contract, count: int = 1) -> RawTick:
        """The next `count` ticks of one contract, watched or not; answers the last one."""
        async with self._turn:
            row = self._exchange.rows[contract.row]
            for begun in range(0, count, _BATCH):
                self._send(np.array([row]), min(_BATCH, count - begun))
                await self._drained()
        return self.latest(contract)

    def set_rate(self, rate: float) -> None:
        """Ticks a second from now on."""
        self.rate = rate
        self._pace_changed.set()

    def watch(self, watch: Watch) -> None:
        """Shows it every tick from the next one on."""
        row = self._exchange.rows[watch.contract.row]
        if not self._watches[row]:
            self._ranges[row] = []
        self._watches[row].append(watch)

    def unwatch(self, watch: Watch) -> None:
        """No more; nothing happens when it was not shown any."""
        watches = self._watches[self._exchange.rows[watch.contract.row]]
        if watch in watches:
            watches.remove(watch)

    def silence(self, contract: Contract, *, on: bool) -> None:
        """Makes one contract mute: it does not tick."""
        row = self._exchange.rows[contract.row]
        (self._silent.add if on else self._silent.discard)(row)

    def latest(self, contract: Contract) -> RawTick:
        """Its latest tick."""
        row = self._exchange.rows[contract.row]
        return next(self._raw(self._exchange.snapshot(np.array([row]))))

    def oracle(self) -> dict[str, dict[str, object]]:
        """conId → first and last Volume (in lots) told since it was first watched, how many ticks, and the ranges of
        Volume without a hole: what was made while its farm said nothing is in none of them.
        """
        names = self._exchange.listings
        return {
            names[row].symbol: {
                "first": ranges[0][0],
                "last": ranges[-1][1],
                "count": sum(last - first + 1 for first, last in ranges),
                "ranges": ranges,
            }
            for row, ranges in self._ranges.items()
            if ranges
        }

    @property
    def watched(self) -> int:
        """How many contracts somebody watches."""
        return sum(1 for watches in self._watches.values() if watches)

    def _rows(self) -> Ints:
        rows = {row for row, watches in self._watches.items() if watches}
        rows |= {self._exchange.rows[symbol] for symbol in self._awaited()}
        return np.array(sorted(rows - self._silent), np.int64)

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._pace_changed.wait()
        except TimeoutError:
            pass

    async def _emit(self, count: int) -> int:
        rows = self._rows()
        if not len(rows):
            return 0
        self._cursor %= len(rows)
        order = np.roll(rows, -self._cursor)
        rounds, rest = divmod(count, len(rows))
        if rounds:
            self._send(order, rounds)
        if rest:
            self._send(order[:rest], 1)
            self._cursor += rest
        await self._drained()
        return count

    async def _drained(self) -> None:
        for session in {watch.session for watches in self._watches.values() for watch in watches}:
            await session.drained()

    def _send(self, rows: Ints, rounds: int) -> None:
        ticks = self._exchange.step(rows, rounds)
        told: defaultdict[Session, list[bytes]] = defaultdict(list)
        blocked = self.blocked()
        for row, tick in zip(ticks.rows.tolist(), self._raw(ticks), strict=True):
            watches = self._watches.get(row)
            if not watches or blocked:
                continue
            self._note(row, tick.volume)
            for watch in watches:
                told[watch.session].append(watch.ticked(tick))
        for session, parts in told.items():
            session.stream(b"".join(parts))
        self.total += len(ticks.rows)
        self._on_ticks(ticks)

    def _note(self, row: int, volume: int) -> None:
        ranges = self._ranges[row]
        if ranges and ranges[-1][1] == volume - 1:
            ranges[-1][1] = volume
        else:
            ranges.append([volume, volume])

    def _raw(self, ticks: Ticks) -> Iterator[RawTick]:
        closes = self._exchange.pre_close[ticks.rows].tolist()
        columns = zip(
            ticks.volume.tolist(), ticks.last.tolist(), ticks.open.tolist(), ticks.high.tolist(), ticks.low.tolist(),
            closes, ticks.average.tolist(), ticks.open_interest.tolist(), ticks.bid.tolist(), ticks.ask.tolist(),
            ticks.bid_volume.tolist(), ticks.ask_volume.tolist(), strict=True,
        )  # fmt: skip
        now = self._clock.now_ns()
        for volume, last, opened, high, low, close, average, interest, bid, ask, bid_lots, ask_lots in columns:
            yield RawTick(
                volume, now, last, opened, high, low, close, average, volume, interest, bid, ask, bid_lots, ask_lots
            )
