"""Orders, reports and fills for tests."""

from typing import Any

from marketbus.domain.instrument import Exchange
from marketbus.domain.order import OrderState
from marketbus.domain.order_events import OrderReport
from marketbus.domain.order_request import OrderRequest
from marketbus.domain.order_terms import Direction, Offset, OrderType
from marketbus.domain.trade import Trade

DAY = 20261123


def request(client_order_id: str = "a1", **changes: Any) -> OrderRequest:
    fields: dict[str, Any] = {
        "symbol": "rb2701",
        "exchange": Exchange.SHFE,
        "direction": Direction.LONG,
        "type": OrderType.LIMIT,
        "volume": 3.0,
        "price": 3100.0,
        "offset": Offset.OPEN,
        "client_order_id": client_order_id,
        "gateway": "ctp",
        "account": "main",
        "valid_until": 5_000,
    }
    return OrderRequest(**(fields | changes))


def report(state: OrderState, traded: float = 0, **changes: Any) -> OrderReport:
    fields: dict[str, Any] = {
        "gateway": "ctp",
        "account": "main",
        "symbol": "rb2701",
        "exchange": Exchange.SHFE,
        "state": state,
        "direction": Direction.LONG,
        "offset": Offset.OPEN,
        "type": OrderType.LIMIT,
        "price": 3100.0,
        "volume": 3.0,
        "traded": float(traded),
        "venue_ref": "1_2_3",
        "venue_id": "77",
        "trading_day": DAY,
        "received": 50,
    }
    return OrderReport(**(fields | changes))


def fill(tradeid: str, volume: float = 1, price: float = 3100, **changes: Any) -> Trade:
    fields: dict[str, Any] = {
        "gateway": "ctp",
        "account": "main",
        "symbol": "rb2701",
        "exchange": Exchange.SHFE,
        "tradeid": tradeid,
        "client_order_id": "",
        "direction": Direction.LONG,
        "offset": Offset.OPEN,
        "price": float(price),
        "volume": float(volume),
        "trading_day": DAY,
        "venue_id": "77",
        "received": 60,
    }
    return Trade(**(fields | changes))
