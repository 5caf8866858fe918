"""The lease on one's orders: while a program renews it, they stand; when it is gone, they are cancelled."""

import asyncio
from types import TracebackType

from marketbus.client.hub import Hub
from marketbus.client.trading.calls import Desk, TradingCalls
from marketbus.domain.errors import MarketBusError

TTL = 10.0
RETRY = 0.5


class Control:
    """Renews the lease in the background; for `async with`. See `Bus.control`."""

    def __init__(self, hub: Hub, calls: TradingCalls, desk: Desk, ttl: float) -> None:
        self.desk = desk
        self.armed = False
        """Whether the account's configuration has orders cancelled when the lease runs out."""
        self._hub = hub
        self._calls = calls
        self._ttl = ttl
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Take the lease.

        Raises:
            MarketBusError: it was not taken.
        """
        self.armed = await self._calls.control(self.desk, self._ttl)
        self._task = asyncio.get_running_loop().create_task(self._keep(), name="marketbus-control")

    async def release(self) -> None:
        """Give the lease back: the orders stand.

        Raises:
            MarketBusError: it was not given back, and runs out.
        """
        await self.drop()
        await self._calls.control(self.desk, 0)

    async def drop(self) -> None:
        """Renew it no more: it runs out, and the orders end with it. Safe to call twice."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def __aenter__(self) -> "Control":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            await self.release()
        else:
            await self.drop()

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(self._ttl / 3)
            while True:
                try:
                    self.armed = await self._calls.control(self.desk, self._ttl)
                    break
                except MarketBusError as error:
                    self._hub.throttle.warning("control", f"{'/'.join(self.desk)}: the lease is not renewed: {error}")
                await asyncio.sleep(min(RETRY, self._ttl / 3))
