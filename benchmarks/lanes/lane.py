"""A way from a venue to a consumer, ready to carry."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from benchmarks.errors import BenchmarkFailed
from benchmarks.judge import Books
from benchmarks.process import Process

GATEWAY, CONSUMER, BROKER = "gateway", "consumer", "broker"


class VenueControl(Protocol):
    """What steps ask of a source; LabControl and TwsControl are such."""

    def rate(self, rate: float) -> None:
        """Ticks a second."""
        ...

    def burst(self, count: int) -> dict[str, float]:
        """As fast as they are taken."""
        ...

    def oracle(self) -> Books:
        """What was sent."""
        ...

    def clock(self) -> dict[str, Any]:
        """Its time, `now`; or, where it is known exactly, its time minus ours, `offset`, ns."""
        ...

    def status(self) -> dict[str, Any]:
        """Figures; `subscribed` instruments."""
        ...


@dataclass(frozen=True)
class Lane:
    """`server`: the process that hosts the gateway; `broker`: pid of the server in between, where there is one."""

    name: str
    control: VenueControl
    server: Process
    consumer: Process
    broker: int | None = None

    @property
    def parts(self) -> dict[str, int]:
        """Process ids of what carries a tick."""
        parts = {GATEWAY: self.server.pid, CONSUMER: self.consumer.pid}
        return parts if self.broker is None else parts | {BROKER: self.broker}

    def busy(self, *, on: bool) -> None:
        """Start or stop a thread in the gateway's process that computes in Python without a pause."""
        self.server.ask("busy", on=on)

    def market_offset(self) -> int:
        """The venue's time minus ours, ns: the tightest of a few looks."""
        clock = self.control.clock()
        if "offset" in clock:
            return int(clock["offset"])
        best = (1 << 62, 0)
        for _ in range(10):
            before = time.time_ns()
            market = datetime.fromisoformat(self.control.clock()["now"])
            after = time.time_ns()
            best = min(best, (after - before, round(market.timestamp() * 1e6) * 1000 - (before + after) // 2))
        return best[1]


def wait_for(what: str, condition: Callable[[], bool], timeout: float = 30.0, pause: float = 0.05) -> None:
    """Poll until it is so.

    Raises:
        BenchmarkFailed: it is not, within `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise BenchmarkFailed(f"{what}: not within {timeout:g} s")
        time.sleep(pause)
