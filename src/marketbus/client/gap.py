"""A hole in a feed: what is missing, where and why."""

from enum import StrEnum

import msgspec

from marketbus.domain.instrument import Exchange, Instrument


class GapCause(StrEnum):
    """Why ticks are missing."""

    SEQUENCE = "sequence"
    """Numbered by the gateway but never arrived: it dropped them, or the bus did."""
    EPOCH = "epoch change"
    """The gateway is a new process; how much the old one still saw is unknown."""
    RECONNECT = "reconnect"
    """Published while this client had no connection."""
    SLOW_CONSUMER = "slow consumer"
    """This client did not keep up and shed its oldest ticks."""
    FAILOVER = "failover"
    """Another gateway serves from here on; `gateway` and `epoch` are its own. Two gateways number independently, so
    nobody can know how much lies between them."""


class Gap(msgspec.Struct, frozen=True):
    """Ticks of one instrument that this feed did not deliver; each hole is reported once."""

    gateway: str
    symbol: str
    exchange: Exchange
    cause: GapCause
    missed: int | None
    """How many ticks; None when nobody can know."""
    epoch: int
    """The epoch that `first` and `last` belong to; after an epoch change, the new one."""
    first: int | None = None
    """The first missing seq."""
    last: int | None = None
    """The last missing seq."""

    @property
    def instrument(self) -> Instrument:
        """Symbol and exchange."""
        return Instrument(self.symbol, self.exchange)

    @property
    def vt_symbol(self) -> str:
        """`rb2701.SHFE`."""
        return f"{self.symbol}.{self.exchange}"
