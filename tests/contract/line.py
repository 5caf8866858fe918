"""One registered gateway at work: its venue, a bus of its own, and the worker that most cards speak to."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import marketbus
from marketbus import GatewayStatus
from tests.contract.registration import Registration
from tests.system import Process, Recorder, System, eventually

MAIN = "line"
START = 60.0
"""Seconds for a worker to start and log in, on a machine that has other work."""


class Line(System):
    """The worker `line` has the first symbol and the stranger pinned, and lives as long as this."""

    def __init__(self, folder: Path, registered: Registration) -> None:
        super().__init__(folder)
        self.registered = registered
        self.pinned, self.other = registered.symbols

    def __enter__(self) -> Self:
        super().__enter__()
        self.venue = self.registered.start()
        self._ends.callback(self.venue.stop)
        self.main = self.launch(MAIN, self.pinned, self.registered.stranger)
        return self

    def launch(self, name: str, *subscribe: str, trading_login: bool = True) -> Process:
        """Start a worker."""
        section: dict[str, Any] = self.venue.section(trading_login=trading_login) | {"subscribe": list(subscribe)}
        return self.start(self.config(f"{name}.toml", **{name: section}), name, self.venue.environment)

    @contextmanager
    def another(self, name: str, *subscribe: str, trading_login: bool = True) -> Generator[Process]:
        """A worker beside the main one, for the time of a card."""
        worker = self.launch(name, *subscribe, trading_login=trading_login)
        try:
            yield worker
        finally:
            worker.stop()

    async def serving(self, bus: marketbus.Bus) -> GatewayStatus:
        """The main worker's status once it has contracts and ticks of what is pinned."""
        return await self.until(
            bus,
            lambda s: s.md.state == "READY" and s.contracts and s.acknowledged and s.last_tick,
            "contracts and ticks",
            MAIN,
            START,
        )

    async def listed(self, worker: Process) -> None:
        """When the worker has the whole list of contracts: then it knows that nobody lists the stranger."""
        await eventually(lambda: "matches no contract" in worker.words(), "the end of the contract list", START)

    async def follow(self, bus: marketbus.Bus, seen: Recorder, *symbols: str) -> Any:
        """Listen to symbols of the main worker."""
        return await seen.follow(bus, *symbols, gateway=MAIN)
