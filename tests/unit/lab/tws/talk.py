"""A raw conversation with a simulated TWS: frames out, every frame in kept."""

import asyncio
import struct
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from marketbus.lab.tws import TwsLab, TwsOptions
from tests.system.poll import eventually
from tests.unit.lab.tws.official import OfficialClient

OPENING = datetime.fromisoformat("2026-11-20T09:30:00-05:00")


class Talk:
    """One client. `heard`: the fields of every message, as text."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, version: int) -> None:
        self.client = OfficialClient(version)
        """Writes what `send` sends."""
        self._reader = reader
        self._writer = writer
        self.bodies: list[bytes] = []
        self.hung_up = False
        self._task = asyncio.create_task(self._listen())

    @property
    def heard(self) -> list[list[str]]:
        return [body.decode().split("\0")[:-1] for body in self.bodies]

    def of(self, number: int) -> list[list[str]]:
        """Messages with that id."""
        begin = f"{number}\0".encode()
        return [body.decode().split("\0")[:-1] for body in self.bodies if body.startswith(begin)]

    @property
    def codes(self) -> list[int]:
        """Of the errors and notices, before version 194."""
        return [int(fields[3]) for fields in self.of(4)]

    def say(self, *fields: object) -> None:
        """A request of these fields."""
        body = "".join(f"{field}\0" for field in fields).encode()
        self.write(struct.pack(">I", len(body)) + body)

    def write(self, data: bytes) -> None:
        self._writer.write(data)

    def send(self) -> None:
        """What the client has written since."""
        self.write(self.client.take())

    async def settled(self) -> None:
        """Waits until all that was said was heard there, and all that it said to that is here."""
        count = len(self.of(49))
        self.say(49, 1)
        await self.until(49, count + 1)

    @property
    def statuses(self) -> list[tuple[int, str, str, str]]:
        """Of orderStatus: order id, status, filled, why it is held."""
        return [(int(fields[1]), fields[2], fields[3], fields[10]) for fields in self.of(3)]

    async def until(self, number: int, count: int = 1) -> list[list[str]]:
        """Waits for that many messages with that id."""
        return await eventually(
            lambda: found if len(found := self.of(number)) >= count else None,
            f"message {number}",
            within=15,
            every=0.002,
        )

    async def close(self) -> None:
        self._writer.close()
        await self._task

    async def _listen(self) -> None:
        try:
            while True:
                (size,) = struct.unpack(">I", await self._reader.readexactly(4))
                self.bodies.append(await self._reader.readexactly(size))
        except (asyncio.IncompleteReadError, ConnectionError):
            self.hung_up = True


async def connect(lab: TwsLab, client_id: int = 1, offer: str = "v157..178", version: int = 178) -> Talk:
    """A client that has said hello; `bodies` begins with the server's version, which will be `version`."""
    talk = Talk(*await asyncio.open_connection("127.0.0.1", lab.port), version)
    talk.write(b"API\0" + struct.pack(">I", len(offer)) + offer.encode())
    talk.say(71, 2, client_id, "")
    return talk


@asynccontextmanager
async def playing(**options: Any) -> AsyncGenerator[TwsLab]:
    """A lab whose market stands still until it is stepped."""
    options = {"rate": 0.0, "start": OPENING, "pace": 0} | options
    lab = TwsLab(TwsOptions(**options))
    await lab.start()
    try:
        yield lab
    finally:
        await lab.stop()
