"""How large our payload of a synthetic tick is."""

import time
from datetime import date

from benchmarks.sources.mint import Mint
from marketbus.lab.instruments import listings
from marketbus.vnpy_types.market import tick_from_vnpy
from marketbus.wire import codec


def tick_bytes() -> int:
    """Without subject and framing."""
    now = time.time_ns()
    data = Mint("bench", listings(date(2026, 9, 1), 1), now).tick(0)
    return len(codec.encode(tick_from_vnpy(data, now, 20260901)))
