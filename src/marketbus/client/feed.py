"""A feed: patterns in, ticks out, over all the gateways that carry them."""

import asyncio
import contextlib
import secrets
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from nats.aio.msg import Msg

from marketbus.client.gap import Gap
from marketbus.client.hub import GapHandler, Hub
from marketbus.client.line import Line, Outlet
from marketbus.client.link import Tap
from marketbus.client.plan import Plan, Share
from marketbus.client.relay import Relay
from marketbus.client.stats import logger
from marketbus.domain.errors import BadPayload, MarketBusError
from marketbus.domain.instrument import Exchange, Instrument, Pattern
from marketbus.domain.status import GatewayStatus
from marketbus.wire import subjects

SETTLE = 0.3
"""Seconds to let a gateway finish listing before its contracts are asked for."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a feed should deliver."""

    patterns: tuple[Pattern, ...]
    gateway: str | None = None
    snapshot: bool = True
    in_session: bool = False
    ttl: float = 30.0
    wait: float = 10.0
    on_gap: list[GapHandler] = field(default_factory=list[GapHandler])

    @property
    def globs(self) -> tuple[Pattern, ...]:
        """The patterns that can take contracts that are listed later."""
        return tuple(pattern for pattern in self.patterns if pattern.instrument is None)


class Feed:
    """Lines to the gateways concerned, and more of them when gateways or contracts appear later."""

    def __init__(self, hub: Hub, wish: Wish, outlet: Outlet) -> None:
        self.owner = f"{hub.options.name[:40]}-{secrets.token_hex(8)}"
        self._hub = hub
        self._wish = wish
        self._outlet = Outlet(outlet.tick, lambda gap: self._gap(gap, outlet))
        self._relay: Relay | None = None
        if wish.gateway is None and hub.health.gateways:
            ranking = hub.health.gateways
            self._relay = Relay(ranking, hub.health, self._outlet, hub.stats, last_values=wish.snapshot)
        self._lines: dict[str, Line] = {}
        self._listing: Tap | None = None
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self._seen: dict[str, int] = {}
        """Gateways that were asked what they list, and how many contracts they had."""
        self._new: set[str] = set()

    async def open(self) -> None:
        """Find the gateways, subscribe, lease, deliver last values.

        Raises:
            MarketBusError: see `Resolver.resolve`.
        """
        hub, wish = self._hub, self._wish
        try:
            if wish.globs:
                # Before anyone is asked what is listed now: what is listed from here on is not missed.
                token = "*" if wish.gateway is None else subjects.encode_token(wish.gateway)
                self._listing = await hub.link.subscribe(f"ref.contract.{token}.>", self._on_contract)
                await hub.link.confirm(self._listing)
            if self._relay is not None:
                await hub.ask_after(self._relay.ranking)
                hub.health.listeners.append(self._relay.judge)
            plan = await hub.resolver.resolve(wish.patterns, wish.gateway, wish.wait, standbys=self._relay is not None)
            hub.link.on_disconnect.append(self._on_disconnect)
            hub.link.on_reconnect.append(self._on_reconnect)
            hub.directory.watchers.append(self._on_status)
            self._seen.update({name: hub.health.contracts(name) for name in await hub.directory.names()})
            await self._begin(plan)
            if wish.globs or self._relay is not None:
                self._task = asyncio.create_task(self._follow(), name="marketbus-feed")
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Stop listening, give the leases back. Safe to call twice."""
        for listeners, mine in (
            (self._hub.link.on_disconnect, self._on_disconnect),
            (self._hub.link.on_reconnect, self._on_reconnect),
            (self._hub.directory.watchers, self._on_status),
        ):
            with contextlib.suppress(ValueError):
                listeners.remove(mine)  # pyright: ignore[reportArgumentType]
        if self._relay is not None:
            with contextlib.suppress(ValueError):
                self._hub.health.listeners.remove(self._relay.judge)
        self._closed = True  # nats-py swallows a cancellation here and there (Client._flush_pending)
        if self._task is not None:
            self._changed.set()
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        listing, self._listing = self._listing, None
        if listing is not None:
            await listing.close()
        lines, self._lines = self._lines, {}
        await asyncio.gather(*(line.close() for line in lines.values()), return_exceptions=True)

    @property
    def gateways(self) -> tuple[str, ...]:
        """The gateways whose ticks are handed on now."""
        if self._relay is None:
            return tuple(self._lines)
        return self._relay.serving() + tuple(name for name in self._lines if name not in self._relay.ranking)

    async def _begin(self, plan: Plan) -> None:
        """Open the lines; one that does not open is tried again later if another gateway has the same to give."""
        if self._relay is None:
            for share in plan.values():
                await self._start(share)
            return
        self._relay.join(plan[name] for name in self._relay.ranking if name in plan)
        failed: list[tuple[Share, MarketBusError]] = []
        for share in sorted(plan.values(), key=lambda share: not self._hub.health.good(share.gateway)):
            try:
                await self._start(share)
            except MarketBusError as error:
                failed.append((share, error))
        for share, error in failed:
            others = [line.share for line in self._lines.values()]
            if not all(any(one in other.instruments for other in others) for one in share.instruments):
                raise error
            self._look_at(share.gateway)
        for name in self._relay.ranking:
            if name not in self._lines and self._hub.health.silent(name):
                self._hub.throttle.warning(f"preferred {name}", f"preferred gateway {name} is not there to stand by")
                self._seen.pop(name, None)

    async def _start(self, share: Share) -> None:
        wish = self._wish
        relay = self._relay if self._relay is not None and share.gateway in self._relay.ranking else None
        outlet = self._outlet if relay is None else relay.outlet(share.gateway)
        line = Line(
            self._hub, share, self.owner, outlet,
            ttl=wish.ttl, snapshot=wish.snapshot, in_session=wish.in_session,
        )  # fmt: skip
        self._lines[share.gateway] = line
        try:
            await line.open()
        except BaseException:
            del self._lines[share.gateway]
            if relay is not None:
                relay.leave(share.gateway)
            await line.close()
            raise
        if relay is not None:
            relay.join([share])

    def _gap(self, gap: Gap, outlet: Outlet) -> None:
        self._hub.tell(gap, self._wish.on_gap)
        outlet.gap(gap)

    def _on_disconnect(self) -> None:
        for line in self._lines.values():
            line.on_disconnect()

    def _on_reconnect(self) -> None:
        for line in self._lines.values():
            line.on_reconnect()

    def _on_status(self, status: GatewayStatus) -> None:
        line = self._lines.get(status.gateway)
        if line is not None:
            line.on_status(status)
        if self._task is None or not status.contracts:
            return
        known = self._seen.get(status.gateway)
        ours = self._relay is not None and status.gateway in self._relay.ranking
        if (known != status.contracts) if ours else (line is None and known is None):
            self._seen[status.gateway] = status.contracts
            if self._wish.gateway in (None, status.gateway):
                self._look_at(status.gateway)

    async def _on_contract(self, message: Msg) -> None:
        parts = message.subject.split(".")
        try:
            if len(parts) != 5:
                raise BadPayload("not a contract subject")  # noqa: TRY301 (one place counts them all)
            gateway = subjects.decode_token(parts[2])
            instrument = Instrument(subjects.decode_token(parts[4]), Exchange(parts[3]))
        except BadPayload as error:
            self._hub.bad_payload(message.subject, error)
            return
        if not any(glob.matches(instrument) for glob in self._wish.globs):
            return
        line = self._lines.get(gateway)
        if line is not None and len(self._lines) == 1:
            line.add(instrument)
        else:
            self._look_at(gateway)

    def _look_at(self, gateway: str) -> None:
        self._new.add(gateway)
        self._changed.set()

    async def _follow(self) -> None:
        """Take in what other gateways list, and gateways that appear, later."""
        while not self._closed:
            await self._changed.wait()
            await asyncio.sleep(SETTLE)
            self._changed.clear()
            for gateway in list(self._new):
                self._new.discard(gateway)
                try:
                    await self._take_in(gateway)
                except MarketBusError as error:
                    self._hub.throttle.warning("follow", f"looking for new contracts of {gateway}: {error}")
                    self._look_at(gateway)
                except Exception:  # noqa: BLE001 (logged with its trace; a feed outlives our own mistakes)
                    logger.exception("looking for new contracts of %s", gateway)

    async def _take_in(self, gateway: str) -> None:
        """Follow what the gateway lists and no line of ours delivers."""
        hub = self._hub
        texts = [one.text for one in (self._wish.patterns if self._relay is not None else self._wish.globs)]
        names = {gateway, *(name for name in self._lines if not hub.health.unwell(name))}
        books = await hub.resolver.each(sorted(names), lambda name: hub.calls.contracts(name, texts))
        carried = {name: {contract.instrument for contract in book} for name, book in books.items()}
        line = self._lines.get(gateway)
        share = Share(gateway) if line is None else line.share
        fresh = [
            one.instrument
            for one in books.get(gateway, ())
            if one.instrument not in share.instruments and self._belongs(one.instrument, gateway, carried)
        ]
        if line is not None:
            for instrument in fresh:
                line.add(instrument)
        elif fresh:
            share.instruments.update(dict.fromkeys(fresh))
            if self._relay is not None and gateway in self._relay.ranking:
                rest = carried[gateway] - share.instruments.keys()
                share.globs.update({glob: None for glob in self._wish.globs if not any(map(glob.matches, rest))})
            await self._start(share)
        if self._relay is not None:
            for name, book in books.items():  # a line that takes whole exchanges may never have asked what they list
                if (other := self._lines.get(name)) is not None and other.share.globs:
                    other.share.instruments.update(
                        {one.instrument: None for one in book if other.share.wants(one.instrument)}
                    )
            self._relay.judge()

    def _belongs(self, instrument: Instrument, gateway: str, carried: Mapping[str, AbstractSet[Instrument]]) -> bool:
        carriers = sorted(name for name, listed in carried.items() if instrument in listed)
        ranking = () if self._relay is None else self._relay.ranking
        alike = ranking if gateway in ranking else ()
        others = [name for name in carriers if name != gateway and name not in alike and name in self._lines]
        if any(self._lines[name].share.wants(instrument) for name in others):
            return False
        if gateway in ranking:
            return True
        return next((name for name in self._hub.resolver.preferred if name in carriers), carriers[0]) == gateway
