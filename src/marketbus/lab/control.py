"""The control port of a lab: one JSON object a line, {"do": command, ...arguments} → {"ok": true, "result": ...}."""

import asyncio
import inspect
import socket
from collections.abc import Set
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import msgspec

from marketbus.lab.errors import LabError

_LINE_BYTES = 1 << 20


class ControlPort:
    """Calls its targets' methods of the names in `commands` for whoever connects on loopback."""

    def __init__(self, port: int, commands: Set[str], *targets: object) -> None:
        self._commands = commands
        self._targets = targets
        self.port = port
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        """Listens."""
        try:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=_LINE_BYTES)
        except OSError as error:
            raise LabError(f"cannot listen on 127.0.0.1:{self.port} for control: {error.strerror}") from error
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stops listening and hangs up."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._clients):
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients.add(writer)
        try:
            while line := await reader.readline():
                writer.write(msgspec.json.encode(await self._answer(line)) + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError, asyncio.CancelledError):
            pass  # gone, a line without end, or the lab stops: nobody is left to tell
        finally:
            self._clients.discard(writer)
            writer.close()

    async def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            result = self._call(msgspec.json.decode(line, type=dict[str, Any]))
            if inspect.isawaitable(result):
                result = await result
        except (LabError, LookupError, TypeError, ValueError, msgspec.MsgspecError) as error:
            return {"ok": False, "error": f"{type(error).__name__}: {error}"}
        return {"ok": True, "result": result}

    def _call(self, asked: dict[str, Any]) -> Any:
        command = asked.pop("do", None)
        if command not in self._commands:
            raise LabError(f"no command {command!r}: one of {', '.join(sorted(self._commands))}")
        if isinstance(asked.get("start"), str):
            asked["start"] = datetime.fromisoformat(asked["start"])
        target = next(each for each in self._targets if hasattr(each, command))
        return getattr(target, command)(**asked)


class ControlLine:
    """One blocking connection to a control port; raises LabError with the lab's words when it refuses."""

    def __init__(self, host: str, port: int, timeout: float = 60.0) -> None:
        """`timeout` in seconds, for connecting and for each answer."""
        self._socket = socket.create_connection((host, port), timeout)
        self._file = self._socket.makefile("rwb")

    @classmethod
    def at(cls, address: str) -> Self:
        """From "host:port", as the lab prints it."""
        host, _, port = address.rpartition(":")
        return cls(host, int(port))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hangs up."""
        self._file.close()
        self._socket.close()

    def call(self, command: str, **arguments: Any) -> Any:
        """Any command by name."""
        self._file.write(msgspec.json.encode({"do": command} | arguments) + b"\n")
        self._file.flush()
        line = self._file.readline()
        if not line:
            raise LabError("the lab hung up")
        answer = msgspec.json.decode(line)
        if not answer["ok"]:
            raise LabError(answer["error"])
        return answer["result"]
