"""Blocking work in a thread that nobody has to wait for, at the end of the process neither.

`asyncio.to_thread` does not do: its pool is joined when the loop closes, so a receiver that never answers would keep a
supervisor from ending.
"""

import asyncio
import contextlib
from collections.abc import Callable
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


async def errand(work: Callable[[], T], within: float) -> T:
    """What `work` returns or raises.

    Raises:
        TimeoutError: it took longer than `within` seconds; it goes on, and nobody hears of it.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def tell(answer: Callable[[], None]) -> None:
        if not done.done():
            answer()

    def run() -> None:
        try:
            result = work()
        except Exception as error:  # noqa: BLE001 (raised where it was asked for)
            raised = error
            answer = lambda: done.set_exception(raised)  # noqa: E731
        else:
            answer = lambda: done.set_result(result)  # noqa: E731
        with contextlib.suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(tell, answer)

    Thread(target=run, name="alert", daemon=True).start()
    async with asyncio.timeout(within):
        return await done
