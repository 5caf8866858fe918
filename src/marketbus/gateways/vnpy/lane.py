"""A lane: one thread for blocking SDK calls, so that no call waits behind another lane's."""

import asyncio
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
        self._turn = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def call(self, what: str, function: Callable[[], T]) -> T:
        """Run a blocking call in this lane.

        Raises:
            GatewayError: it did not return within the lane's time-out. What it raises itself passes through.
        """
        async with self._turn:
            running = asyncio.get_running_loop().run_in_executor(self._thread, function)
            done, _ = await asyncio.wait({running}, timeout=self._timeout)
            if not done:
                self._sink.event(GatewayDied(what, self._timeout))
                raise GatewayError(f"{what} did not return within {self._timeout:g} s")
            return running.result()
