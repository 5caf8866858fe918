"""A lane: one thread for blocking SDK calls, so that no call waits behind another lane's."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from marketbus.domain.errors import GatewayError
from marketbus.ports.gateway import GatewayDied, GatewaySink

T = TypeVar("T")


class Lane:
    """Runs SDK calls one after the other; one that does not return in time declares the process hung."""

    def __init__(self, name: str, timeout: float, sink: GatewaySink) -> None:
        self._timeout = timeout
        self._sink = sink
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def call(self, what: str, function: Callable[[], T]) -> T:
        """Run a blocking call in this lane; cancelled before its turn, it is not made.

        The thread goes from one call to the next by itself: it does not wait for a busy loop in between.

        Raises:
            GatewayError: it did not return within the lane's time-out. What it raises itself passes through.
        """
        began = 0.0

        def run() -> T:
            nonlocal began
            began = time.monotonic()
            return function()

        running = asyncio.get_running_loop().run_in_executor(self._thread, run)
        try:
            while not (await asyncio.wait({running}, timeout=self._timeout))[0]:
                if began and time.monotonic() - began >= self._timeout:  # else the call before it is the hung one
                    self._sink.event(GatewayDied(what, self._timeout))
                    raise GatewayError(f"{what} did not return within {self._timeout:g} s")
        except asyncio.CancelledError:
            running.cancel()
            raise
        return running.result()
