"""TWS's books, asked for to their last row: orders, completed orders, executions, positions, funds."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from ib_async.contract import Contract as IbContract
from ib_async.objects import ExecutionFilter

from marketbus.domain.account import Account
from marketbus.domain.contract import Contract
from marketbus.domain.errors import GatewayError
from marketbus.domain.order_events import OrderReport
from marketbus.domain.order_terms import Direction
from marketbus.domain.position import Position
from marketbus.domain.times import to_datetime, yyyymmdd
from marketbus.domain.trade import Trade
from marketbus.gateways.ib.catalogue import Catalogue
from marketbus.gateways.ib.connection import Connection
from marketbus.gateways.ib.hours import NEW_YORK, zone_of
from marketbus.gateways.ib.orders import known
from marketbus.gateways.ib.pacer import Urgency
from marketbus.gateways.ib.quote import exact
from marketbus.gateways.ib.trading_side import TradingSide
from marketbus.ports.clock import Clock, MarketClock
from marketbus.ports.gateway import ContractsListed, GatewaySink, GatewaySpec
from marketbus.ports.trading import BooksIncomplete, NotSent, VenueBooks, VenueHoldings

T = TypeVar("T")
_FUNDS = {
    # our field: IB's tag, of the account's own currency
    "balance": "NetLiquidation",
    "available": "AvailableFunds",
    "margin": "MaintMarginReq",
    "close_profit": "RealizedPnL",
    "position_profit": "UnrealizedPnL",
}


class Books:
    """Queries of one account, one at a time; lives on the loop."""

    def __init__(
        self,
        spec: GatewaySpec,
        side: TradingSide,
        catalogue: Catalogue,
        sink: GatewaySink,
        clock: Clock,
        market: MarketClock,
    ) -> None:
        self._spec = spec
        self._side = side
        self._catalogue = catalogue
        self._sink = sink
        self._clock = clock
        self._market = market
        self._zone = zone_of(NEW_YORK)
        self._one = asyncio.Lock()

    @property
    def trading_day(self) -> int:
        """yyyymmdd, of New York, where IB's days change."""
        return yyyymmdd(to_datetime(self._market.now()).astimezone(self._zone).date())

    async def all(self, *, twice: bool = False) -> VenueBooks:
        """Everything; see TradingGateway.books.

        Raises:
            BooksIncomplete: a query was refused or not answered.
        """
        return await self._asked(lambda connection: self._all(connection, twice=twice))

    async def holdings(self) -> VenueHoldings:
        """Positions and funds. Raises BooksIncomplete."""
        return await self._asked(self._holdings)

    async def _asked(self, query: Callable[[Connection], Awaitable[T]]) -> T:
        async with self._one:
            try:
                return await query(self._side.connection)
            except (GatewayError, NotSent, ConnectionError) as error:
                raise BooksIncomplete(str(error)) from None

    async def _all(self, connection: Connection, *, twice: bool) -> VenueBooks:
        since = 0
        asked, reports = await self._orders(connection)
        trades = await self._trades(connection)
        holdings = await self._holdings(connection)
        if twice:
            since = asked
            asked, reports = await self._orders(connection)
        return VenueBooks(
            orders=tuple(reports),
            trades=tuple(trades),
            positions=holdings.positions,
            account=holdings.account,
            trading_day=self.trading_day,
            asked=asked,
            since=since,
        )

    async def _orders(self, connection: Connection) -> tuple[int, Sequence[OrderReport]]:
        """Open orders first: one that ends in between is in the second answer."""
        side = self._side
        asked = self._clock.now()
        side.heard = set()
        try:
            await connection.ask("open orders", lambda client: client.reqAllOpenOrders())
            await connection.ask("completed orders", lambda client: client.reqCompletedOrders(False))
            heard = side.heard
        finally:
            side.heard = None
        for standing in side.unnamed():
            entry = await self._entry(standing.contract, connection)
            standing.instrument = None if entry is None else entry.instrument
        received, name, account = self._clock.now(), self._spec.name, self._spec.account
        standings = (side.standings[key] for key in heard if key in side.standings)
        side.forget(heard)
        reports = (each.report(name, account, received, queried=True) for each in standings)
        return asked, [each for each in reports if each is not None]

    async def _trades(self, connection: Connection) -> Sequence[Trade]:
        number = connection.number()
        asked = ExecutionFilter(acctCode=self._side.account())
        self._side.executed[number] = []
        try:
            await connection.ask(number, lambda client: client.reqExecutions(number, asked))
            rows = self._side.executed[number]
        finally:
            del self._side.executed[number]
        trades: list[Trade] = []
        for contract, execution in rows:
            instrument = self._side.name_of(contract, execution.permId)
            if instrument is None:
                listed = await self._entry(contract, connection)
                instrument = None if listed is None else listed.instrument
            if instrument is not None:
                trades.append(self._side.fills.trade(instrument, execution))
        return trades

    async def _holdings(self, connection: Connection) -> VenueHoldings:
        account = self._side.account()
        rows = await connection.ask("positions", lambda client: client.reqPositions())
        connection.send(Urgency.QUERY, lambda client: client.cancelPositions())
        values = await connection.ask("account", lambda client: client.reqAccountUpdates(True, account))
        connection.send(Urgency.QUERY, lambda client: client.reqAccountUpdates(False, account))
        profits = {row[1]: row for row in values if len(row) == 5 and row[0] in ("", account)}
        positions: list[Position] = []
        for whose, contract, volume, cost in rows:
            if whose == account and exact(volume):
                listed = await self._entry(contract, connection)
                if listed is not None:
                    positions.append(self._position(listed, volume, cost, profits.get(contract.conId)))
        return VenueHoldings(tuple(positions), self._funds([row for row in values if len(row) == 4], account))

    async def _entry(self, contract: IbContract, connection: Connection) -> Contract | None:
        """Its contract by its canonical name; told to the host too, for whoever wants to trade it."""
        known_before = self._catalogue.canonical(contract.conId)
        entry = known_before or await self._catalogue.by_number(contract, connection)
        if entry is None:
            return None
        self._sink.event(ContractsListed((entry.contract,), complete=False))
        return entry.contract

    def _position(self, listed: Contract, volume: float, cost: float, profit: Any) -> Position:
        lots = exact(volume)
        price = cost / listed.size
        return Position(
            gateway=self._spec.name,
            account=self._spec.account,
            symbol=listed.symbol,
            exchange=listed.exchange,
            direction=Direction.NET,
            volume=lots,
            price=price,
            pnl=0.0 if profit is None else known(profit[3]) or 0.0,
            open_price=price,
            open_cost=abs(lots) * cost,
            position_cost=abs(lots) * cost,
            close_profit=0.0 if profit is None else known(profit[4]) or 0.0,
            trading_day=self.trading_day,
            updated=self._clock.now(),
        )

    def _funds(self, rows: Sequence[tuple[str, str, str, str]], account: str) -> Account | None:
        own = [row for row in rows if row[0] in ("", account)]
        currency = next((row[3] for row in own if row[1] == "NetLiquidation" and row[3] not in ("", "BASE")), "")
        if not currency:
            return None
        values = {tag: known(value) for _, tag, value, of in own if of in (currency, "BASE", "")}
        values |= {tag: known(value) for _, tag, value, of in own if of == currency}
        fields = {name: values.get(tag) or 0.0 for name, tag in _FUNDS.items()}
        if self._side.profit is not None:  # of today, as TWS reckons it: what is open was opened on some day
            daily, _, realised = self._side.profit
            fields |= {"close_profit": realised, "position_profit": daily - realised}
        balance = fields["balance"]
        return Account(
            gateway=self._spec.name,
            account=self._spec.account,
            balance=balance,
            available=fields["available"],
            margin=fields["margin"],
            position_profit=fields["position_profit"],
            close_profit=fields["close_profit"],
            risk_ratio=fields["margin"] / balance if balance > 0 else None,
            currency=currency,
            trading_day=self.trading_day,
            updated=self._clock.now(),
            ext={"buying_power": values.get("BuyingPower"), "cash": values.get("TotalCashValue")},
        )
