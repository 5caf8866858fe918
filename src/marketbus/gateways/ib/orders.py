"""An order as IB takes it, and IB's words on one."""

from decimal import Decimal
from math import isfinite
from typing import Any

from ib_async.order import Order as IbOrder
from ib_async.order import OrderState as IbOrderState

from marketbus.domain.order import Order, OrderState
from marketbus.domain.order_terms import Direction, OrderType
from marketbus.domain.preview import Effect, OrderPreview
from marketbus.gateways.ib.quote import exact
from marketbus.ports.trading import NotSent

LIMIT_PRICE = "limit_price"
"""In `ext` of a STOP order: it becomes a limit order at this price when `price` is touched (stop-limit)."""
OUTSIDE_RTH = "outside_rth"
"""In `ext`: also outside regular trading hours."""
_TYPES = {
    OrderType.LIMIT: ("LMT", "DAY"),
    OrderType.MARKET: ("MKT", "DAY"),
    OrderType.STOP: ("STP", "DAY"),
    OrderType.FAK: ("LMT", "IOC"),
    OrderType.FOK: ("LMT", "FOK"),
}
_TYPE_OF = {"LMT": OrderType.LIMIT, "MKT": OrderType.MARKET, "STP": OrderType.STOP, "STP LMT": OrderType.STOP}
_LIMITED_OF = {"IOC": OrderType.FAK, "FOK": OrderType.FOK}
_DIRECTION_OF = {"BUY": Direction.LONG, "SELL": Direction.SHORT, "SSHORT": Direction.SHORT}
_FILL_SIDE_OF = {"BOT": Direction.LONG, "SLD": Direction.SHORT}
_SANE = 1e15
_KEPT = (
    "action", "orderType", "tif", "account", "openClose", "orderRef", "ocaGroup", "ocaType", "parentId", "outsideRth",
    "hidden", "displaySize", "allOrNone", "triggerMethod", "goodAfterTime", "goodTillDate", "modelCode",
)  # fmt: skip
"""What a changed order repeats. The rest TWS tells in words that it does not take back, such as delta-neutral None."""

STATES = {
    # IBKR, orderStatus; openOrder's state has the same words
    "ApiPending": OrderState.SENT,
    "PendingSubmit": OrderState.SENT,
    "PreSubmitted": OrderState.ACCEPTED,
    "Submitted": OrderState.ACCEPTED,
    "PendingCancel": OrderState.ACCEPTED,
    "Filled": OrderState.FILLED,
    "Cancelled": OrderState.CANCELLED,
    "ApiCancelled": OrderState.CANCELLED,
}
INACTIVE = "Inactive"
"""Rejected, or held by TWS for a while: which, only what was before tells."""


def insertion(order: Order, account: str) -> IbOrder:
    """The order in the SDK's words; it carries our id.

    Raises:
        NotSent: IB has no such order here.
    """
    if order.type not in _TYPES:
        raise NotSent(f"IB has no {order.type} orders here", "LIMIT, MARKET, STOP, FAK, FOK")
    kind, tif = _TYPES[order.type]
    given = IbOrder(
        action="BUY" if order.direction is Direction.LONG else "SELL",
        totalQuantity=written(exact(order.volume)),
        orderType=kind,
        tif=tif,
        account=account,
        orderRef=order.client_order_id,
        openClose="",
        transmit=True,
        outsideRth=bool((order.ext or {}).get(OUTSIDE_RTH)),
    )
    if order.type is OrderType.STOP:
        given.auxPrice = written(order.price)
        limit = (order.ext or {}).get(LIMIT_PRICE)
        if limit is not None:
            if isinstance(limit, bool | str) or not isfinite(limit):
                raise NotSent(f"ext {LIMIT_PRICE}: {limit!r} is not a price")
            given.orderType, given.lmtPrice = "STP LMT", written(float(limit))
    elif order.type is not OrderType.MARKET:
        given.lmtPrice = written(order.price)
    return given


def modified(order: IbOrder, price: float, volume: float) -> IbOrder:
    """The order as TWS told it last, with these terms; prices as TWS reads them."""
    given = IbOrder(**{name: getattr(order, name) for name in _KEPT}, transmit=True)
    given.totalQuantity = written(exact(volume))
    limit, touched = known(order.lmtPrice), known(order.auxPrice)
    if order.orderType.startswith("STP"):
        touched = price
    elif order.orderType == "LMT":
        limit = price
    if limit is not None:
        given.lmtPrice = written(limit)
    if touched is not None:
        given.auxPrice = written(touched)
    return given


def same_terms(order: IbOrder, other: IbOrder) -> bool:
    """Whether both ask for the same price and volume."""
    return price_of(order) == price_of(other) and float(order.totalQuantity) == float(other.totalQuantity)


def preview(state: IbOrderState) -> OrderPreview:
    """The answer to a what-if."""
    return OrderPreview(
        Effect(known(state.initMarginBefore), known(state.initMarginChange), known(state.initMarginAfter)),
        Effect(known(state.maintMarginBefore), known(state.maintMarginChange), known(state.maintMarginAfter)),
        Effect(known(state.equityWithLoanBefore), known(state.equityWithLoanChange), known(state.equityWithLoanAfter)),
        commission=known(state.commission),
        commission_min=known(state.minCommission),
        commission_max=known(state.maxCommission),
        commission_currency=state.commissionCurrency,
        warning=state.warningText,
    )


def type_of(order: IbOrder) -> OrderType:
    """UNKNOWN for kinds that only IB has, such as TRAIL."""
    kind = _TYPE_OF.get(order.orderType, OrderType.UNKNOWN)
    return _LIMITED_OF.get(order.tif, kind) if kind is OrderType.LIMIT else kind


def price_of(order: IbOrder) -> float:
    """The limit, of a stop order what touches it off; 0 where it has none."""
    price = order.auxPrice if order.orderType.startswith("STP") else order.lmtPrice
    return known(price) or 0.0


def ext_of(order: IbOrder) -> dict[str, str | int | float | bool | None] | None:
    """What our vocabulary has no word for."""
    ext: dict[str, str | int | float | bool | None] = {}
    if order.orderType == "STP LMT" and (limit := known(order.lmtPrice)) is not None:
        ext[LIMIT_PRICE] = limit
    if order.orderType not in _TYPE_OF:
        ext["order_type"] = order.orderType
    if order.tif not in ("", "DAY", "IOC", "FOK"):
        ext["tif"] = order.tif
    return ext or None


def direction_of(action: str) -> Direction:
    """Of an order's action or a fill's side."""
    return _DIRECTION_OF.get(action) or _FILL_SIDE_OF.get(action, Direction.UNKNOWN)


def written(number: float) -> Any:
    """As TWS reads it, which takes 0.00005 and not 5e-05; the SDK writes text as it is."""
    return f"{Decimal(repr(number)):f}"


def known(value: object) -> float | None:
    """A number, or None where IB writes its largest one for none."""
    try:
        number = float(value)  # pyright: ignore[reportArgumentType] (the SDK's fields are of many types)
    except (TypeError, ValueError):
        return None
    return number if isfinite(number) and abs(number) < _SANE else None
