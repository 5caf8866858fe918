"""What the market data front answers."""

from marketbus.lab.ctp_family.feed import Feed
from marketbus.lab.ctp_family.frame import Frame
from marketbus.lab.ctp_family.front import Session
from marketbus.lab.ctp_family.layout import ENCODING, Layout
from marketbus.lab.ctp_family.login import Gatekeeper
from marketbus.lab.ctp_family.replies import Replies, error


class MarketDesk:
    """Log-in and subscriptions. `subscribe_requests` counts instruments asked for, to show who asks twice."""

    def __init__(self, layout: Layout, gatekeeper: Gatekeeper) -> None:
        self._messages = layout.messages["md"]
        self._layout = layout
        self._gatekeeper = gatekeeper
        self._replies = Replies(layout, "md")
        self.feed: Feed | None = None
        self.subscribe_requests = 0

    def receive(self, session: Session, request: Frame) -> None:
        """Answers one request."""
        method, struct = self._messages.request(request.message) or ("", "")
        if method in self._gatekeeper.ignored:
            return
        if method == "ReqUserLogin":
            self._log_in(session, request, struct)
        elif method == "ReqUserLogout":
            session.logged_in = False
            asked = self._layout.unpack(struct, request.data)
            self._replies.send(session, "OnRspUserLogout", request.request, asked, error(0))
        elif not session.logged_in:
            self._replies.send(session, "OnRspError", request.request, None, error(6))
        elif method == "SubscribeMarketData":
            self._each(session, request, "OnRspSubMarketData")
        elif method == "UnSubscribeMarketData":
            self._each(session, request, "OnRspUnSubMarketData")
        elif method in {"SubscribeForQuoteRsp", "UnSubscribeForQuoteRsp"}:
            self._each(session, request, "OnRsp" + method.replace("Subscribe", "Sub"))
        else:
            self._replies.refuse(session, method, request.request, {})

    def lost(self, session: Session) -> None:
        """The session ended."""
        if self.feed is not None:
            self.feed.forget(session)

    def _log_in(self, session: Session, request: Frame, struct: str) -> None:
        asked = self._layout.unpack(struct, request.data)
        refused = self._gatekeeper.login_error(session, asked, trading=False)
        fields = {"BrokerID": asked["BrokerID"], "UserID": asked["UserID"]}
        answer = fields if refused else self._gatekeeper.welcome(session, asked)
        self._replies.send(session, "OnRspUserLogin", request.request, answer, error(refused))

    def _each(self, session: Session, request: Frame, callback: str) -> None:
        names = request.data.split(b"\0")[: request.request]
        for name in names:
            symbol = name.decode(ENCODING, "replace")
            # An unknown instrument is acknowledged like any other; it just never ticks.
            self._replies.send(session, callback, 0, {"InstrumentID": symbol}, error(0), last=name is names[-1])
            if self.feed is None:
                continue
            if callback == "OnRspSubMarketData":
                self.subscribe_requests += 1
                self.feed.subscribe(session, symbol)
            elif callback == "OnRspUnSubMarketData":
                self.feed.unsubscribe(session, symbol)
