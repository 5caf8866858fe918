"""A way from a venue to a consumer, ready to carry."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from benchmarks.errors import BenchmarkFailed
from benchmarks.process import Process
from marketbus.lab.ctp_family.client import LabControl


@dataclass(frozen=True)
class Lane:
    """`server`: the process that hosts the gateway; its cost is what a tick costs."""

    name: str
    control: LabControl
    server: Process
    consumer: Process

    def market_offset(self) -> int:
        """The venue's time minus ours, ns: the tightest of a few looks."""
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
