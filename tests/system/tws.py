"""The simulated TWS in a thread of this process: `control` speaks to it, `call` looks inside."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar

from marketbus.lab.tws import TwsControl, TwsLab, TwsOptions

T = TypeVar("T")
OPENING = datetime.fromisoformat("2026-11-20T09:30:00-05:00")
"""A Friday, when New York opens."""
NUMBERS = {
    "ES-20261218-USD-FUT.CME": 600024324,
    "MSFT-USD-STK.SMART": 272093,
    "SPY-USD-STK.SMART": 756733,
    "CL-20261221-USD-FUT.NYMEX": 610024325,
}
"""conIds, by our names."""


class Tws:
    """A simulated TWS on free ports; options as TwsOptions, ticks only when asked for unless `rate` is given."""

    def __init__(self, **options: Any) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="tws", daemon=True)
        self._thread.start()
        options = {"rate": 0.0, "start": OPENING} | options
        self.inner = TwsLab(TwsOptions(**options))
        self.run(self.inner.start())
        self.host = "127.0.0.1"
        self.port = self.inner.port
        self.control = TwsControl.at(self.inner.addresses["control"])

    def run(self, work: Awaitable[T], within: float = 30.0) -> T:
        """A coroutine in the lab's thread."""

        async def wait() -> T:
            return await work

        return asyncio.run_coroutine_threadsafe(wait(), self._loop).result(within)

    def call(self, look: Callable[[TwsLab], T]) -> T:
        """A function in the lab's thread, between two ticks."""

        async def act() -> T:
            return look(self.inner)

        return self.run(act())

    @property
    def subscribed(self) -> set[str]:
        """Of `NUMBERS`, the symbols that have a market data line."""
        lines = self.call(lambda lab: [each.contract.con_id for each in lab.market._watches.values() if each])  # pyright: ignore[reportPrivateUsage]
        return {name.partition(".")[0] for name, number in NUMBERS.items() if number in lines}

    def stop(self) -> None:
        """Closes its ports."""
        self.control.close()
        self.run(self.inner.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
