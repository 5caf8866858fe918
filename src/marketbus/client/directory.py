"""Which gateways are on the bus, and what they last said of themselves."""

import asyncio
import time
from collections.abc import Callable

import msgspec
from nats.aio.msg import Msg

from marketbus.client.calls import Calls
from marketbus.client.link import Link
from marketbus.client.stats import Stats, Throttle
from marketbus.domain.errors import BadPayload
from marketbus.domain.status import GatewayStatus
from marketbus.wire import codec, subjects
from marketbus.wire.rpc import SERVICE

FRESH = 5.0
"""Seconds that a status vouches for its gateway: twenty reports."""


class _Info(msgspec.Struct):
    metadata: dict[str, str] | None = None


class Directory:
    """The gateways that answered the last discovery or have reported since."""

    def __init__(self, link: Link, calls: Calls, stats: Stats, throttle: Throttle) -> None:
        self.watchers: list[Callable[[GatewayStatus], None]] = []
        """Called with every status that arrives."""
        self._link = link
        self._calls = calls
        self._stats = stats
        self._throttle = throttle
        self._found: frozenset[str] | None = None
        self._accounts: dict[str, str] = {}
        self._looked_for: set[str] = set()
        self._reports: dict[str, tuple[float, GatewayStatus]] = {}
        self._searching: asyncio.Task[frozenset[str]] | None = None

    async def open(self) -> None:
        """Start listening to the gateways' reports."""
        await self._link.subscribe(subjects.status("*"), self._on_status)

    async def close(self) -> None:
        """Give up a search that goes on."""
        if self._searching is not None:
            self._searching.cancel()
            await asyncio.wait({self._searching})

    async def names(self, *, refresh: bool = False) -> list[str]:
        """Live gateways, sorted; asks the bus when nothing is known yet, or on `refresh`."""
        found = self._found
        if refresh or found is None:
            if self._searching is None:
                self._searching = asyncio.create_task(self._search())
                self._searching.add_done_callback(self._searched)
            found = await asyncio.shield(self._searching)
            self._found = found
        since = time.monotonic() - FRESH
        return sorted(found | {name for name, (at, _) in self._reports.items() if at > since})

    async def accounts(self) -> dict[str, str]:
        """The account that each live gateway trades, by gateway; gateways without trading are left out."""
        names = await self.names()
        new = set(names) - (self._found or frozenset()) - self._looked_for
        if new:  # one that reported after the search
            self._looked_for |= new
            names = await self.names(refresh=True)
        return {name: self._accounts[name] for name in names if name in self._accounts}

    def report(self, gateway: str) -> GatewayStatus | None:
        """The gateway's last report."""
        entry = self._reports.get(gateway)
        return None if entry is None else entry[1]

    def forget(self, gateway: str) -> None:
        """The gateway did not answer."""
        self._reports.pop(gateway, None)
        self._found = None

    def _searched(self, _: "asyncio.Task[frozenset[str]]") -> None:
        self._searching = None

    async def _search(self) -> frozenset[str]:
        names: set[str] = set()
        for answer in await self._calls.gather(f"$SRV.INFO.{SERVICE}"):
            try:
                metadata = msgspec.json.decode(answer, type=_Info).metadata or {}
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                self._stats.bad_payloads += 1
                continue
            if name := metadata.get("gateway"):
                names.add(name)
                self._accounts.pop(name, None)
                if account := metadata.get("account"):
                    self._accounts[name] = account
        return frozenset(names)

    async def _on_status(self, message: Msg) -> None:
        try:
            status = codec.decode(GatewayStatus, message.data)
        except BadPayload as error:
            self._stats.bad_payloads += 1
            self._throttle.warning("bad_payload", f"{message.subject[:100]}: {error}")
            return
        self._reports[status.gateway] = (time.monotonic(), status)
        for watcher in list(self.watchers):
            watcher(status)
