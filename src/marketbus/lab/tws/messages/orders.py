"""Orders as TWS tells them: openOrder with all its fields, orderStatus, completedOrder."""

from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from marketbus.lab.tws import versions
from marketbus.lab.tws.frame import UNSET, Field
from marketbus.lab.tws.messages.message import Message, message
from marketbus.lab.tws.order import Order

_NO_PEG: tuple[Field, ...] = ("", "", "", "", "")


@dataclass(frozen=True, slots=True)
class Preview:
    """What an order would do to its account: (before, change, after) each; base currency."""

    initial: tuple[Decimal, Decimal, Decimal]
    maintenance: tuple[Decimal, Decimal, Decimal]
    equity: tuple[Decimal, Decimal, Decimal]
    commission: Decimal
    currency: str


def order_status(order: Order, order_id: int, held: str) -> Message:
    """`order_id` as that client knows the order; `held`: why it waits ("child", "trigger")."""
    return message(
        f"orderStatus:{order.status}", 3, order_id, str(order.status), order.filled_size,
        order.rest * order.increment, order.average, order.perm_id, order.ticket.parent_id, order.last_price,
        order.client_id, held, "0",
    )  # fmt: skip


def open_order(version: int, order: Order, order_id: int, preview: Preview | None = None) -> Message:
    """Everything about an order; `preview` answers a what-if."""
    o = order.ticket
    fields: list[Field] = [5, order_id, *order.contract.fields(order.exchange), *_main(order)]
    fields += [order.client_id, order.perm_id, o.outside_rth, o.hidden, 0, o.good_after]
    fields.append("")  # shares allocation
    fields += _advisor(version)
    fields += [o.model_code, o.good_till, o.rule_80a, "", "", 0, "", -1]  # ... percentOffset, settlingFirm, short sale
    fields += [0, "", "", "", "", ""]  # auctionStrategy, starting and reference price, delta, range
    fields += [o.display_size or None, o.block, o.sweep, o.all_or_none, o.min_quantity, o.oca_type, 0, 0, ""]
    fields += [o.parent_id, o.trigger_method, "", 0, "None", "", "0", "", "", "", "?", 0, 0, "", 0, 0]
    fields += _trail(order)
    fields += ["", "", ""]  # basisPoints, their type, comboLegsDescrip
    fields += [0, 0, 0, "", "", ""]  # legs, their prices, routing parameters; scale
    fields += ["", 0, "", "", 0, 0, ""]  # hedge, opt out, clearing account and intent, not held, delta neutral, algo
    fields += [0, o.what_if, str(order.status), *_preview(version, preview), ""]  # solicited ... warning
    fields += [0, 0, 0]  # randomizeSize and Price, conditions
    fields += ["None", UNSET, *_stop(order), UNSET, UNSET, UNSET, UNSET, 0]  # adjusted orders
    fields += ["", "", "", o.cash_quantity, 0, 0, 0, 0]  # soft dollar tier ... usePriceMgmtAlgo
    if version >= versions.DURATION:
        fields.append("")
    if version >= versions.POST_TO_ATS:
        fields.append("")
    if version >= versions.AUTO_CANCEL_PARENT:
        fields.append(0)
    if version >= versions.PEG_OFFSETS:
        fields += _NO_PEG
    if version >= versions.CUSTOMER_ACCOUNT:
        fields.append("")
    if version >= versions.PROFESSIONAL:
        fields.append(0)
    if version >= versions.ACCRUED_INTEREST:
        fields.append("")
    if version >= versions.INCLUDE_OVERNIGHT:
        fields.append(0)
    if version >= versions.TAGGING_IN_OPEN_ORDER:
        fields += ["", ""]
    if version >= versions.SUBMITTER:
        fields.append("")
    if version >= versions.IMBALANCE_ONLY:
        fields.append(0)
    return message(f"openOrder:{order.status}", *fields)


def open_order_end() -> Message:
    """No more of them."""
    return message("openOrderEnd", 53, 1)


def completed_order(version: int, order: Order) -> Message:
    """An order that is over."""
    o = order.ticket
    fields: list[Field] = [101, *order.contract.fields(order.exchange), *_main(order)]
    fields += [order.perm_id, o.outside_rth, o.hidden, 0, o.good_after, *_advisor(version)]
    fields += [o.model_code, o.good_till, o.rule_80a, "", "", 0, "", -1]
    fields += ["", "", "", "", ""]  # starting and reference price, delta, range
    fields += [o.display_size or None, o.sweep, o.all_or_none, o.min_quantity, o.oca_type, o.trigger_method]
    fields += ["", 0, "None", "", "0", 0, 0, "", 0, 0]  # volatility, delta neutral
    fields += [*_trail(order), "", 0, 0, 0, "", "", ""]
    fields += ["", "", "", 0, 0, "", 0, str(order.status), 0, 0, 0]
    fields += [*_stop(order), UNSET, o.cash_quantity, 0, 0, ""]
    fields += [order.filled_size, 0, 0, "Not an insider or substantial shareholder", 0, 0, 0]
    done = order.done_at or order.inserted
    zone = order.contract.time_zone
    fields += [f"{done.astimezone(ZoneInfo(zone)):%Y%m%d %H:%M:%S} {zone}", order.words or _ended(order)]
    if version >= versions.PEG_OFFSETS:
        fields += _NO_PEG
    if version >= versions.CUSTOMER_ACCOUNT:
        fields.append("")
    if version >= versions.PROFESSIONAL:
        fields.append(0)
    if version >= versions.SUBMITTER:
        fields.append("")
    return message("completedOrder", *fields)


def completed_orders_end() -> Message:
    """No more of them."""
    return message("completedOrdersEnd", 102)


def order_bound(order: Order) -> Message:
    """An order of the terminal got an id for client 0."""
    return message("orderBound", 100, order.perm_id, 0, order.order_id)


def _main(order: Order) -> list[Field]:
    o = order.ticket
    limit = o.limit if o.limit is not None else "0.0"
    aux = o.aux if o.aux is not None else "0.0"
    return [
        o.action, o.quantity, o.order_type, limit, aux, o.tif, o.oca_group, o.account, o.open_close, o.origin,
        o.order_ref,
    ]  # fmt: skip


def _advisor(version: int) -> list[Field]:
    return ["", "", ""] if version >= versions.NO_FA_PROFILE else ["", "", "", ""]


def _trail(order: Order) -> list[Field]:
    return [*_stop(order), ""]


def _stop(order: Order) -> list[Field]:
    aux = order.ticket.aux
    return [aux if order.is_stop and aux is not None else UNSET]


def _preview(version: int, preview: Preview | None) -> list[Field]:
    """Margins before, their change, after; commission; the same outside regular hours and the reason of a refusal."""
    money: list[Field] = [UNSET] * 9
    commission: list[Field] = ["", "", "", ""]
    if preview is not None:
        stages = zip(preview.initial, preview.maintenance, preview.equity, strict=True)
        money = [figure for stage in stages for figure in stage]
        commission = [preview.commission, "", "", preview.currency]
    fields: list[Field] = [*money, *commission]
    if version >= versions.ORDER_PREVIEW:
        currency = preview.currency if preview is not None else ""
        fields += [currency, *([UNSET] * 9), "", "", 0]
    return fields


def _ended(order: Order) -> str:
    if order.rest:
        return "Cancelled by Trader"
    return f"Filled Size: {order.filled_size.normalize():f}"
