"""The venue's own truth for tests: orders, trades, positions and funds as plain values."""

from typing import Any

from marketbus.lab.ctp_family import codes
from marketbus.lab.ctp_family.records import origin
from marketbus.lab.trading import Account, Order, PriceKind, Side, Trade
from marketbus.lab.trading.position import Bucket

Fields = dict[str, Any]


def books(account: Account) -> Fields:
    """Everything about an account, today's orders and trades included."""
    return {
        "account": _account(account),
        "orders": [order_book(order) for order in account.orders],
        "trades": [_trade(trade) for trade in account.trades],
        "positions": [_position(account, bucket) for bucket in account.buckets.values() if bucket.volume],
    }


def order_book(order: Order) -> Fields:
    """One order."""
    sent = origin(order)
    return {
        "user": order.account.user,
        "front": sent.front,
        "session": sent.session,
        "ref": sent.reference.strip(),
        "exchange": order.terms.exchange,
        "order_sys_id": order.venue_id.strip(),
        "instrument": order.terms.symbol,
        "direction": str(order.request.side),
        "offset": str(order.request.offset),
        "price": float(order.request.price) if order.request.kind is PriceKind.LIMIT else None,
        "volume": order.request.volume,
        "traded": order.traded,
        "state": str(order.state),
        "rejected": order.rejected,
        "words": codes.status_words(order),
    }


def _trade(trade: Trade) -> Fields:
    return {
        "trade_id": trade.venue_id.strip(),
        "exchange": trade.order.terms.exchange,
        "order_sys_id": trade.order.venue_id.strip(),
        "instrument": trade.order.terms.symbol,
        "direction": str(trade.order.request.side),
        "offset": str(trade.order.request.offset),
        "price": float(trade.price),
        "volume": trade.volume,
        "fee": float(trade.fee),
        "profit": float(trade.profit),
    }


def _position(account: Account, bucket: Bucket) -> Fields:
    return {
        "instrument": bucket.terms.symbol,
        "exchange": bucket.terms.exchange,
        "direction": "long" if bucket.side is Side.BUY else "short",
        "volume": bucket.volume,
        "today": bucket.today,
        "yesterday": bucket.volume - bucket.today,
        "frozen": bucket.frozen,
        "cost": float(bucket.cost),
        "open_cost": float(bucket.open_cost),
        "margin": float(bucket.margin),
        "profit": float(bucket.profit(account.last(bucket.terms.symbol))),
    }


def _account(account: Account) -> Fields:
    return {
        "user": account.user,
        "pre_balance": float(account.before),
        "deposit": float(account.deposit),
        "balance": float(account.balance),
        "available": float(account.available),
        "margin": float(account.margin),
        "commission": float(account.fee),
        "close_profit": float(account.close_profit),
        "position_profit": float(account.position_profit),
        "premium": float(account.premium),
        "frozen_margin": float(account.frozen_margin),
        "frozen_cash": float(account.frozen_cash),
        "frozen_commission": float(account.frozen_fee),
    }
