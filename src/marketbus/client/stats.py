"""What a client counts, and a log that a flood cannot fill."""

import logging
import time
from collections import Counter
from typing import Any

from marketbus.client.gap import Gap

logger = logging.getLogger("marketbus")


class Stats:
    """Counters of one bus connection, since it was opened."""

    def __init__(self) -> None:
        self.ticks = 0
        """Ticks handed to consumers (before conflation)."""
        self.bad_payloads = 0
        """Messages that are not what their subject promises."""
        self.duplicates = 0
        """Ticks that were delivered before."""
        self.overtaken = 0
        """Ticks that came after the snapshot that already covered them."""
        self.stale = 0
        """Ticks of an epoch older than the newest seen."""
        self.handler_errors = 0
        """Exceptions that user handlers raised."""
        self.reconnects = 0
        """Connections to NATS after the first."""
        self.leases = 0
        """Subscriptions leased, renewals not counted."""
        self.failovers = 0
        """Times that a feed changed from one gateway to another, returns included."""
        self.standby = 0
        """Ticks that came from a standby gateway and were set aside."""
        self.gaps: Counter[str] = Counter()
        """Gaps by cause."""
        self.missed = 0
        """Ticks missing in those gaps, as far as known."""

    def gap(self, gap: Gap) -> None:
        """Count a gap."""
        self.gaps[gap.cause.value] += 1
        self.missed += gap.missed or 0

    def as_dict(self) -> dict[str, Any]:
        """Every counter by name."""
        return {**vars(self), "gaps": dict(self.gaps)}

    def __repr__(self) -> str:
        return f"Stats({', '.join(f'{name}={value}' for name, value in self.as_dict().items())})"


class Throttle:
    """Logs a kind of event at most once in `interval` seconds and says how many it kept quiet."""

    def __init__(self, interval: float = 5.0) -> None:
        self._interval = interval
        self._last: dict[str, tuple[float, int]] = {}

    def warning(self, kind: str, message: str, *, error: BaseException | None = None) -> None:
        """Log a warning; `kind` is from a small fixed set."""
        now = time.monotonic()
        at, quiet = self._last.get(kind, (-self._interval, 0))
        if now - at < self._interval:
            self._last[kind] = (at, quiet + 1)
            return
        self._last[kind] = (now, 0)
        tail = f" ({quiet} more since the last such line)" if quiet else ""
        logger.warning("%s%s", message, tail, exc_info=error)
