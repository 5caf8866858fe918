"""The orders of one account: what goes to the SDK, and the venue's words to the order desk."""

from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

from marketbus.domain.message import Bilingual, reason
from marketbus.domain.order import Order
from marketbus.domain.order_events import CancelRefused, OrderReport, Refused
from marketbus.domain.order_request import is_late
from marketbus.domain.status import Level
from marketbus.domain.times import NS
from marketbus.gateways.ctp_family.dialect import Dialect
from marketbus.gateways.ctp_family.order_errors import hint, said
from marketbus.gateways.ctp_family.order_records import OrderRecords
from marketbus.gateways.ctp_family.order_refs import OrderRefs
from marketbus.gateways.ctp_family.orders import Request, cancellation, insertion
from marketbus.gateways.ctp_family.record import BadRecord, Record, place
from marketbus.gateways.ctp_family.setting import Setting
from marketbus.gateways.ctp_family.symbols import Symbols
from marketbus.ports.clock import Clock
from marketbus.ports.gateway import GatewaySink, Logged
from marketbus.ports.trading import NotSent, TradingSink

Send = Callable[[Request, int], int]


class TradingSide:
    """Calls to the SDK come in the `td` lane, callbacks in the SDK's thread."""

    def __init__(
        self,
        dialect: Dialect,
        setting: Setting,
        records: OrderRecords,
        symbols: Symbols,
        sink: TradingSink,
        log: GatewaySink,
        clock: Clock,
    ) -> None:
        self._dialect = dialect
        self._setting = setting
        self.records = records
        self._symbols = symbols
        self._sink = sink
        self._log = log
        self._clock = clock
        self._actions = count(1)
        self.refs = OrderRefs()

    # Calls

    def insert(self, order: Order, send: Send, request_id: int) -> None:
        """Gives an order to the SDK.

        Raises:
            NotSent: it is late by now, cannot be said in the counter's words, or the SDK said no.
        """
        now = self._clock.now()
        if order.valid_until and is_late(order.valid_until, now):  # calls before it in the lane took long
            raise NotSent(f"valid_until passed {(now - order.valid_until) / NS:.3f} s ago")
        request = insertion(self._dialect, self._setting, order)
        ref = self.refs.sending(order)
        code = send(request, request_id)
        if code:
            self.refs.not_sent(ref)
            raise NotSent(f"the SDK did not take the order ({code})", _WHY.get(code, ""))

    def cancel(self, order: Order, send: Send, request_id: int) -> None:
        """Asks for a cancel.

        Raises:
            NotSent: the order has no number to be known by, or the SDK said no.
        """
        action = next(self._actions)
        written = self.refs.written(order.exchange, order.venue_id) if order.venue_id else ""
        request = cancellation(self._dialect, self._setting, order, written, action)
        self.refs.cancelling(order, action)
        code = send(request, request_id)
        if code:
            raise NotSent(f"the SDK did not take the cancel ({code})", _WHY.get(code, ""))

    # Callbacks

    def logged_in(self, data: Record, trading_day: int) -> None:
        """A session began."""
        self.records.trading_day = trading_day
        self.refs.logged_in(data)

    def ready(self, trading_day: int) -> None:
        """Queries and orders may go out."""
        self._sink.trading_ready(trading_day)

    def lost(self) -> None:
        """The front is gone."""
        if self.refs.there:
            self.refs.lost()
            self._sink.trading_lost()

    def order(self, data: Record) -> None:
        """OnRtnOrder."""
        try:
            report = self.records.order(data)
        except BadRecord as bad:
            self.unreadable("OnRtnOrder", data, bad)
            return
        self.refs.heard(report, str(data.get("OrderSysID", "")))
        self._sink.venue(report)

    def queried_order(self, data: Record) -> OrderReport:
        """OnRspQryOrder; its number is remembered as the venue writes it.

        Raises:
            BadRecord: as OrderRecords.order.
        """
        report = self.records.order(data, queried=True)
        self.refs.heard(report, str(data.get("OrderSysID", "")))
        return report

    def trade(self, data: Record) -> None:
        """OnRtnTrade."""
        try:
            self._sink.venue(self.records.trade(data))
        except BadRecord as bad:
            self.unreadable("OnRtnTrade", data, bad)

    def insert_refused(self, data: Record, error: Mapping[str, Any], *, told_all: bool) -> None:
        """OnRspOrderInsert, and OnErrRtnOrderInsert, which is told to all sessions of the account."""
        error_id, words = _error(error)
        if not error_id:
            return
        try:
            order = self.refs.refused(data, told_all=told_all)
        except BadRecord as bad:
            self.unreadable("OnRspOrderInsert", data, bad)
            return
        if order is not None:
            self._say("td.order_refused", order.client_order_id, error_id, words)
            self._sink.venue(Refused(order.client_order_id, self._clock.now(), error_id, said(error_id, words)))

    def cancel_refused(self, data: Record, error: Mapping[str, Any]) -> None:
        """OnRspOrderAction, and OnErrRtnOrderAction: one refused cancel may come as both."""
        error_id, words = _error(error)
        if not error_id:
            return
        try:
            _, exchange = place(data, self._symbols)
            client_order_id = self.refs.cancel_refused(data, exchange)
        except BadRecord as bad:
            self.unreadable("OnRspOrderAction", data, bad)
            return
        if client_order_id is not None:
            self._say("td.cancel_refused", client_order_id, error_id, words)
            self._sink.venue(CancelRefused(client_order_id, self._clock.now(), error_id, said(error_id, words)))

    def unreadable(self, callback: str, data: Record, bad: BadRecord) -> None:
        """A record that says nothing; the next one is heard all the same."""
        symbol = str(data.get("InstrumentID", ""))[:80]
        fields = {"callback": callback, "symbol": symbol, "detail": str(bad)}
        self._log.event(Logged(Level.ERROR, "td.unreadable", {**fields}))

    def _say(self, code: str, client_order_id: str, error_id: int, words: str) -> None:
        because = reason(words, hint(error_id))
        fields: dict[str, str | int | Bilingual] = {"id": client_order_id, "error": error_id, "words": because}
        self._log.event(Logged(Level.WARNING, code, {**fields}))


_WHY = {
    # ThostFtdcTraderApi.h and the vendor's guide: what a Req... returns
    -1: "not connected / 未连接",
    -2: "too many requests without an answer / 未处理请求超过许可数",
    -3: "too many requests a second / 每秒发送请求数超过许可数",
}


def _error(error: Mapping[str, Any]) -> tuple[int, str]:
    return int(error.get("ErrorID", 0) or 0), str(error.get("ErrorMsg", ""))
