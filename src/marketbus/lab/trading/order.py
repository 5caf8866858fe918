"""An order's life at the counter, and its trades."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from marketbus.lab.trading.refusal import Veto
from marketbus.lab.trading.terms import Terms

if TYPE_CHECKING:
    from marketbus.lab.trading.account import Account


class Side(StrEnum):
    """Of an order."""

    BUY = "buy"
    SELL = "sell"

    @property
    def sign(self) -> int:
        """+1 or -1."""
        return 1 if self is Side.BUY else -1

    @property
    def other(self) -> "Side":
        """The opposite."""
        return Side.SELL if self is Side.BUY else Side.BUY


class Offset(StrEnum):
    """Whether a position is made or taken back."""

    OPEN = "open"
    CLOSE = "close"
    CLOSE_TODAY = "close_today"
    CLOSE_YESTERDAY = "close_yesterday"


class PriceKind(StrEnum):
    """Which prices it takes."""

    LIMIT = "limit"
    MARKET = "market"
    FIVE_LEVELS = "five_levels"


class Life(StrEnum):
    """How long it waits."""

    DAY = "day"
    IMMEDIATE = "immediate"


class State(StrEnum):
    """Where it stands."""

    SUBMITTED = "submitted"
    """The counter took it; the venue has not said anything."""
    QUEUEING = "queueing"
    PARTIAL = "partial"
    FILLED = "filled"
    CANCELLED = "cancelled"
    """By us, by its own terms, or refused by the venue (`Order.rejected`)."""


_LIVE = frozenset({State.SUBMITTED, State.QUEUEING, State.PARTIAL})


@dataclass(frozen=True, slots=True)
class Request:
    """`price` yuan (of no meaning to market orders); `minimum`: fewer lots at once than this, and none at all."""

    symbol: str
    side: Side
    offset: Offset
    volume: int
    price: Decimal
    kind: PriceKind = PriceKind.LIMIT
    life: Life = Life.DAY
    minimum: int = 0


@dataclass(slots=True, eq=False)
class Order:
    """`number` rises with every order of the counter; `tag` belongs to whoever sent it."""

    number: int
    account: "Account"
    terms: Terms
    request: Request
    inserted: datetime
    tag: object = None
    limit: Decimal = Decimal(0)
    """The worst price it may get; a market order's is the day's limit."""
    venue_id: str = ""
    state: State = State.SUBMITTED
    traded: int = 0
    rejected: bool = False
    veto: Veto | None = None
    cancelling: bool = False
    """A cancel is on its way to the venue."""
    done_at: datetime | None = None
    frozen_margin: Decimal = Decimal(0)
    """Per lot, like the others."""
    frozen_cash: Decimal = Decimal(0)
    frozen_fee: Decimal = Decimal(0)
    trades: "list[Trade]" = field(default_factory=list["Trade"])

    @property
    def symbol(self) -> str:
        """Of its instrument."""
        return self.terms.symbol

    @property
    def side(self) -> Side:
        """Which it is of."""
        return self.request.side

    @property
    def minimum(self) -> int:
        """Fewer lots at once than this, and none at all."""
        return self.request.minimum

    @property
    def rest(self) -> int:
        """Lots not filled."""
        return self.request.volume - self.traded

    @property
    def live(self) -> bool:
        """Whether it may still fill."""
        return self.state in _LIVE


@dataclass(frozen=True, slots=True, eq=False)
class Trade:
    """One fill of one order; a match between two of our orders makes two of the same `venue_id`.

    `fee` and `profit` (against the last settlement or today's opening price) in yuan.
    """

    venue_id: str
    order: Order
    price: Decimal
    volume: int
    moment: datetime
    fee: Decimal
    profit: Decimal
