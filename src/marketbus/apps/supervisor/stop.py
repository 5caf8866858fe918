"""How the supervisor is told to stop: a first signal asks, a second one does not ask."""

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


async def until_stopped(
    serve: Coroutine[None, None, int],
    duration: float | None,
    stopping: Callable[[], object],
    kill: Callable[[], object],
) -> int:
    """Run `serve` until it returns, a signal comes, or `duration` seconds are over; gives the exit code."""
    task = asyncio.ensure_future(serve)
    asked = False

    def stop() -> None:
        nonlocal asked
        if asked:
            kill()
            return
        asked = True
        stopping()
        task.cancel()

    loop = asyncio.get_running_loop()
    _listen(loop, stop)
    timer = loop.call_later(duration, lambda: None if asked else stop()) if duration is not None else None
    try:
        return await task
    except asyncio.CancelledError:
        if not asked:
            raise
        return 0
    finally:
        if timer is not None:
            timer.cancel()


def _listen(loop: asyncio.AbstractEventLoop, stop: Callable[[], None]) -> None:
    for name in _SIGNALS:
        if (number := getattr(signal, name, None)) is None:
            continue
        if signal.getsignal(number) == signal.SIG_IGN:  # nohup
            continue
        if sys.platform == "win32":
            signal.signal(number, lambda _number, _frame: loop.call_soon_threadsafe(stop))
        else:
            loop.add_signal_handler(number, stop)
