"""What the parts of one bus connection share."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from marketbus.client.arrivals import Arrivals
from marketbus.client.calls import Calls
from marketbus.client.directory import Directory
from marketbus.client.gap import Gap
from marketbus.client.health import BEAT, Health
from marketbus.client.link import Link
from marketbus.client.options import Options
from marketbus.client.resolver import Resolver
from marketbus.client.stats import Stats, Throttle
from marketbus.domain.errors import MarketBusError

GapHandler = Callable[[Gap], object]


@dataclass
class Hub:
    """The connection, the verbs, who is there, and the counters."""

    options: Options
    link: Link
    calls: Calls
    directory: Directory
    resolver: Resolver
    stats: Stats
    throttle: Throttle
    health: Health
    """Of the preferred gateways, if there are several: else there is nothing to choose."""
    gap_handlers: list[GapHandler] = field(default_factory=list[GapHandler])
    arrivals: defaultdict[str, Arrivals] = field(default_factory=lambda: defaultdict(Arrivals))
    """By gateway."""
    _beating: asyncio.Task[None] | None = None

    @classmethod
    def of(cls, options: Options) -> "Hub":
        """Wire the parts; nothing is opened."""
        stats, throttle = Stats(), Throttle()
        link = Link(options, stats, throttle)
        calls = Calls(link, options.principal)
        directory = Directory(link, calls, stats, throttle)
        health = Health(options.preferred if len(options.preferred) > 1 else ())
        resolver = Resolver(directory, calls, options.preferred, health)
        return cls(options, link, calls, directory, resolver, stats, throttle, health)

    async def open(self) -> None:
        """Connect, listen to the gateways' reports.

        Raises:
            BusUnavailable: no server takes us.
        """
        await self.link.open()
        if self.health.gateways:
            self.directory.watchers.append(self.health.heard)
            self._beating = asyncio.create_task(self._beat(), name="marketbus-health")
        await self.directory.open()

    async def close(self) -> None:
        """Disconnect."""
        beating, self._beating = self._beating, None
        if beating is not None:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)
        await self.directory.close()
        await self.link.close()

    async def ask_after(self, gateways: tuple[str, ...]) -> None:
        """Ask gateways that have not reported yet how they are; one that is there answers in milliseconds."""

        async def ask(name: str) -> None:
            try:
                self.health.heard(await self.calls.status(name, patience=1.0))
            except MarketBusError:
                self.health.unheard(name)

        await asyncio.gather(*(ask(name) for name in gateways if not self.health.known(name)))

    def tell(self, gap: Gap, handlers: list[GapHandler]) -> None:
        """Count a gap and tell its handlers; one that raises is counted and logged."""
        self.stats.gap(gap)
        self.arrivals[gap.gateway].gap(gap)
        for handler in (*handlers, *self.gap_handlers):
            try:
                handler(gap)
            except Exception as error:  # noqa: BLE001 (the user's code may raise anything; the feed goes on)
                self.handler_failed(error)

    def handler_failed(self, error: Exception) -> None:
        """A user's handler raised."""
        self.stats.handler_errors += 1
        self.throttle.warning("handler", f"a handler raised {type(error).__name__}; the feed goes on", error=error)

    async def _beat(self) -> None:
        while True:
            self.health.beat(connected=self.link.connected)
            await asyncio.sleep(BEAT)

    def bad_payload(self, subject: str, reason: object) -> None:
        """A message is not what its subject promises."""
        self.stats.bad_payloads += 1
        self.throttle.warning("bad_payload", f"{subject[:100]}: {reason}")
