"""An order, and its cancel, as the SDK takes them (vnpy's send_order and cancel_order)."""

from collections.abc import Iterable
from typing import Any

from marketbus.domain.order import Order
from marketbus.domain.order_terms import OrderType
from marketbus.gateways.ctp_family import order_codes as codes
from marketbus.gateways.ctp_family.dialect import Dialect
from marketbus.gateways.ctp_family.record import SANE
from marketbus.gateways.ctp_family.setting import Setting
from marketbus.ports.trading import NotSent

Request = dict[str, Any]
MAX_LOTS = 2**31 - 1
MAX_REF_BYTES = 12
"""OrderRef is char[13]."""
_ID_BYTES = 20
"""OrderSysID is char[21]."""


def insertion(dialect: Dialect, setting: Setting, order: Order) -> Request:
    """CThostFtdcInputOrderField; OrderRef is the last part of the order's `venue_ref`.

    Raises:
        NotSent: the counter has no word for what the order asks; the message names the field.
    """
    terms = codes.TERMS.get(order.type)
    if terms is None:
        raise NotSent(f"type {order.type}: a {dialect.kind.upper()} counter takes {_words(codes.TERMS)}")
    direction = codes.DIRECTIONS.get(order.direction)
    if direction is None:
        raise NotSent(f"direction {order.direction}: LONG or SHORT")
    offset = codes.OFFSETS.get(order.offset)
    if offset is None:
        raise NotSent(f"offset {order.offset}: a {dialect.kind.upper()} counter takes {_words(codes.OFFSETS)}")
    hedge = dialect.hedges.get(order.hedge)
    if hedge is None:
        raise NotSent(f"hedge {order.hedge}: a {dialect.kind.upper()} counter takes {_words(dialect.hedges)}")
    if not (0 < order.volume <= MAX_LOTS and float(order.volume).is_integer()):
        raise NotSent(f"volume {order.volume:g}: whole lots only")
    market = order.type is OrderType.MARKET
    if not market and not -SANE < order.price < SANE:
        raise NotSent(f"price {order.price}")
    return {
        "BrokerID": setting.broker_id,
        "InvestorID": setting.user_id,
        "UserID": setting.user_id,
        **_place(dialect, order),
        "OrderRef": parts(order.venue_ref)[2],
        "OrderPriceType": terms.price,
        "Direction": direction,
        "CombOffsetFlag": offset,
        "CombHedgeFlag": hedge,
        "LimitPrice": 0.0 if market else order.price,
        "VolumeTotalOriginal": int(order.volume),
        "TimeCondition": terms.time,
        "VolumeCondition": terms.volume,
        "MinVolume": 1,
        "ContingentCondition": codes.IMMEDIATELY,
        "ForceCloseReason": codes.NOT_FORCED,
        "IsAutoSuspend": 0,
    }


def cancellation(dialect: Dialect, setting: Setting, order: Order, venue_id: str, action: int) -> Request:
    """CThostFtdcInputOrderActionField: by the exchange's number, as it was written there, else by the session's.

    Raises:
        NotSent: the order has neither.
    """
    request = {
        "BrokerID": setting.broker_id,
        "InvestorID": setting.user_id,
        "UserID": setting.user_id,
        **_place(dialect, order),
        "ActionFlag": codes.DELETE,
        "OrderActionRef": action,
    }
    if venue_id and len(venue_id.encode()) <= _ID_BYTES:
        return request | {"OrderSysID": venue_id}
    front, session, ref = parts(order.venue_ref)
    return request | {"FrontID": front, "SessionID": session, "OrderRef": ref}


def parts(venue_ref: str) -> tuple[int, int, str]:
    """Front, session and number of a `venue_ref`.

    Raises:
        NotSent: it is none.
    """
    try:
        front, session, ref = venue_ref.split("_")
        found = int(front), int(session)
    except ValueError:
        raise NotSent(f"venue_ref {venue_ref!r} is not front_session_ref") from None
    if not 0 < len(ref.encode()) <= MAX_REF_BYTES:
        raise NotSent(f"OrderRef {ref!r}: 1 to {MAX_REF_BYTES} characters")
    return *found, ref


def _place(dialect: Dialect, order: Order) -> Request:
    if len(order.symbol) > dialect.symbol_bytes or not order.symbol.isascii():
        raise NotSent(f"symbol {order.symbol!r}: at most {dialect.symbol_bytes} ASCII characters")
    return {"InstrumentID": order.symbol, "ExchangeID": order.exchange.value}


def _words(table: Iterable[str]) -> str:
    return ", ".join(table)
