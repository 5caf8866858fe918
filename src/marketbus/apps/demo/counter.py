"""The simulated counter, and the simulated TWS, each as a process of its own."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TypeVar

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


class TwsAddress(msgspec.Struct, frozen=True):
    """Where it listens, `host:port`."""

    tws: str

    @property
    def port(self) -> int:
        """Of the API."""
        return int(self.tws.rpartition(":")[2])


Where = TypeVar("Where", Addresses, TwsAddress)


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
    async with _lab(Addresses, stderr, "ctp", "--rate", str(rate), "--instruments", str(instruments)) as running:
        yield running


@asynccontextmanager
async def simulated_tws(rate: float, stderr: int | None = None) -> AsyncGenerator[tuple[Child, TwsAddress]]:
    """The same of a TWS. Raises CounterFailed."""
    async with _lab(TwsAddress, stderr, "tws", "--rate", str(rate)) as running:
        yield running


@asynccontextmanager
async def _lab(kind: type[Where], stderr: int | None, *arguments: str) -> AsyncGenerator[tuple[Child, Where]]:
    argv = (sys.executable, "-m", "marketbus.apps.main", "lab", *arguments)
    child = await Child.start(WorkerCommand(argv, dict(os.environ)), talks=True, stderr=stderr)
    try:
        yield child, await _addresses(child, kind)
    finally:
        await child.stop(0.5)


async def _addresses(child: Child, kind: type[Where]) -> Where:
    try:
        async with asyncio.timeout(START_TIMEOUT):
            said = await child.read_line()
            if not said:
                raise CounterFailed(f"the simulated counter ended ({how(await child.wait())})", "run `marketbus setup`")
    except TimeoutError:
        raise CounterFailed(f"the simulated counter said nothing within {START_TIMEOUT:g} s") from None
    return msgspec.json.decode(said, type=kind)
