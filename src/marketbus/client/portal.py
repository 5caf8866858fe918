"""An event loop in a thread of its own, for callers that have none."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from marketbus.domain.errors import MarketBusError

R = TypeVar("R")


class Portal:
    """Runs coroutines from ordinary threads. A daemon: it never keeps the interpreter from ending."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="marketbus", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, R]) -> R:
        """Run to the end and give the result; an interrupt of the caller (Ctrl-C) cancels the work.

        Raises:
            MarketBusError: called from a handler, which runs on the loop and would wait for itself; or after `close`.
        """
        if threading.current_thread() is self._thread or not self._thread.is_alive():
            work.close()
            if self._thread.is_alive():
                raise MarketBusError(
                    "called from inside a handler", "hand the work to another thread, or use connect()"
                )
            raise MarketBusError("the bus is closed")
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def start(self, work: Coroutine[Any, Any, R]) -> "Future[R]":
        """Run without waiting; from any thread, a handler's too."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self) -> None:
        """Stop the loop; safe to call twice."""
        if not self._thread.is_alive():
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        if not self._thread.is_alive():
            self._loop.close()
