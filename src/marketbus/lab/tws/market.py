"""Requests for streams: market data, tick by tick, depth; and what stops them: farms, permissions, sessions."""

from marketbus.lab.tws.bytick import ByTick, Kind
from marketbus.lab.tws.catalogue import Catalogue
from marketbus.lab.tws.contract import Contract, Query, read_query
from marketbus.lab.tws.contracts import Unresolved, resolve
from marketbus.lab.tws.depth import DepthStream
from marketbus.lab.tws.feed import Feed, Watch
from marketbus.lab.tws.frame import BadFrame, Fields
from marketbus.lab.tws.level1 import Level1
from marketbus.lab.tws.messages import contracts, ticks
from marketbus.lab.tws.requests import Handlers
from marketbus.lab.tws.session import Session

FARM = "usfarm"
_MAX_DEPTH = 3
_LIVE, _DELAYED = 1, 3
_NOT_SUBSCRIBED = (
    "Requested market data is not subscribed. Check API status by selecting the Account menu then under Management "
    "choose Market Data Subscription Manager and/or availability of delayed data."
)
_SHOWING_DELAYED = "Requested market data is not subscribed. Displaying delayed market data."
_COMPETING = "No market data during competing live session"

Family = str
"""data, bytick, depth: ticker ids are counted apart."""


class MarketDesk:
    """Everything that streams. Lines are counted by client."""

    def __init__(self, catalogue: Catalogue, feed: Feed, lines: int) -> None:
        self._catalogue = catalogue
        self._feed = feed
        self._max_lines = lines
        self._watches: dict[tuple[Session, Family, int], Watch | None] = {}
        """None: the id is taken, its stream is dead."""
        self.permissions: dict[int, bool] = {}
        """conId → another answer than the catalogue's."""
        self.offline = False
        self.farm_broken = False
        self.competing = False
        self.requests = 0
        feed.blocked = lambda: self.blocked

    def handlers(self) -> Handlers:
        """By message id."""
        return {
            1: ("reqMktData", self._req_data),
            2: ("cancelMktData", lambda session, fields: self._cancel(session, fields, "data", versioned=True)),
            10: ("reqMktDepth", self._req_depth),
            11: ("cancelMktDepth", self._cancel_depth),
            59: ("reqMarketDataType", self._req_type),
            82: ("reqMktDepthExchanges", self._req_depth_exchanges),
            97: ("reqTickByTickData", self._req_bytick),
            98: ("cancelTickByTickData", lambda session, fields: self._cancel(session, fields, "bytick")),
        }

    @property
    def blocked(self) -> bool:
        """Whether no data come."""
        return self.offline or self.farm_broken or self.competing

    def lose(self) -> None:
        """All streams are dead until they are asked for again."""
        for key, watch in self._watches.items():
            if watch is not None:
                self._feed.unwatch(watch)
                self._watches[key] = None

    def compete(self, *, on: bool) -> None:
        """Another session of the same user takes the live data, or gives them back."""
        self.competing = on
        if on:
            for session, family, request in list(self._watches):
                if family != "depth":
                    session.error(request, 10197, _COMPETING)

    def forget(self, session: Session) -> None:
        """It is gone, and so are its streams."""
        for key in [key for key in self._watches if key[0] is session]:
            watch = self._watches.pop(key)
            if watch is not None:
                self._feed.unwatch(watch)

    def lines(self, session: Session) -> int:
        """Market data lines it has."""
        return sum(1 for owner, family, _ in self._watches if owner is session and family == "data")

    def permitted(self, contract: Contract) -> bool:
        """Whether its live data are subscribed."""
        return self.permissions.get(contract.con_id, contract.permitted)

    def _req_data(self, session: Session, fields: Fields) -> None:
        fields.integer()
        request, query = fields.integer(), read_query(fields)
        _no_legs(query, fields)
        generic, snapshot, regulatory = set(fields.text().split(",")), fields.flag(), fields.flag()
        fields.text()
        fields.end()
        self.requests += 1
        if not self._free(session, "data", request):
            return
        if self.lines(session) >= self._max_lines:
            session.error(request, 101, "Max number of tickers has been reached.")
            return
        contract = self._resolve(session, request, query)
        if contract is None:
            return
        if contract.reroute:
            session.send(contracts.reroute(request, contract.reroute, "SMART", depth=False))
            return
        if self.competing:
            session.error(request, 10197, _COMPETING)
            return
        permitted = self.permitted(contract)
        if not permitted and session.market_data < _DELAYED:
            session.error(request, 354, _NOT_SUBSCRIBED)
            return
        if not permitted:
            session.error(request, 10167, _SHOWING_DELAYED)
        line = Level1(session, contract, request, generic, delayed=not permitted)
        session.send(ticks.request_parameters(request, contract.tick, "9c0001"))
        session.send(ticks.market_data_type(request, _LIVE if permitted else _DELAYED))
        if not self.blocked:
            session.stream(line.begin(self._feed.latest(contract)))
        if snapshot or regulatory:
            session.send(ticks.snapshot_end(request))
            return
        self._begin(session, "data", request, line)

    def _req_type(self, session: Session, fields: Fields) -> None:
        fields.integer()
        session.market_data = fields.integer()
        fields.end()

    def _req_bytick(self, session: Session, fields: Fields) -> None:
        request, query = fields.integer(), read_query(fields)
        word = fields.text()
        fields.integer()  # ticks of before: they come as historical ticks only
        ignore_size = fields.flag()
        fields.end()
        self.requests += 1
        if not self._free(session, "bytick", request):
            return
        contract = self._resolve(session, request, query)
        if contract is None:
            return
        if word not in set(Kind) or (word in {Kind.LAST, Kind.ALL_LAST} and not contract.traded):
            words = f"Error validating request.-'bT' : cause - Invalid tick-by-tick type {word} for {contract.sec_type}"
            session.error(request, 321, words)
            return
        if not self.permitted(contract):
            session.error(request, 10189, "Failed to request tick-by-tick data.No market data permissions for it")
            return
        self._begin(session, "bytick", request, ByTick(session, contract, request, Kind(word), ignore_size=ignore_size))

    def _req_depth(self, session: Session, fields: Fields) -> None:
        fields.integer()
        request, query = fields.integer(), read_query(fields)
        rows, smart = fields.integer(), fields.flag()
        fields.text()
        fields.end()
        self.requests += 1
        if not self._free(session, "depth", request):
            return
        contract = self._resolve(session, request, query)
        if contract is None:
            return
        if contract.reroute:
            session.send(contracts.reroute(request, contract.reroute, "SMART", depth=True))
            return
        if sum(1 for owner, family, _ in self._watches if owner is session and family == "depth") >= _MAX_DEPTH:
            session.error(request, 309, "Max number (3) of market depth requests has been reached")
            return
        if not contract.quoted or not self.permitted(contract):
            session.error(
                request, 10092, "Deep market data is not supported for this combination of security type/exchange"
            )
            return
        stream = DepthStream(session, contract, request, rows, smart=smart)
        if not self.blocked:
            session.stream(stream.ticked(self._feed.latest(contract)))
        self._begin(session, "depth", request, stream)

    def _cancel_depth(self, session: Session, fields: Fields) -> None:
        fields.integer()
        request = fields.integer()
        fields.flag()
        fields.end()
        self._drop(session, "depth", request, 310, f"Can't find the subscribed market depth with tickerId:{request}")

    def _cancel(self, session: Session, fields: Fields, family: Family, *, versioned: bool = False) -> None:
        if versioned:
            fields.integer()
        request = fields.integer()
        fields.end()
        self._drop(session, family, request, 300, f"Can't find EId with tickerId:{request}")

    def _req_depth_exchanges(self, session: Session, fields: Fields) -> None:
        fields.end()
        found = {
            (exchange, each.sec_type)
            for each in self._catalogue.contracts
            if each.quoted and each.sec_type != "CONTFUT"
            for exchange in each.exchanges
        }
        session.send(ticks.depth_exchanges(sorted(found)))

    def _resolve(self, session: Session, request: int, query: Query) -> Contract | None:
        try:
            return resolve(self._catalogue, query)
        except Unresolved as unresolved:
            session.error(request, 200, str(unresolved))
            return None

    def _free(self, session: Session, family: Family, request: int) -> bool:
        if self._watches.get((session, family, request)) is None:
            return True
        session.error(request, 102, "Duplicate ticker id")
        return False

    def _begin(self, session: Session, family: Family, request: int, watch: Watch) -> None:
        self._watches[session, family, request] = watch
        self._feed.watch(watch)

    def _drop(self, session: Session, family: Family, request: int, code: int, words: str) -> None:
        key = (session, family, request)
        if key not in self._watches:
            session.error(request, code, words)
            return
        watch = self._watches.pop(key)
        if watch is not None:
            self._feed.unwatch(watch)


def _no_legs(query: Query, fields: Fields) -> None:
    """Combinations have their legs here, delta-neutral contracts theirs; raises BadFrame for both."""
    if query.sec_type == "BAG":
        raise BadFrame("combinations are not played")
    if fields.flag():
        raise BadFrame("delta-neutral contracts are not played")
