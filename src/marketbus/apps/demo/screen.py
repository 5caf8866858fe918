"""Where the demo's words go: above the live board on a terminal, to stderr elsewhere."""

import asyncio
import io
import os
import sys
import time
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager

from nats.aio.msg import Msg
from rich.console import Console

from marketbus.adapters.nats.connection import close_connection, ignore, open_connection
from marketbus.adapters.nats.options import NatsOptions
from marketbus.apps.board.live import line, show
from marketbus.apps.board.table import Board
from marketbus.domain.tick import Tick
from marketbus.wire import codec


async def all_ticks(options: NatsOptions) -> AsyncIterator[Tick]:
    """Every tick on the bus; asks nobody to subscribe to anything."""
    connection = await open_connection(options, ignore)
    queue: asyncio.Queue[bytes] = asyncio.Queue()

    async def take(message: Msg) -> None:
        queue.put_nowait(message.data)

    try:
        await connection.subscribe("md.tick.>", cb=take)  # pyright: ignore[reportUnknownMemberType]
        while True:
            yield codec.decode(Tick, await queue.get())
    finally:
        await close_connection(connection, within=0.3)


async def live_board(options: NatsOptions, console: Console) -> None:
    """The table, until cancelled."""
    await show(all_ticks(options), Board(), console)


async def tick_lines(options: NatsOptions) -> None:
    """One line per second on stdout, until cancelled."""
    said = 0.0
    async for tick in all_ticks(options):
        if (now := time.monotonic()) - said >= 1.0:
            said = now
            sys.stdout.write(line(tick) + "\n")
            sys.stdout.flush()


class Above(io.TextIOBase):
    """A stream whose lines scroll above the live board."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def write(self, text: str, /) -> int:
        """Print whole lines."""
        if text.strip():
            self._console.print(text.rstrip("\n"), markup=False, highlight=False, soft_wrap=True)
        return len(text)


@contextmanager
def piped(into: io.TextIOBase) -> Generator[int]:
    """A file descriptor for children; what they write to it appears in `into`, line by line."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    loop = asyncio.get_running_loop()
    rest = b""

    def forward() -> None:
        nonlocal rest
        try:
            data = os.read(reading, 65_536)
        except BlockingIOError:
            return
        *lines, rest = (rest + data).split(b"\n")
        into.writelines(each.decode(errors="replace") + "\n" for each in lines)

    loop.add_reader(reading, forward)
    try:
        yield writing
    finally:
        forward()
        loop.remove_reader(reading)
        os.close(writing)
        os.close(reading)
