"""What is known of one order at IB, put together from messages that each say a part of it."""

from ib_async.contract import Contract as IbContract
from ib_async.order import Order as IbOrder

from marketbus.domain.instrument import Instrument
from marketbus.domain.order import OrderState
from marketbus.domain.order_events import OrderReport
from marketbus.domain.order_terms import Offset
from marketbus.gateways.ib import orders as words
from marketbus.gateways.ib.quote import exact


class Standing:
    """One order. `orderStatus` says how it stands; errors give words to that, and never an end to it."""

    def __init__(self, order_id: int, client_id: int, contract: IbContract, order: IbOrder) -> None:
        self.order_id = order_id
        self.client_id = client_id
        self.contract = contract
        self.order = order
        self.instrument: Instrument | None = None
        """As far as its contract is known by name."""
        self.perm_id = order.permId
        self.client_order_id = order.orderRef
        """Ours, where it is one of ours."""
        self.volume = exact(float(order.totalQuantity))
        self.filled = 0.0
        self.status = ""
        self.live = False
        """IB had it working at some moment."""
        self.error: tuple[int, str] | None = None
        self.asked: IbOrder | None = None
        """Other terms, asked for by this process and not answered yet."""
        self._told = False

    def opened(self, order: IbOrder) -> None:
        """openOrder: its terms, again."""
        self.order = order
        self._told = float(order.totalQuantity) > 0
        if self.asked is not None and words.same_terms(order, self.asked):
            self.asked = None
        self.perm_id = order.permId or self.perm_id
        self.volume = exact(float(order.totalQuantity)) or self.volume
        self.client_order_id = order.orderRef or self.client_order_id

    def became(self, status: str, filled: float | None, perm_id: int = 0) -> None:
        """openOrder's state, or orderStatus, which alone knows what was filled."""
        self.status = status
        self.perm_id = perm_id or self.perm_id
        if filled is not None:
            self.filled = max(self.filled, exact(filled))
        self.live = self.live or words.STATES.get(status) is OrderState.ACCEPTED or self.filled > 0

    @property
    def state(self) -> OrderState:
        """In our words."""
        if self.status != words.INACTIVE:
            return words.STATES.get(self.status, OrderState.UNKNOWN)
        if self.filled:
            return OrderState.CANCELLED
        return OrderState.ACCEPTED if self.live and self.error is None else OrderState.REJECTED

    @property
    def over(self) -> bool:
        """Whether nothing more is expected."""
        return self.state.is_final

    def report(self, gateway: str, account: str, received: int, *, queried: bool = False) -> OrderReport | None:
        """The venue's word; None while its contract or its number is not known."""
        instrument = self.instrument
        if instrument is None or not (self.perm_id or self.client_order_id):
            return None
        error = self.error if self.over else None
        return OrderReport(
            gateway=gateway,
            account=account,
            symbol=instrument.symbol,
            exchange=instrument.exchange,
            state=self.state,
            direction=words.direction_of(self.order.action),
            offset=Offset.NONE,
            type=words.type_of(self.order),
            price=words.price_of(self.order),
            volume=self.volume,
            traded=self.filled,
            venue_id=str(self.perm_id or ""),
            client_order_id=self.client_order_id,
            reference=self.client_order_id,
            error_id=None if error is None else error[0],
            error_msg="" if error is None else error[1],
            received=received,
            queried=queried,
            terms=self._told,
            ext=words.ext_of(self.order),
        )
