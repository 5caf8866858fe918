"""A counter's client that speaks its frames: sees what no SDK shows."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Any, Self

from marketbus.lab.ctp import CTP
from marketbus.lab.ctp_family import CounterLab, Dialect, LabOptions, frame
from marketbus.lab.ctp_family.depth import CALLBACK, STRUCT
from marketbus.lab.ctp_family.layout import Layout

DAY = datetime.fromisoformat("2026-11-20T09:30:00+08:00")


class Client:
    """A front's client in frames; `ticks` are unpacked structs."""

    def __init__(self, layout: Layout, api: str) -> None:
        self.layout = layout
        self._api = api
        self._buffer = bytearray()
        self.ticks: list[dict[str, Any]] = []
        self.frames: list[frame.Frame] = []

    async def connect(self, address: str) -> Self:
        host, port = address.removeprefix("tcp://").split(":")
        self._reader, self._writer = await asyncio.open_connection(host, int(port))
        return self

    def send(self, method: str, data: bytes) -> None:
        requests = {name: number for number, (name, _) in self.layout.messages[self._api]._requests.items()}  # pyright: ignore[reportPrivateUsage]
        self._writer.write(frame.encode(requests[method], data.count(b"\0") or 1, data, None, last=True))

    def log_in(self, password: str = "secret") -> None:
        self.send("ReqUserLogin", self.layout.pack("CThostFtdcReqUserLoginField", UserID="1", Password=password))

    def subscribe(self, *symbols: str) -> None:
        self.send("SubscribeMarketData", b"".join(symbol.encode() + b"\0" for symbol in symbols))

    async def read(self) -> None:
        depth, _ = self.layout.messages["md"].callback(CALLBACK)
        self._buffer += await self._reader.read(1 << 20)
        for each in frame.split(self._buffer):
            if each.message == depth and self._api == "md":
                self.ticks.append(self.layout.unpack(STRUCT, each.data))
            else:
                self.frames.append(each)

    async def read_ticks(self, count: int) -> list[dict[str, Any]]:
        async with asyncio.timeout(10):
            while len(self.ticks) < count:
                await self.read()
        return self.ticks

    async def answer(self, callback: str) -> tuple[int, dict[str, Any]]:
        """ErrorID and struct of the first answer of that name."""
        number, struct = self.layout.messages[self._api].callback(callback)
        async with asyncio.timeout(10):
            while True:
                for each in self.frames:
                    if each.message == number:
                        error = int.from_bytes(each.data[:4], "little")
                        return error, self.layout.unpack(struct, each.data[frame.INFO_BYTES :])
                await self.read()

    async def records(self, callback: str) -> list[dict[str, Any]]:
        """The structs of an answer to a query: one, or none."""
        number, struct = self.layout.messages[self._api].callback(callback)
        async with asyncio.timeout(10):
            while not (found := [each for each in self.frames if each.message == number]):
                await self.read()
        return [self.layout.unpack(struct, each.data) for each in found if each.data]

    def subscribe_private(self, resume: int, sequence: int = 0, trading_day: str = "") -> None:
        """What the library says when it has connected."""
        self._writer.write(frame.encode_topic(frame.Topic(resume, sequence, trading_day)))

    async def ended(self) -> bool:
        """Whether the front cuts the connection, within 10 s."""
        try:
            async with asyncio.timeout(10):
                while await self._reader.read(1 << 20):
                    pass
        except ConnectionError:
            return True
        except TimeoutError:
            return False
        return True

    async def close(self) -> None:
        self._writer.close()


@contextlib.asynccontextmanager
async def running(layout: Layout, dialect: Dialect = CTP, /, **options: Any) -> AsyncGenerator[CounterLab]:
    quiet: dict[str, Any] = {"instruments": 200, "rate": 0, "start": DAY}
    lab = CounterLab(dialect, LabOptions(**quiet | options), layout)
    await lab.start()
    try:
        yield lab
    finally:
        await lab.stop()


async def subscriber(lab: CounterLab, layout: Layout, *symbols: str) -> Client:
    client = await Client(layout, "md").connect(lab.addresses["md"])
    client.log_in()
    client.subscribe(*symbols)
    await client.read_ticks(len(symbols))
    return client
