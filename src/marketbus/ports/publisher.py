"""The bus side: where the application puts what consumers should hear."""

from collections.abc import Mapping
from typing import Protocol

from marketbus.domain.contract import Contract
from marketbus.domain.histogram import Distribution
from marketbus.domain.status import GatewayStatus, Latency, LogRecord
from marketbus.domain.tick import Tick


class TickPublisher(Protocol):
    """The hot path. `tick` is called from the SDK's threads and never blocks; one instrument's from one at a time."""

    def tick(self, tick: Tick) -> None:
        """Encode now, send soon. When the bus is behind, older ticks of the same instrument give way, counted."""
        ...

    @property
    def path(self) -> str:
        """Who encodes and writes: `native 0.1.0`, or `python` and why not the accelerator."""
        ...

    def sink(self) -> object | None:
        """For native code that has ticks: a capsule of the accelerator's `core/sink.hpp`. None: there is none."""
        ...

    def drops(self) -> Mapping[str, int]:
        """Ticks given up so far, by cause."""
        ...

    def buffered(self) -> int:
        """Bytes waiting."""
        ...

    def latency(self) -> Latency | None:
        """Received → handed to the bus, over the window since the last call."""
        ...

    def to_bus(self) -> Distribution:
        """The same since the beginning, seconds."""
        ...


class BusLink(Protocol):
    """The connection to the bus."""

    @property
    def connected(self) -> bool:
        """Whether it stands."""
        ...

    @property
    def reconnects(self) -> int:
        """Connections after the first."""
        ...


class Publisher(Protocol):
    """Everything that is not a tick, from the worker's loop."""

    async def contracts(self, contracts: list[Contract]) -> None:
        """Publish contracts that are new or changed."""
        ...

    async def status(self, status: GatewayStatus) -> None:
        """Publish a gateway's status."""
        ...

    async def log(self, record: LogRecord) -> None:
        """Publish a log record."""
        ...
