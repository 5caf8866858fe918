"""Lends the socket of a connection that nats-py keeps to the accelerator's writing thread.

nats-py goes on dialling, authenticating, reading, answering PING and reconnecting. While the thread has the socket,
what nats-py writes is handed to it and goes out between two messages (`LentTransport`); before and after, it goes to
the socket as ever, so a reconnect, which dials on the same transport object, needs nothing from here. A connection by
TLS or WebSocket has no socket to lend: the loop writes there, the accelerator still encodes and queues.

tests/unit/adapters/test_nats_tick_publisher.py fails if a release of nats-py moves any of this.
"""

import asyncio
import os
import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import ParseResult

from nats.aio.client import Client
from nats.aio.transport import TcpTransport, Transport

if TYPE_CHECKING:
    from marketbus_native import _native


class LentTransport(Transport):
    """nats-py's transport, but that writing yields to whoever has the socket."""

    def __init__(self, own: TcpTransport, queue: "_native.TickQueue") -> None:
        self._own: Any = own
        self._queue = queue

    @property
    def _io_writer(self) -> Any:  # pyright: ignore[reportUnusedFunction] (`seam.cut` aborts it)
        return self._own._io_writer

    async def connect(self, uri: ParseResult, buffer_size: int, connect_timeout: int) -> None:
        """See nats-py."""
        self._queue.detach()
        await self._own.connect(uri, buffer_size, connect_timeout)

    async def connect_tls(
        self, uri: str | ParseResult, ssl_context: ssl.SSLContext, buffer_size: int, connect_timeout: int
    ) -> None:
        """See nats-py."""
        await self._own.connect_tls(uri, ssl_context, buffer_size, connect_timeout)

    def write(self, payload: bytes) -> None:
        """See nats-py."""
        if not self._queue.control(bytes(payload)):
            self._own.write(payload)

    def writelines(self, payload: list[bytes]) -> None:
        """See nats-py."""
        self.write(b"".join(payload))

    async def read(self, buffer_size: int) -> bytes:
        """See nats-py."""
        return await self._own.read(buffer_size)

    async def readline(self) -> bytes:
        """See nats-py."""
        return await self._own.readline()

    async def drain(self) -> None:
        """See nats-py."""
        await self._own.drain()

    async def wait_closed(self) -> None:
        """See nats-py."""
        await self._own.wait_closed()

    def close(self) -> None:
        """See nats-py."""
        self._queue.detach()  # the thread's copy of the socket would keep the connection open
        self._own.close()

    def at_eof(self) -> bool:
        """See nats-py."""
        return self._own.at_eof()

    def __bool__(self) -> bool:  # pyright: ignore[reportIncompatibleMethodOverride] (the base declares nothing)
        return bool(self._own)


def can_lend(client: Client) -> bool:
    """Whether the connection is a plain socket."""
    transport: Any = client._transport  # pyright: ignore[reportPrivateUsage]
    if not isinstance(transport, TcpTransport | LentTransport):
        return False
    writer = transport._io_writer  # pyright: ignore[reportPrivateUsage]
    return writer is not None and writer.get_extra_info("ssl_object") is None


async def lend(client: Client, queue: "_native.TickQueue") -> bool:
    """Give the thread the socket once nothing of nats-py's waits to be written; False when the connection broke.

    Raises:
        OSError: the socket cannot be shared.
    """
    while client.is_connected and can_lend(client):
        transport: Any = client._transport  # pyright: ignore[reportPrivateUsage]
        stream = transport._io_writer.transport
        if not stream.is_closing() and stream.get_write_buffer_size() == 0:
            if isinstance(transport, TcpTransport):
                client._transport = LentTransport(transport, queue)  # pyright: ignore[reportPrivateUsage]
            queue.attach(os.dup(stream.get_extra_info("socket").fileno()))
            return True
        await asyncio.sleep(0.001)
    return False
