"""What a client that sends orders answers to the benchmark: the moments of every order."""

import msgspec


class Sample(msgspec.Struct, array_like=True):
    """One order, ns of one clock; 0 where nothing came."""

    order_id: str
    began: int
    """Before the call."""
    told: int = 0
    """The event that it stands at the exchange, in the client's handler."""
    claimed: int = 0
    """In the desk, with its id taken."""
    sent: int = 0
    """Back from the SDK's call."""
    heard: int = 0
    """The exchange's word, in the SDK's callback."""
    fill_told: int = 0
    """Its first fill, in the client's handler."""
    fill_heard: int = 0
    """That fill, in the SDK's callback."""


class Asked(msgspec.Struct):
    """`send`: orders at `rate` a second, each priced `price`, one lot."""

    do: str
    rate: float = 0.0
    count: int = 0
    symbol: str = ""
    exchange: str = ""
    price: float = 0.0


PATIENCE = 60.0
"""Seconds for the last order's event."""
