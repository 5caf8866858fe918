"""Is it too often: orders at once, alike, against our own, per second, per day, per contract?"""

from marketbus.domain.order import Order
from marketbus.domain.order_terms import Direction, OrderType
from marketbus.domain.risk.limits import Limits
from marketbus.domain.risk.situation import Situation
from marketbus.domain.risk.thresholds import Abnormal
from marketbus.domain.risk.verdict import Verdict


def open_orders(limits: Limits, order: Order, situation: Situation) -> Verdict | None:
    """Orders that stand or may stand at the venue."""
    limit, value = limits.max_open_orders, situation.open_orders + 1
    return None if limit is None or value <= limit else Verdict("open_orders", limit, value)


def duplicate(limits: Limits, order: Order, situation: Situation) -> Verdict | None:
    """A program that runs wild sends the same order again and again."""
    limit, value = limits.max_identical, situation.identical + 1
    return None if limit is None or value <= limit else Verdict("duplicate", limit, value)


def self_trade(limits: Limits, order: Order, situation: Situation) -> Verdict | None:
    """It does not meet an order of our own: exchanges punish self-trades."""
    if _stop_loss(order):
        return None
    sign = 1 if order.direction is Direction.LONG else -1
    family = order.parent or order.client_order_id
    for other in situation.own:
        if other.direction is not order.direction.opposite or not other.left:
            continue
        if _stop_loss(other) or (other.parent or other.client_order_id) == family:
            continue  # of one bracket, each waits for the other
        market = OrderType.MARKET in (order.type, other.type)
        for price in (other.price, other.price if other.new_price is None else other.new_price):
            if market or sign * (order.price - price) >= 0:
                return Verdict("self_trade", price, order.price, {"other": other.client_order_id})
    return None


def _stop_loss(order: Order) -> bool:
    """A bracket's: in no book until it is touched, and it stands where every other bracket is entered better."""
    return order.type is OrderType.STOP and bool(order.parent)


def orders_per_second(limits: Limits, order: Order, situation: Situation) -> Verdict | None:
    """Orders and cancels within any second."""
    limit, value = limits.orders_per_second, situation.per_second + 1
    return None if limit is None or value <= limit else Verdict("orders_per_second", limit, value)


def orders_per_day(limits: Limits, order: Order, situation: Situation) -> Verdict | None:
    """Orders and cancels of the trading day."""
    limit, value = limits.orders_per_day, situation.per_day + 1
    return None if limit is None or value <= limit else Verdict("orders_per_day", limit, value)


def cancels_per_contract(limits: Limits, order: Order, situation: Situation) -> Verdict | None:
    """No new order that may have to be cancelled once the contract's cancels are used up; closing goes on."""
    if not situation.adds:
        return None
    limit = cancel_limit(limits, situation)
    return None if limit is None or situation.cancels < limit else Verdict("cancels", limit, situation.cancels)


def cancel_limit(limits: Limits, situation: Situation) -> int | None:
    """How many cancels of the contract a day may have."""
    return strictest_cancels(limits, situation.abnormal)


def strictest_cancels(limits: Limits, abnormal: Abnormal | None) -> int | None:
    """The stricter of our limit and what the exchange calls abnormal, less one."""
    theirs = abnormal.cancels - 1 if abnormal and abnormal.cancels else None
    known = [limit for limit in (limits.cancels_per_contract, theirs) if limit is not None]
    return min(known, default=None)


def programme_trading(limits: Limits, order: Order, situation: Situation) -> Verdict | None:
    """It does not make the account a high-frequency one in the exchange's eyes, unless it is reported as one."""
    rule = situation.high_frequency
    if limits.high_frequency or rule is None:
        return None
    facts: dict[str, str | int | float] = {"exchange": str(order.exchange)}
    per_second, per_day = situation.exchange_per_second + 1, situation.exchange_per_day + 1
    if rule.per_second is not None and per_second >= rule.per_second:
        return Verdict("programme_second", rule.per_second, per_second, facts)
    if rule.per_day is not None and per_day >= rule.per_day:
        return Verdict("programme_day", rule.per_day, per_day, facts)
    if rule.burst is not None and rule.bursts is not None and situation.exchange_unspent + 1 >= rule.burst:
        bursts = situation.exchange_bursts + 1
        if bursts >= rule.bursts:
            return Verdict("programme_bursts", rule.bursts, bursts, {**facts, "burst": rule.burst})
    return None
