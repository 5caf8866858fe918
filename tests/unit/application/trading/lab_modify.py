"""Other terms for an order at the lab's counter: CTP's knows no such thing, other venues do."""

from dataclasses import replace
from decimal import Decimal

from marketbus.lab.trading.counter import Counter
from marketbus.lab.trading.order import Order, State
from marketbus.lab.trading.refusal import Refusal, Refused

# pyright: reportPrivateUsage=false


def modify(counter: Counter, order: Order, volume: int, price: Decimal) -> None:
    """It loses its place in the queue; raises Refused, and then it stands as it stood."""
    if not order.live or volume <= order.traded:
        raise Refused(Refusal.DONE)
    before, limit, account = order.request, order.limit, order.account
    frozen = order.frozen_margin, order.frozen_cash, order.frozen_fee
    account.release(order, order.rest)
    order.request, order.limit = replace(before, volume=volume - order.traded, price=price), price
    try:
        account.freeze(order)
    except Refused:
        order.request, order.limit = before, limit
        order.frozen_margin, order.frozen_cash, order.frozen_fee = frozen
        account._freeze(order, order.rest)
        raise
    order.request = replace(order.request, volume=volume)
    counter._matching.remove(order)
    fills = counter._matching.enter(order, counter._market.depth(order.symbol))
    counter._book(fills)
    if order.rest:
        order.state = State.PARTIAL if order.traded else State.QUEUEING
        counter._matching.rest(order)
        counter._listener.order(order)
