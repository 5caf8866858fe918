"""Orders, fills, positions and funds of one account, told to vnpy; and vnpy's orders, sent."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from copy import copy
from typing import TypedDict, TypeVar

import msgspec
from vnpy.trader.constant import Status
from vnpy.trader.gateway import BaseGateway
from vnpy.trader.object import OrderData, OrderRequest

from marketbus.client.bus import Bus
from marketbus.client.trading.follow import Calling
from marketbus.client.trading.terms import VALID_FOR
from marketbus.domain.account import Account
from marketbus.domain.errors import (
    BusUnavailable,
    MarketBusError,
    NotSupported,
    OrderDenied,
    OutcomeUnknown,
    UnknownGateway,
    UnknownOrder,
)
from marketbus.domain.order import Order
from marketbus.domain.order_terms import Direction, Offset, OrderType
from marketbus.domain.position import Position
from marketbus.domain.trade import Trade
from marketbus.vnpy_types.trading import account_to_vnpy, order_to_vnpy, position_to_vnpy, trade_to_vnpy

P = TypeVar("P", Order, Trade, Position, Account)
RETRY = 2.0
"""Seconds between two attempts to reach the account, or to find out what became of an order."""
SETTLE = 0.5
"""Seconds after a fill until positions and funds are told again. vnpy adds a fill to the positions it keeps, whichever
of the two came first; what is told last is right. Its own gateways ask every few seconds for the same reason."""


class Desk(TypedDict):
    """Which account."""

    gateway: str
    account: str | None


class VnpyAccount:
    """Belongs to the bus's loop. Tells everything under the name that vnpy knows the gateway by."""

    def __init__(self, bus: Bus, out: BaseGateway, desk: Desk) -> None:
        self.open = False
        """Whether vnpy knows how the account stands, so that orders may be sent."""
        self.day = 0
        """The present trading day, yyyymmdd; what is of an earlier one is not told, unless it still stands."""
        self._bus = bus
        self._out = out
        self._desk = desk
        self._told: dict[str, tuple[Status, float]] = {}
        self._booked = asyncio.Event()
        self._following: list[Calling[Order] | Calling[Trade] | Calling[Position] | Calling[Account]] = []

    async def run(self) -> None:
        """Tell how matters stand, then every change, until cancelled."""
        bus, desk = self._bus, self._desk
        try:
            # Orders and fills before positions: see SETTLE.
            self._following.append(await self._begin(lambda: bus.on_orders(self._order, **desk)))
            self._following.append(await self._begin(lambda: bus.on_trades(self._trade, **desk)))
            self._following.append(await self._begin(lambda: bus.on_account(self._account, **desk)))
            self._following.append(await self._begin(lambda: bus.on_positions(self._position, **desk)))
        except MarketBusError as error:  # it does not trade, or not for this user: market data goes on
            self._out.write_log(f"只有行情，不能交易 / market data only: {error}")
            return
        self.open = True
        self._out.write_log("委托、成交、资金、持仓查询成功 / orders, trades, funds and positions are known")
        self._booked.set()
        while True:
            await self._booked.wait()
            await asyncio.sleep(SETTLE)
            self._booked.clear()
            await self.query_position()
            await self.query_account()

    def refresh(self) -> None:
        """Tell positions and funds again, soon."""
        self._booked.set()

    async def query_account(self) -> None:
        """Tell the funds again."""
        with contextlib.suppress(MarketBusError):  # not known, or no answer: they come when they change
            self._account(await self._bus.account(**self._desk))

    async def query_position(self) -> None:
        """Tell the positions again."""
        with contextlib.suppress(MarketBusError):
            for position in await self._bus.positions(**self._desk):
                self._position(position)

    async def send(self, request: OrderRequest, data: OrderData) -> None:
        """Send an order that vnpy was told of as SUBMITTING; every end of it is told."""
        self._told.setdefault(data.orderid, (Status.SUBMITTING, 0.0))
        until = time.monotonic() + VALID_FOR
        try:
            await self._bus.send_order(
                f"{request.symbol}.{request.exchange.value}",
                Direction[request.direction.name],
                Offset[request.offset.name],
                request.volume,
                request.price,
                type=OrderType[request.type.name],
                client_order_id=data.orderid,
                reference=request.reference,
                **self._desk,
            )
        except OrderDenied as error:
            self._log(data, error)
            if error.order is not None:
                self._order(error.order)
        except OutcomeUnknown as error:
            self._log(data, error)
            await self._find_out(data, until)
        except MarketBusError as error:
            self._log(data, error)
            self._reject(data)

    async def cancel(self, order_id: str) -> None:
        """Ask for a cancel."""
        try:
            await self._bus.cancel(order_id, **self._desk)
        except MarketBusError as error:
            self._out.write_log(f"撤单失败 {order_id} / cancel: {error}")

    async def _begin(self, begin: Callable[[], Awaitable[Calling[P]]]) -> Calling[P]:
        told = ""
        while True:
            try:
                return await begin()
            except (BusUnavailable, UnknownGateway) as error:
                if str(error) != told:
                    told = str(error)
                    self._out.write_log(told)
            await asyncio.sleep(RETRY)

    async def _find_out(self, data: OrderData, until: float) -> None:
        """The stream tells of it if it exists; it never will once its time is over and the account does not know it."""
        while True:
            await asyncio.sleep(RETRY)
            over = time.monotonic() > until
            try:
                self._order(await self._bus.order(data.orderid, **self._desk))
            except UnknownOrder:
                if over:
                    self._out.write_log(f"委托{data.orderid}没有到达 / order {data.orderid} never arrived")
                    self._reject(data)
                    return
            except MarketBusError:
                continue
            else:
                return

    def _reject(self, data: OrderData) -> None:
        data = copy(data)
        data.status = Status.REJECTED
        self._told[data.orderid] = (data.status, 0.0)
        self._out.on_order(data)

    def _log(self, data: OrderData, error: MarketBusError) -> None:
        self._out.write_log(f"委托{data.orderid} {data.vt_symbol}：{error}")

    def _order(self, order: Order) -> None:
        if order.trading_day < self.day and not order.is_active and order.client_order_id not in self._told:
            return
        data = order_to_vnpy(msgspec.structs.replace(order, gateway=self._out.gateway_name))
        before, now = self._told.get(data.orderid), (data.status, data.traded)
        if now == before:
            return
        self._told[data.orderid] = now
        if order.error_msg and data.status is Status.REJECTED:
            self._out.write_log(f"委托{data.orderid} {data.vt_symbol}被拒 / rejected: {order.error_msg}")
        self._out.on_order(data)

    def _trade(self, trade: Trade) -> None:
        if trade.trading_day >= self.day:
            self._out.on_trade(trade_to_vnpy(msgspec.structs.replace(trade, gateway=self._out.gateway_name)))
            self._booked.set()

    def _position(self, position: Position) -> None:
        with contextlib.suppress(NotSupported):
            self._out.on_position(position_to_vnpy(msgspec.structs.replace(position, gateway=self._out.gateway_name)))

    def _account(self, account: Account) -> None:
        self._out.on_account(account_to_vnpy(msgspec.structs.replace(account, gateway=self._out.gateway_name)))
