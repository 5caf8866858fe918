"""Fills and what they cost."""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from marketbus.lab.tws import versions
from marketbus.lab.tws.frame import UNSET, Field
from marketbus.lab.tws.messages.message import Message, message
from marketbus.lab.tws.order import Execution


def execution(version: int, request: int, fill: Execution, order_id: int) -> Message:
    """execDetails; `request` -1 when nobody asked; `order_id` as that client knows the order."""
    order = fill.order
    zone = order.contract.time_zone
    fields: list[Field] = [11, request, order_id, *order.contract.fields(order.venue)]
    fields += [fill.exec_id, _moment(fill.moment, zone), order.account, order.venue]
    fields += ["BOT" if order.buys else "SLD", fill.size, fill.price, order.perm_id, order.client_id]
    fields += [0, fill.cumulative, fill.average, order.ticket.order_ref, "", "", order.ticket.model_code]
    fields.append(2 if fill.took else 1)  # liquidity: 1 added, 2 removed
    if version >= versions.PRICE_REVISION:
        fields.append(0)
    if version >= versions.SUBMITTER:
        fields.append("")
    return message("execDetails", *fields)


def execution_end(request: int) -> Message:
    """No more fills."""
    return message("execDetailsEnd", 55, 1, request)


def commission(fill: Execution) -> Message:
    """commissionReport, by execId; realised profit only of what closes a position."""
    realised: Decimal | str = UNSET if fill.realised is None else fill.realised
    return message(
        "commissionReport", 59, 1, fill.exec_id, fill.commission, fill.order.contract.currency, realised, UNSET, ""
    )


def _moment(moment: datetime, zone: str) -> str:
    """In the exchange's time zone, named, as TWS 10.17 and later write it."""
    return f"{moment.astimezone(ZoneInfo(zone)):%Y%m%d %H:%M:%S} {zone}"
