"""What a gateway says of itself, on change and four times a second; and its log records."""

from enum import StrEnum

import msgspec

from marketbus.domain.readiness import Readiness
from marketbus.domain.session import Session


class Level(StrEnum):
    """Severity of a log record."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogRecord(msgspec.Struct, frozen=True, array_like=True, tag="log/1"):
    """One log line: a stable code, its sentence, and the facts it names."""

    gateway: str
    time: int
    """ns UTC"""
    level: Level
    code: str
    """Stable name of the message, such as `md.login`; `vnpy` for a sentence of a gateway we only host."""
    message: str
    fields: dict[str, str | int | float | bool | None] = {}


class Latency(msgspec.Struct, frozen=True):
    """Quantiles over the last reporting window, microseconds."""

    p50: float
    p99: float
    max: float
    count: int


class GatewayStatus(msgspec.Struct, frozen=True, array_like=True, tag="status/1"):
    """Everything an operator asks of one gateway. Counters count since the incarnation (`epoch`) began."""

    gateway: str
    kind: str
    sdk: str
    """Which SDK is loaded and its version, such as `vendor 6.7.11`, `lab ...`."""
    simulated: bool
    time: int
    """ns UTC of this report"""
    epoch: int
    pid: int
    host: str
    started: int
    """ns UTC"""
    capabilities: tuple[str, ...]
    md: Session
    td: Session
    contracts: int
    requested: int
    """Instruments wanted by pins and leases that the gateway carries."""
    acknowledged: int
    """Instruments the venue acknowledged."""
    leases: int
    pins: tuple[str, ...]
    ticks: int
    rate: float
    """Ticks per second over the last reporting window."""
    last_tick: int | None
    """ns UTC, received"""
    drops: dict[str, int]
    """Ticks numbered but not sent, by cause; each shows as a gap."""
    rejects: dict[str, int]
    """Raw ticks that could not become a Tick, by cause."""
    errors: dict[str, int]
    """Other failures, by cause."""
    latency: Latency | None = None
    """SDK callback to handed over to NATS."""
    buffered: int = 0
    """Bytes waiting for NATS."""
    market_time: int | None = None
    """The market's clock, ns UTC; differs from `time` on a simulated venue."""
    silent: int = 0
    """Instruments that went mute while their market is open."""
    readiness: Readiness | None = None
    """Whether the line is ready for its session, and what differs if not."""
    account: str = ""
    """Alias of the account that orders are taken for; empty where the line does not trade."""
    denied: dict[str, int] = {}
    """Orders that we denied, by rule."""
    native: dict[str, str] = {}
    """By part: `native` and its version, or `python` and why the accelerator does not do it."""

    @property
    def state(self) -> str:
        """One word: the market data session's state."""
        return str(self.md.state)
