"""The venue's books, asked for row by row: orders, trades, positions, funds; and rates and settlement statements."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from marketbus.domain.account import Account
from marketbus.domain.instrument import Instrument
from marketbus.domain.order_terms import HedgeFlag
from marketbus.domain.position import Position
from marketbus.domain.rates import Rates
from marketbus.gateways.ctp_family.book_records import (
    BookRecords,
    commission_rates,
    joined,
    margin_rates,
    own_currency,
)
from marketbus.gateways.ctp_family.order_codes import HEDGES
from marketbus.gateways.ctp_family.queries import Query, QueryQueue
from marketbus.gateways.ctp_family.record import BadRecord, Record, whole
from marketbus.gateways.ctp_family.setting import Setting
from marketbus.gateways.ctp_family.td_api import TraderApi
from marketbus.gateways.ctp_family.trading_side import TradingSide
from marketbus.ports.clock import Clock
from marketbus.ports.trading import BooksIncomplete, VenueBooks, VenueHoldings

Row = TypeVar("Row")
Ask = Callable[[Record, int], int]
BOOKS, DETAILS = 1, 2
"""Urgencies: rates and statements wait while the books are read."""


class Books:
    """Queries of one session; called on the loop."""

    def __init__(
        self,
        api: TraderApi,
        queries: QueryQueue,
        setting: Setting,
        side: TradingSide,
        records: BookRecords,
        clock: Clock,
    ) -> None:
        self._api = api
        self._queries = queries
        self._investor = {"BrokerID": setting.broker_id, "InvestorID": setting.user_id}
        self._side = side
        self._records = records
        self._clock = clock

    async def all(self, *, twice: bool = False) -> VenueBooks:
        """Everything. All is put before anything is awaited, so one session answers all of it, or it fails.

        `twice`: the orders are asked for once more at the end.

        Raises:
            BooksIncomplete: a query did not come to its last row, or a row of it could not be read.
        """
        api = self._api
        orders = self._put("orders", api.reqQryOrder, {}, self._side.queried_order)
        trades = self._put("trades", api.reqQryTrade, {}, self._side.records.trade)
        held, funds = self._held(), self._funds()
        again = self._put("orders", api.reqQryOrder, {}, self._side.queried_order) if twice else orders
        await self._complete(*dict.fromkeys((orders, trades, held, funds, again)))
        account, login = own_currency(funds.rows), self._side.records.trading_day
        rows = (row for answer in (again, trades, held, funds) for row in answer.rows)
        day = max((row.trading_day for row in rows), default=login)
        if day > login:  # no login told of it: some counters never log out
            self._side.records.trading_day = day
            raise BooksIncomplete(f"the trading day went on from {login} to {day}")
        return VenueBooks(
            orders=tuple(again.rows),
            trades=tuple(trades.rows),
            positions=joined(held.rows),
            account=account,
            trading_day=self._side.records.trading_day,
            asked=again.at,
            since=orders.at if twice else 0,
        )

    async def holdings(self) -> VenueHoldings:
        """Positions and funds alone.

        Raises:
            BooksIncomplete: as `all`.
        """
        held, funds = self._held(), self._funds()
        await self._complete(held, funds)
        return VenueHoldings(joined(held.rows), own_currency(funds.rows))

    async def rates(self, instruments: Sequence[Instrument]) -> dict[Instrument, Rates]:
        """Two queries per instrument, one a second; what is not answered, or cannot be read, is left out."""
        found: dict[Instrument, Rates] = {}
        for instrument in instruments:
            symbol, names = instrument.symbol, self._records.names(instrument.symbol)
            named = {"InstrumentID": symbol, "ExchangeID": instrument.exchange.value}
            hedged = named | {"HedgeFlag": HEDGES[HedgeFlag.SPECULATION]}
            margin = await self._rate(
                f"margin rate of {symbol}", self._api.reqQryInstrumentMarginRate, hedged,
                lambda rows, names=names: margin_rates(rows, names),
            )  # fmt: skip
            commission = await self._rate(
                f"commission rate of {symbol}", self._api.reqQryInstrumentCommissionRate, named,
                lambda rows, names=names: commission_rates(rows, names),
            )  # fmt: skip
            if margin is not None or commission is not None:
                found[instrument] = Rates(commission=commission, margin=margin)
        return found

    async def settlement(self, trading_day: int) -> str:
        """The statement as the counter wrote it, put together from its pieces.

        Raises:
            BooksIncomplete: not all of it came.
        """
        asked = {"TradingDay": str(trading_day)}
        pieces = self._put("settlement", self._api.reqQrySettlementInfo, asked, _piece, DETAILS)
        await self._complete(pieces)
        # a piece may end in the middle of a character
        return b"".join(content for _, content in sorted(pieces.rows)).decode("gb18030", "replace")

    def _held(self) -> "_Answer[Position]":
        read, now = self._records.position, self._clock.now
        return self._put("positions", self._api.reqQryInvestorPosition, {}, lambda row: read(row, now()))

    def _funds(self) -> "_Answer[Account]":
        read, now = self._records.account, self._clock.now
        return self._put("funds", self._api.reqQryTradingAccount, {}, lambda row: read(row, now()))

    async def _rate(
        self, what: str, ask: Ask, named: Record, read: "Callable[[Sequence[Record]], Row | None]"
    ) -> "Row | None":
        answer = self._put(what, ask, named, dict[str, object], DETAILS)
        try:
            await self._complete(answer)
            return read(answer.rows)
        except (BooksIncomplete, BadRecord):
            return None

    def _put(
        self, what: str, ask: Ask, named: Record, read: Callable[[Record], Row], urgency: int = BOOKS
    ) -> "_Answer[Row]":
        request = self._investor | dict(named)
        answer = _Answer(what, read, self._side.unreadable, self._clock, asyncio.get_running_loop())
        answer.query = Query(
            what,
            lambda number: ask(request, number),
            row=answer.row,
            done=answer.done,
            failed=answer.failed,
            begin=answer.begin,
            urgency=urgency,
        )
        self._queries.put(answer.query)
        return answer

    async def _complete(self, *answers: "_Answer[Any]") -> None:
        try:
            await asyncio.gather(*(answer.complete for answer in answers))
        finally:  # one that failed, or the caller's patience, ends them all
            for answer in answers:
                answer.complete.cancel()
                self._queries.withdraw(answer.query)


class _Answer(Generic[Row]):
    """The rows of one query, read in the SDK's thread."""

    query: Query

    def __init__(
        self,
        what: str,
        read: Callable[[Record], Row],
        unreadable: Callable[[str, Record, BadRecord], None],
        clock: Clock,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.rows: list[Row] = []
        self.at = 0
        """ns UTC, when it was asked."""
        self.complete: asyncio.Future[None] = loop.create_future()
        self._what = what
        self._read = read
        self._unreadable = unreadable
        self._clock = clock
        self._loop = loop
        self._bad = ""

    def begin(self) -> None:
        """It is asked now, perhaps once more."""
        self.rows.clear()
        self._bad = ""
        self.at = self._clock.now()

    def row(self, data: Record) -> None:
        """One record; one that cannot be read spoils the whole: what it said must not be taken for missing."""
        try:
            self.rows.append(self._read(data))
        except BadRecord as bad:
            self._bad = self._bad or str(bad)
            self._unreadable(self._what, data, bad)

    def done(self) -> None:
        """All of it is here."""
        self._loop.call_soon_threadsafe(self._finish, self._bad)

    def failed(self, why: str) -> None:
        """It will not come."""
        self._loop.call_soon_threadsafe(self._finish, why)

    def _finish(self, why: str) -> None:
        if self.complete.done():
            return
        if why:
            self.complete.set_exception(BooksIncomplete(f"{self._what}: {why}"))
        else:
            self.complete.set_result(None)


def _piece(data: Record) -> tuple[int, bytes]:
    content = data.get("Content", b"")
    if isinstance(content, str):
        content = content.encode("gb18030", "replace")
    if not isinstance(content, bytes):
        raise BadRecord("bad_text", f"Content {type(content).__name__}")
    return whole(data, "SequenceNo"), content
