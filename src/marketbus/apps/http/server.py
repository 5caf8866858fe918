"""The HTTP server in the supervisor's own loop."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette

END = 1.0
"""Seconds that an answer under way may take at the end."""


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield  # signals are the supervisor's


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Raises:
        OSError: the address is taken, or none of ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family)


@asynccontextmanager
async def serving(app: Starlette, at: socket.socket) -> AsyncGenerator[None]:
    """Serve until the end."""
    config = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="off", ws="none", server_header=False,
        timeout_graceful_shutdown=1, limit_concurrency=100, h11_max_incomplete_event_size=16_384,
    )  # fmt: skip
    server = _Server(config)
    task = asyncio.create_task(server.serve([at]))
    try:
        yield
    finally:
        server.should_exit = True
        await asyncio.wait({task}, timeout=END)
        task.cancel()
        await asyncio.wait({task})
        at.close()
