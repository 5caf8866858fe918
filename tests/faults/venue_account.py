"""What the order faults need of a simulated venue: one account on one instrument, its books, and how it is hurt."""

from collections.abc import Set
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any, Protocol

from marketbus.domain.position import Position
from marketbus.domain.trade import Trade

LIVE = frozenset({"SENT", "ACCEPTED", "PARTIAL"})

Fill = tuple[str, str, int]
"""Its number, its order's number at the venue, its volume."""
Held = dict[str, tuple[int, ...]]
"""By direction in our words: what is held, as the venue tells it."""


@dataclass(frozen=True)
class VenueOrder:
    """As the venue has it: `side` buy or sell, `state` in our words."""

    side: str
    price: float
    volume: int
    traded: int
    state: str

    @property
    def live(self) -> bool:
        """Whether it may still fill."""
        return self.state in LIVE


class VenueAccount(Protocol):
    """Prices of the instrument's day: `lower`, `upper` and the step between two, `tick`."""

    lower: Decimal
    upper: Decimal
    tick: Decimal

    def section(self, **keys: Any) -> dict[str, Any]:
        """The configuration of a gateway that trades it."""
        ...

    # Its own truth.

    def orders(self) -> list[VenueOrder]:
        """All of the account's."""
        ...

    def fills(self) -> Set[Fill]:
        """All of the account's."""
        ...

    def held(self) -> Held:
        """What it holds."""
        ...

    def held_by(self, positions: list[Position]) -> Held:
        """What the bus says it holds, as far as the venue tells it too."""
        ...

    def sum_of(self, trades: list[Trade]) -> dict[str, int]:
        """What these fills add up to, by direction; nothing where they add up to nothing."""
        ...

    def closable(self) -> int:
        """Long lots of today that no order is closing."""
        ...

    def closing(self) -> str:
        """The offset of an order that closes them."""
        ...

    # What happens to it.

    def strike(self, side: str, volume: int, price: float) -> int:
        """Somebody else's order meets those that wait; answers the lots they got."""
        ...

    def late_orders(self, ms: float) -> None:
        """The next order is on its way for so long."""
        ...

    def late_cancels(self, ms: float) -> None:
        """The same of the next cancel."""
        ...

    def unheard(self, action: str) -> None:
        """Its words on the order that comes next are late ("delay") or lost ("drop")."""
        ...

    def slow_books(self) -> float:
        """From now on its books take their time: about how many seconds."""
        ...

    def muddle(self, chance: Random) -> None:
        """Its next words on orders and fills come twice, late or out of order."""
        ...

    def stick(self) -> bool:
        """The SDK's next call does not come to its end: it hangs (True), or its process dies in it (False)."""
        ...

    def break_line(self) -> None:
        """The trading connection breaks."""
        ...

    def heal(self) -> None:
        """No scripted faults for this account any more."""
        ...
