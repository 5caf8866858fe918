"""What the trading front answers. Orders are not played yet: they are refused."""

import asyncio
from typing import Any

from marketbus.lab import hours
from marketbus.lab.clock import LabClock
from marketbus.lab.ctp_family.contracts import ContractBook
from marketbus.lab.ctp_family.frame import Frame
from marketbus.lab.ctp_family.front import Session
from marketbus.lab.ctp_family.layout import Layout
from marketbus.lab.ctp_family.login import Gatekeeper
from marketbus.lab.ctp_family.replies import Replies, error

_BALANCE = 1_000_000.0


class TradingDesk:
    """Authentication, log-in, settlement and queries."""

    def __init__(self, layout: Layout, clock: LabClock, gatekeeper: Gatekeeper, contracts: ContractBook) -> None:
        self._messages = layout.messages["td"]
        self._layout = layout
        self._clock = clock
        self._gatekeeper = gatekeeper
        self.contracts = contracts
        self._replies = Replies(layout, "td")
        self._users: dict[Session, dict[str, Any]] = {}
        self._sending: set[asyncio.Task[None]] = set()

    def receive(self, session: Session, request: Frame) -> None:
        """Answers one request."""
        method, struct = self._messages.request(request.message) or ("", "")
        if method in self._gatekeeper.ignored:
            return
        if not struct:
            self._replies.refuse(session, method, request.request, {})
            return
        asked = self._layout.unpack(struct, request.data)
        if method == "ReqAuthenticate":
            self._authenticate(session, request.request, asked)
        elif method == "ReqUserLogin":
            self._log_in(session, request.request, asked)
        elif method.endswith("UserSystemInfo"):
            return  # carries no request id, and counters answer nothing
        elif not session.logged_in:
            self._replies.send(session, "OnRspError", request.request, None, error(6))
        elif method == "ReqUserLogout":
            session.logged_in = False
            self._replies.send(session, "OnRspUserLogout", request.request, asked, error(0))
        elif method == "ReqSettlementInfoConfirm":
            now = self._clock.now()
            answer = asked | {"ConfirmDate": f"{now:%Y%m%d}", "ConfirmTime": f"{now:%H:%M:%S}"}
            self._replies.send(session, "OnRspSettlementInfoConfirm", request.request, answer, error(0))
        elif method == "ReqQryInstrument":
            self._send_contracts(session, request.request, asked)
        elif method == "ReqQryTradingAccount":
            self._replies.send(session, "OnRspQryTradingAccount", request.request, self._account(session))
        else:
            self._replies.refuse(session, method, request.request, asked)

    def lost(self, session: Session) -> None:
        """The session ended."""
        self._users.pop(session, None)

    async def close(self) -> None:
        """Stops sending long answers."""
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)

    def _authenticate(self, session: Session, request: int, asked: dict[str, Any]) -> None:
        refused = self._gatekeeper.authentication_error(asked)
        session.authenticated = not refused
        answer = {name: asked[name] for name in ("BrokerID", "UserID", "UserProductInfo", "AppID")}
        self._replies.send(session, "OnRspAuthenticate", request, answer, error(refused))

    def _log_in(self, session: Session, request: int, asked: dict[str, Any]) -> None:
        refused = self._gatekeeper.login_error(session, asked, trading=True)
        answer = {"BrokerID": asked["BrokerID"], "UserID": asked["UserID"]}
        if not refused:
            self._users[session] = answer
            answer = self._gatekeeper.welcome(session, asked)
        self._replies.send(session, "OnRspUserLogin", request, answer, error(refused))

    def _send_contracts(self, session: Session, request: int, asked: dict[str, Any]) -> None:
        chunks = self.contracts.chunks(request, asked["InstrumentID"], asked["ExchangeID"], asked["ProductID"])

        async def send() -> None:
            for chunk in chunks:
                session.send(chunk)
                await session.drained()

        task = asyncio.get_running_loop().create_task(send())
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    def _account(self, session: Session) -> dict[str, Any]:
        user = self._users[session]
        money = dict.fromkeys(("PreBalance", "Balance", "Available", "WithdrawQuota"), _BALANCE)
        day = f"{hours.trading_day(self._clock.now()):%Y%m%d}"
        own = {"BrokerID": user["BrokerID"], "AccountID": user["UserID"], "TradingDay": day, "CurrencyID": "CNY"}
        return own | money
