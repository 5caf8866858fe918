"""The rules, in the order they are asked: what is wrong with the order first, then the amounts, then the pace."""

from collections.abc import Callable

from msgspec.structs import replace

from marketbus.domain.order import Order
from marketbus.domain.risk import flow_rules, permission_rules, price_rules, size_rules
from marketbus.domain.risk.limits import Limits
from marketbus.domain.risk.situation import Situation
from marketbus.domain.risk.verdict import Verdict

Rule = Callable[[Limits, Order, Situation], Verdict | None]

RULES: tuple[Rule, ...] = (
    permission_rules.valid_until,
    permission_rules.contract,
    permission_rules.instrument,
    permission_rules.hours,
    permission_rules.expiry,
    size_rules.lot,
    price_rules.price_tick,
    price_rules.price_limit,
    price_rules.stale_price,
    price_rules.price_collar,
    price_rules.reference_price,
    size_rules.max_order_volume,
    size_rules.max_order_notional,
    size_rules.closable,
    size_rules.max_position,
    size_rules.max_exposure,
    size_rules.margin,
    permission_rules.daily_loss,
    flow_rules.open_orders,
    flow_rules.self_trade,
    flow_rules.duplicate,
    flow_rules.cancels_per_contract,
    flow_rules.orders_per_second,
    flow_rules.orders_per_day,
    flow_rules.programme_trading,
)


_OF_THE_WHOLE = (size_rules.lot, size_rules.max_order_volume, size_rules.max_order_notional)
_OF_LESS = (
    permission_rules.valid_until,
    size_rules.lot,
    flow_rules.orders_per_second,
    flow_rules.orders_per_day,
    flow_rules.programme_trading,
)


def judge(limits: Limits, order: Order, situation: Situation) -> Verdict | None:
    """The first rule that says no; None when all let it pass."""
    for rule in RULES:
        if (verdict := rule(limits, order, situation)) is not None:
            return verdict
    return None


def judge_change(limits: Limits, order: Order, changed: Order, situation: Situation) -> Verdict | None:
    """The same of an order with other terms; the situation does not count it, and its fills are in the position.

    One that only becomes smaller lowers risk: its pace and its lot are looked at.
    """
    less = changed.price == order.price and changed.volume < order.volume
    for rule in _OF_LESS if less else RULES:
        asked = changed if rule in _OF_THE_WHOLE else rest_of(changed)
        if (verdict := rule(limits, asked, situation)) is not None:
            return verdict
    return None


def rest_of(order: Order) -> Order:
    """What is not filled yet, as an order."""
    return replace(order, volume=order.volume - order.traded, traded=0.0)
