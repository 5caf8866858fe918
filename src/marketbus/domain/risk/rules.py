"""The rules, in the order they are asked: what is wrong with the order first, then the amounts, then the pace."""

from collections.abc import Callable

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


def judge(limits: Limits, order: Order, situation: Situation) -> Verdict | None:
    """The first rule that says no; None when all let it pass."""
    for rule in RULES:
        if (verdict := rule(limits, order, situation)) is not None:
            return verdict
    return None
