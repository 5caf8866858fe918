"""The kill switch of one account without NATS: a Unix socket in the gateway's folder."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec

from marketbus.adapters.local import socket
from marketbus.adapters.local.kill import KillAnswer, KillAsk
from marketbus.apps.logs import Logs
from marketbus.domain.errors import MarketBusError
from marketbus.domain.status import Level
from marketbus.ports.trading_service import TradingService


@asynccontextmanager
async def local_desk(path: Path, service: TradingService, logs: Logs) -> AsyncGenerator[None]:
    """Answer at `path` until the end. Where it cannot be, that is said, and the bus remains the only way."""
    if not socket.HERE:
        yield
        return

    async def answer(line: bytes) -> bytes:
        try:
            return msgspec.json.encode(await _answer(service, msgspec.json.decode(line, type=KillAsk)))
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            return msgspec.json.encode(KillAnswer(error=str(error)))

    async with AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(socket.serving(path, answer))
        except (OSError, socket.Taken) as error:
            logs.log(Level.WARNING, "kill.no_socket", path=str(path), detail=str(error))
        yield


async def _answer(service: TradingService, asked: KillAsk) -> KillAnswer:
    error = ""
    try:
        if asked.do == "kill":
            service.kill(asked.why, asked.principal)
        elif asked.do == "release":
            await service.release(asked.principal)
    except MarketBusError as refused:
        error = str(refused)
    pulled, flat, left = service.killed()
    return KillAnswer(pulled, flat, left, error)
