"""The simulated counter as a process of its own."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import msgspec

from marketbus.apps.supervisor.child import Child, how
from marketbus.apps.worker_environment import WorkerCommand
from marketbus.domain.errors import MarketBusError

START_TIMEOUT = 20.0


class Addresses(msgspec.Struct, frozen=True):
    """Where it listens."""

    td: str
    md: str
    control: str


class CounterFailed(MarketBusError):
    """The simulated counter did not start."""

    code = "lab"


@asynccontextmanager
async def simulated_counter(
    rate: float, instruments: int, stderr: int | None = None
) -> AsyncGenerator[tuple[Child, Addresses]]:
    """Run it for the time of the context.

    Raises:
        CounterFailed: it did not say where it listens.
    """
    argv = (sys.executable, "-m", "marketbus.apps.main", "lab", "ctp", "--rate", str(rate))
    command = WorkerCommand((*argv, "--instruments", str(instruments)), dict(os.environ))
    child = await Child.start(command, talks=True, stderr=stderr)
    try:
        yield child, await _addresses(child)
    finally:
        await child.stop(0.5)


async def _addresses(child: Child) -> Addresses:
    try:
        async with asyncio.timeout(START_TIMEOUT):
            said = await child.read_line()
            if not said:
                raise CounterFailed(f"the simulated counter ended ({how(await child.wait())})", "run `marketbus setup`")
    except TimeoutError:
        raise CounterFailed(f"the simulated counter said nothing within {START_TIMEOUT:g} s") from None
    return msgspec.json.decode(said, type=Addresses)
