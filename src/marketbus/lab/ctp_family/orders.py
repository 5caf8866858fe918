"""What the trading front does with orders: reads requests, tells every session of the account what becomes of them."""

import asyncio
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from marketbus.lab.ctp_family import codes, frame
from marketbus.lab.ctp_family.faults import Action, Script
from marketbus.lab.ctp_family.flow import PrivateFlow
from marketbus.lab.ctp_family.frame import Topic
from marketbus.lab.ctp_family.front import Session
from marketbus.lab.ctp_family.layout import Layout
from marketbus.lab.ctp_family.login import FRONT_ID
from marketbus.lab.ctp_family.records import Fields, Origin, order_fields, origin, progress_fields, trade_fields
from marketbus.lab.ctp_family.replies import error
from marketbus.lab.ctp_family.venue import Venue
from marketbus.lab.trading import Counter, Life, Order, PriceKind, Refusal, Refused, Request, Trade
from marketbus.lab.trading.line import VenueLine
from marketbus.lab.trading.terms import exact

_SIDES = {code: side for side, code in codes.SIDES.items()}
_OFFSETS = {code: offset for offset, code in codes.OFFSETS.items()}
_PRICE_KINDS = {code: kind for kind, code in codes.PRICE_KINDS.items()}
_LIVES = {code: life for life, code in codes.LIVES.items()}

TERMINAL_SESSION = 1_000_000_000
"""Session of the orders that come from another terminal."""


@dataclass(frozen=True, slots=True)
class _Cancel:
    """A cancel on its way to the venue."""

    asked: Fields


class OrderDesk:
    """The counter of a lab, and the private flow of each of its accounts."""

    def __init__(self, layout: Layout, venue: Venue, money: Decimal, *, confirm_daily: bool) -> None:
        self._layout = layout
        self._messages = layout.messages["td"]
        self._venue = venue
        self._confirm_daily = confirm_daily
        self._flows: dict[str, PrivateFlow] = {}
        self._references: dict[tuple[int, str], int] = {}
        self._by_reference: dict[tuple[int, int, int], Order] = {}
        self._by_venue_id: dict[tuple[str, str], Order] = {}
        self._order_records: dict[Order, bytes] = {}
        self._trade_records: dict[Trade, bytes] = {}
        self.line = VenueLine()
        self.script = Script()
        self.counter = Counter(venue, self, venue.terms(), money, self.line)
        self.refuse = 0
        """While set, the counter refuses every order with this ErrorID."""

    def join(self, session: Session, user: str, topic: Topic | None) -> None:
        """A session of that user logged in."""
        self.counter.account(user)
        self._flow(user).join(session, topic, f"{self._venue.trading_day():%Y%m%d}")

    def leave(self, session: Session, user: str) -> None:
        """It is gone."""
        self._flow(user).leave(session)

    def last_reference(self, user: str) -> int:
        """The highest reference that user gave an order today, in any session."""
        return max((last for (_, each), last in self._references.items() if each == user), default=0)

    def new_day(self, ended: date, settled: dict[str, Decimal]) -> None:
        """Settles; the venue shows the new day already, `settled` are the settlement prices of the one that ended."""
        self.line.clear()
        self.counter.new_day(ended, settled, self._venue.terms(), confirmed=not self._confirm_daily)
        for flow in self._flows.values():
            flow.clear()
        self._references.clear()
        self._by_reference.clear()
        self._by_venue_id.clear()
        self._order_records.clear()
        self._trade_records.clear()

    def receive(self, session: Session, user: str, broker: str, method: str, request: int, asked: Fields) -> None:
        """ReqOrderInsert or ReqOrderAction, as far as no fault takes it."""
        fault = self.script.at(user, method)
        work = self._insert if method == "ReqOrderInsert" else self._cancel
        if fault is None:
            work(session, user, broker, request, asked)
        elif fault.action is Action.DELAY:
            delayed = asyncio.get_running_loop().call_later
            delayed(fault.ms / 1000, work, session, user, broker, request, asked)
        elif fault.action is Action.DUPLICATE:
            work(session, user, broker, request, asked)
            work(session, user, broker, request, asked)
        elif fault.action in {Action.CRASH, Action.CRASH_AFTER}:
            session.force(frame.encode(frame.CRASH, 0, None, None, last=True))
            work(session, user, broker, request, asked)
        elif fault.action is Action.CUT:
            session.close()
            work(session, user, broker, request, asked)

    def insert(self, user: str, request: Request, sent: Origin) -> Order:
        """An order whose origin is known; raises Refused."""
        return self.counter.insert(self.counter.account(user), request, sent)

    def find(self, exchange: str, venue_id: str) -> Order | None:
        """By the venue's number."""
        return self._by_venue_id.get((exchange, venue_id.strip()))

    def order_record(self, order: Order) -> bytes:
        """What was last told of it."""
        return self._order_records[order]

    def trade_record(self, trade: Trade) -> bytes:
        """What was told of it."""
        return self._trade_records[trade]

    def confirm(self, user: str) -> None:
        """The settlement was confirmed."""
        self.counter.account(user).confirmed = True

    def _insert(self, session: Session, user: str, broker: str, request: int, asked: Fields) -> None:
        try:
            self._take(session, user, broker, request, asked)
        except Refused as refused:
            number = codes.REFUSALS[refused.why]
        except _Scripted as scripted:
            number = scripted.number
        else:
            return
        answer = asked | {"BrokerID": broker, "InvestorID": user}
        self._refuse(session, user, "OrderInsert", request, (answer, answer), error(number))

    def _take(self, session: Session, user: str, broker: str, request: int, asked: Fields) -> None:
        if self.refuse:
            raise _Scripted(self.refuse)
        if asked["InvestorID"] != user:
            raise _Scripted(13)
        number = self._reference(session.number, user, asked["OrderRef"].strip())
        written = asked["OrderRef"] or f"{number:>12}"
        sent = Origin(FRONT_ID, session.number, number, written, request, broker, asked)
        if asked["ExchangeID"] not in {"", self._exchange(asked["InstrumentID"])}:
            raise Refused(Refusal.NO_INSTRUMENT)
        self.insert(user, _read(asked), sent)

    def _reference(self, session: int, user: str, reference: str) -> int:
        """The order's number within its session: it has to rise; given when there is none."""
        last = self._references.get((session, user), 0)
        if reference and not reference.isdecimal():
            raise Refused(Refusal.FIELD)
        number = int(reference) if reference else last + 1
        if number <= last:
            raise Refused(Refusal.DUPLICATE)
        self._references[session, user] = number
        return number

    def _exchange(self, symbol: str) -> str:
        terms = self.counter.terms.get(symbol)
        return terms.exchange if terms is not None else ""

    def _cancel(self, session: Session, user: str, broker: str, request: int, asked: Fields) -> None:
        action = asked | {"BrokerID": broker, "InvestorID": user}
        try:
            self.counter.cancel(self._meant(user, asked), _Cancel(action))
        except Refused as refused:
            why = error(codes.REFUSALS[refused.why])
            self._refuse(session, user, "OrderAction", request, (action, self._action(action, why[1])), why)

    def _meant(self, user: str, asked: Fields) -> Order:
        reference = asked["OrderRef"].strip()
        if asked["ActionFlag"] != codes.DELETE:
            raise Refused(Refusal.CANCEL_FIELD)
        if asked["OrderSysID"].strip():
            order = self.find(asked["ExchangeID"], asked["OrderSysID"])
        elif reference.isdecimal():
            order = self._by_reference.get((asked["FrontID"], asked["SessionID"], int(reference)))
        else:
            raise Refused(Refusal.CANCEL_FIELD)
        if order is None or order.account.user != user:
            raise Refused(Refusal.NO_ORDER)
        return order

    # What the counter tells.

    def order(self, order: Order) -> None:
        """OnRtnOrder."""
        self._index(order)
        number, struct = self._messages.callback("OnRtnOrder")
        known = self._order_records.get(order) or self._pack(struct, order_fields(order, self._venue.trading_day()))
        record = self._order_records[order] = self._layout.amend(struct, known, progress_fields(order))
        self._flow(order.account.user).publish(f"OnRtnOrder:{order.state}", number, record)

    def trade(self, trade: Trade) -> None:
        """OnRtnTrade."""
        number, struct = self._messages.callback("OnRtnTrade")
        record = self._trade_records[trade] = self._pack(struct, trade_fields(trade, self._venue.trading_day()))
        self._flow(trade.order.account.user).publish("OnRtnTrade", number, record)

    def cancel_failed(self, order: Order, tag: object) -> None:
        """OnErrRtnOrderAction: the venue had filled it first."""
        if isinstance(tag, _Cancel):
            why = error(codes.REFUSALS[Refusal.DONE])
            self._publish(order.account.user, "OnErrRtnOrderAction", self._action(tag.asked, why[1]), why)

    def _action(self, asked: Fields, words: str) -> Fields:
        now = self._venue.now()
        times = {"ActionDate": f"{now:%Y%m%d}", "ActionTime": f"{now:%H:%M:%S}"}
        return asked | times | {"OrderActionStatus": "c", "StatusMsg": words}

    def _index(self, order: Order) -> None:
        sent = origin(order)
        self._by_reference[sent.front, sent.session, sent.number] = order
        if order.venue_id:
            self._by_venue_id[order.terms.exchange, order.venue_id.strip()] = order

    def _flow(self, user: str) -> PrivateFlow:
        if user not in self._flows:
            self._flows[user] = PrivateFlow(user, self.script)
        return self._flows[user]

    def _publish(self, user: str, callback: str, fields: Fields, why: tuple[int, str]) -> None:
        number, struct = self._messages.callback(callback)
        self._flow(user).publish(callback, number, self._pack(struct, fields), why)

    def _refuse(
        self,
        session: Session,
        user: str,
        what: str,
        request: int,
        fields: tuple[Fields, Fields],
        why: tuple[int, str],
    ) -> None:
        """OnRsp... to whoever asked, OnErrRtn... to all of the account: the fields of each."""
        answer, told = fields
        number, struct = self._messages.callback(f"OnRsp{what}")
        data = frame.encode(number, request, self._pack(struct, answer), why, last=True)
        self._flow(user).answer(f"OnRsp{what}", data, session)
        self._publish(user, f"OnErrRtn{what}", told, why)

    def _pack(self, struct: str, fields: Fields) -> bytes:
        return self._layout.pack(struct, **self._layout.fitting(struct, fields))


class _Scripted(Exception):
    """A refusal by its ErrorID."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def _read(asked: dict[str, Any]) -> Request:
    """The order that a request means; raises Refused."""
    side, offset = _SIDES.get(asked["Direction"]), _OFFSETS.get(asked["CombOffsetFlag"][:1])
    kind, life = _PRICE_KINDS.get(asked["OrderPriceType"]), _LIVES.get(asked["TimeCondition"])
    if asked["ContingentCondition"] not in {"", codes.IMMEDIATELY}:
        raise Refused(Refusal.NOT_PLAYED)
    if side is None or offset is None or life is None or asked["CombHedgeFlag"][:1] not in {"1", "2", "3"}:
        raise Refused(Refusal.FIELD)
    if kind is None:
        raise Refused(Refusal.PRICE_KIND)
    condition, volume = asked["VolumeCondition"], asked["VolumeTotalOriginal"]
    least = {codes.ANY_VOLUME: 0, codes.MIN_VOLUME: asked["MinVolume"], codes.ALL_VOLUME: volume}.get(condition)
    if least is None or (least and life is not Life.IMMEDIATE):
        raise Refused(Refusal.FIELD)
    price = asked["LimitPrice"]
    if not abs(price) < 1e12:  # DBL_MAX and NaN too
        if kind is PriceKind.LIMIT:
            raise Refused(Refusal.FIELD)
        price = 0.0
    return Request(asked["InstrumentID"], side, offset, volume, exact(price), kind, life, least)
