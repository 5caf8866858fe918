"""Orders, trades, positions, accounts and requests: domain ⇄ vnpy."""

import datetime as dt

from vnpy.trader.constant import Direction as VnpyDirection
from vnpy.trader.constant import Exchange as VnpyExchange
from vnpy.trader.constant import Offset as VnpyOffset
from vnpy.trader.constant import OrderType as VnpyOrderType
from vnpy.trader.constant import Status
from vnpy.trader.object import AccountData, OrderData, PositionData, TradeData
from vnpy.trader.object import CancelRequest as VnpyCancelRequest
from vnpy.trader.object import OrderRequest as VnpyOrderRequest

from marketbus.domain.account import Account
from marketbus.domain.errors import NotSupported
from marketbus.domain.instrument import Exchange
from marketbus.domain.order import Order, OrderState
from marketbus.domain.order_events import OrderReport
from marketbus.domain.order_request import CancelRequest, OrderRequest
from marketbus.domain.order_terms import Direction, Offset, OrderType
from marketbus.domain.position import Position
from marketbus.domain.times import SHANGHAI, from_datetime, to_datetime
from marketbus.domain.trade import Trade

STATUS_OF: dict[OrderState, Status] = {
    OrderState.NEW: Status.SUBMITTING,
    OrderState.SENT: Status.SUBMITTING,
    OrderState.UNKNOWN: Status.SUBMITTING,  # vnpy has no word for it; active, so that nothing is sent in its place
    OrderState.ACCEPTED: Status.NOTTRADED,
    OrderState.PARTIAL: Status.PARTTRADED,
    OrderState.FILLED: Status.ALLTRADED,
    OrderState.CANCELLED: Status.CANCELLED,
    OrderState.REJECTED: Status.REJECTED,
    OrderState.DENIED: Status.REJECTED,
}
STATE_OF: dict[Status, OrderState] = {
    Status.SUBMITTING: OrderState.SENT,
    Status.NOTTRADED: OrderState.ACCEPTED,
    Status.PARTTRADED: OrderState.PARTIAL,
    Status.ALLTRADED: OrderState.FILLED,
    Status.CANCELLED: OrderState.CANCELLED,
    Status.REJECTED: OrderState.REJECTED,
}


def order_to_vnpy(order: Order) -> OrderData:
    """An order as vnpy's; its orderid is the client_order_id."""
    return OrderData(
        gateway_name=order.gateway,
        symbol=order.symbol,
        exchange=VnpyExchange(order.exchange.value),
        orderid=order.client_order_id,
        type=_type_to_vnpy(order.type),
        direction=_direction_to_vnpy(order.direction),
        offset=_offset_to_vnpy(order.offset),
        price=order.price,
        volume=order.volume,
        traded=order.traded,
        status=STATUS_OF[order.state],
        datetime=_time(order.datetime or order.created),
        reference=order.reference,
    )


def report_from_vnpy(data: OrderData, account: str, received: int, trading_day: int) -> OrderReport:
    """What a vnpy gateway says of an order; its orderid is the venue's reference."""
    return OrderReport(
        gateway=data.gateway_name,
        account=account,
        symbol=data.symbol,
        exchange=Exchange(data.exchange.value),
        state=STATE_OF[data.status],
        direction=_direction(data.direction),
        offset=Offset[data.offset.name],
        type=OrderType[data.type.name],
        price=float(data.price),
        volume=float(data.volume),
        traded=float(data.traded),
        venue_ref=data.orderid,
        reference=data.reference,
        trading_day=trading_day,
        datetime=_ns(data.datetime),
        received=received,
    )


def trade_to_vnpy(trade: Trade) -> TradeData:
    """A trade as vnpy's; its orderid is the client_order_id."""
    return TradeData(
        gateway_name=trade.gateway,
        symbol=trade.symbol,
        exchange=VnpyExchange(trade.exchange.value),
        orderid=trade.client_order_id,
        tradeid=trade.tradeid,
        direction=_direction_to_vnpy(trade.direction),
        offset=_offset_to_vnpy(trade.offset),
        price=trade.price,
        volume=trade.volume,
        datetime=_time(trade.datetime),
    )


def trade_from_vnpy(data: TradeData, account: str, received: int, trading_day: int) -> Trade:
    """A vnpy gateway's trade; its orderid is the venue's reference of the order."""
    return Trade(
        gateway=data.gateway_name,
        account=account,
        symbol=data.symbol,
        exchange=Exchange(data.exchange.value),
        tradeid=data.tradeid,
        client_order_id="",
        direction=_direction(data.direction),
        offset=Offset[data.offset.name],
        price=float(data.price),
        volume=float(data.volume),
        datetime=_ns(data.datetime),
        received=received,
        trading_day=trading_day,
        venue_ref=data.orderid,
    )


def position_to_vnpy(position: Position) -> PositionData:
    """A position as vnpy's."""
    direction = _direction_to_vnpy(position.direction)
    if direction is None:
        raise NotSupported("a position without a direction has no form in vnpy")
    return PositionData(
        gateway_name=position.gateway,
        symbol=position.symbol,
        exchange=VnpyExchange(position.exchange.value),
        direction=direction,
        volume=position.volume,
        frozen=position.frozen,
        price=position.price,
        pnl=position.pnl,
        yd_volume=position.yd_volume,
    )


def position_from_vnpy(data: PositionData, account: str, size: float, received: int, trading_day: int) -> Position:
    """A vnpy gateway's position; `size` is the contract's multiplier. What vnpy does not have stays 0."""
    return Position(
        gateway=data.gateway_name,
        account=account,
        symbol=data.symbol,
        exchange=Exchange(data.exchange.value),
        direction=_direction(data.direction),
        volume=float(data.volume),
        yd_volume=float(data.yd_volume),
        frozen=float(data.frozen),
        price=float(data.price),
        pnl=float(data.pnl),
        position_cost=float(data.price) * float(data.volume) * size,
        trading_day=trading_day,
        updated=received,
    )


def account_to_vnpy(account: Account) -> AccountData:
    """Funds as vnpy's; `available` is the venue's own figure, as its CTP gateway gives it."""
    data = AccountData(
        gateway_name=account.gateway, accountid=account.account, balance=account.balance, frozen=account.frozen
    )
    data.available = account.available
    return data


def account_from_vnpy(data: AccountData, account: str, received: int, trading_day: int) -> Account:
    """A vnpy gateway's funds, under the alias of the account: its number does not go on the bus."""
    return Account(
        gateway=data.gateway_name,
        account=account,
        balance=float(data.balance),
        available=float(data.available),
        frozen=float(data.frozen),
        trading_day=trading_day,
        updated=received,
    )


def order_request_to_vnpy(request: OrderRequest) -> VnpyOrderRequest:
    """A request as the SDK's gateway takes it.

    Raises:
        NotSupported: vnpy has no such word.
    """
    direction = _direction_to_vnpy(request.direction)
    if direction is None:
        raise NotSupported(f"vnpy has no direction {request.direction}")
    return VnpyOrderRequest(
        symbol=request.symbol,
        exchange=VnpyExchange(request.exchange.value),
        direction=direction,
        type=_type_to_vnpy(request.type),
        volume=request.volume,
        price=request.price,
        offset=_offset_to_vnpy(request.offset),
        reference=request.reference,
    )


def order_request_from_vnpy(
    data: VnpyOrderRequest, client_order_id: str, gateway: str, account: str, valid_until: int
) -> OrderRequest:
    """A vnpy app's request, completed with what the bus needs.

    Raises:
        BadRequest: names the field that the bus refuses.
    """
    return OrderRequest(
        symbol=data.symbol,
        exchange=Exchange(data.exchange.value),
        direction=_direction(data.direction),
        type=OrderType[data.type.name],
        volume=float(data.volume),
        price=float(data.price),
        offset=Offset[data.offset.name],
        reference=data.reference,
        client_order_id=client_order_id,
        gateway=gateway,
        account=account,
        valid_until=valid_until,
    )


def cancel_to_vnpy(order: Order) -> VnpyCancelRequest:
    """A cancel as the SDK's gateway takes it: by the venue's reference."""
    return VnpyCancelRequest(orderid=order.venue_ref, symbol=order.symbol, exchange=VnpyExchange(order.exchange.value))


def cancel_from_vnpy(data: VnpyCancelRequest, gateway: str, account: str, valid_until: int) -> CancelRequest:
    """A vnpy app's cancel: its orderid is the client_order_id."""
    return CancelRequest(data.orderid, gateway, account, valid_until=valid_until)


def _direction(direction: VnpyDirection | None) -> Direction:
    return Direction.UNKNOWN if direction is None else Direction[direction.name]


def _direction_to_vnpy(direction: Direction) -> VnpyDirection | None:
    return None if direction is Direction.UNKNOWN else VnpyDirection[direction.name]


def _offset_to_vnpy(offset: Offset) -> VnpyOffset:
    return VnpyOffset.NONE if offset is Offset.UNKNOWN else VnpyOffset[offset.name]


def _type_to_vnpy(kind: OrderType) -> VnpyOrderType:
    # Of an external order only: a request of an unknown type cannot be made. LIMIT is vnpy's own default.
    return VnpyOrderType.LIMIT if kind is OrderType.UNKNOWN else VnpyOrderType[kind.name]


def _ns(moment: dt.datetime | None) -> int:
    return 0 if moment is None else from_datetime(moment)


def _time(ns: int) -> dt.datetime | None:
    return to_datetime(ns).replace(tzinfo=SHANGHAI) if ns else None
