"""The life of one order: events come doubled, late and out of order, and never make it lose a fill."""

from collections.abc import Iterable
from enum import StrEnum
from math import fsum, isclose
from typing import Any

import msgspec

from marketbus.domain.message import Bilingual
from marketbus.domain.order import NEVER_RECEIVED, Order, OrderState
from marketbus.domain.order_events import (
    Absent,
    CancelRefused,
    CancelSent,
    Denied,
    Lost,
    ModifyRefused,
    ModifySent,
    OrderReport,
    OwnEvent,
    Refused,
    Sent,
)
from marketbus.domain.order_states import is_behind, is_full, is_over, may_follow, reported
from marketbus.domain.trade import Trade, TradeKey

NEVER_RECEIVED_WORDS = Bilingual(
    "the venue, asked twice for all its orders, has never received it", "两次完整查询均无此委托，柜台未曾收到"
)
DAY_OVER_WORDS = Bilingual("its trading day is over; check the positions", "所属交易日已结束，请核对持仓")

_UNDECIDED = (OrderState.NEW, OrderState.SENT, OrderState.UNKNOWN)
_REFUSED = (OrderState.REJECTED, OrderState.DENIED)


class Outcome(StrEnum):
    """What became of an event."""

    APPLIED = "APPLIED"
    DUPLICATE = "DUPLICATE"
    """It said nothing new."""
    LATE = "LATE"
    """It lagged behind what was known; the order's state stands, numbers it brought were kept."""
    CORRECTED = "CORRECTED"
    """It contradicted what we believed, came from a complete query, and holds."""
    MISFIT = "MISFIT"
    """It contradicts what is known: to be logged, counted and reconciled. A new fill is kept all the same."""
    UNMATCHED = "UNMATCHED"
    """It is of an order that is not known."""


class Change(msgspec.Struct, frozen=True):
    """The answer to an event."""

    outcome: Outcome
    order: Order | None = None
    """As it stands now."""
    trade: Trade | None = None
    """A fill not seen before, completed with what its order knows; to be counted whatever the outcome."""
    why: str = ""
    """Of a misfit."""


class OrderLife:
    """One order and its fills."""

    def __init__(self, order: Order, trades: Iterable[Trade] = ()) -> None:
        self.order = order
        self._trades: dict[TradeKey, Trade] = {trade.key: trade for trade in trades}

    @property
    def trades(self) -> tuple[Trade, ...]:
        """Its fills, in the order they came."""
        return tuple(self._trades.values())

    def report(self, report: OrderReport) -> Change:
        """The venue's word."""
        order, now = self.order, self.order.state
        terms = _terms(order, report)
        volume = terms.get("volume", order.volume)
        most = volume if "modify_sent" in terms else max(volume, order.most)
        if is_over(report.traded, most):
            return self._misfit(f"{report.traded:g} lots traded of {most:g}")
        traded = max(order.traded, report.traded)
        then = reported(report.state, traded, most)
        if then is OrderState.FILLED:
            traded = max(volume, traded)
        if then is OrderState.UNKNOWN:
            return self._misfit("the venue gives a state that is not known")
        if traded and OrderState.REJECTED in (now, then):
            return self._misfit(f"{then} with {traded:g} lots traded, after {now}")
        facts: dict[str, Any] = {
            "traded": traded,
            "venue_id": report.venue_id or order.venue_id,
            "venue_ref": report.venue_ref or order.venue_ref,
            "datetime": report.datetime or order.datetime,
            "trading_day": report.trading_day or order.trading_day,
        }
        if report.error_id or report.error_msg:
            facts |= {"error_id": report.error_id, "error_msg": report.error_msg}
        if then is now or may_follow(now, then):
            return self._become(then, report.received, facts | terms)
        never_received = order.denied_by == NEVER_RECEIVED
        if is_behind(now, then) and not never_received:
            changed = self._become(now, report.received, facts)
            more = traded > order.traded
            return msgspec.structs.replace(changed, outcome=Outcome.APPLIED if more else Outcome.LATE)
        if report.queried:
            changed = self._become(then, report.received, {**facts, **terms, "denied_by": ""})
            return msgspec.structs.replace(changed, outcome=Outcome.CORRECTED, why=f"{then} after {now}")
        return self._misfit(f"{then} after {now}")

    def fill(self, trade: Trade) -> Change:
        """A fill; one that is known by its id changes nothing."""
        order, now = self.order, self.order.state
        known = self._trades.get(trade.key)
        if known is not None:
            if (known.price, known.volume) == (trade.price, trade.volume):
                return Change(Outcome.DUPLICATE, order)
            return self._misfit(f"trade {trade.tradeid} came again as {trade.volume:g} at {trade.price:g}")
        trade = msgspec.structs.replace(
            trade,
            client_order_id=order.client_order_id,
            reference=order.reference,
            origin=order.origin,
            external=order.external,
        )
        self._trades[trade.key] = trade
        own = [each for each in self._trades.values() if each.symbol == order.symbol]  # not the legs of a combination
        filled = fsum(each.volume for each in own)
        traded = max(order.traded, min(filled, order.most))
        if is_full(traded, order.most):
            traded = order.most
        facts: dict[str, Any] = {"traded": traded, "venue_id": order.venue_id or trade.venue_id}
        if filled:
            facts["average_price"] = fsum(each.price * each.volume for each in own) / filled
        then = now
        if not now.is_final or (now is OrderState.CANCELLED and traded == order.most):
            then = reported(OrderState.SENT, traded, order.most) if filled else now
        changed = self._become(then, trade.received, facts)
        outcome, why = Outcome.APPLIED, ""
        if now in _REFUSED:
            outcome, why = Outcome.MISFIT, f"a fill after {now}"
        elif is_over(filled, order.most):
            outcome, why = Outcome.MISFIT, f"{filled:g} lots filled of {order.most:g}"
        return msgspec.structs.replace(changed, outcome=outcome, trade=trade, why=why)

    def own(self, event: OwnEvent) -> Change:
        """What we did, or what we know from elsewhere."""
        order, now, at = self.order, self.order.state, event.at
        match event:
            case Sent():
                facts: dict[str, Any] = {"sent": at, "venue_ref": event.venue_ref or order.venue_ref}
                if now is OrderState.NEW:
                    return self._become(OrderState.SENT, at, facts)
                self._become(now, at, facts)
                return Change(Outcome.LATE, self.order)
            case Denied():
                if now is not OrderState.NEW:
                    return self._misfit(f"denied after {now}")
                ext = {**(order.ext or {}), **(event.facts or {})} or None
                facts = {"denied_by": event.rule, "error_msg": event.words, "ext": ext}
                return self._become(OrderState.DENIED, at, facts)
            case Refused():
                return self._refused(event)
            case Lost():
                if now in (OrderState.NEW, OrderState.SENT):
                    return self._become(OrderState.UNKNOWN, at, {})
                return Change(Outcome.LATE, order)
            case Absent():
                return self._absent(event)
            case CancelSent():
                return Change(Outcome.LATE, order) if now.is_final else self._become(now, at, {"cancel_sent": at})
            case CancelRefused():
                if now.is_final:
                    return Change(Outcome.LATE, order)
                return self._become(now, at, {"cancel_sent": 0, "error_id": event.error_id, "error_msg": event.words})
            case ModifySent():
                if now.is_final:
                    return Change(Outcome.LATE, order)
                asked = {"modify_sent": at, "new_price": event.price, "new_volume": event.volume}
                return self._become(now, at, asked)
            case ModifyRefused():
                if not order.modify_sent:
                    return Change(Outcome.LATE, order)
                return self._become(now, at, _ANSWERED | {"error_id": event.error_id, "error_msg": event.words})

    def _refused(self, event: Refused) -> Change:
        order, now = self.order, self.order.state
        words = {"error_id": event.error_id, "error_msg": event.words}
        if now is OrderState.REJECTED or may_follow(now, OrderState.REJECTED):
            return self._become(OrderState.REJECTED, event.at, words)
        if now is OrderState.CANCELLED and not order.traded:
            self._become(now, event.at, words)
            return Change(Outcome.LATE, self.order)
        return self._misfit(f"refused after {now}, {order.traded:g} lots traded")

    def _absent(self, event: Absent) -> Change:
        order, now = self.order, self.order.state
        if now.is_final:
            return Change(Outcome.LATE, order)
        if 0 < order.trading_day < event.trading_day:
            return self._become(OrderState.CANCELLED, event.at, {"error_msg": str(DAY_OVER_WORDS)})
        if now in _UNDECIDED and not order.traded:
            facts = {"denied_by": NEVER_RECEIVED, "error_msg": str(NEVER_RECEIVED_WORDS)}
            return self._become(OrderState.REJECTED, event.at, facts)
        return self._misfit(f"two complete queries do not have it, though it was {now}")

    def _become(self, state: OrderState, at: int, facts: dict[str, Any]) -> Change:
        before = self.order
        if state.is_final:
            facts = {**facts, "cancel_sent": 0, **_ANSWERED}
        after = msgspec.structs.replace(before, state=state, **facts)
        if after == before:
            return Change(Outcome.DUPLICATE, before)
        self.order = msgspec.structs.replace(after, updated=max(at, before.updated))
        return Change(Outcome.APPLIED, self.order)

    def _misfit(self, why: str) -> Change:
        return Change(Outcome.MISFIT, self.order, why=why)


_ANSWERED: dict[str, Any] = {"modify_sent": 0, "new_price": None, "new_volume": None}


def _terms(order: Order, report: OrderReport) -> dict[str, Any]:
    """What the venue's terms change. In a report put together from parts fills may be ahead of them: passed over."""
    if not report.terms or is_over(max(order.traded, report.traded), report.volume):
        return {}
    facts: dict[str, Any] = {}
    if (report.price, report.volume) != (order.price, order.volume):
        facts = {"price": report.price, "volume": report.volume}
        if order.first_volume is None:
            facts |= {"first_price": order.price, "first_volume": order.volume}
    if (
        order.modify_sent
        and isclose(report.volume, order.new_volume or 0.0)
        and isclose(report.price, order.new_price or 0.0, abs_tol=1e-12)
    ):
        facts |= _ANSWERED | {"error_id": None, "error_msg": ""}
    return facts
