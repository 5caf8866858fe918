"""ib_async's client with our wrapper: every message is a call, none is merged with another. Importing it loads the SDK.

`ib_async.Client` frames, decodes and encodes the protocol and takes any object with EWrapper's methods. Its `IB` class,
which most programs use, keeps one ticker per contract that is overwritten within a TCP read, loses exchange times,
answers orders' warnings as cancels and forgets everything when the line drops; so it is not used here.
"""

# ruff: noqa: D102, N803 (the methods of Wrapper are EWrapper's)

from collections.abc import Callable, Sequence
from datetime import UTC
from types import SimpleNamespace
from typing import Any, cast

from ib_async.client import Client
from ib_async.contract import Contract, ContractDescription, ContractDetails
from ib_async.decoder import Decoder
from ib_async.objects import BarData, CommissionReport, Execution, HistoricalTickBidAsk, HistoricalTickLast
from ib_async.order import Order, OrderState

from marketbus.gateways.ib.client_api import Socket, TwsClient
from marketbus.gateways.ib.heard import LineHeard, OrdersHeard, QuotesHeard
from marketbus.gateways.ib.orders import known
from marketbus.gateways.ib.requests import Requests

TICKS = frozenset({1, 2, 12, 13, 45, 46, 58, 81, 99})
"""Numbers of the messages about market data."""


class Wrapper:
    """EWrapper's methods, as ib_async's decoder calls them."""

    defaultTimezone = UTC
    """Of times that TWS gives with their zone."""

    def __init__(self, line: LineHeard, requests: Requests, quotes: QuotesHeard, orders: OrdersHeard | None) -> None:
        self._line = line
        self._requests = requests
        self._quotes = quotes
        self._orders = orders
        self.ib = SimpleNamespace(TimezoneTWS="UTC")
        """Where the decoder looks for the zone of times that TWS gives without one."""
        self.client: Socket | None = None

    # The line

    def connectAck(self) -> None:
        self._line.greeted()

    def managedAccounts(self, accounts: str) -> None:
        self._line.accounts([each for each in accounts.split(",") if each])

    def tcpDataArrived(self) -> None:
        self._line.spoke()

    def setEventsDone(self) -> None:
        pass

    def connectionClosed(self) -> None:
        pass

    def unreadable(self, fields: Sequence[str], error: Exception) -> None:
        self._line.unreadable(fields, error)

    def error(self, number: int, code: int, words: str, _advanced: str = "") -> None:
        if code == 317 and number > 0:
            self._quotes.depth_reset(number)
        elif number < 0 or not self._about(number, code, words):
            self._line.notice(code, words)

    def _about(self, number: int, code: int, words: str) -> bool:
        """Whether it was about a request, an order or a subscription: all are numbered in one series."""
        return (
            self._requests.refused(number, code, words)
            or (self._orders is not None and self._orders.error(number, code, words))
            or self._quotes.refused(number, code, words)
        )

    def currentTime(self, time: int) -> None:
        self._requests.row("time", time)
        self._requests.done("time")

    # Contracts

    def contractDetails(self, number: int, details: ContractDetails) -> None:
        self._requests.row(number, details)

    bondContractDetails = contractDetails

    def contractDetailsEnd(self, number: int) -> None:
        self._requests.done(number)

    def symbolSamples(self, number: int, found: list[ContractDescription]) -> None:
        for each in found:
            self._requests.row(number, each)
        self._requests.done(number)

    # The past

    def historicalData(self, number: int, bar: BarData) -> None:
        self._requests.row(number, bar)

    def historicalDataEnd(self, number: int, _begin: str, _end: str) -> None:
        self._requests.done(number)

    def historicalTicksLast(self, number: int, ticks: Sequence[HistoricalTickLast], done: bool) -> None:
        self._past(number, ticks, done)

    def historicalTicksBidAsk(self, number: int, ticks: Sequence[HistoricalTickBidAsk], done: bool) -> None:
        self._past(number, ticks, done)

    def _past(self, number: int, rows: Sequence[object], done: bool) -> None:
        for row in rows:
            self._requests.row(number, row)
        if done:
            self._requests.done(number)

    # Market data

    def priceSizeTick(self, number: int, kind: int, price: float, size: float) -> None:
        self._quotes.price(number, kind, price, size)

    def tickSize(self, number: int, kind: int, size: float) -> None:
        self._quotes.size(number, kind, size)

    def tickString(self, number: int, kind: int, text: str) -> None:
        self._quotes.text(number, kind, text)

    def tickReqParams(self, number: int, _tick: float, _exchange: str, _permissions: int) -> None:
        self._quotes.begun(number)

    def marketDataType(self, number: int, kind: int) -> None:
        self._quotes.data_type(number, kind)

    def rerouteMktDataReq(self, number: int, con_id: int, exchange: str) -> None:
        self._quotes.rerouted(number, con_id, exchange)

    def updateMktDepth(self, number: int, position: int, operation: int, side: int, price: float, size: float) -> None:
        self._quotes.depth(number, position, operation, side, price, size)

    def updateMktDepthL2(
        self, number: int, position: int, _maker: str, operation: int, side: int, price: float, size: float,
        _smart: bool = False,
    ) -> None:  # fmt: skip
        self._quotes.depth(number, position, operation, side, price, size)

    def tickByTickAllLast(
        self, number: int, _kind: int, time: int, price: float, size: float, _attributes: Any, _exchange: str,
        _conditions: str,
    ) -> None:  # fmt: skip
        self._quotes.trade(number, time, price, size)

    def tickByTickBidAsk(
        self, number: int, time: int, bid: float, ask: float, bid_size: float, ask_size: float, _attributes: Any
    ) -> None:
        self._quotes.quote(number, time, bid, ask, bid_size, ask_size)

    # Orders

    def openOrder(self, order_id: int, contract: Contract, order: Order, state: OrderState) -> None:
        if self.client is not None:
            self.client.updateReqId(order_id + 1)  # TWS takes no number twice
        if order.whatIf:
            self._requests.row(order_id, state)
            if known(state.initMarginChange) is not None or state.warningText:  # it may come twice, empty at first
                self._requests.done(order_id)
        elif self._orders is not None:
            self._orders.open_order(contract, order, state)

    def openOrderEnd(self) -> None:
        self._requests.done("open orders")

    def orderStatus(
        self, order_id: int, status: str, filled: float, _remaining: float, average: float, perm_id: int, _parent: int,
        _last: float, client_id: int, _held: str, _cap: float = 0.0,
    ) -> None:  # fmt: skip
        if self._orders is not None:
            self._orders.status(order_id, client_id, perm_id, status, filled, average)

    def completedOrder(self, contract: Contract, order: Order, state: OrderState) -> None:
        if self._orders is not None:
            self._orders.completed(contract, order, state)

    def completedOrdersEnd(self) -> None:
        self._requests.done("completed orders")

    def execDetails(self, number: int, contract: Contract, execution: Execution) -> None:
        if self._orders is not None:
            self._orders.execution(number, contract, execution)

    def execDetailsEnd(self, number: int) -> None:
        self._requests.done(number)

    def commissionReport(self, report: CommissionReport) -> None:
        if self._orders is not None:
            self._orders.commission(report)

    # The account

    def position(self, account: str, contract: Contract, volume: float, cost: float) -> None:
        self._requests.row("positions", (account, contract, volume, cost))

    def positionEnd(self) -> None:
        self._requests.done("positions")

    def updateAccountValue(self, tag: str, value: str, currency: str, account: str) -> None:
        self._requests.row("account", (account, tag, value, currency))

    def updatePortfolio(
        self, contract: Contract, volume: float, price: float, value: float, cost: float, open_profit: float,
        profit: float, account: str,
    ) -> None:  # fmt: skip
        self._requests.row("account", (account, contract.conId, price, open_profit, profit))

    def accountDownloadEnd(self, _account: str) -> None:
        self._requests.done("account")

    def pnl(self, _number: int, daily: float, unrealized: float = 0.0, realized: float = 0.0) -> None:
        if self._orders is not None:
            self._orders.earned(daily, unrealized, realized)


class StrictDecoder(Decoder):
    """ib_async's decoder, whose errors reach us instead of a log."""

    def interpret(self, fields: list[str]) -> None:
        """Decode one message and call the wrapper."""
        wrapper: Any = self.wrapper
        handlers = cast("dict[int, Callable[[list[str]], None]]", self.handlers)
        try:
            handler = handlers.get(int(fields[0]))
            if handler is not None:
                handler(fields)
        except Exception as error:  # noqa: BLE001 (any message may be malformed; told, and the next one is good)
            wrapper.unreadable(fields, error)

    def wrap(self, methodName: str, types: list[type], skip: int = 2) -> Any:
        """As ib_async's, but raising."""

        def handler(fields: list[str]) -> None:
            method = getattr(self.wrapper, methodName, None)
            if method is not None:
                method(*[_value(kind, field) for kind, field in zip(types, fields[skip:], strict=False)])

        return handler


def _value(kind: type, field: str) -> Any:
    if kind is str:
        return field
    return bool(int(field or 0)) if kind is bool else kind(field or 0)


def make_client(wrapper: Wrapper, ended: Callable[..., None]) -> TwsClient:
    """A client of one connection, without ib_async's throttle; `ended` is called when the socket is gone."""
    client: Any = Client(wrapper)
    client.decoder = StrictDecoder(cast(Any, wrapper), 0)
    client.MaxRequests = 0
    client.apiError.connect(ended, keep_ref=True)
    client.apiEnd.connect(ended, keep_ref=True)
    wrapper.client = client
    return client
