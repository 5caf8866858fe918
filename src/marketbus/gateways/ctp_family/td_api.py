"""vnpy's trading API with its raw callbacks taken over: login, settlement confirmation, contracts, orders, queries.

vnpy_ctp latches after one failed login (495/798), loses contracts of unknown exchanges (618), sleeps inside a callback
(531-538), never queries orders or trades, and loses an order's word when its type or instrument is not known (659-711).
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vnpy.trader.gateway import BaseGateway

from marketbus.domain.contract import Contract
from marketbus.domain.order import Order
from marketbus.domain.session import SessionState
from marketbus.domain.status import Level
from marketbus.gateways.ctp_family.callback import guarded
from marketbus.gateways.ctp_family.contracts import contract
from marketbus.gateways.ctp_family.dialect import Dialect
from marketbus.gateways.ctp_family.line import Line
from marketbus.gateways.ctp_family.queries import REFUSED_RETRY, Query, QueryQueue
from marketbus.gateways.ctp_family.setting import Setting
from marketbus.gateways.ctp_family.symbols import Symbols
from marketbus.gateways.ctp_family.trading_side import TradingSide
from marketbus.ports.clock import Clock
from marketbus.ports.gateway import ContractsListed, Logged
from marketbus.ports.trading import NotSent

if TYPE_CHECKING:
    from marketbus.gateways.ctp_family.native_api import NativeTdApi as _Native
else:
    _Native = object

Answer = Mapping[str, Any]
RESUME_QUICK = 2
"""THOST_TERT_QUICK: private and public flow from now on. What was before is asked for by query, to its last row."""


class TraderApi(_Native):
    """One trading session, to mix into vnpy's. Callbacks run in the SDK's task thread, calls in the `td` lane."""

    def __init__(
        self,
        gateway: BaseGateway,
        dialect: Dialect,
        setting: Setting,
        flow: Path,
        line: Line,
        symbols: Symbols,
        queries: QueryQueue,
        later: Callable[[float, Callable[[], None]], None],
        clock: Clock,
        trading: TradingSide | None = None,
    ) -> None:
        """`later` calls something in the lane after so many seconds. Without `trading` no order comes or goes."""
        super().__init__(gateway)
        self._dialect = dialect
        self.setting = setting
        self._flow = flow
        self.line = line
        self.sink = line.sink
        self.symbols = symbols
        self._queries = queries
        self._later = later
        self._clock = clock
        self._trading = trading
        self._listed: list[Contract] = []
        self._day = 0
        self._in = False
        self._asked = False
        """Whether this session has asked for its contracts."""
        self._confirmed = False
        self._complete = False
        """Whether this session has them all."""
        self._confirming: float | None = None
        self._reported = False

    # Calls

    def create(self, flow: bytes) -> None:
        """Create the native API with its flow files at that path."""
        raise NotImplementedError

    def open(self) -> None:
        """Create the API and let it connect to its fronts; it goes on trying by itself."""
        self.create(f"{self._flow}/Td".encode("gb18030"))
        self.subscribePrivateTopic(RESUME_QUICK)
        self.subscribePublicTopic(RESUME_QUICK)
        for front in self.setting.td_fronts:
            self.registerFront(front.address)
        self.init()

    def start_login(self, *, again: bool = False) -> None:
        """Authenticate (or log in where no AuthCode is needed), unless a refusal has latched."""
        if not self.line.begin_login(again=again):
            return
        if self.setting.auth_code:
            self.reqAuthenticate(
                {
                    "UserID": self.setting.user_id,
                    "BrokerID": self.setting.broker_id,
                    "AuthCode": self.setting.auth_code,
                    "AppID": self.setting.app_id,
                },
                self._next_id(),
            )
        else:
            self._send_login()

    def insert(self, order: Order) -> None:
        """Give an order to the SDK. Raises NotSent."""
        self._side.insert(order, self.reqOrderInsert, self._next_id())

    def cancel(self, order: Order) -> None:
        """Ask for a cancel. Raises NotSent."""
        self._side.cancel(order, self.reqOrderAction, self._next_id())

    def look(self, patience: float) -> None:
        """Repeat, or end, what has had no answer for `patience` seconds; on the loop."""
        sent = self._confirming
        if sent is not None and self._clock.monotonic() - sent >= patience:
            self._confirming = None
            self._report_silence(patience)
            self._ask_contracts()
            self._confirm_later(0.0)
        self._queries.look()

    @property
    def _side(self) -> TradingSide:
        if self._trading is None:
            raise NotSent("this line does not trade")
        return self._trading

    def _next_id(self) -> int:
        return next(self._queries.ids)

    def _send_login(self) -> None:
        self.reqUserLogin(self.line.user(), self._next_id())

    def _confirm(self) -> None:
        if self._in and not self._confirmed:
            self._confirming = self._clock.monotonic()
            self.reqSettlementInfoConfirm(
                {"BrokerID": self.setting.broker_id, "InvestorID": self.setting.user_id}, self._next_id()
            )

    def _confirm_later(self, seconds: float) -> None:
        if self._trading is not None:  # a counter takes no orders before; market data needs no confirmation
            self._later(seconds, self._confirm)

    def _ask_contracts(self) -> None:
        """Whatever became of the confirmation, since market data needs them; once per session, until they come."""
        if not self._asked:
            self._asked = True
            self._queries.put(
                Query(
                    "contracts",
                    lambda number: self.reqQryInstrument({}, number),
                    row=self._list,
                    done=self._list_complete,
                    begin=self._listed.clear,
                    unanswered=self._report_silence,
                    patient=True,
                    urgency=0,
                )
            )

    def _list(self, data: Mapping[str, Any]) -> None:
        try:
            listed = contract(self._dialect, self.gateway_name, data)
        except (ValueError, KeyError) as bad:
            self.sink.reject("bad_contract", str(data.get("InstrumentID")), f"{type(bad).__name__}: {bad}")
        else:
            if listed is not None:
                self._listed.append(listed)

    def _list_complete(self) -> None:
        self.symbols.list(self._listed)
        self.sink.event(Logged(Level.INFO, "td.contracts", {"count": len(self._listed)}))
        self.sink.event(ContractsListed(tuple(self._listed), complete=bool(self._listed)))
        self._listed.clear()
        self._complete = True
        self.line.enter(SessionState.READY, trading_day=self._day)
        self._tell_ready()

    def _tell_ready(self) -> None:
        if self._trading is not None and self._complete and self._confirmed:
            self._trading.ready(self._day)

    def _report_silence(self, seconds: float) -> None:
        """Say once per login that the counter does not answer."""
        if not self._reported:
            self._reported = True
            self.sink.event(Logged(Level.ERROR, "td.query_timeout", {"seconds": seconds}))

    # Callbacks

    @guarded
    def onFrontConnected(self) -> None:
        """The front is there."""
        self.line.front_connected()
        self.start_login()

    @guarded
    def onFrontDisconnected(self, reason: int) -> None:
        """The front is gone; the SDK reconnects by itself."""
        self._in = False
        self._confirming = None
        self.line.front_lost(reason)
        if self._trading is not None:
            self._trading.lost()
        self._queries.lost()

    @guarded
    def onRspAuthenticate(self, data: Answer, error: Answer, reqid: int, last: bool) -> None:
        """The terminal is accepted or refused."""
        if error and error["ErrorID"]:
            self.line.refused("authenticate", error)
            return
        self.line.authenticated()
        self.sink.event(Logged(Level.INFO, "td.authenticated"))
        self._send_login()

    @guarded
    def onRspUserLogin(self, data: Answer, error: Answer, reqid: int, last: bool) -> None:
        """Taken or refused."""
        if error and error["ErrorID"]:
            self.line.refused("login", error)
            return
        day = self.line.logged_in(data)
        if day is None:
            return
        self._day = day
        self._in = True
        self._asked = self._confirmed = self._complete = self._reported = False
        self._queries.open()
        self.line.enter(SessionState.SYNCING, trading_day=self._day)
        if self._trading is not None:
            self._trading.logged_in(data, day)
        self._confirm()

    @guarded
    def onRspSettlementInfoConfirm(self, data: Answer, error: Answer, reqid: int, last: bool) -> None:
        """Confirmed or refused."""
        self._confirming = None
        if error and error["ErrorID"]:
            self.line.error(error)
            self._confirm_later(REFUSED_RETRY)
        elif not self._confirmed:
            self._confirmed = True
            self.sink.event(Logged(Level.INFO, "td.settlement_confirmed"))
            self._tell_ready()
        self._ask_contracts()

    @guarded
    def onRspError(self, error: Answer, reqid: int, last: bool) -> None:
        """An error of a request that has no answer of its own, or of none of ours."""
        self._queries.answer(reqid, {}, error, last=last)
        self.line.error(error)

    def _answered(self, data: Answer, error: Answer, reqid: int, last: bool) -> None:
        if error and error["ErrorID"]:
            self.line.error(error)
        self._queries.answer(reqid, data, error, last=last)

    onRspQryInstrument = guarded(_answered)
    onRspQryOrder = guarded(_answered)
    onRspQryTrade = guarded(_answered)
    onRspQryInvestorPosition = guarded(_answered)
    onRspQryTradingAccount = guarded(_answered)
    onRspQryInstrumentMarginRate = guarded(_answered)
    onRspQryInstrumentCommissionRate = guarded(_answered)
    onRspQrySettlementInfo = guarded(_answered)

    @guarded
    def onRtnOrder(self, data: Answer) -> None:
        """The venue's word on an order, also of another terminal."""
        if self._trading is not None:
            self._trading.order(data)

    @guarded
    def onRtnTrade(self, data: Answer) -> None:
        """A fill."""
        if self._trading is not None:
            self._trading.trade(data)

    @guarded
    def onRspOrderInsert(self, data: Answer, error: Answer, reqid: int, last: bool) -> None:
        """The counter refused an order of this session."""
        if self._trading is not None:
            self._trading.insert_refused(data, error, told_all=False)

    @guarded
    def onErrRtnOrderInsert(self, data: Answer, error: Answer) -> None:
        """An order of the account was refused, in whichever session."""
        if self._trading is not None:
            self._trading.insert_refused(data, error, told_all=True)

    @guarded
    def onRspOrderAction(self, data: Answer, error: Answer, reqid: int, last: bool) -> None:
        """The counter refused a cancel of this session."""
        if self._trading is not None:
            self._trading.cancel_refused(data, error)

    @guarded
    def onErrRtnOrderAction(self, data: Answer, error: Answer) -> None:
        """A cancel of the account was refused, in whichever session."""
        if self._trading is not None:
            self._trading.cancel_refused(data, error)
