"""An order that every rule lets pass, and its surroundings."""

from typing import Any

from marketbus.domain.contract import Contract, Product
from marketbus.domain.instrument import Exchange
from marketbus.domain.market_calendar import Phase
from marketbus.domain.order import Order, OrderState
from marketbus.domain.order_terms import Direction, Offset, OrderType
from marketbus.domain.risk.situation import Market, Situation
from marketbus.domain.times import NS

NOW = 1_795_397_400 * NS
DAY = 20261123


def contract(**changes: Any) -> Contract:
    fields: dict[str, Any] = {
        "gateway": "ctp",
        "symbol": "rb2701",
        "exchange": Exchange.SHFE,
        "name": "螺纹钢2701",
        "product": Product.FUTURES,
        "size": 10.0,
        "pricetick": 1.0,
        "max_volume": 500.0,
        "expire_date": 20270115,
        "long_margin_ratio": 0.1,
        "short_margin_ratio": 0.12,
        "product_id": "rb",
    }
    return Contract(**(fields | changes))


def market(**changes: Any) -> Market:
    fields: dict[str, Any] = {
        "contract": contract(),
        "last": 3100.0,
        "limit_up": 3250.0,
        "limit_down": 2950.0,
        "price_at": NOW - NS,
        "phase": Phase.CONTINUOUS,
    }
    return Market(**(fields | changes))


def order(client_order_id: str = "a1", **changes: Any) -> Order:
    fields: dict[str, Any] = {
        "gateway": "ctp",
        "account": "main",
        "symbol": "rb2701",
        "exchange": Exchange.SHFE,
        "client_order_id": client_order_id,
        "direction": Direction.LONG,
        "offset": Offset.OPEN,
        "type": OrderType.LIMIT,
        "price": 3100.0,
        "volume": 2.0,
        "state": OrderState.NEW,
        "valid_until": NOW + NS,
    }
    return Order(**(fields | changes))


def situation(**changes: Any) -> Situation:
    of_market = {name: changes.pop(name) for name in Market.__struct_fields__ if name in changes}
    fields: dict[str, Any] = {"now": NOW, "trading_day": DAY, "market": market(**of_market), "adds": 2.0}
    return Situation(**(fields | changes))
