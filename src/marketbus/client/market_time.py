"""A gateway's market time between its reports: the present, or a simulated venue's own."""

import asyncio
import time
from typing import NamedTuple

from marketbus.domain.status import GatewayStatus
from marketbus.domain.times import NS

_BACK = 60 * NS
"""A market's clock that goes back further than this was set."""


class _Fix(NamedTuple):
    """At monotonic time `at` the market's was `market`, running at `rate` market seconds a second."""

    at: float
    market: int
    rate: float


class MarketTime:
    """Follows the reports of one gateway, of which there is one a second."""

    def __init__(self, status: GatewayStatus) -> None:
        self.gateway = status.gateway
        self._last = status
        self._speed = 0.0 if status.simulated else 1.0  # a simulated venue's is found out
        self._fix = _Fix(time.monotonic(), _market(status), self._speed)
        self._turned_back = 0
        self._heard = asyncio.Event()

    def now(self) -> int:
        """The market's time, ns UTC. Of any thread."""
        fix = self._fix
        return fix.market + int((time.monotonic() - fix.at) * fix.rate * NS)

    def heard(self, status: GatewayStatus) -> None:
        """Take a report; other gateways' are left alone."""
        if status.gateway != self.gateway:
            return
        before, self._last = self._last, status
        market, elapsed = _market(status), status.time - before.time
        rate = 1.0
        if status.simulated:
            # The slower of two speeds: a clock that was set looks like a very fast one, once.
            speed = max((market - _market(before)) / elapsed, 0.0) if elapsed > 0 else self._speed
            rate, self._speed = min(speed, self._speed), speed
        if market < self.now() - _BACK:
            self._turned_back += 1
        self._fix = _Fix(time.monotonic(), market, rate)
        self._heard.set()

    async def reach(self, instant: int) -> bool:
        """Wait until the market's time is `instant` (ns UTC); False when its clock was set back meanwhile."""
        turned_back = self._turned_back
        while turned_back == self._turned_back:
            left = (instant - self.now()) / NS
            if left <= 0:
                return True
            rate = self._fix.rate
            self._heard.clear()
            try:
                async with asyncio.timeout(left / rate if rate else None):
                    await self._heard.wait()
            except TimeoutError:
                continue
        return False


def _market(status: GatewayStatus) -> int:
    return status.time if status.market_time is None else status.market_time
