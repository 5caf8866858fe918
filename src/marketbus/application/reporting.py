"""The gateway's report on itself: on change, and four times a second."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

from marketbus.application.host import GatewayHost
from marketbus.application.readiness import ReadinessReport, desk_session
from marketbus.application.trading.session import TradingSession
from marketbus.domain.session import Channel
from marketbus.domain.status import GatewayStatus, Latency, Level
from marketbus.ports.clock import Clock
from marketbus.ports.gateway import Gateway
from marketbus.ports.log import Log
from marketbus.ports.publisher import Publisher, TickPublisher
from marketbus.ports.ticks import NumbersTicks

EVERY = 0.25
"""Seconds between reports: a client that has a second gateway to turn to judges this one by them."""
WINDOW = 1.0
"""Seconds over which rates and latencies are measured."""
SETTLE = 0.02
"""Seconds a change waits for further ones, so that a login does not send ten reports."""


class Reporter:
    """Builds and publishes GatewayStatus."""

    def __init__(
        self,
        host: GatewayHost,
        gateway: Gateway,
        *,
        kind: str,
        process: tuple[str, int],
        publisher: Publisher,
        ticks: TickPublisher,
        readiness: ReadinessReport,
        clock: Clock,
        log: Log,
        desk: TradingSession | None = None,
        account: str = "",
        denied: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        """`desk`: of a line that trades; its session is READY once the desk takes orders, not before.

        `account`: whose orders it takes; `denied`: counts of those it did not.
        """
        self._host = host
        self._gateway = gateway
        self._kind = kind
        self._process = process
        self._publisher = publisher
        self._ticks = ticks
        self._readiness = readiness
        self._clock = clock
        self._log = log
        self._desk = desk
        self._account = account
        self._denied = denied
        self._native = {"ticks": ticks.path}
        if isinstance(gateway, NumbersTicks):
            self._native["market_data"] = gateway.ticks_path
        self._started = clock.now()
        self._window = (clock.monotonic(), 0)
        self._rate = 0.0
        self._latency: Latency | None = None
        self._dropped: Counter[str] = Counter()
        self._changed = asyncio.Event()
        host.changed = self._changed.set

    def status(self) -> GatewayStatus:
        """The status at this moment; rate and latency are those of the last full second."""
        host = self._host
        node, pid = self._process
        return GatewayStatus(
            gateway=host.name,
            kind=self._kind,
            sdk=self._gateway.sdk,
            simulated=self._gateway.simulated,
            time=self._clock.now(),
            epoch=host.market_data.epoch,
            pid=pid,
            host=node,
            started=self._started,
            capabilities=tuple(sorted(self._gateway.capabilities)),
            md=host.sessions.of(Channel.MD),
            td=desk_session(host.sessions.of(Channel.TD), self._desk),
            contracts=len(host.book),
            requested=len(host.subscriptions.requested),
            acknowledged=len(host.subscriptions.acknowledged),
            leases=len(host.subscriptions.wishes.leases),
            pins=host.subscriptions.wishes.pins,
            ticks=host.market_data.count,
            rate=self._rate,
            last_tick=host.market_data.last_received,
            drops=dict(self._ticks.drops()),
            rejects=host.rejects.counts(),
            errors=host.errors.counts(),
            latency=self._latency,
            buffered=self._ticks.buffered(),
            market_time=self._gateway.market_clock.now(),
            silent=len(host.subscriptions.silent),
            readiness=self._readiness.now(),
            account=self._account,
            denied=dict(self._denied),
            native=self._native,
        )

    async def run(self) -> None:
        """Publish until cancelled."""
        due = self._clock.monotonic()
        while True:
            wait = max(0.0, due - self._clock.monotonic())
            try:
                async with asyncio.timeout(wait):
                    await self._changed.wait()
                await asyncio.sleep(SETTLE)
            except TimeoutError:
                now = self._clock.monotonic()
                due = now + EVERY
                if now - self._window[0] >= WINDOW:
                    self._measure(now)
            self._changed.clear()
            await self._publisher.status(self.status())

    def _measure(self, now: float) -> None:
        count = self._host.market_data.count
        then, before = self._window
        self._window = (now, count)
        self._rate = round((count - before) / (now - then), 1) if now > then else 0.0
        self._latency = self._ticks.latency()
        for cause, dropped in self._ticks.drops().items():
            new = dropped - self._dropped[cause]
            if new > 0:
                self._dropped[cause] = dropped
                self._log.log(Level.WARNING, "tick.dropped", count=new, cause=cause)
