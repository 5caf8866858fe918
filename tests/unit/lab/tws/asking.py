"""Contracts and orders as the official client writes them."""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from decimal import Decimal

from ibapi.contract import Contract
from ibapi.execution import ExecutionFilter
from ibapi.order import Order
from ibapi.order_cancel import OrderCancel

__all__ = ["AAPL", "Contract", "ExecutionFilter", "Order", "OrderCancel", "bracket", "contract", "order"]


def contract(symbol: str, sec_type: str, exchange: str, currency: str = "USD", con_id: int = 0) -> Contract:
    asked = Contract()
    asked.symbol, asked.secType, asked.exchange, asked.currency = symbol, sec_type, exchange, currency
    asked.conId = con_id
    return asked


AAPL = contract("AAPL", "STK", "SMART")


def order(action: str, kind: str, quantity: str, limit: float | None = None, aux: float | None = None) -> Order:
    """Good for the day; `aux` the stop price."""
    wanted = Order()
    wanted.action, wanted.orderType, wanted.totalQuantity, wanted.tif = action, kind, Decimal(quantity), "DAY"
    if limit is not None:
        wanted.lmtPrice = limit
    if aux is not None:
        wanted.auxPrice = aux
    return wanted


def bracket(first: int, action: str, quantity: str, limit: float, profit: float, stop: float) -> list[Order]:
    """Entry, profit taker and stop: the last one sends all three."""
    away = "SELL" if action == "BUY" else "BUY"
    orders = [order(action, "LMT", quantity, limit), order(away, "LMT", quantity, profit)]
    orders.append(order(away, "STP", quantity, aux=stop))
    for place, each in enumerate(orders):
        each.orderId, each.parentId, each.transmit = first + place, first if place else 0, place == 2
    return orders
