"""Is the price one that can be meant?"""

from marketbus.domain.order import Order
from marketbus.domain.order_terms import Direction, OrderType
from marketbus.domain.risk.limits import Limits
from marketbus.domain.risk.situation import Situation
from marketbus.domain.risk.verdict import Verdict
from marketbus.domain.times import NS

REFERENCE_PRICE = "reference_price"
"""The key in `ext` under which a caller gives the price that its order was reckoned from."""
_NEAR = 1e-6
"""Part of a price tick that decimal fractions miss in binary."""


def price_tick(limits: Limits, order: Order, situation: Situation) -> Verdict | None:
    """A limit price lies on the contract's price tick."""
    contract = situation.market.contract
    if order.type is OrderType.MARKET or contract is None or contract.pricetick <= 0:
        return None
    ticks = order.price / contract.pricetick
    if abs(ticks - round(ticks)) <= _NEAR:
        return None
    nearest = round(round(ticks) * contract.pricetick, 10)
    return Verdict("price_tick", contract.pricetick, order.price, {"nearest": nearest})


def price_limit(limits: Limits, order: Order, situation: Situation) -> Verdict | None:
    """A limit price lies within the day's price limits."""
    market = situation.market
    if order.type is OrderType.MARKET:
        return None
    if market.limit_up is not None and order.price > market.limit_up + _slack(situation):
        return Verdict("price_limit", market.limit_up, order.price)
    if market.limit_down is not None and order.price < market.limit_down - _slack(situation):
        return Verdict("price_limit", market.limit_down, order.price)
    return None


def price_collar(limits: Limits, order: Order, situation: Situation) -> Verdict | None:
    """A limit price is not much worse for us than the last price. A better one only waits."""
    bound = _collar(limits, order, situation, situation.market.last)
    return None if bound is None else Verdict("price_collar", bound, order.price, {"last": situation.market.last or 0})


def reference_price(limits: Limits, order: Order, situation: Situation) -> Verdict | None:
    """Nor than the price that the caller reckoned from, if it gave one."""
    given = (order.ext or {}).get(REFERENCE_PRICE)
    if isinstance(given, bool) or not isinstance(given, int | float):
        return None
    bound = _collar(limits, order, situation, given)
    return None if bound is None else Verdict("reference_price", bound, order.price, {"reference": given})


def stale_price(limits: Limits, order: Order, situation: Situation) -> Verdict | None:
    """There is a price of the instrument, and it is not old."""
    if limits.max_price_age is None or order.offset.closes or order.parent:
        return None  # a position must be closable when the market data line is down
    at, limit = situation.market.price_at, limits.max_price_age
    if at is None:
        return Verdict("no_price", limit, "")
    age = (situation.now - at) / NS
    return Verdict("stale_price", limit, round(age, 1)) if age > limit else None


def _collar(limits: Limits, order: Order, situation: Situation, middle: float | None) -> float | None:
    """The worst price allowed around `middle`, if the order's is worse."""
    if limits.price_collar is None or middle is None or order.type is OrderType.MARKET or _ends_a_loss(order):
        return None
    contract = situation.market.contract
    narrowest = limits.collar_ticks * contract.pricetick if contract is not None else 0.0
    width = max(abs(middle) * limits.price_collar, narrowest)
    sign = 1 if order.direction is Direction.LONG else -1
    bound = middle + sign * width
    return bound if sign * (order.price - bound) > _slack(situation) else None


def _ends_a_loss(order: Order) -> bool:
    """A stop of a bracket is meant to be far from the market."""
    return bool(order.parent) and order.type is OrderType.STOP


def _slack(situation: Situation) -> float:
    contract = situation.market.contract
    return _NEAR * (contract.pricetick if contract is not None and contract.pricetick > 0 else 1.0)
