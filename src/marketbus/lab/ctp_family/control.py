"""The control port: one JSON object a line, {"do": command, ...arguments} → {"ok": true, "result": ...}."""

import asyncio
import inspect
from datetime import datetime
from typing import Any

import msgspec

from marketbus.lab.errors import LabError

_MARKET = ("rate", "burst", "pause", "resume", "clock", "malformed", "oracle", "status")
_FAULTS = ("drop", "mute", "refuse", "delay", "reject_login", "ignore", "crash", "hang")
_TRADING = ("order", "cancel", "strike", "books", "fault", "heal", "venue", "reject_orders", "deposit", "position")
COMMANDS = frozenset(_MARKET + _FAULTS + _TRADING)
_LINE_BYTES = 1 << 20


class ControlPort:
    """Calls its targets' methods of the names in COMMANDS for whoever connects on loopback."""

    def __init__(self, port: int, *targets: object) -> None:
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
        if command not in COMMANDS:
            raise LabError(f"no command {command!r}: one of {', '.join(sorted(COMMANDS))}")
        if isinstance(asked.get("start"), str):
            asked["start"] = datetime.fromisoformat(asked["start"])
        target = next(each for each in self._targets if hasattr(each, command))
        return getattr(target, command)(**asked)
