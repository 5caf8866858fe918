"""Reads placeOrder, field by field, whatever the version.

Layout: facts read off `placeOrder` of ibapi 10.50; ib_async sends the same up to 178.
"""

from collections.abc import Iterator
from decimal import Decimal

from marketbus.lab.tws import versions
from marketbus.lab.tws.contract import Query, read_query
from marketbus.lab.tws.frame import BadFrame, Fields
from marketbus.lab.tws.order import Ticket

PLAYED = frozenset({"MKT", "LMT", "STP", "STP LMT"})
_PEGGED_BENCH = frozenset({"PEG BENCH", "PEGBENCH"})
_PEGGED_BEST = frozenset({"PEG BEST", "PEGBEST"})
_PEGGED_MID = frozenset({"PEG MID", "PEGMID"})


def read_order(fields: Fields, version: int) -> tuple[int, Query, Ticket]:
    """Order id, contract, order; `Ticket.unplayed` says what of it is not played. Raises BadFrame."""
    order_id, query = fields.integer(), read_query(fields)
    fields.texts(2)  # secIdType, secId
    if query.sec_type == "BAG":
        raise BadFrame("combinations are not played")
    action, quantity, order_type = fields.text(), fields.decimal() or Decimal(0), fields.text()
    limit, aux = fields.decimal(), fields.decimal()
    tif, oca_group, account, open_close, origin, order_ref = *fields.texts(4), fields.integer(), fields.text()
    transmit, parent_id, block, sweep = fields.flag(), fields.integer(), fields.flag(), fields.flag()
    display_size, trigger_method, outside_rth, hidden = (
        fields.integer(), fields.integer(), fields.flag(), fields.flag(),
    )  # fmt: skip
    fields.texts(2)  # shares allocation, discretionary amount
    good_after, good_till = fields.texts(2)
    fields.texts(3 if version >= versions.NO_FA_PROFILE else 4)
    model_code = fields.text()
    fields.texts(3)  # short sale
    oca_type, rule_80a, _, all_or_none = fields.integer(), fields.text(), fields.text(), fields.flag()
    minimum = fields.integer()
    fields.texts(10)  # percentOffset ... stockRangeUpper
    fields.text()  # overridePercentageConstraints
    unplayed = list(_special(fields))
    what_if, cash = _rest(fields, version, order_type, query.exchange, unplayed)
    fields.end()
    if order_type not in PLAYED:
        unplayed.append(f"order type {order_type}")
    return order_id, query, Ticket(
        action=action, quantity=quantity, order_type=order_type, limit=limit, aux=aux, tif=tif, oca_group=oca_group,
        account=account, open_close=open_close, origin=origin, order_ref=order_ref, transmit=transmit,
        parent_id=parent_id, block=block, sweep=sweep, display_size=display_size, trigger_method=trigger_method,
        outside_rth=outside_rth, hidden=hidden, good_after=good_after, good_till=good_till, model_code=model_code,
        oca_type=oca_type, rule_80a=rule_80a, all_or_none=all_or_none, min_quantity=minimum or None, what_if=what_if,
        cash_quantity=cash, unplayed=", ".join(unplayed),
    )  # fmt: skip


def _special(fields: Fields) -> Iterator[str]:
    """Volatility, trailing, scale, hedge, delta-neutral and algorithmic orders: tells those that are asked for."""
    fields.texts(2)  # volatility and its type
    delta_neutral = fields.text()
    fields.text()
    if delta_neutral:
        fields.texts(8)
        yield "delta-neutral orders"
    fields.texts(4)  # continuousUpdate, referencePriceType, trailStopPrice, trailingPercent
    fields.texts(2)
    if (fields.decimal() or 0) > 0:
        fields.texts(7)
        yield "scale orders"
    fields.texts(3)  # scaleTable, activeStartTime, activeStopTime
    if fields.text():
        fields.text()
        yield "hedge orders"
    fields.texts(4)  # optOutSmartRouting, clearing account and intent, notHeld
    if fields.flag():
        fields.texts(3)
        yield "delta-neutral contracts"
    if algorithm := fields.text():
        fields.texts(2 * fields.integer())
        yield f"algorithm {algorithm}"


def _rest(fields: Fields, version: int, order_type: str, exchange: str, unplayed: list[str]) -> tuple[bool, Decimal]:
    """From algoId to the end: whether it is a what-if, and its cash quantity."""
    fields.text()
    what_if = fields.flag()
    fields.texts(4)  # miscOptions, solicited, randomizeSize, randomizePrice
    if order_type in _PEGGED_BENCH:
        fields.texts(5)
    if fields.integer():
        raise BadFrame("conditions are not played")
    fields.texts(7)  # adjusted orders
    fields.texts(3)  # extOperator, soft dollar tier
    cash = fields.decimal() or Decimal(0)
    if cash:
        unplayed.append("cashQty")
    fields.texts(4)  # MiFID
    fields.texts(4)  # dontUseAutoPriceForHedge, isOmsContainer, discretionaryUpToLimitPrice, usePriceMgmtAlgo
    later = (
        versions.DURATION, versions.POST_TO_ATS, versions.AUTO_CANCEL_PARENT, versions.ADVANCED_REJECT,
        versions.MANUAL_ORDER_TIME,
    )  # fmt: skip
    fields.texts(sum(version >= since for since in later))
    if version >= versions.PEG_OFFSETS:
        _pegged(fields, order_type, exchange)
    later = (versions.CUSTOMER_ACCOUNT, versions.PROFESSIONAL, versions.INCLUDE_OVERNIGHT, versions.TAGGING)
    fields.texts(sum(version >= since for since in later))
    if versions.QUOTE_REQUEST <= version < versions.NO_QUOTE_REQUEST:
        fields.texts(2)
    fields.texts(version >= versions.IMBALANCE_ONLY)
    return what_if, cash


def _pegged(fields: Fields, order_type: str, exchange: str) -> None:
    if exchange == "IBKRATS":
        fields.text()
    offsets = order_type in _PEGGED_MID
    if order_type in _PEGGED_BEST:
        fields.text()
        offsets = fields.text() == "Infinity"
    if offsets:
        fields.texts(2)
