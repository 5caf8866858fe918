"""The embedded NATS server, kept alive on its port."""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

from marketbus.adapters.nats.embedded import EmbeddedNats
from marketbus.apps import paths, tether
from marketbus.apps.logs import Logs
from marketbus.apps.supervisor.backoff import Backoff
from marketbus.apps.supervisor.child import how
from marketbus.domain.errors import BusUnavailable
from marketbus.domain.status import Level


class EmbeddedBus:
    """Starts the server; `keep` starts it again on the same port whenever it ends by itself."""

    def __init__(self, state: Path, port: int, logs: Logs, backoff: Backoff) -> None:
        self._store = paths.private(paths.nats_dir(state))
        self._logs = logs
        self._backoff = backoff
        self._server = self._make(port)
        self._hurry = False

    async def start(self) -> str:
        """The server's url.

        Raises:
            BusUnavailable: it does not start; says what to do.
        """
        url = await self._server.start()
        self._logs.log(Level.INFO, "nats.embedded", url=url, worker="nats-server")
        self._port = urlsplit(url).port or 0
        return url

    async def keep(self) -> None:
        """Never returns; cancel it before `stop`."""
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            words = how(await self._server.wait())
            while True:
                delay = self._backoff.after_crash(loop.time() - began)
                self._logs.log(
                    Level.ERROR, "supervisor.worker_ended", worker="nats-server", how=words, seconds=delay
                )  # fmt: skip
                await asyncio.sleep(delay)
                self._server = self._make(self._port)
                try:
                    await self.start()
                    break
                except BusUnavailable as error:
                    words = error.message

    def kill(self) -> None:
        """Do not wait for it when it is stopped."""
        self._hurry = True

    async def stop(self) -> None:
        """End it."""
        await self._server.stop(0.0 if self._hurry else 1.0)

    def _make(self, port: int) -> EmbeddedNats:
        log = self._store / "nats-server.log"
        return EmbeddedNats(self._store / "jetstream", log, port=port, command_prefix=tether.prefix())
