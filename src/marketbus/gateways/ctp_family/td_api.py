"""vnpy's trading API with its raw callbacks taken over: login, settlement confirmation and the contract list.

vnpy_ctp latches after one failed login (495/798), loses contracts of unknown exchanges (618) and sleeps inside a
callback (531-538).
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vnpy.trader.gateway import BaseGateway

from marketbus.domain.contract import Contract
from marketbus.domain.session import SessionState
from marketbus.domain.status import Level
from marketbus.gateways.ctp_family.callback import guarded
from marketbus.gateways.ctp_family.contracts import contract
from marketbus.gateways.ctp_family.dialect import Dialect
from marketbus.gateways.ctp_family.line import Line
from marketbus.gateways.ctp_family.setting import Setting
from marketbus.gateways.ctp_family.symbols import Symbols
from marketbus.ports.clock import Clock
from marketbus.ports.gateway import ContractsListed, Logged

if TYPE_CHECKING:
    from marketbus.gateways.ctp_family.native_api import NativeTdApi as _Native
else:
    _Native = object

QUERY_RETRY = 1.1
"""Seconds: the counter takes one query per second and session."""
REFUSED_RETRY = 5.0
"""Seconds after a query that the counter refused."""
RESUME_QUICK = 2
"""THOST_TERT_QUICK: private and public flow from now on. (Orders are not carried yet.)"""


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
        query_later: Callable[[float], None],
        clock: Clock,
    ) -> None:
        super().__init__(gateway)
        self._dialect = dialect
        self.setting = setting
        self._flow = flow
        self.line = line
        self.sink = line.sink
        self.symbols = symbols
        self._query_later = query_later
        self._clock = clock
        self._listed: list[Contract] = []
        self._day = 0
        self._query_due = False
        self._query_heard: float | None = None
        self._query_reported = False

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
            self.reqid += 1
            self.reqAuthenticate(
                {
                    "UserID": self.setting.user_id,
                    "BrokerID": self.setting.broker_id,
                    "AuthCode": self.setting.auth_code,
                    "AppID": self.setting.app_id,
                },
                self.reqid,
            )
        else:
            self._send_login()

    def query_contracts(self) -> None:
        """Ask for every instrument; asked again a little later when the SDK's flow control says no."""
        self._query_due = False
        if self._query_heard is None:
            return  # not logged in, or listed already
        self.reqid += 1
        if self.reqQryInstrument({}, self.reqid):
            self._ask_later(QUERY_RETRY)
        else:
            self._listed.clear()

    def query_silence(self, now: float) -> float:
        """Seconds since the counter last said something of the contracts that are still to come; 0: none are."""
        heard = self._query_heard
        return 0.0 if heard is None else now - heard

    def query_unanswered(self, seconds: float) -> None:
        """Nothing has come for so long: ask again, and say so once per login."""
        self._query_heard = self._clock.monotonic()
        if not self._query_reported:
            self._query_reported = True
            self.sink.event(Logged(Level.ERROR, "td.query_timeout", {"seconds": seconds}))
        self._ask_later(0.0)

    def _ask_later(self, seconds: float) -> None:
        if not self._query_due:
            self._query_due = True
            self._query_later(seconds)

    def _send_login(self) -> None:
        self.reqid += 1
        self.reqUserLogin(self.line.user(), self.reqid)

    # Callbacks

    @guarded
    def onFrontConnected(self) -> None:
        """The front is there."""
        self.line.front_connected()
        self.start_login()

    @guarded
    def onFrontDisconnected(self, reason: int) -> None:
        """The front is gone; the SDK reconnects by itself."""
        self._query_heard = None
        self.line.front_lost(reason)

    @guarded
    def onRspAuthenticate(self, data: Mapping[str, Any], error: Mapping[str, Any], reqid: int, last: bool) -> None:
        """The terminal is accepted or refused."""
        if error and error["ErrorID"]:
            self.line.refused("authenticate", error)
            return
        self.line.authenticated()
        self.sink.event(Logged(Level.INFO, "td.authenticated"))
        self._send_login()

    @guarded
    def onRspUserLogin(self, data: Mapping[str, Any], error: Mapping[str, Any], reqid: int, last: bool) -> None:
        """Taken or refused."""
        if error and error["ErrorID"]:
            self.line.refused("login", error)
            return
        day = self.line.logged_in(data)
        if day is None:
            return
        self._day = day
        self._query_heard = self._clock.monotonic()
        self._query_reported = False
        self.line.enter(SessionState.SYNCING, trading_day=self._day)
        self.reqid += 1
        self.reqSettlementInfoConfirm(
            {"BrokerID": self.setting.broker_id, "InvestorID": self.setting.user_id}, self.reqid
        )

    @guarded
    def onRspSettlementInfoConfirm(
        self, data: Mapping[str, Any], error: Mapping[str, Any], reqid: int, last: bool
    ) -> None:
        """Confirmed; the contract list is asked for either way, since market data needs it."""
        if error and error["ErrorID"]:
            self.line.error(error)
        else:
            self.sink.event(Logged(Level.INFO, "td.settlement_confirmed"))
        self._ask_later(0.0)

    @guarded
    def onRspQryInstrument(self, data: Mapping[str, Any], error: Mapping[str, Any], reqid: int, last: bool) -> None:
        """One instrument; the last one makes the list complete even when it is itself no good.

        A refused query is asked again: right after its login a counter often is not ready yet (ErrorID 90).
        """
        if self._query_heard is not None:
            self._query_heard = self._clock.monotonic()
        if error and error["ErrorID"]:
            self.line.error(error)
            self._ask_later(REFUSED_RETRY)
            return
        if data:
            try:
                listed = contract(self._dialect, self.gateway_name, data)
            except (ValueError, KeyError) as bad:
                self.sink.reject("bad_contract", str(data.get("InstrumentID")), f"{type(bad).__name__}: {bad}")
            else:
                if listed is not None:
                    self._listed.append(listed)
        if last:
            self._query_heard = None
            self.symbols.list(self._listed)
            self.sink.event(Logged(Level.INFO, "td.contracts", {"count": len(self._listed)}))
            self.sink.event(ContractsListed(tuple(self._listed), complete=bool(self._listed)))
            self.line.enter(SessionState.READY, trading_day=self._day)
            self._listed.clear()

    @guarded
    def onRspError(self, error: Mapping[str, Any], reqid: int, last: bool) -> None:
        """An error that belongs to no request of ours."""
        self.line.error(error)

    def onRtnOrder(self, data: Mapping[str, Any]) -> None:
        """Orders of other terminals: not carried yet, and vnpy_ctp's own handling may raise."""

    def onRtnTrade(self, data: Mapping[str, Any]) -> None:
        """As onRtnOrder."""
