"""An order at the simulated TWS: what the client asked for, and what became of it."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from marketbus.lab.trading.order import Side
from marketbus.lab.tws.contract import Contract

_NIL = Decimal(0)


class Status(StrEnum):
    """Order states as TWS names them. Source: TWS API reference, "Possible Order States"."""

    API_PENDING = "ApiPending"
    """Held here: not transmitted."""
    PENDING_SUBMIT = "PendingSubmit"
    PRE_SUBMITTED = "PreSubmitted"
    SUBMITTED = "Submitted"
    FILLED = "Filled"
    CANCELLED = "Cancelled"
    INACTIVE = "Inactive"


_DONE = frozenset({Status.FILLED, Status.CANCELLED, Status.INACTIVE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """The fields of placeOrder that the lab plays or gives back; prices None where unset."""

    action: str
    quantity: Decimal
    order_type: str
    limit: Decimal | None = None
    aux: Decimal | None = None
    tif: str = "DAY"
    oca_group: str = ""
    account: str = ""
    open_close: str = ""
    origin: int = 0
    order_ref: str = ""
    transmit: bool = True
    parent_id: int = 0
    block: bool = False
    sweep: bool = False
    display_size: int = 0
    trigger_method: int = 0
    outside_rth: bool = False
    hidden: bool = False
    good_after: str = ""
    good_till: str = ""
    model_code: str = ""
    oca_type: int = 0
    rule_80a: str = ""
    all_or_none: bool = False
    min_quantity: int | None = None
    what_if: bool = False
    cash_quantity: Decimal = _NIL
    unplayed: str = ""
    """What it asks for that the lab does not play; empty: nothing."""

    def same_order(self, other: "Ticket") -> bool:
        """Whether the other may be a modification of this one."""
        return (self.action, self.account, self.parent_id) == (other.action, other.account, other.parent_id)


@dataclass(slots=True, eq=False)
class Order:
    """`increment`: what its whole-numbered quantities count; `number` rises with every order of the lab.

    `client_id`, `order_id`: how its client knows it; 0 and 0 (or below, when bound) of orders from the terminal.
    """

    number: int
    perm_id: int
    client_id: int
    order_id: int
    contract: Contract
    exchange: str
    ticket: Ticket
    inserted: datetime
    status: Status = Status.API_PENDING
    limit: Decimal = _NIL
    """The worst price it may get now."""
    filled: int = 0
    cost: Decimal = _NIL
    last_price: Decimal = _NIL
    triggered: bool = False
    cancelling: bool = False
    words: str = ""
    """Why it ended."""
    done_at: datetime | None = None
    executions: "list[Execution]" = field(default_factory=list["Execution"])

    @property
    def venue(self) -> str:
        """Where it is executed: the smart router is no exchange."""
        return self.contract.primary or self.contract.exchange if self.exchange == "SMART" else self.exchange

    @property
    def symbol(self) -> str:
        """What matching calls the contract."""
        return self.contract.row

    @property
    def side(self) -> Side:
        """For matching."""
        return Side.BUY if self.buys else Side.SELL

    @property
    def buys(self) -> bool:
        """Or it sells."""
        return self.ticket.action == "BUY"

    @property
    def account(self) -> str:
        """Its number."""
        return self.ticket.account

    @property
    def increment(self) -> Decimal:
        """The unit of `volume`, `filled` and `rest`."""
        return self.contract.size_increment

    @property
    def volume(self) -> int:
        """Increments asked for."""
        return int(self.ticket.quantity / self.increment)

    @property
    def rest(self) -> int:
        """Increments not filled."""
        return self.volume - self.filled

    @property
    def minimum(self) -> int:
        """Fewer at once than this, and none at all."""
        return self.rest if self.ticket.tif == "FOK" or self.ticket.all_or_none else 0

    @property
    def filled_size(self) -> Decimal:
        """Units."""
        return self.filled * self.increment

    @property
    def average(self) -> Decimal:
        """Price of what was filled; 0 before."""
        return self.cost / self.filled_size if self.filled else _NIL

    @property
    def live(self) -> bool:
        """Whether it may still fill."""
        return self.status not in _DONE

    @property
    def is_stop(self) -> bool:
        """Waits for a price before it goes to the market."""
        return self.ticket.order_type in {"STP", "STP LMT"}

    @property
    def at_market(self) -> bool:
        """Takes any price once it is at the venue."""
        return self.ticket.order_type in {"MKT", "STP"}

    def resize(self, quantity: Decimal) -> None:
        """Another total quantity."""
        self.ticket = replace(self.ticket, quantity=quantity)


@dataclass(slots=True, eq=False)
class Execution:
    """One fill. `size` units; `cumulative` and `average` of its order up to it; `took`: it removed liquidity."""

    exec_id: str
    order: Order
    size: Decimal
    price: Decimal
    moment: datetime
    cumulative: Decimal
    average: Decimal
    took: bool
    commission: Decimal
    realised: Decimal | None
