"""What a worker tells its supervisor each second, beside what the bus hears of it. Counters begin with the process."""

import msgspec

from marketbus.domain.histogram import Distribution
from marketbus.domain.status import GatewayStatus

_NONE = Distribution()


class MarketDataVitals(msgspec.Struct, frozen=True):
    """The way of the ticks, as far as this process and its clients measure it."""

    from_venue: Distribution = _NONE
    """The exchange's stamp → received, a sample. Clocks that differ are in it."""
    to_bus: Distribution = _NONE
    """Received → written to NATS, of the tick that waited longest in each batch."""
    to_client: Distribution = _NONE
    """Received → in the hands of a client, a sample, as clients report it."""
    client_gaps: dict[str, int] = {}
    """Holes in the feeds of clients by cause, as they report them."""
    client_missed: int = 0
    """Ticks missing in those, as far as known."""


class JournalVitals(msgspec.Struct, frozen=True):
    """The order journal."""

    writable: bool
    position: int
    waiting: int
    """Appends that wait for a commit."""
    bytes: int
    """Size of the file and of its write-ahead log."""
    commit: Distribution = _NONE
    """Time of one commit, `fsync` included."""


class TradingVitals(msgspec.Struct, frozen=True):
    """The order desk of an account."""

    account: str
    killed: bool
    journal: JournalVitals
    active: dict[str, int] = {}
    """Orders that are not over, by state."""
    ended: dict[str, int] = {}
    """Orders that ended, by final state."""
    fills: int = 0
    cancels: int = 0
    """Cancels sent."""
    misfits: dict[str, int] = {}
    """Words of the venue that contradicted what was known."""
    steps: dict[str, Distribution] = {}
    """`journal`: request → claimed and written; `sdk`: the SDK's call; `venue`: taken by the SDK → the venue's first
    word."""


class ProcessVitals(msgspec.Struct, frozen=True):
    """The process itself."""

    cpu: float
    """Seconds of CPU used, in user and system mode."""
    memory: int
    """Resident bytes."""
    threads: int
    loop_lag: Distribution = _NONE
    """How much later than asked for the event loop came back."""
    collections: tuple[int, ...] = ()
    """Garbage collections by generation."""
    collecting: float = 0.0
    """Seconds spent in them; no Python thread runs meanwhile."""


class Standby(msgspec.Struct, frozen=True, array_like=True, tag="standby/1"):
    """All that a worker tells which waits for the one that is live."""

    host: str
    """Where that one runs."""
    pid: int


class Vitals(msgspec.Struct, frozen=True, array_like=True, tag="vitals/1"):
    """Everything."""

    status: GatewayStatus
    market_open: bool
    """Whether one of the requested instruments trades now."""
    bus_connected: bool
    bus_reconnects: int
    process: ProcessVitals
    market_data: MarketDataVitals
    trading: TradingVitals | None = None
    """None where the line does not trade."""
