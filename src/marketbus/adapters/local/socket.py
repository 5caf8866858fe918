"""One question and one answer, a line of JSON each, over a Unix socket that only its owner can open."""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

from marketbus.domain.errors import BusUnavailable

ANSWER = 5.0
"""Seconds that a question may take on either side."""
MAX_LINE = 65_536
_SUN_PATH = 107
"""Bytes that the name of a Unix socket may have (unix(7), sun_path)."""

Answer = Callable[[bytes], Awaitable[bytes]]
T = TypeVar("T")

HERE = hasattr(socket, "AF_UNIX")
"""Whether this system has Unix sockets that asyncio can serve; Windows has not."""


class Taken(Exception):
    """Another process listens there."""


@asynccontextmanager
async def serving(path: Path, answer: Answer, *, alone: bool = False) -> AsyncGenerator[None]:
    """Answer at `path`, mode 0600, until the end; a socket that is there is taken over, unless we must be `alone`.

    Raises:
        Taken: another process answers there.
        OSError: the folder cannot be written.
    """

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _one(answer, reader, writer)

    if alone:
        _refuse_company(path)
    listening, ours = _listen(path)
    server = await asyncio.start_unix_server(one, sock=listening, limit=MAX_LINE)
    try:
        yield
    finally:
        server.close()
        _remove(path, ours)


async def ask(path: Path, question: object, kind: type[T], within: float = ANSWER) -> T:
    """Ask whoever answers at `path`.

    Raises:
        BusUnavailable: nobody is there, or nothing sensible came within so many seconds.
    """
    try:
        async with asyncio.timeout(within):
            with _short(path) as name:
                reader, writer = await asyncio.open_unix_connection(name, limit=MAX_LINE)
            try:
                writer.write(msgspec.json.encode(question) + b"\n")
                await writer.drain()
                return msgspec.json.decode(await reader.readline(), type=kind)
            finally:
                writer.close()
    except (OSError, TimeoutError, ValueError, msgspec.MsgspecError) as error:
        words = str(error) or type(error).__name__
        raise BusUnavailable(f"{path}: {words}", "does it run on this machine, as this user?") from None


async def _one(answer: Answer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        async with asyncio.timeout(ANSWER):
            writer.write(await answer(await reader.readline()) + b"\n")
            await writer.drain()
    except (OSError, TimeoutError, ValueError):
        return  # whoever asked is gone, or sent no line
    finally:
        writer.close()


def _listen(path: Path) -> tuple[socket.socket, int]:
    """The socket, and by which number the file system knows it."""
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.unlink(missing_ok=True)
        with _short(path) as name:
            listening.bind(name)
        path.chmod(0o600)  # nobody can connect before listen()
        listening.listen()
        return listening, path.stat().st_ino
    except BaseException:
        listening.close()
        raise


def _remove(path: Path, ours: int) -> None:
    """A frozen process that wakes leaves its successor's socket alone."""
    with contextlib.suppress(FileNotFoundError):
        if path.stat().st_ino == ours:
            path.unlink()


def _refuse_company(path: Path) -> None:
    with _short(path) as name, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
        try:
            other.connect(name)
        except OSError:
            return
    raise Taken(f"{path}: another process answers there")


@contextmanager
def _short(path: Path) -> Generator[str]:
    """A name of that path within the limit of the system's: state folders may lie deep."""
    if len(os.fsencode(path)) <= _SUN_PATH:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
