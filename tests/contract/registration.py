"""What a gateway brings to be judged by the cards: its simulated venue, and what it says it can do."""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum
from typing import Any, NamedTuple, Protocol

from marketbus.ports.gateway import Capability


class Refusal(Enum):
    """Why the venue takes no login."""

    WRONG_PASSWORD = "wrong password"
    NOT_OPEN = "not open yet"


class Sent(NamedTuple):
    """An instrument as the venue sent it last."""

    time: datetime
    trading_day: int
    last_price: float
    bid_price_1: float
    ask_price_1: float
    volume: float


class Listed(NamedTuple):
    """A contract as the venue lists it."""

    name: str
    size: float
    pricetick: float


class Venue(Protocol):
    """A simulated counterparty on ports of loopback, and the faults it can be asked for.

    It sends ticks of what is subscribed, some hundred a second, Volume rising by 1 with each.
    """

    environment: Mapping[str, str]
    """What a worker needs in its environment to find it."""

    def section(self, *, trading_login: bool = True) -> dict[str, Any]:
        """The gateway's section of marketbus.toml, without `subscribe`; no trading login, no trading secret."""
        ...

    def sent(self, vt_symbol: str) -> Sent:
        """The newest tick of an instrument."""
        ...

    def listed(self, vt_symbol: str) -> Listed:
        """A contract."""
        ...

    def subscribed(self) -> set[str]:
        """Vt symbols that somebody is subscribed to."""
        ...

    def subscribe_requests(self) -> list[str]:
        """Symbols (without exchange) asked for since the start, each as often as it was asked for."""
        ...

    def sessions(self) -> int:
        """Market data sessions that are logged in."""
        ...

    def logins_tried(self) -> int:
        """Market data logins since the start, taken or not."""
        ...

    def pause(self) -> None:
        """No ticks until `resume`, but those of `burst` and `malformed`."""
        ...

    def resume(self) -> None:
        """Ticks again."""
        ...

    def burst(self, ticks: int) -> None:
        """Send that many, over all that is subscribed, as fast as they are taken."""
        ...

    def malformed(self, vt_symbol: str) -> None:
        """Send a record that cannot become a tick."""
        ...

    def drop(self) -> None:
        """Cut the market data connections."""
        ...

    def refuse_logins(self, why: Refusal | None) -> None:
        """Refuse every login; None: as usual again."""
        ...

    def stop(self) -> None:
        """Close its ports."""
        ...


class Registration(NamedTuple):
    """One gateway."""

    name: str
    """Of the test's runs; no blanks."""
    kind: str
    capabilities: frozenset[Capability]
    """All that it declares."""
    simulated: bool
    """Whether it knows that its venue is a simulated one."""
    symbols: tuple[str, str]
    """Two vt symbols that the venue lists; the first is pinned."""
    stranger: str
    """A vt symbol that it does not list."""
    start: Callable[[], Venue]
