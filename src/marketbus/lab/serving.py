"""Runs a lab as a process."""

import asyncio
import contextlib
import signal
import sys
from typing import Any, Protocol

import msgspec


class Servable(Protocol):
    """A lab."""

    @property
    def addresses(self) -> dict[str, Any]:
        """Where it listens."""
        ...

    async def start(self) -> None:
        """Opens all ports."""
        ...

    async def failed(self) -> None:
        """Returns never; raises what ended it."""
        ...

    async def stop(self) -> None:
        """Closes the ports."""
        ...


async def serve(lab: Servable) -> None:
    """Runs a lab until SIGTERM or SIGINT; its first line on stdout says where it listens, as JSON."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        # Windows has no signal handlers on a loop; there the interpreter's own handling ends it.
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stopped.set)
    await lab.start()
    try:
        sys.stdout.write(msgspec.json.encode(lab.addresses).decode() + "\n")
        sys.stdout.flush()
        waits = {loop.create_task(stopped.wait()), loop.create_task(lab.failed())}
        done, pending = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        for task in done:
            task.result()
    finally:
        await lab.stop()
