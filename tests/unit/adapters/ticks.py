"""Ticks for tests."""

import time

from marketbus.domain.instrument import Exchange
from marketbus.domain.tick import Tick


def tick(symbol: str = "rb2701", seq: int = 1, **fields: object) -> Tick:
    known: dict[str, object] = {"received": time.time_ns(), "datetime": time.time_ns(), "last_price": 3456.0} | fields
    return Tick("ctp-main", symbol, Exchange.SHFE, epoch=1, seq=seq, **known)  # pyright: ignore[reportArgumentType]
