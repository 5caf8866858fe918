"""One live worker per gateway name where NATS keeps no leases: whoever answers to the name has it."""

import asyncio
import math
import os
import socket
from collections.abc import Callable
from random import Random
from typing import Any

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from marketbus.domain.errors import MarketBusError
from marketbus.domain.status import GatewayStatus
from marketbus.ports.clock import Clock
from marketbus.wire import codec, rpc, subjects

ANSWER = 1.0
"""Seconds that the holder of a name has to answer."""
FROZEN = 5.0
"""Seconds without an answer after which a holder that still listens counts as gone."""


class Presence:
    """`ports.name_lease.NameLease` without JetStream.

    Weaker than a lease: two workers on two sides of a split, or started in the same instant, are both live until they
    hear each other; then the one of the older epoch steps down, and consumers discard its ticks in any case.
    """

    held = True
    """Nothing can say otherwise at once."""
    held_until = math.inf

    def __init__(self, client: Client, name: str, clock: Clock, random: Random) -> None:
        self._client = client
        self._name = name
        self._clock = clock
        self._random = random
        self._me = (socket.gethostname(), os.getpid())
        self._epoch = 0
        self._newest_other = 0
        self._heard = asyncio.Event()

    async def acquire(self, on_standby: Callable[[str, int], None]) -> None:
        """Return when nobody answers to the name."""
        await asyncio.sleep(self._random.uniform(0, 0.1))  # two started together must not ask in step
        told = False
        since: float | None = None
        while True:
            try:
                holder = await self._ask()
            except nats.errors.NoRespondersError:
                return
            except (OSError, nats.errors.Error, TimeoutError, MarketBusError):
                now = self._clock.monotonic()
                since = now if since is None else since
                if now - since >= FROZEN:
                    return
                await asyncio.sleep(0.1)
                continue
            since = None
            if not told:
                told = True
                on_standby(holder.host, holder.pid)
            await asyncio.sleep(ANSWER * self._random.uniform(0.5, 1.0))

    async def hold(self) -> None:
        """Listen until a newer incarnation of the name reports, then return."""
        subscription = await self._client.subscribe(subjects.status(self._name), cb=self._listen)  # pyright: ignore[reportUnknownMemberType]
        try:
            while not 0 < self._epoch < self._newest_other:
                self._heard.clear()
                await self._heard.wait()
        finally:
            if self._client.is_connected:
                await subscription.unsubscribe()

    async def release(self) -> None:
        """Nothing to give back: the name is free once nobody answers."""

    async def _ask(self) -> GatewayStatus:
        reply = await self._client.request(subjects.rpc(self._name, "md", "status"), b"", timeout=ANSWER)
        return codec.from_object(GatewayStatus, rpc.decode_reply(dict[str, Any], reply.data))

    async def _listen(self, message: Msg) -> None:
        try:
            status = codec.decode(GatewayStatus, message.data)
        except MarketBusError:
            return
        if (status.host, status.pid) == self._me:
            self._epoch = status.epoch
        else:
            self._newest_other = max(self._newest_other, status.epoch)
        self._heard.set()
