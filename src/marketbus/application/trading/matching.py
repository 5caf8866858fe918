"""Which of our orders a report may be about when it carries none of their numbers."""

from collections.abc import Iterable

from marketbus.domain.order import Order, OrderState
from marketbus.domain.order_events import OrderReport

_OPEN = frozenset({OrderState.NEW, OrderState.SENT, OrderState.UNKNOWN})


def by_attributes(orders: Iterable[Order], report: OrderReport) -> Order | None:
    """The one order without a number of the venue that asked for the same; None when there is none, or a choice."""
    alike = [order for order in orders if _is_open(order) and _asks_for(order) == _tells_of(report)]
    return alike[0] if len(alike) == 1 else None


def _is_open(order: Order) -> bool:
    return order.state in _OPEN and not (order.venue_ref or order.venue_id or order.external)


def _asks_for(order: Order) -> tuple[object, ...]:
    return (
        order.instrument, order.direction, order.offset, order.type, order.price, order.volume, order.hedge,
    )  # fmt: skip


def _tells_of(report: OrderReport) -> tuple[object, ...]:
    instrument = (report.symbol, report.exchange)
    return instrument, report.direction, report.offset, report.type, report.price, report.volume, report.hedge
