"""What may be said of an order beyond instrument, side, volume and price."""

from typing import TypedDict

from marketbus.domain.order_request import DEFAULT_VALIDITY
from marketbus.domain.order_terms import HedgeFlag, OrderType
from marketbus.domain.times import NS

VALID_FOR = DEFAULT_VALIDITY / NS


class Terms(TypedDict, total=False):
    """Keyword arguments of `send_order`, `buy`, `sell`, `short` and `cover`."""

    type: OrderType | str
    """LIMIT, MARKET, FAK or FOK, as the venue takes; default LIMIT."""
    gateway: str | None
    """Which gateway sends it; may be left out while only one on the bus trades."""
    account: str | None
    """Its account, by its name in the configuration; may be left out."""
    client_order_id: str
    """Its name for ever, at most 24 ASCII characters without blanks; one is made if there is none. The same id again
    sends nothing and gives the order that has it."""
    reference: str
    """Your own words, such as a strategy's name; at most 64 characters."""
    valid_for: float
    """Seconds, at most 60, after which the request must not be executed any more; default 5. Not how long the order
    stands at the exchange."""
    hedge: HedgeFlag | str
    """SPECULATION (default), ARBITRAGE, HEDGE, COVERED or MARKET_MAKER."""
    ext: dict[str, str | int | float | bool | None] | None
    """What only this venue or a rule asks for, such as `reference_price`."""


def check(terms: Terms) -> None:
    """Refuse what is no term.

    Raises:
        TypeError: an argument that there is not.
    """
    unknown = set(terms) - Terms.__annotations__.keys()
    if unknown:
        raise TypeError(f"unexpected argument: {', '.join(sorted(unknown))}")
