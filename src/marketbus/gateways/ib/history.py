"""Historical bars and ticks: asked for piece by piece, at IB's pace, behind orders and market data."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing
from functools import partial
from typing import Any, NamedTuple

from ib_async.contract import Contract as IbContract

from marketbus.domain.bar import DAY, Interval
from marketbus.domain.errors import NotSupported
from marketbus.domain.history import HistoryPart, HistoryRequest, TickKind
from marketbus.domain.instrument import Instrument
from marketbus.domain.tick import Tick, TickFlag
from marketbus.domain.times import NS, from_datetime
from marketbus.gateways.ib import notices
from marketbus.gateways.ib.catalogue import Entry
from marketbus.gateways.ib.client_api import Tws
from marketbus.gateways.ib.connection import Connection
from marketbus.gateways.ib.history_pace import Asked, HistoryPace
from marketbus.gateways.ib.history_pieces import MOST_TICKS, Piece, bar_size, longest, pieces, stamp, stride
from marketbus.gateways.ib.history_rows import bars_of, quote_of, trade_of
from marketbus.gateways.ib.requests import RequestRefused, Unanswered
from marketbus.ports.clock import Clock, MarketClock
from marketbus.ports.gateway import GatewaySink

ANSWER = 20.0
"""Seconds for one answer; a TWS that is mute altogether is found out long before."""
ATTEMPTS = 3
"""At one piece, where the connection ends or no answer comes."""
RETURN = 20.0
"""Seconds that a history which has begun waits for a connection that was lost."""
KEEP, KEPT = 60.0, 32
"""Seconds that an answer is kept, and how many are: several programs begin with the same history, and IB
lets nobody ask the same twice."""
LOOK = 0.25
"""Seconds between two looks whether it may go on."""
_CONTINUOUS = "CONTFUT"
"""IB takes no end for it (error 10339)."""
_BARS_OF = {"CASH": "MIDPOINT", "CFD": "MIDPOINT", "CMDTY": "MIDPOINT", "CRYPTO": "AGGTRADES"}
"""What bars are made of, where it is not TRADES: of these IB tells no trades, or (crypto) none but summed ones."""

Call = Callable[[Tws, int], None]


class _Kept(NamedTuple):
    at: float
    rows: list[Any]


class _Question:
    """One request of IB, until it is answered. `keep`: with so many rows the answer will stay the same."""

    def __init__(self, asked: Asked, call: Call, *, keep: int) -> None:
        self.asked = asked
        self.call = call
        self.keep = keep
        self.tries = 0


class History:
    """Of one gateway; lives on the loop. `connection`: the present one, if there is one."""

    def __init__(
        self,
        sink: GatewaySink,
        clock: Clock,
        market: MarketClock,
        connection: Callable[[], Connection | None],
        listed: Callable[[Instrument], Awaitable[Entry]],
        *,
        simulated: bool,
    ) -> None:
        """`listed`: a contract with its hours; it raises MarketBusError."""
        self._sink = sink
        self._clock = clock
        self._market = market
        self._connection = connection
        self._listed = listed
        self._flags = int(TickFlag.SIMULATED) if simulated else 0
        self._pace = HistoryPace()
        self._kept: OrderedDict[Asked, _Kept] = OrderedDict()

    async def query(self, request: HistoryRequest) -> AsyncGenerator[HistoryPart]:
        """See ports.history.HistorySource."""
        if self._open() is None:
            raise Unanswered("no connection to TWS")
        if request.interval is not Interval.TICK and bar_size(request.interval) is None:
            raise NotSupported(f"no bars of {request.interval} of Interactive Brokers", "1s to 8h, d, or tick")
        entry = await self._listed(request.instrument)
        async with aclosing(
            self._ticks(request, entry) if request.interval is Interval.TICK else self._bars(request, entry)
        ) as parts:
            async for part in parts:
                yield part

    async def _bars(self, request: HistoryRequest, entry: Entry) -> AsyncGenerator[HistoryPart]:
        contract, show = entry.request, _BARS_OF.get(entry.request.secType, "TRADES")
        for piece in _pieces(request, contract, self._market.now()):
            now = self._market.now()
            if piece.begin >= now:
                break
            end = "" if contract.secType == _CONTINUOUS else stamp(min(piece.until, now))

            def call(client: Tws, number: int, piece: Piece = piece, end: str = end) -> None:
                client.reqHistoricalData(number, contract, end, piece.duration, piece.size, show, 0, 2, False, [])

            asked = Asked(contract.conId, contract.exchange, show, (end, piece.duration, piece.size))
            question, rows = _Question(asked, call, keep=0), None
            while rows is None:
                if wait := self._wait(question):
                    yield HistoryPart((), piece.begin, wait)
                    await asyncio.sleep(min(wait, LOOK))
                else:
                    rows = await self._ask(question)
            reject = partial(self._reject, entry)
            span = (max(piece.begin, request.start), min(piece.end, request.end))
            # What was not over when it was asked for was cut there, however long it had to wait.
            bars = bars_of(rows, entry, request.interval, span, now, self._flags, reject)
            yield HistoryPart(bars, piece.end)

    async def _ticks(self, request: HistoryRequest, entry: Entry) -> AsyncGenerator[HistoryPart]:
        contract, trades = entry.request, request.ticks is TickKind.TRADES
        if trades and _BARS_OF.get(contract.secType) == "MIDPOINT":
            raise NotSupported(f"IB tells no trades of {request.instrument.vt_symbol}", "ask for quotes")
        show = "TRADES" if trades else "BID_ASK"
        second, more = request.start // NS, True
        while more and second * NS < (end := min(request.end, self._market.now() // NS * NS)):
            begin = stamp(second * NS)

            def call(client: Tws, number: int, begin: str = begin) -> None:
                client.reqHistoricalTicks(number, contract, begin, "", MOST_TICKS, show, 0, False, [])

            asked = Asked(contract.conId, contract.exchange, show, (begin,))
            question, rows = _Question(asked, call, keep=MOST_TICKS), None
            while rows is None:
                if wait := self._wait(question):
                    yield HistoryPart((), max(request.start, second * NS), wait)
                    await asyncio.sleep(min(wait, LOOK))
                else:
                    rows = await self._ask(question)
            rows = [row for row in rows if from_datetime(row.time) >= second * NS]
            keep, second, more = stride([from_datetime(row.time) // NS for row in rows], second)
            ticks = self._read(rows[:keep], entry, trades=trades)
            yield HistoryPart([each for each in ticks if request.start <= each.datetime < end], second * NS)

    def _read(self, rows: Sequence[Any], entry: Entry, *, trades: bool) -> Iterator[Tick]:
        read, received = (trade_of if trades else quote_of), self._clock.now()
        for row in rows:
            try:
                yield read(row, entry, received, self._flags)
            except ValueError as error:
                self._reject(entry, "bad_tick", str(error))

    def _reject(self, entry: Entry, cause: str, row: str) -> None:
        self._sink.reject(cause, entry.contract.symbol, row)

    # Asking

    def _wait(self, question: _Question) -> float:
        """Seconds until it may be asked; what is kept needs no asking."""
        now = self._clock.monotonic()
        while self._kept and now - next(iter(self._kept.values())).at > KEEP:
            self._kept.popitem(last=False)
        return 0.0 if question.asked in self._kept else self._pace.wait(question.asked, now)

    async def _ask(self, question: _Question) -> list[Any] | None:
        """The rows; None: to be asked again, when its time comes."""
        kept = self._kept.get(question.asked)
        if kept is not None:
            return kept.rows
        connection = self._open() or await self._restored()
        question.tries += 1
        self._pace.sent(question.asked, self._clock.monotonic())
        try:
            rows = await connection.past(question.call, ANSWER)
        except Unanswered:
            if question.tries >= ATTEMPTS:
                raise
            return None
        except RequestRefused as error:
            meaning = notices.on_history(error.error_id, error.words)
            if meaning is notices.OnHistory.TOO_FAST:
                self._pace.violated(self._clock.monotonic())
                return None
            if meaning is notices.OnHistory.REFUSED:
                raise
            rows = []
        self._pace.answered()
        if len(rows) >= question.keep:
            self._kept[question.asked] = _Kept(self._clock.monotonic(), rows)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return rows

    def _open(self) -> Connection | None:
        connection = self._connection()
        return connection if connection is not None and connection.open else None

    async def _restored(self) -> Connection:
        """The next connection. Raises Unanswered: none came."""
        given_up = self._clock.monotonic() + RETURN
        while (connection := self._open()) is None:
            if self._clock.monotonic() >= given_up:
                raise Unanswered(f"no connection to TWS for {RETURN:g} s")
            await asyncio.sleep(LOOK)
        return connection


def _pieces(request: HistoryRequest, contract: IbContract, now: int) -> Iterator[Piece]:
    if contract.secType != _CONTINUOUS:
        return pieces(request.interval, request.start, request.end)
    if now - request.start > longest(request.interval):
        days = longest(request.interval) // NS / DAY
        raise NotSupported(
            f"IB gives a continuous future's past at once and up to now only: {days:.3g} days of {request.interval}",
            "ask for a later start, or for the futures themselves",
        )
    return pieces(request.interval, request.start, max(now, request.start + 1))
