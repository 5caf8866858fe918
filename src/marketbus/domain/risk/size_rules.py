"""Is it too much: the order, the position, the exposure, the money?"""

from math import isclose

from marketbus.domain.contract import Product
from marketbus.domain.holding import splits_days
from marketbus.domain.order import Order
from marketbus.domain.order_terms import Direction, Offset, OrderType
from marketbus.domain.risk.limits import Limits
from marketbus.domain.risk.situation import Situation
from marketbus.domain.risk.verdict import Verdict


def lot(limits: Limits, order: Order, situation: Situation) -> Verdict | None:
    """The volume is a multiple of the contract's lot, and within what the exchange takes in one order."""
    contract = situation.market.contract
    if contract is None:
        return None
    step = contract.min_volume
    if step > 0:
        lots = order.volume / step
        if round(lots) < 1 or not isclose(lots, round(lots), abs_tol=1e-6):
            return Verdict("lot", step, order.volume)
    if contract.max_volume and order.volume > contract.max_volume:
        return Verdict("lot_max", contract.max_volume, order.volume)
    return None


def max_order_volume(limits: Limits, order: Order, situation: Situation) -> Verdict | None:
    """Lots of one order."""
    limit = limits.max_order_volume
    return None if limit is None or order.volume <= limit else Verdict("max_order_volume", limit, order.volume)


def max_order_notional(limits: Limits, order: Order, situation: Situation) -> Verdict | None:
    """Price times multiplier times lots of one order."""
    limit, value = limits.max_order_notional, notional(order, situation)
    return None if limit is None or value is None or value <= limit else Verdict("max_order_notional", limit, value)


def max_position(limits: Limits, order: Order, situation: Situation) -> Verdict | None:
    """Lots on one side of one instrument, if everything fills."""
    limit, value = limits.max_position, situation.held + situation.adds
    return None if limit is None or not situation.adds or value <= limit else Verdict("max_position", limit, value)


def max_exposure(limits: Limits, order: Order, situation: Situation) -> Verdict | None:
    """Money in the market, if everything fills."""
    limit, added = limits.max_exposure, notional(order, situation)
    if limit is None or added is None or not situation.adds:
        return None
    value = situation.exposure + added * situation.adds / order.volume
    return None if value <= limit else Verdict("max_exposure", limit, value)


def margin(limits: Limits, order: Order, situation: Situation) -> Verdict | None:
    """The money it needs is there."""
    needed = margin_of(order, situation)
    if situation.available is None or needed is None or needed <= situation.available:
        return None
    return Verdict("margin", round(situation.available, 2), round(needed, 2))


def closable(limits: Limits, order: Order, situation: Situation) -> Verdict | None:
    """What it closes is there, of the right day."""
    there = situation.closable
    if not order.offset.closes or there is None:
        return None
    limit = there.volume
    if splits_days(order.exchange):
        limit = there.today if order.offset is Offset.CLOSETODAY else there.yesterday
    if order.volume <= limit + 1e-9:
        return None
    facts: dict[str, str | int | float] = {"today": there.today, "yesterday": there.yesterday}
    return Verdict("closable", limit, order.volume, facts)


def price_of(order: Order, situation: Situation) -> float | None:
    """What it may cost at worst, per unit: the limit price, or for a market order the day's limit or the last price."""
    if order.type is not OrderType.MARKET:
        return order.price
    market = situation.market
    worst = market.limit_up if order.direction is Direction.LONG else market.last
    return worst if worst is not None else market.last


def notional(order: Order, situation: Situation) -> float | None:
    """Currency; None where price or contract are not known. Spreads below 0 count by their size."""
    price, contract = price_of(order, situation), situation.market.contract
    return None if price is None or contract is None else abs(price) * contract.size * order.volume


def margin_of(order: Order, situation: Situation) -> float | None:
    """Currency that it holds back: the premium of a bought option, the margin of a future; None when not known."""
    contract, value = situation.market.contract, notional(order, situation)
    if contract is None or value is None or not situation.adds:
        return None
    share = situation.adds / order.volume
    bought, rates = order.direction is Direction.LONG, situation.market.margin
    if contract.product is Product.OPTION:
        return value * share if bought else None
    if rates is not None:
        return (rates.long if bought else rates.short).of(value * share, situation.adds)
    ratio = contract.long_margin_ratio if bought else contract.short_margin_ratio
    return None if ratio is None else value * ratio * share
