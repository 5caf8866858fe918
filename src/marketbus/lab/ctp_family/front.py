"""One front of the counter: listens, takes frames apart, and can be made to misbehave."""

import asyncio
import itertools
import socket
from collections.abc import Callable

from marketbus.lab.ctp_family import frame
from marketbus.lab.ctp_family.frame import BadFrame, Frame
from marketbus.lab.errors import LabError

_SEND_LIMIT = 1 << 18
_SOCKET_BYTES = 1 << 20
SLOW_CLIENT_S = 3.0
"""A client that takes nothing for this long is dropped, as counters do: it must not hold up the others."""


class Session(asyncio.Protocol):
    """One connection of one API instance. `state` belongs to the front's handler."""

    _numbers = itertools.count(1)

    def __init__(self, front: "Front") -> None:
        self._front = front
        self._buffer = bytearray()
        self._writable = asyncio.Event()
        self._writable.set()
        self._pending: list[asyncio.TimerHandle] = []
        self.transport: asyncio.Transport | None = None
        self.number = next(self._numbers)
        self.logged_in = False
        self.authenticated = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Says the time first: whoever logs in knows the market's clock."""
        assert isinstance(transport, asyncio.Transport)
        raw: socket.socket = transport.get_extra_info("socket")
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SOCKET_BYTES)
        transport.set_write_buffer_limits(high=_SEND_LIMIT)
        self.transport = transport
        self._front.sessions.add(self)
        self.force(self._front.greeting())

    def connection_lost(self, exc: Exception | None) -> None:
        """Forgets the session."""
        self.transport = None
        self._writable.set()
        for handle in self._pending:
            handle.cancel()
        self._front.sessions.discard(self)
        self._front.on_lost(self)

    def data_received(self, data: bytes) -> None:
        """Hands every whole request to the front."""
        self._buffer += data
        try:
            frames = frame.split(self._buffer)
        except BadFrame:
            self.close()
            return
        for each in frames:
            self._later(each)

    def _later(self, each: Frame) -> None:
        if not self._front.delay_s:
            self._front.receive(self, each)
            return
        loop = asyncio.get_running_loop()
        self._pending = [handle for handle in self._pending if handle.when() > loop.time()]
        self._pending.append(loop.call_later(self._front.delay_s, self._front.receive, self, each))

    def pause_writing(self) -> None:
        """The client is behind."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """It caught up."""
        self._writable.set()

    def send(self, data: bytes | memoryview) -> None:
        """Writes unless the front is mute or the session gone."""
        if self.transport is not None and not self._front.muted:
            self.transport.write(data)

    def force(self, data: bytes) -> None:
        """Writes even when the front is mute: what is for the library, not for its user."""
        if self.transport is not None:
            self.transport.write(data)

    async def drained(self) -> None:
        """Returns when the client has taken nearly everything, or was dropped for taking nothing."""
        if self._writable.is_set():
            return
        try:
            async with asyncio.timeout(SLOW_CLIENT_S):
                await self._writable.wait()
        except TimeoutError:
            self.close()

    def close(self) -> None:
        """Cuts the connection at once, whatever is unsent."""
        if self.transport is not None:
            self.transport.abort()


class Front:
    """A listening port; `receive` gets each request, `on_lost` each session that ends."""

    def __init__(
        self,
        name: str,
        port: int,
        receive: Callable[[Session, Frame], None],
        on_lost: Callable[[Session], None],
        greeting: Callable[[], bytes],
    ) -> None:
        self.name = name
        self.port = port
        self.sessions: set[Session] = set()
        self.muted = False
        self.delay_s = 0.0
        self.on_lost = on_lost
        self.greeting = greeting
        self._receive = receive
        self._server: asyncio.Server | None = None

    @property
    def listening(self) -> bool:
        """Whether it accepts connections."""
        return self._server is not None

    async def open(self) -> None:
        """Listens; keeps the same port from the first time on."""
        if self._server is None:
            loop = asyncio.get_running_loop()
            try:
                self._server = await loop.create_server(lambda: Session(self), "127.0.0.1", self.port, backlog=1024)
            except OSError as error:
                raise LabError(f"cannot listen on 127.0.0.1:{self.port} for {self.name}: {error.strerror}") from error
            self.port = self._server.sockets[0].getsockname()[1]

    async def refuse(self) -> None:
        """Stops listening; connections that exist stay."""
        if self._server is not None:
            # Not wait_closed(): since Python 3.12 it waits for the connections too.
            self._server.close()
            self._server = None

    async def close(self) -> None:
        """Stops listening and cuts every connection."""
        await self.refuse()
        self.drop()

    def drop(self) -> int:
        """Cuts every connection; returns how many."""
        sessions = list(self.sessions)
        for session in sessions:
            session.close()
        return len(sessions)

    def receive(self, session: Session, request: Frame) -> None:
        """A mute front reads and says nothing."""
        if not self.muted and session.transport is not None:
            self._receive(session, request)
