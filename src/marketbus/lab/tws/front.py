"""The API socket, and the connections on it."""

import asyncio

from marketbus.lab.errors import LabError
from marketbus.lab.tws.faults import Script
from marketbus.lab.tws.options import TwsOptions
from marketbus.lab.tws.session import Hub, Session


class Front:
    """Listens on loopback; what is switched for all clients holds for those to come."""

    def __init__(self, hub: Hub, script: Script, options: TwsOptions) -> None:
        self._hub = hub
        self._script = script
        self._options = options
        self._server: asyncio.Server | None = None
        self._sessions: dict[Session, asyncio.Task[None]] = {}
        self._muted = False
        self._delay_s = 0.0
        self.port = options.port
        self.connections = 0
        """So far."""

    @property
    def listening(self) -> bool:
        """Or it refuses."""
        return self._server is not None

    async def refuse(self, *, on: bool = True) -> None:
        """Stops listening, or listens (again, on the same port). Raises LabError when it cannot."""
        if on and self._server is not None:
            self._server.close()
            self._server = None
        elif not on and self._server is None:
            try:
                self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
            except OSError as error:
                raise LabError(f"cannot listen on 127.0.0.1:{self.port} for TWS: {error.strerror}") from error
            self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stops listening and hangs up on everybody."""
        await self.refuse()
        tasks = list(self._sessions.values())
        self.drop()
        await asyncio.gather(*tasks, return_exceptions=True)

    def drop(self, client: int | None = None) -> int:
        """Hangs up on one client or all; returns how many."""
        return len([session.close() for session in self._chosen(client)])

    def mute(self, *, on: bool, client: int | None = None) -> None:
        """Says nothing to one client or all."""
        if client is None:
            self._muted = on
        for session in self._chosen(client):
            session.muted = on

    def delay(self, ms: float, client: int | None = None) -> None:
        """Takes requests of one client or all that much later."""
        if client is None:
            self._delay_s = ms / 1000
        for session in self._chosen(client):
            session.delay_s = ms / 1000

    def _chosen(self, client: int | None) -> list[Session]:
        return [each for each in self._sessions if client in {None, each.client_id}]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = Session(self._hub, self._script, reader, writer, self._options.version, self._options.pace)
        session.muted, session.delay_s = self._muted, self._delay_s
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._sessions[session] = task
        try:
            await session.run()
        finally:
            del self._sessions[session]
