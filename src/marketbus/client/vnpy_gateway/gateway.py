"""A vnpy gateway over the bus: apps written for VeighNa trade through it unchanged.

`main_engine.add_gateway(MarketBusGateway, "CTP")`, then `main_engine.connect(setting, "CTP")`. Everything arrives under
the name the gateway was added with.
"""

import threading
import traceback
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from copy import copy
from datetime import datetime
from typing import Any

from vnpy.event import EventEngine
from vnpy.trader.constant import Exchange as VnpyExchange
from vnpy.trader.constant import Status
from vnpy.trader.gateway import BaseGateway
from vnpy.trader.object import (
    BarData,
    CancelRequest,
    HistoryRequest,
    OrderData,
    OrderRequest,
    SubscribeRequest,
)

from marketbus.client.portal import Portal
from marketbus.client.trading.ids import new_order_id
from marketbus.client.vnpy_gateway.session import Session
from marketbus.client.vnpy_gateway.setting import Setting
from marketbus.domain.errors import MarketBusError
from marketbus.domain.instrument import Exchange
from marketbus.domain.times import SHANGHAI


class MarketBusGateway(BaseGateway):
    """One gateway of the bus as a gateway of vnpy. Any thread may call its methods; query_history alone blocks.

    Ticks, contracts, orders, trades, positions and funds come as vnpy's CTP gateway gives them: orders and trades of
    the day after a connect, then positions and funds, then every change. An order's `orderid` is its client_order_id.
    """

    default_name = "MARKETBUS"
    default_setting = Setting.default()
    exchanges = [each for each in VnpyExchange if each.value in Exchange.__members__]  # noqa: RUF012 (vnpy's own shape)

    def __init__(self, event_engine: EventEngine, gateway_name: str) -> None:
        super().__init__(event_engine, gateway_name)
        self._lock = threading.Lock()
        self._portal: Portal | None = None
        self._session: Session | None = None
        self._wanted: dict[str, None] = {}
        """Instruments asked for before `connect`, as vnpy's own gateways keep them."""

    def connect(self, setting: dict[str, str | int | float | bool]) -> None:
        """Begin, and go on until `close`: a bus that is not there yet is waited for. A second call changes nothing."""
        try:
            chosen = Setting.of(setting)
        except MarketBusError as error:
            self.write_log(str(error))
            return
        with self._lock:
            if self._session is not None:
                return
            self._portal = Portal()
            self._session = Session(self, chosen)
            self._run(self._portal, self._session.run())
            self._run(self._portal, self._session.subscribe(list(self._wanted)))

    def close(self) -> None:
        """Disconnect; orders stay where they are."""
        with self._lock:
            session, portal = self._session, self._portal
            self._session = self._portal = None
        if session is not None and portal is not None:
            portal.run(session.close())
            portal.close()

    def subscribe(self, req: SubscribeRequest) -> None:
        """Ticks of one instrument from now on, its last value first."""
        self._wanted[req.vt_symbol] = None
        self._start(lambda session: session.subscribe([req.vt_symbol]))

    def send_order(self, req: OrderRequest) -> str:
        """Send an order; gives its vt_orderid, or nothing when it certainly was not sent and nobody is told of it."""
        with self._lock:
            session, portal = self._session, self._portal
        if session is None or portal is None or not session.connected:
            self.write_log(f"委托失败：总线未连接 / order not sent: no connection to the bus ({req.vt_symbol})")
            return ""
        data: OrderData = req.create_order_data(new_order_id(), self.gateway_name)
        data.status = Status.SUBMITTING
        data.datetime = datetime.now(SHANGHAI)
        self.on_order(copy(data))
        self._run(portal, session.send(req, data))
        return data.vt_orderid

    def cancel_order(self, req: CancelRequest) -> None:
        """Ask for a cancel; that it is cancelled comes as an order."""
        self._start(lambda session: session.cancel(req.orderid))

    def query_account(self) -> None:
        """The funds, once more."""
        self._start(lambda session: session.query_account())

    def query_position(self) -> None:
        """The positions, once more."""
        self._start(lambda session: session.query_position())

    def query_history(self, req: HistoryRequest) -> list[BarData]:
        """Bars that are over, from `start` to `end`, both included; none, and why in the log, where there are none.

        It blocks, as with vnpy's own gateways, and a long history waits for the venue. Not to be called from a handler
        of vnpy's events, which would all wait for it.
        """
        with self._lock:
            session, portal = self._session, self._portal
        if session is None or portal is None:
            self.write_log(f"历史数据查询失败：总线未连接 / no history: no connection to the bus ({req.vt_symbol})")
            return []
        try:
            return portal.run(session.query_history(req))
        except CancelledError:  # closed meanwhile
            return []

    def _start(self, work: Callable[[Session], Coroutine[Any, Any, None]]) -> None:
        with self._lock:
            if self._session is not None and self._portal is not None:
                self._run(self._portal, work(self._session))

    def _run(self, portal: Portal, work: Coroutine[Any, Any, None]) -> None:
        portal.start(work).add_done_callback(self._ended)

    def _ended(self, future: Future[None]) -> None:
        """Nobody waits for it: what went wrong is in the log, or nowhere."""
        if not future.cancelled() and (error := future.exception()) is not None:
            self.write_log("".join(traceback.format_exception(error)))
