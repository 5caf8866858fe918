"""Waiting with a deadline."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

from marketbus.domain.errors import MarketBusError

T = TypeVar("T")


async def eventually(
    look: Callable[[], T | None] | Callable[[], Awaitable[T | None]],
    what: str,
    within: float = 20.0,
    every: float = 0.02,
) -> T:
    """What `look` finds once it is truthy; an error of ours counts as not yet."""
    deadline = time.monotonic() + within
    last: object = None
    while True:
        try:
            seen = look()
            found = await cast("Awaitable[T | None]", seen) if inspect.isawaitable(seen) else cast("T | None", seen)
            if found:
                return found
            last = found
        except MarketBusError as error:
            last = error
        assert time.monotonic() < deadline, f"waited {within:g} s for {what}; last seen: {last!r}"
        await asyncio.sleep(every)
