"""One kind of payload of one account, from the bus and, where the bus was cut, from the account's journal."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

from nats.aio.msg import Msg

from marketbus.client.hub import Hub
from marketbus.client.link import Tap
from marketbus.client.stats import logger
from marketbus.client.trading.calls import Desk, TradingCalls
from marketbus.client.trading.join import Join
from marketbus.domain.account import Account
from marketbus.domain.errors import BadPayload, BusUnavailable, MarketBusError, UnknownGateway
from marketbus.domain.instrument import Pattern
from marketbus.domain.order import Order
from marketbus.domain.position import Position
from marketbus.domain.trade import Trade
from marketbus.wire import codec, subjects

P = TypeVar("P", Order, Trade, Position, Account)

EVERY = 10.0
"""Seconds after which the journal is asked even though nothing is known to be missing: in a cluster, servers that lose
each other cut off a client that never lost its own."""
ARRIVING = 0.1
"""Seconds for what was told before an answer to be taken in behind it."""
RETRY = 0.5
"""Seconds between two attempts to reach the gateway."""


class Channel(Generic[P]):
    """Calls `deliver` on the loop with everything that is told, once; `deliver` must not block or raise."""

    def __init__(self, hub: Hub, calls: TradingCalls, desk: Desk, kind: type[P], deliver: Callable[[P], None]) -> None:
        self.desk = desk
        self._hub = hub
        self._calls = calls
        self._kind = kind
        self._deliver = deliver
        self._join: Join[P] = Join()
        self._tap: Tap | None = None
        self._task: asyncio.Task[None] | None = None
        self._due = asyncio.Event()

    async def open(self, *, snapshot: bool = False, since: int | None = None, wait: float = 0.0) -> None:
        """Begin with how matters stand (`snapshot`), after a position of the journal (`since`), or now.

        Waits up to `wait` seconds for a gateway that is starting.

        Raises:
            BusUnavailable, UnknownGateway: it is not there.
            NotPermitted: the bus does not let us hear of it.
        """
        link, loop = self._hub.link, asyncio.get_running_loop()
        deadline = loop.time() + wait
        self._join.hold()
        try:
            self._tap = await link.subscribe(_subject(self._kind, self.desk), self._on_message, self._cut)
            link.on_disconnect.append(self._join.hold)
            link.on_reconnect.append(self._cut)
            await link.confirm(self._tap)
            while True:
                try:
                    await self._begin(snapshot, since)
                    break
                except (BusUnavailable, UnknownGateway):
                    if loop.time() >= deadline:
                        raise
                await asyncio.sleep(RETRY)
        except BaseException:
            await self.close()
            raise
        self._task = loop.create_task(self._keep(), name="marketbus-account")

    async def close(self) -> None:
        """Nothing is delivered afterwards. Safe to call twice."""
        link = self._hub.link
        for listeners, mine in ((link.on_disconnect, self._join.hold), (link.on_reconnect, self._cut)):
            if mine in listeners:
                listeners.remove(mine)
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        tap, self._tap = self._tap, None
        if tap is not None:
            await tap.close()

    async def _begin(self, snapshot: bool, since: int | None) -> None:
        if since is not None:
            self._join.floor = since
            await self._catch_up()
            return
        # In this order: what the journal tells after its head is told on the bus after we listen there, and the
        # snapshot holds all of what came before.
        self._join.floor = await self._calls.head(self.desk)
        if snapshot:
            ask: dict[type, Callable[[Desk], Awaitable[Any]]] = {
                Order: self._calls.orders,
                Trade: self._calls.trades,
                Position: self._calls.positions,
                Account: self._funds,
            }
            self._give(self._join.snapshot(await ask[self._kind](self.desk)))
        self._release()

    async def _funds(self, desk: Desk) -> list[Account]:
        try:
            return [await self._calls.account(desk)]
        except BusUnavailable:
            raise
        except MarketBusError:
            return []  # not known yet: they come with the first complete query

    async def _keep(self) -> None:
        while True:
            cut = True
            try:
                async with asyncio.timeout(EVERY * random.uniform(0.8, 1.2)):  # noqa: S311 (spreads clients)
                    await self._due.wait()
            except TimeoutError:
                cut = False
            self._due.clear()
            try:
                if cut or not await self._complete():
                    await self._catch_up()
            except MarketBusError as error:
                self._hub.throttle.warning("events", f"{'/'.join(self.desk)}: {error}")
                await asyncio.sleep(RETRY)
                self._due.set()
            except Exception:  # noqa: BLE001 (logged with its trace; a stream outlives our own mistakes)
                logger.exception("following %s", "/".join(self.desk))
                await asyncio.sleep(RETRY)
                self._due.set()

    async def _complete(self) -> bool:
        """Whether as much was heard as was told: a number instead of all of it once more."""
        try:
            told = await self._calls.tally(self.desk, self._kind, self._join.floor)
        except MarketBusError:  # a gateway of an older release has no such verb
            return False
        if told.count is None:
            return False
        if not self._join.complete(told.upto, told.count):
            await asyncio.sleep(ARRIVING)
        return self._join.complete(told.upto, told.count)

    async def _catch_up(self) -> None:
        more = True
        while more:
            since = self._join.floor
            payloads, upto, more = await self._calls.events(self.desk, self._kind, since)
            self._give(self._join.recorded(payloads, upto))
            if upto == since and await self._calls.head(self.desk) < since:
                self._hub.throttle.warning(
                    f"journal {self.desk}",
                    f"{'/'.join(self.desk)} has another journal now: followed from its beginning",
                )
                self._join.restart()
                more = True
            else:
                more = more and upto > since
        self._release()

    def _release(self) -> None:
        if self._due.is_set() or not self._hub.link.connected:
            return  # cut again meanwhile: the journal is asked once more
        told = self._join.release()
        if told is None:
            self._due.set()
        else:
            self._give(told)

    def _cut(self) -> None:
        self._join.hold()
        self._due.set()

    async def _on_message(self, message: Msg) -> None:
        try:
            payload = codec.decode(self._kind, message.data)
        except BadPayload as error:
            self._hub.bad_payload(message.subject, error)
            return
        self._give(self._join.live(payload))

    def _give(self, payloads: "list[P] | tuple[P, ...] | Any") -> None:
        for payload in payloads:
            self._deliver(payload)


def _subject(kind: type[Order] | type[Trade] | type[Position] | type[Account], desk: Desk) -> str:
    if kind is Account:
        return subjects.account(*desk)
    names: dict[type, Any] = {Order: "order", Trade: "trade", Position: "position"}
    return subjects.td_wildcard(names[kind], *desk, Pattern("*"))
