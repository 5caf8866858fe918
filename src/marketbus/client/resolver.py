"""From what a user writes to which gateway gives it."""

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from marketbus.client.calls import Calls
from marketbus.client.directory import Directory
from marketbus.client.health import Health
from marketbus.client.plan import Plan, assign, whole
from marketbus.domain.contract import Contract
from marketbus.domain.errors import BusUnavailable, MarketBusError, UnknownGateway, UnknownInstrument
from marketbus.domain.instrument import Pattern

R = TypeVar("R")
RETRY = 0.2


class Resolver:
    """Asks the gateways what they carry."""

    def __init__(self, directory: Directory, calls: Calls, preferred: Sequence[str], health: Health) -> None:
        self.preferred = tuple(preferred)
        self._directory = directory
        self._calls = calls
        self._health = health

    async def resolve(
        self, patterns: Sequence[Pattern], gateway: str | None, wait: float, *, standbys: bool = False
    ) -> Plan:
        """A plan for a feed; waits up to `wait` seconds for gateways that are starting.

        With `standbys`, an instrument is given to every preferred gateway that carries it; else to the best of those
        that are well.

        Raises:
            UnknownInstrument: nobody carries it.
            AmbiguousGateway: several do, none is named and none preferred.
            UnknownGateway: the named gateway is not live.
            BusUnavailable: no gateway is live at all.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait
        refresh = settled = False
        names: list[str] = []
        while True:
            try:
                names = await self.live(gateway, refresh=refresh)
                if len(names) == 1 and all(pattern.whole_exchange for pattern in patterns):
                    return whole(patterns, names[0])
                books = await self.each(names, lambda name: self._calls.contracts(name, [p.text for p in patterns]))
                return assign(patterns, books, self._health.ranked(self.preferred), standbys=standbys)
            except UnknownInstrument as error:
                starting = await self._starting(names)
                if not starting and not settled:
                    settled = True  # it may have listed them between the two questions: ask once more
                    continue
                if not starting:
                    raise UnknownInstrument(error.symbol, await self._suggest(error.symbol, names)) from None
                if loop.time() >= deadline:
                    hint = f"{', '.join(starting)}: no contracts yet, see `marketbus status`"
                    raise UnknownInstrument(error.symbol, hint=hint) from None
            except UnknownGateway as error:
                # A typing error is told at once; an empty bus, or a gateway that left while we asked, may be starting.
                if (gateway is not None and error.live) or loop.time() >= deadline:
                    raise
            except BusUnavailable:
                if loop.time() >= deadline:
                    raise
            refresh = True
            await asyncio.sleep(min(RETRY, max(0.01, deadline - loop.time())))

    async def live(self, gateway: str | None = None, *, refresh: bool = False) -> list[str]:
        """Live gateways, or the named one; preferred ones that fell silent are passed over.

        Raises:
            UnknownGateway: the named one is not live.
            BusUnavailable: none is live.
        """
        names = await self._directory.names(refresh=refresh)
        if not refresh and (not names or (gateway is not None and gateway not in names)):
            names = await self._directory.names(refresh=True)
        if gateway is not None:
            if gateway not in names:
                raise UnknownGateway(gateway, names)
            return [gateway]
        if not names:
            raise BusUnavailable("no gateway is live on the bus", "is `marketbus up` running?")
        silent = {name for name in self._health.gateways if self._health.silent(name)}
        return [name for name in names if name not in silent] or names

    async def each(self, names: Sequence[str], ask: Callable[[str], Awaitable[R]]) -> dict[str, R]:
        """Ask gateways at the same time; those that left the bus are passed over.

        Raises:
            UnknownGateway: none is left.
            MarketBusError: what a gateway answered.
        """
        answers = await asyncio.gather(*(ask(name) for name in names), return_exceptions=True)
        out: dict[str, R] = {}
        gone: list[str] = []
        for name, answer in zip(names, answers, strict=True):
            if isinstance(answer, UnknownGateway):
                gone.append(name)
                self._directory.forget(name)
            elif isinstance(answer, BaseException):
                raise answer
            else:
                out[name] = answer
        if gone and not out:
            raise UnknownGateway(gone[0], [])
        return out

    async def contracts(self, patterns: Sequence[Pattern], gateway: str | None) -> dict[str, list[Contract]]:
        """Contracts by gateway."""
        names = await self.live(gateway)
        return await self.each(names, lambda name: self._calls.contracts(name, [p.text for p in patterns]))

    async def _starting(self, names: Sequence[str]) -> list[str]:
        """Those of the gateways that have no contracts yet, with their state."""
        out: list[str] = []
        for name in names:
            report = self._directory.report(name)
            if report is None or report.contracts == 0:
                with contextlib.suppress(MarketBusError):
                    report = await self._calls.status(name)
            if report is None or report.contracts == 0:
                out.append(name if report is None else f"{name} is {report.state}")
        return out

    async def _suggest(self, symbol: str, names: Sequence[str]) -> list[str]:
        """Near names, as the gateways know them: what a lease says of a pattern it cannot match."""
        owner = f"ask-{secrets.token_hex(6)}"
        found: dict[str, None] = {}
        for name in names:
            with contextlib.suppress(MarketBusError):
                coverage = await self._calls.subscribe(name, owner, [symbol], 5.0)
                await self._calls.unsubscribe(name, owner)
                found.update(dict.fromkeys(near for one in coverage.unmatched for near in one.suggestions))
        return list(found)[:5]
