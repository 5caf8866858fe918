"""Reads many messages at once: nats-py's parser, but that what asks for it is handed over without a queue and a task.

nats-py (2.16) makes an object of every message, puts it into a queue and wakes a task for it, which costs several
times what a tick may cost. Replaced here is `Client._ps`: `parse(data)` gets whatever one read brought, in any
pieces. Messages of a subscription whose callback is a `Direct` go straight to it, in the read loop, in order; all
else is given to nats-py's own parser, one whole command at a time. The accelerator, where there is one, finds the plain
messages and hands them over, ticks already decoded (see `Line`); what it does not know is looked at here.

tests/unit/client/test_batch_parser.py compares both on the same bytes and fails if a release of nats-py moves this.
"""

from collections.abc import Callable
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import ProtocolError
from nats.protocol.parser import Parser

from marketbus.wire.native import Native, native

Receive = Callable[[str, bytes], object]
"""Takes subject and payload. What it raises is told to the connection's error callback."""

Read = Callable[[dict[int, Any], bytes, int, type], tuple[int, int, Exception | None]]
"""See `read` in native/: hands the plain messages at the front of some bytes over."""

_CRLF = b"\r\n"
_LONGEST_LINE = 8192
"""Bytes of a control line that is still waited for; nats-server's own limit is 4096."""


class Direct:
    """A callback that wants messages as they are read."""

    def __init__(self, receive: Receive) -> None:
        self.receive = receive
        self.func = self.__call__  # nats-py asks a callable object for its `func`, to see that it is a coroutine

    async def __call__(self, message: Msg) -> None:
        """As nats-py calls it, where nothing was replaced."""
        self.receive(message.subject, message.data)


class BatchParser(Parser):
    """Takes the place of a client's parser."""

    def __init__(self, client: Client, accelerator: Native | None = None) -> None:
        super().__init__(client)  # pyright: ignore[reportUnknownMemberType]
        module = (native() if accelerator is None else accelerator).module
        self._read: Read | None = None if module is None else module.read
        self._client: Any = client
        self._rest = b""
        self._connection = 0

    @classmethod
    def install(cls, client: Client) -> None:
        """Before the client connects."""
        client._ps = cls(client)  # pyright: ignore[reportPrivateUsage]

    def reset(self) -> None:
        """A new connection begins."""
        super().reset()  # pyright: ignore[reportUnknownMemberType]
        self._rest = b""
        self._connection = getattr(self, "_connection", 0) + 1

    async def parse(self, data: bytes = b"") -> None:
        """See nats-py."""
        if self._rest:
            data = self._rest + data
            self._rest = b""
        try:
            await self._parse(data)
        except (ValueError, IndexError):
            raise ProtocolError("nats: malformed MSG") from None

    async def _parse(self, data: bytes) -> None:
        client, connection = self._client, self._connection
        subs, read = client._subs, self._read
        find = data.find
        at, end, count = 0, len(data), 0
        while at < end:
            if read is not None:
                at, taken, error = read(subs, data, at, Direct)
                count += taken
                if error is not None:
                    await client._error_cb(error)
                    continue
                # What follows is for nats-py, is no plain MSG, or is not all here yet.
            line_end = find(_CRLF, at)
            if line_end < 0:
                break
            command_end = line_end + 2
            if data.startswith(b"MSG ", at):
                words = data[at + 4 : line_end].split()
                size = int(words[-1])
                if size < 0:
                    raise ValueError(size)
                payload_end = command_end + size
                if payload_end + 2 > end:
                    break
                sub = subs.get(int(words[1]))
                if sub is not None and type(sub._cb) is Direct:
                    count += 1
                    at = payload_end + 2
                    try:
                        sub._cb.receive(words[0].decode(), data[command_end:payload_end])
                    except Exception as error:  # noqa: BLE001 (as nats-py: whatever a callback raises, reading goes on)
                        await client._error_cb(error)
                    continue
                command_end = payload_end + 2
            elif data.startswith(b"HMSG ", at):
                command_end += int(data[at + 5 : line_end].split()[-1]) + 2
                if command_end > end:
                    break
            await super().parse(data[at:command_end])  # pyright: ignore[reportUnknownMemberType]
            if connection != self._connection:
                return  # what is left belongs to one that is gone
            at = command_end
        if count:
            client.stats["in_msgs"] += count
            client.stats["in_bytes"] += at
        self._rest = data[at:]
        if len(self._rest) > _LONGEST_LINE and _CRLF not in self._rest:
            rest, self._rest = self._rest, b""
            await super().parse(rest)  # pyright: ignore[reportUnknownMemberType]
