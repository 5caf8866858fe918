"""How long each step of an order takes, and how orders end."""

from collections import Counter

from marketbus.domain.histogram import Histogram
from marketbus.domain.order import Order, OrderState
from marketbus.domain.times import NS

_UNHEARD = (OrderState.NEW, OrderState.SENT, OrderState.UNKNOWN)
_OF_THE_VENUE = (OrderState.ACCEPTED, OrderState.PARTIAL, OrderState.FILLED, OrderState.CANCELLED)
"""Only the venue's word leads there, also of an order that is not known to have been sent."""


class OrderSteps:
    """Counts since the process began; see `domain.vitals.TradingVitals`."""

    def __init__(self) -> None:
        self.journal = Histogram()
        self.sdk = Histogram()
        self.venue = Histogram()
        self.ended: Counter[str] = Counter()
        self.cancels = 0

    def moved(self, before: Order | None, order: Order) -> None:
        """An order that stood as `before` now stands as `order`."""
        if before is None or before.state is order.state:
            return
        if before.state in _UNHEARD and order.state not in _UNHEARD and (order.sent or order.state in _OF_THE_VENUE):
            # A fast venue answers before the SDK's call has returned: it took no time beside the SDK's.
            self.venue.add((order.updated - order.sent) / NS if order.sent else 0.0)
        if order.state.is_final and not before.state.is_final:
            self.ended[order.state.value] += 1
