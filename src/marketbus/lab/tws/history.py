"""Requests for the past: bars, ticks, sessions, where data begin."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from marketbus.lab.tws import bars
from marketbus.lab.tws.bars import BAR_SIZES, SHOWN, Unclear, cut
from marketbus.lab.tws.catalogue import Catalogue
from marketbus.lab.tws.contract import Contract, read_query
from marketbus.lab.tws.contracts import Unresolved, resolve
from marketbus.lab.tws.feed import Feed
from marketbus.lab.tws.frame import BadFrame, Fields
from marketbus.lab.tws.keepup import KeptBar
from marketbus.lab.tws.level1 import sizes
from marketbus.lab.tws.messages import history as told
from marketbus.lab.tws.pacing import HistoryPacing
from marketbus.lab.tws.past import Past, sessions
from marketbus.lab.tws.requests import Handlers
from marketbus.lab.tws.session import Session

_SERVICE = "Historical Market Data Service error message:"
_HEAD = date(2016, 1, 4)
_MOST_TICKS = 1000
_CONTINUOUS_ENDS = "Setting end date/time for continuous future security type is not allowed"


_Reach = tuple[datetime, int, bool]
"""From where on, how many, and whether forward."""


class HistoryDesk:
    """`broken`: whether the historical data farm answers nothing; `now`: the market's time."""

    def __init__(
        self, catalogue: Catalogue, past: Past, feed: Feed, now: Callable[[], datetime], broken: Callable[[], bool]
    ) -> None:
        self._catalogue = catalogue
        self._past = past
        self._feed = feed
        self._now = now
        self._broken = broken
        self._kept: dict[tuple[Session, int], KeptBar] = {}
        self._pacing: dict[int, HistoryPacing] = {}

    def handlers(self) -> Handlers:
        """By message id."""
        return {
            20: ("reqHistoricalData", self._req_bars),
            25: ("cancelHistoricalData", self._cancel_bars),
            87: ("reqHeadTimeStamp", self._req_head),
            90: ("cancelHeadTimeStamp", _ignore),
            96: ("reqHistoricalTicks", self._req_ticks),
        }

    def forget(self, session: Session) -> None:
        """It is gone, and so are its bars."""
        for key in [key for key in self._kept if key[0] is session]:
            self._feed.unwatch(self._kept.pop(key))

    def _req_bars(self, session: Session, fields: Fields) -> None:
        request, query = fields.integer(), read_query(fields)
        fields.flag()
        end_text, size, duration, regular, show, epoch = (
            fields.text(), fields.text(), fields.text(), fields.flag(), fields.text(), fields.integer() == 2,
        )  # fmt: skip
        if query.sec_type == "BAG":
            raise BadFrame("combinations are not played")
        keep = fields.flag()
        fields.text()
        fields.end()
        asked = (query, end_text, size, duration, regular, show)
        try:
            contract = resolve(self._catalogue, query)
            if contract.sec_type == "CONTFUT" and end_text:
                session.error(request, 10339, _CONTINUOUS_ENDS)
                return
            end = bars.moment(end_text, self._now())
            if show == "SCHEDULE":
                self._tell_schedule(session, request, contract, bars.begin_of(end, duration, contract), end, regular)
                return
            wanted = bars.Request(
                contract=contract, begin=bars.begin_of(end, duration, contract), end=end, size=_size(size),
                show=_shown(show, contract), regular=regular, epoch=epoch,
            )  # fmt: skip
            if not self._allowed(session, request, contract, show, asked):
                return
            found = cut(wanted, self._past, self._feed.latest(contract).close)
        except Unresolved as unresolved:
            session.error(request, 200, str(unresolved))
            return
        except Unclear as unclear:
            session.error(request, 321, f"Error validating request.-'bQ' : cause - {unclear}")
            return
        if not found:
            session.error(request, 162, f"{_SERVICE}HMDS query returned no data: {contract.local_symbol}@{show}")
            return
        for message in told.bars(session.version, request, _stamp(wanted.begin), _stamp(wanted.end), found):
            session.send(message)
        if keep:
            self._kept[session, request] = kept = KeptBar(session, request, wanted)
            self._feed.watch(kept)

    def _cancel_bars(self, session: Session, fields: Fields) -> None:
        fields.integer()
        request = fields.integer()
        fields.end()
        kept = self._kept.pop((session, request), None)
        if kept is not None:
            self._feed.unwatch(kept)
            session.error(request, 162, f"{_SERVICE}API historical data query cancelled: {request}")
        else:
            session.error(request, 366, f"No historical data query found for ticker id:{request}")

    def _req_head(self, session: Session, fields: Fields) -> None:
        request, query = fields.integer(), read_query(fields)
        fields.texts(3)  # includeExpired, useRTH, whatToShow
        epoch = fields.integer() == 2
        fields.end()
        try:
            contract = resolve(self._catalogue, query)
        except Unresolved as unresolved:
            session.error(request, 200, str(unresolved))
            return
        first = datetime.combine(_HEAD, time(9, 30), ZoneInfo(contract.time_zone))
        session.send(told.head(request, str(int(first.timestamp())) if epoch else _stamp(first)))

    def _req_ticks(self, session: Session, fields: Fields) -> None:
        request, query = fields.integer(), read_query(fields)
        fields.flag()
        begin_text, end_text, count = fields.text(), fields.text(), fields.integer()
        show, regular = fields.text(), fields.flag()
        fields.texts(2)  # ignoreSize, miscOptions
        fields.end()
        try:
            contract = resolve(self._catalogue, query)
            _check_ticks(begin_text, end_text, count, show)
            asked = (query, begin_text, end_text, count, show, regular)
            if not self._allowed(session, request, contract, show, asked):
                return
            edge = bars.moment(begin_text or end_text, self._now())
        except Unresolved as unresolved:
            session.error(request, 200, str(unresolved))
            return
        except Unclear as unclear:
            session.error(request, 321, f"Error validating request.-'bT' : cause - {unclear}")
            return
        self._tell_ticks(session, request, contract, show, (edge, count, bool(begin_text)))

    def ticks(self, contract: Contract, edge: datetime, count: int, *, forward: bool) -> tuple[np.ndarray, np.ndarray]:
        """The seconds of ticks before or after the edge, inside sessions and not after now, and their lots.

        The last second of the reach is complete, though there are more than `count` then (as users of TWS report).
        """
        day = edge.astimezone(ZoneInfo(contract.time_zone)).date()
        around = (day, day + timedelta(days=4)) if forward else (day - timedelta(days=4), day + timedelta(days=1))
        border, now = int(edge.timestamp()), int(self._now().timestamp())
        found: list[int] = []
        spans = [span for _, span in sessions(contract, *around, regular=False)]
        for opens, closes in spans if forward else reversed(spans):
            first, last = int(opens.timestamp()), min(int(closes.timestamp()), now)
            inside = range(max(first, border), last) if forward else range(min(last, border) - 1, first - 1, -1)
            seconds = np.array(inside, np.int64)
            ticks = self._past.ticks(contract, seconds)
            enough = int(np.searchsorted(np.cumsum(ticks), count - len(found))) + 1
            found += np.repeat(seconds[:enough], ticks[:enough]).tolist()
            if len(found) >= count:
                break
        at = np.array(sorted(found), np.int64)
        place = np.arange(len(at)) - np.searchsorted(at, at)  # within its second
        return at, self._past.volumes(contract, at * 4 + place)

    def _tell_ticks(self, session: Session, request: int, contract: Contract, show: str, reach: _Reach) -> None:
        edge, count, forward = reach
        seconds, traded = self.ticks(contract, edge, count, forward=forward)
        prices = self._past.prices(contract, self._feed.latest(contract).close, seconds).tolist()
        size, tick = sizes(contract), float(contract.tick)
        rows = list(zip(seconds.tolist(), prices, traded.tolist(), strict=True))
        if show == "TRADES":
            exchange = contract.primary or contract.exchange
            ticks = [(second, str(round(price, 6)), size(lot), exchange) for second, price, lot in rows]
            session.send(told.trades(request, ticks, done=True))
        elif show == "BID_ASK":
            quotes = [
                (second, str(round(price - tick, 6)), str(round(price, 6)), size(lot), size(lot))
                for second, price, lot in rows
            ]
            session.send(told.quotes(request, quotes, done=True))
        else:
            middles = [(second, str(round(price - tick / 2, 6))) for second, price, _ in rows]
            session.send(told.midpoints(request, middles, done=True))

    def _tell_schedule(
        self, session: Session, request: int, contract: Contract, begin: datetime, end: datetime, regular: bool
    ) -> None:
        zone = ZoneInfo(contract.time_zone)
        found = sessions(contract, begin.astimezone(zone).date(), end.astimezone(zone).date(), regular=regular)
        listed = [
            (f"{opens:%Y%m%d-%H:%M:%S}", f"{closes:%Y%m%d-%H:%M:%S}", f"{day:%Y%m%d}") for day, (opens, closes) in found
        ]
        first, last = (listed[0][0], listed[-1][1]) if listed else ("", "")
        session.send(told.schedule(request, first, last, contract.time_zone, listed))

    def _allowed(
        self, session: Session, request: int, contract: Contract, show: str, asked: tuple[object, ...]
    ) -> bool:
        now_ns = int(self._now().timestamp() * 1_000_000) * 1000
        pacing = self._pacing.setdefault(session.client_id, HistoryPacing())
        if self._broken():
            session.error(request, 162, f"{_SERVICE}HMDS data farm connection is broken")
        elif not pacing.allows(now_ns, contract.con_id, show, asked):
            session.error(request, 162, f"{_SERVICE}Historical data request pacing violation")
        else:
            return True
        return False


def _size(text: str) -> int:
    if text not in BAR_SIZES:
        raise Unclear(f"Historical data bar size setting is invalid. Legal ones are: {', '.join(BAR_SIZES)}")
    return BAR_SIZES[text]


def _shown(text: str, contract: Contract) -> str:
    if text not in SHOWN or (text == "TRADES" and not contract.traded):
        raise Unclear(f"No {text} data of {contract.sec_type}")
    return text


def _check_ticks(begin: str, end: str, count: int, show: str) -> None:
    if bool(begin) == bool(end):
        raise Unclear("One of startDateTime and endDateTime has to be given")
    if not 1 <= count <= _MOST_TICKS or show not in {"TRADES", "BID_ASK", "MIDPOINT"}:
        raise Unclear(f"{count} ticks of {show}")


def _stamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%d-%H:%M:%S}"


def _ignore(session: Session, fields: Fields) -> None:
    fields.integer()
    fields.end()
