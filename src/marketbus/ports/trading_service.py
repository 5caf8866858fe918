"""What a trading account answers on the bus. Called on the worker's loop."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from marketbus.domain.account import Account
from marketbus.domain.bracket import BracketRequest
from marketbus.domain.order import Order
from marketbus.domain.order_request import CancelRequest, ModifyRequest, OrderRequest
from marketbus.domain.position import Position
from marketbus.domain.preview import OrderPreview
from marketbus.domain.rates import InstrumentRates
from marketbus.domain.risk.limits import Tightening
from marketbus.domain.risk.report import RiskReport
from marketbus.domain.trade import Trade
from marketbus.ports.trading_publisher import TradingPayload


class KillState(NamedTuple):
    """The kill switch as it stands."""

    pulled: bool
    flat: bool
    """The venue has confirmed that no order is open that the kill is about."""
    open: int
    """Orders that it is still about; all that are open while it is not pulled."""


class TradingService(Protocol):
    """The `td` verbs, and `ops` on an account. Methods raise MarketBusError for a request that cannot be met."""

    @property
    def gateway(self) -> str:
        """Its name."""
        ...

    @property
    def account(self) -> str:
        """The alias of the account."""
        ...

    async def send_order(self, request: OrderRequest) -> Order:
        """Send one order; the same id again gives its order as it stands. DENIED is an answer, not an error."""
        ...

    async def send_bracket(self, request: BracketRequest) -> Sequence[Order]:
        """Send an entry with its take profit and its stop loss, in that order; as `send_order`."""
        ...

    async def what_if(self, request: OrderRequest) -> OrderPreview:
        """What an order would cost; nothing is sent."""
        ...

    async def modify_order(self, request: ModifyRequest) -> Order:
        """Ask the venue for another price or volume."""
        ...

    async def cancel_order(self, request: CancelRequest) -> Order:
        """Ask the venue to cancel."""
        ...

    async def cancel_all(self, vt_symbol: str, principal: str) -> Sequence[Order]:
        """Ask for the cancel of every open order, of one instrument if it is named."""
        ...

    async def order(self, client_order_id: str) -> Order:
        """One order, however old."""
        ...

    def orders(self, *, active: bool) -> Iterable[Order]:
        """Of these days; or those that stand or may stand at the venue."""
        ...

    def trades(self) -> Iterable[Trade]:
        """Of these days."""
        ...

    def positions(self) -> Iterable[Position]:
        """Held, or traded today."""
        ...

    def funds(self) -> Account:
        """As the venue said last."""
        ...

    async def events(self, since: int, limit: int) -> Sequence[TradingPayload]:
        """What was told after a position of the journal, the oldest first."""
        ...

    def head(self) -> int:
        """The last position of the journal at which something is told; what is asked for later holds all up to it."""
        ...

    def tally(self, kind: type[TradingPayload], since: int) -> tuple[int, int | None]:
        """The last position that the bus has, and how much of a kind was told after another one up to it; None: that is
        not known any more."""
        ...

    def rates(self, vt_symbols: Sequence[str]) -> Sequence[InstrumentRates]:
        """Margin and commission rates as they are kept; of all that was traded, if none is named."""
        ...

    async def settlement(self, trading_day: int) -> tuple[int, str]:
        """The statement of a day (0: the last) as the venue wrote it, with the day."""
        ...

    def settlement_days(self) -> Sequence[int]:
        """Days whose statements are kept, the oldest first."""
        ...

    def risk(self) -> RiskReport:
        """Limits in force, and how much of each is used."""
        ...

    async def tighten(self, asked: Tightening, principal: str) -> None:
        """Make limits stricter."""
        ...

    def control(self, principal: str, ttl: float) -> bool:
        """Hold the lease on the principal's orders for so many seconds; 0 gives it back. Whether its end cancels."""
        ...

    def kill(self, why: str, principal: str) -> None:
        """Deny new orders at once, cancel all open ones."""
        ...

    async def release(self, principal: str) -> None:
        """Take orders again."""
        ...

    def killed(self) -> KillState:
        """The kill switch as it stands."""
        ...
