"""The bus, as a user sees it."""

import asyncio
import contextlib
import os
import ssl
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Literal, Unpack, overload

from marketbus.client.calendar import LiveCalendar
from marketbus.client.choices import LIMIT, Choices, parse, wish
from marketbus.client.frame import Rows
from marketbus.client.gap import Gap
from marketbus.client.history import HistoryApi
from marketbus.client.hub import GapHandler, Hub
from marketbus.client.market_time import MarketTime
from marketbus.client.options import PRINCIPAL_VARIABLE, Options, nkey_of, preferred_of, tls_of, urls_of
from marketbus.client.plan import choose
from marketbus.client.stats import Stats
from marketbus.client.ticks import Flow, Listening, Push, Ticks
from marketbus.client.trading.api import TradingApi
from marketbus.domain.calendar_table import calendar_of
from marketbus.domain.contract import Contract
from marketbus.domain.errors import MarketBusError, UnknownInstrument
from marketbus.domain.instrument import Pattern, parse_instrument
from marketbus.domain.status import GatewayStatus
from marketbus.domain.subscription import Interest
from marketbus.domain.tick import Tick


def connect(
    url: str | Sequence[str] | None = None,
    *,
    name: str = "marketbus",
    principal: str | None = None,
    preferred: Sequence[str] | str | None = None,
    user: str | None = None,
    password: str | None = None,
    token: str | None = None,
    creds: str | Path | None = None,
    nkey: str | Path | None = None,
    tls: ssl.SSLContext | None = None,
    tls_ca: str | Path | None = None,
    tls_hostname: str | None = None,
    connect_timeout: float = 3.0,
    request_timeout: float = 5.0,
) -> "Bus":
    """The bus at `url`, else at MARKETBUS_URL (comma separated), else at nats://127.0.0.1:4222.

    Use it with `async with connect() as bus`, or `bus = await connect()` and later `await bus.close()`.

    Args:
        url: NATS servers of one cluster.
        name: shown in NATS monitoring and as owner of leases.
        principal: who asks, and whose replies they are: on a bus with permissions, the name of its user. By default
            MARKETBUS_PRINCIPAL, else `user`, else `name`.
        preferred: gateways to take an instrument from when several carry it, best first: `["ctp-a", "ctp-b"]`. Each is
            the standby of those before it. By default MARKETBUS_PREFERRED (comma separated), else none.
        user: NATS user.
        password: NATS password.
        token: NATS token.
        creds: a NATS credentials file.
        nkey: a file with an NKEY seed (needs the `nkeys` extra). By default, with no other credentials, MARKETBUS_NKEY.
        tls: TLS settings.
        tls_ca: a PEM file, instead of `tls`: the authority that signed the server's certificate. By default
            MARKETBUS_TLS_CA, else those that the system trusts.
        tls_hostname: name to expect in the server's certificate.
        connect_timeout: seconds for the first connection.
        request_timeout: seconds that a gateway has to answer.

    Raises:
        ConfigError: the url is none, or a file cannot be read.
        BusUnavailable: on opening, when no server takes us. Once open, it reconnects for ever.
    """
    if user is None and token is None and creds is None:
        nkey = nkey_of(nkey)
    return Bus(
        Options(
            urls=urls_of(url),
            name=name,
            principal=principal or os.environ.get(PRINCIPAL_VARIABLE, "").strip() or user or name,
            preferred=preferred_of(preferred),
            user=user,
            password=password,
            token=token,
            creds=creds,
            nkey=nkey,
            tls=tls or tls_of(tls_ca),
            tls_hostname=tls_hostname,
            connect_timeout=connect_timeout,
            request_timeout=request_timeout,
        )
    )


class Bus(TradingApi, HistoryApi):
    """A connection to the bus. Belongs to the event loop that opened it."""

    def __init__(self, options: Options) -> None:
        super().__init__(Hub.of(options))
        self._flows: set[Flow | Push] = set()
        self._clocks: dict[str, MarketTime] = {}

    @property
    def stats(self) -> Stats:
        """What this connection counted."""
        return self._hub.stats

    @property
    def connected(self) -> bool:
        """Whether NATS is reachable now."""
        return self._hub.link.connected

    async def open(self) -> "Bus":
        """Connect.

        Raises:
            BusUnavailable: no server takes us.
        """
        await self._hub.open()
        self._loop = asyncio.get_running_loop()
        return self

    async def close(self) -> None:
        """End every feed and stream, give the leases back, disconnect. Orders stand. Safe to call twice."""
        await asyncio.gather(*(flow.close() for flow in list(self._flows)), return_exceptions=True)
        self._flows.clear()
        await self._trader.close()
        await self._hub.close()

    def __await__(self) -> Generator[object, None, "Bus"]:
        return self.open().__await__()

    async def __aenter__(self) -> "Bus":
        return self if self._loop is not None else await self.open()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @overload
    def ticks(self, *patterns: str, gaps: Literal[False] = False, **choices: Unpack[Choices]) -> Ticks[Tick]: ...
    @overload
    def ticks(self, *patterns: str, gaps: Literal[True], **choices: Unpack[Choices]) -> Ticks[Tick | Gap]: ...
    def ticks(self, *patterns: str, gaps: bool = False, **choices: Unpack[Choices]) -> Ticks[Tick] | Ticks[Tick | Gap]:
        """Ticks of the instruments that `patterns` select: last values first (flag SNAPSHOT), then live ones.

        Within an instrument nothing comes twice or out of order, and what is missing is reported as a `Gap`. With
        several gateways preferred, the first that is well serves, and another takes over when it is lost.

        Args:
            patterns: `rb2701.SHFE`, `SHFE.rb2701`, `rb*.SHFE`, `*.SHFE`, `*`.
            gaps: give gaps in the iteration too, where they happened.
            choices: gateway, conflate, in_session, snapshot, on_gap, limit, ttl, wait: see `Choices`.

        Raises:
            SymbolError: a pattern is none.
            UnknownInstrument: nobody carries it. This and the following come from the first step of the iteration.
            AmbiguousGateway: several gateways carry it, none is named or preferred.
            UnknownGateway: the named gateway is not live.
            BusUnavailable: no gateway, or no answer.
        """
        loop = self._running()
        conflate, limit = choices.get("conflate", False), choices.get("limit", LIMIT)
        flow = Flow(self._hub, wish(patterns, choices), limit=limit, conflate=conflate, gaps=gaps)
        self._flows.add(flow)
        return Ticks(flow, loop, self._forget)

    @overload
    async def on_ticks(
        self,
        patterns: str | Sequence[str],
        handler: Callable[[list[Tick]], object],
        *,
        batch: Literal[True],
        **choices: Unpack[Choices],
    ) -> Listening: ...
    @overload
    async def on_ticks(
        self,
        patterns: str | Sequence[str],
        handler: Callable[[Tick], object],
        *,
        batch: Literal[False] = False,
        **choices: Unpack[Choices],
    ) -> Listening: ...
    async def on_ticks(
        self,
        patterns: str | Sequence[str],
        handler: Callable[[Tick], object] | Callable[[list[Tick]], object],
        *,
        batch: bool = False,
        **choices: Unpack[Choices],
    ) -> Listening:
        """Call `handler` for every tick: the fastest way. See `ticks` for the rest.

        A plain function is called as ticks are read, and must be quick. A coroutine function is awaited, one call at a
        time, with the bounded queue of `ticks` before it. With `batch`, it gets a list of the ticks that came together.
        A handler that raises is counted (`stats.handler_errors`) and logged, and the feed goes on.
        """
        self._running()
        wanted = wish((patterns,) if isinstance(patterns, str) else tuple(patterns), choices)
        conflate, limit = choices.get("conflate", False), choices.get("limit", LIMIT)
        push = Push(self._hub, wanted, handler, batch=batch, conflate=conflate, limit=limit)
        self._flows.add(push)
        try:
            await push.open()
        except BaseException:
            self._flows.discard(push)
            raise
        return Listening(push, self._flows.discard)

    def on_gap(self, handler: GapHandler) -> Callable[[], None]:
        """Call `handler` with every gap of every feed; gives back what ends that."""
        self._hub.gap_handlers.append(handler)

        def stop() -> None:
            with contextlib.suppress(ValueError):
                self._hub.gap_handlers.remove(handler)

        return stop

    async def snapshot(self, *patterns: str, gateway: str | None = None, wait: float = 10.0) -> Rows[Tick]:
        """The last known ticks, flagged SNAPSHOT; instruments that nobody subscribed to have none.

        Raises:
            MarketBusError: as `ticks`.
        """
        plan = await self._hub.resolver.resolve(parse(patterns), gateway, wait)
        shares = list(plan.values())
        parts = await asyncio.gather(*(self._hub.calls.snapshot(share.gateway, share.patterns()) for share in shares))
        return Rows(tick for part in parts for tick in part)

    async def contracts(self, *patterns: str, gateway: str | None = None) -> Rows[Contract]:
        """Contracts that the patterns take (all, if none is given), of every gateway or of one.

        Raises:
            UnknownGateway: the named gateway is not live.
            BusUnavailable: no gateway, or no answer.
        """
        books = await self._hub.resolver.contracts(parse(patterns or ("*",)), gateway)
        return Rows(contract for book in books.values() for contract in book)

    async def contract(self, symbol: str, *, gateway: str | None = None, wait: float = 10.0) -> Contract:
        """One contract, from the preferred gateway if several list it.

        Raises:
            UnknownInstrument: nobody lists it; with near names.
            AmbiguousGateway: several list it, none is named or preferred.
        """
        instrument = parse_instrument(symbol)
        pattern = Pattern(instrument.vt_symbol)
        plan = await self._hub.resolver.resolve([pattern], gateway, wait)
        name = choose(pattern.text, list(plan), self._hub.resolver.preferred)
        found = await self._hub.calls.contracts(name, [pattern.text])
        if not found:
            raise UnknownInstrument(pattern.text)
        return found[0]

    async def calendar(self, gateway: str | None = None) -> LiveCalendar:
        """Trading days and sessions as a gateway knows them (the preferred one, if none is named).

        Asked once; the rest is computed here, at the gateway's market time. It reaches from five years back to the end
        of next year.

        Raises:
            UnknownGateway: the named gateway is not live.
            BusUnavailable: no gateway, or no answer.
        """
        names = await self._hub.resolver.live(gateway)
        name = next((each for each in self._hub.resolver.preferred if each in names), names[0])
        status, table = await asyncio.gather(self._hub.calls.status(name), self._hub.calls.calendar(name))
        clock = self._clocks.get(name)
        if clock is None:
            clock = self._clocks[name] = MarketTime(status)
            self._hub.directory.watchers.append(clock.heard)
        else:
            clock.heard(status)
        return LiveCalendar(calendar_of(table), clock)

    async def gateways(self) -> list[GatewayStatus]:
        """The status of every live gateway, asked now, by name."""
        names = await self._hub.directory.names(refresh=True)
        if not names:
            return []

        async def ask(name: str) -> GatewayStatus | None:
            try:
                return await self._hub.calls.status(name)
            except MarketBusError:
                self._hub.directory.forget(name)
                return None

        return [status for status in await asyncio.gather(*map(ask, names)) if status is not None]

    async def statuses(self) -> AsyncGenerator[GatewayStatus, None]:
        """Every status as the gateways report it: on change and four times a second."""
        queue: asyncio.Queue[GatewayStatus] = asyncio.Queue(1000)

        def watch(status: GatewayStatus) -> None:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(status)

        self._hub.directory.watchers.append(watch)
        try:
            while True:
                yield await queue.get()
        finally:
            self._hub.directory.watchers.remove(watch)

    async def subscriptions(self, gateway: str | None = None) -> Rows[Interest]:
        """Every instrument that is wanted on a gateway, or on all."""
        names = await self._hub.resolver.live(gateway)
        answers = await self._hub.resolver.each(names, self._hub.calls.subscriptions)
        return Rows(one for answer in answers.values() for one in answer)

    async def pin(self, *patterns: str, gateway: str | None = None, wait: float = 10.0) -> dict[str, list[str]]:
        """Subscribe for good, on standbys too; gives the pins by gateway.

        Raises:
            MarketBusError: as `ticks`.
        """
        plan = await self._hub.resolver.resolve(parse(patterns), gateway, wait, standbys=True)
        return {name: await self._hub.calls.pin(name, share.patterns()) for name, share in plan.items()}

    async def unpin(self, *patterns: str, gateway: str | None = None) -> dict[str, list[str]]:
        """Take pins back (on every gateway, if none is named); gives the pins left by gateway."""
        texts = [pattern.text for pattern in parse(patterns)]
        names = await self._hub.resolver.live(gateway)
        return await self._hub.resolver.each(names, lambda name: self._hub.calls.unpin(name, texts))

    async def reconnect(self, gateway: str) -> None:
        """Replace a gateway's worker: a fresh process, a fresh login."""
        await self._hub.resolver.live(gateway)
        await self._hub.calls.reconnect(gateway)

    def _forget(self, flow: Flow) -> None:
        if flow in self._flows:
            flow.close_soon(lambda: self._flows.discard(flow))
