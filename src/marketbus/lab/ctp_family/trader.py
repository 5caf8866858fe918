"""The trading front's reception: authentication, log-in, settlement; orders and queries go to their desks."""

from datetime import date
from typing import Any

from marketbus.lab.ctp_family import frame
from marketbus.lab.ctp_family.contracts import ContractBook
from marketbus.lab.ctp_family.frame import BadFrame, Frame, Topic
from marketbus.lab.ctp_family.front import Session
from marketbus.lab.ctp_family.layout import Layout
from marketbus.lab.ctp_family.login import Gatekeeper
from marketbus.lab.ctp_family.orders import OrderDesk
from marketbus.lab.ctp_family.queries import QueryDesk
from marketbus.lab.ctp_family.replies import Replies, error
from marketbus.lab.ctp_family.venue import Venue
from marketbus.lab.exchange import Exchange, Ticks

_ORDERS = frozenset({"ReqOrderInsert", "ReqOrderAction"})


class TradingDesk:
    """Knows who is logged in, and how each subscribed the private flow."""

    def __init__(
        self, layout: Layout, gatekeeper: Gatekeeper, venue: Venue, contracts: ContractBook, orders: OrderDesk
    ) -> None:
        self._messages = layout.messages["td"]
        self._layout = layout
        self._gatekeeper = gatekeeper
        self._venue = venue
        self._replies = Replies(layout, "td")
        self._queries = QueryDesk(layout, venue, orders, contracts)
        self._topics: dict[Session, Topic] = {}
        self._users: dict[Session, dict[str, str]] = {}
        self.orders = orders

    @property
    def contracts(self) -> ContractBook:
        """What is listed, as the counter tells it."""
        return self._queries.contracts

    def receive(self, session: Session, request: Frame) -> None:
        """Answers one request."""
        if request.message == frame.TOPIC:
            self._subscribe(session, request)
            return
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
            self._leave(session)
            self._replies.send(session, "OnRspUserLogout", request.request, asked, error(0))
        else:
            self._serve(session, method, request.request, asked)

    def lost(self, session: Session) -> None:
        """The session ended."""
        self._topics.pop(session, None)
        self._queries.leave(session)
        self._leave(session)

    def ticked(self, ticks: Ticks) -> None:
        """The market moved: what waits may fill."""
        bounds = self.orders.counter.bounds()
        if bounds:
            for symbol, depth in self._venue.moved(ticks, bounds):
                self.orders.counter.ticked(symbol, depth)

    def new_day(
        self, ended: date, settled: Exchange, listed: Exchange | None = None, contracts: ContractBook | None = None
    ) -> None:
        """Settles at the prices `settled` shows; `listed` and `contracts` are the new day's, where they changed."""
        self._venue.see(settled)
        prices = self._venue.settlement()
        if listed is not None and contracts is not None:
            self._venue.see(listed)
            self._queries.contracts = contracts
        self.orders.new_day(ended, prices)

    async def close(self) -> None:
        """Stops sending long answers."""
        await self._queries.close()

    def _leave(self, session: Session) -> None:
        user = self._users.pop(session, None)
        if user is not None:
            self.orders.leave(session, user["UserID"])

    def _serve(self, session: Session, method: str, request: int, asked: dict[str, Any]) -> None:
        user, broker = self._users[session]["UserID"], self._users[session]["BrokerID"]
        if method in _ORDERS:
            self.orders.receive(session, user, broker, method, request, asked)
        elif method == "ReqSettlementInfoConfirm":
            self.orders.confirm(user)
            now = self._venue.now()
            answer = asked | {"ConfirmDate": f"{now:%Y%m%d}", "ConfirmTime": f"{now:%H:%M:%S}"}
            self._replies.send(session, "OnRspSettlementInfoConfirm", request, answer, error(0))
        elif method.startswith("ReqQry"):
            self._queries.receive(session, user, broker, method, request, asked)
        else:
            self._replies.refuse(session, method, request, asked)

    def _subscribe(self, session: Session, request: Frame) -> None:
        try:
            self._topics[session] = frame.decode_topic(request.data)
        except BadFrame:
            session.close()

    def _authenticate(self, session: Session, request: int, asked: dict[str, Any]) -> None:
        refused = self._gatekeeper.authentication_error(asked)
        session.authenticated = not refused
        answer = {name: asked[name] for name in ("BrokerID", "UserID", "UserProductInfo", "AppID")}
        self._replies.send(session, "OnRspAuthenticate", request, answer, error(refused))

    def _log_in(self, session: Session, request: int, asked: dict[str, Any]) -> None:
        refused = self._gatekeeper.login_error(session, asked, trading=True)
        answer: dict[str, Any] = {"BrokerID": asked["BrokerID"], "UserID": asked["UserID"]}
        if refused:
            self._replies.send(session, "OnRspUserLogin", request, answer, error(refused))
            return
        user: str = asked["UserID"]
        self._users[session] = answer
        last = max(self.orders.last_reference(user), 1)
        welcome = self._gatekeeper.welcome(session, asked) | {"MaxOrderRef": str(last)}
        self._replies.send(session, "OnRspUserLogin", request, welcome, error(0))
        self.orders.join(session, user, self._topics.get(session))
