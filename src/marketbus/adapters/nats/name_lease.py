"""One live worker per gateway name, by a lease in NATS KV."""

import asyncio
from collections.abc import Callable
from random import Random

import nats.js.errors
from nats.aio.client import Client

from marketbus.adapters.nats.holder import Holder, is_gone, myself
from marketbus.adapters.nats.name_bucket import UNREACHABLE, NameBucket
from marketbus.domain.errors import BusUnavailable
from marketbus.ports.clock import Clock

PATIENCE = 3.0
"""Seconds that NATS may refuse JetStream at start (it comes up after the port does) before that is an error."""


class KvNameLease:
    """`ports.name_lease.NameLease` on JetStream KV.

    The holder renews every third of the ttl. An outage of NATS is no loss: the holder goes on trying, and only another
    holder's entry ends the lease. `held` is the strict answer in between: true while nobody else can have the name,
    measured from before the last successful renewal was sent, so a process that was frozen knows before it speaks.
    """

    def __init__(
        self,
        client: Client,
        name: str,
        clock: Clock,
        random: Random,
        *,
        token: str,
        ttl: float = 5.0,
    ) -> None:
        """`token` is unique to this incarnation; `ttl` in seconds."""
        self._clock = clock
        self._random = random
        self._me = myself(token)
        self._bucket = NameBucket(client, name, clock, ttl)
        self._revision = 0
        self._until = 0.0

    @property
    def held(self) -> bool:
        """Whether the name is surely ours at this moment."""
        return self._clock.monotonic() < self._until

    @property
    def held_until(self) -> float:
        """See `ports.name_lease.NameLease`."""
        return self._until

    async def acquire(self, on_standby: Callable[[str, int], None]) -> None:
        """Return when the name is ours; see `ports.name_lease.NameLease`.

        Raises:
            BusUnavailable: JetStream is not enabled.
        """
        refused_since: float | None = None
        standby = False
        while True:
            try:
                other = await self._claim()
            except UNREACHABLE as error:
                refused_since = self._refused(error, refused_since)
                self._bucket.forget()
                # After a restart the memory bucket is empty: let the holder's time run out or the holder come back.
                await self._pause(1.5 if standby else 0.1)
                continue
            refused_since = None
            if other is None:
                return
            if not standby:
                standby = True
                on_standby(other.host, other.pid)
            await self._pause(0.1)

    async def hold(self) -> None:
        """Renew until another holds the name, then return."""
        pause = 1 / 3
        while True:
            await self._pause(pause)
            try:
                if not await self._renew():
                    self._until = 0.0
                    return
                pause = 1 / 3
            except UNREACHABLE:
                self._bucket.forget()
                pause = 0.05

    async def release(self) -> None:
        """Give the name back; without NATS it runs out by itself."""
        revision, self._revision, self._until = self._revision, 0, 0.0
        if not revision:
            return
        try:
            async with asyncio.timeout(2.0):
                await self._bucket.delete(revision)
        except UNREACHABLE:
            return

    async def _renew(self) -> bool:
        asked = self._clock.monotonic()
        revision = await self._bucket.update(self._me, self._revision)
        if revision is not None:
            self._keep(revision, asked)
            return True
        return await self._claim() is None

    async def _claim(self) -> Holder | None:
        """Take the name if it is free, ours, or a dead process's on this machine; else who holds it."""
        asked = self._clock.monotonic()
        holder, revision = await self._bucket.holder()
        if holder is not None and holder.token == self._me.token:
            # An earlier request of ours arrived though its answer did not: renew it, so that its age is known.
            renewed = await self._bucket.update(self._me, revision)
        elif holder is None:
            renewed = await self._bucket.create(self._me)
        elif is_gone(holder):
            renewed = await self._bucket.update(self._me, revision)
        else:
            return holder
        if renewed is None:
            holder, _ = await self._bucket.holder()
            if holder is None or holder.token == self._me.token:
                raise OSError("the name's entry changes hands")  # asked again in a moment
            return holder
        self._keep(renewed, asked)
        return None

    def _keep(self, revision: int, asked: float) -> None:
        self._revision = revision
        self._until = asked + self._bucket.ttl

    async def _pause(self, share: float) -> None:
        """A jittered share of the ttl."""
        await asyncio.sleep(self._bucket.ttl * share * self._random.uniform(0.7, 1.0))

    def _refused(self, error: Exception, since: float | None) -> float | None:
        """Since when NATS, though connected, refuses; raises when that has lasted too long to be a start-up."""
        if not isinstance(error, nats.js.errors.APIError | nats.js.errors.NoStreamResponseError):
            return None
        now = self._clock.monotonic()
        if since is None:
            return now
        if now - since < PATIENCE:
            return since
        if isinstance(error, nats.js.errors.ServiceUnavailableError | nats.js.errors.NoStreamResponseError):
            raise BusUnavailable(
                "NATS runs without JetStream, which keeps one live worker per gateway name",
                "start nats-server with -js, or add `jetstream {}` to its configuration and the account's",
            ) from None
        raise BusUnavailable(f"NATS refuses the bucket of gateway names: {error.description}") from None
