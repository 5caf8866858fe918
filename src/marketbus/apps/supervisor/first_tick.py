"""Waits for the first tick on the bus."""

import asyncio
from collections.abc import Iterable

from nats.aio.client import Client
from nats.aio.msg import Msg

from marketbus.adapters.nats.connection import OnEvent, close_connection, ignore, open_connection
from marketbus.adapters.nats.options import NatsOptions
from marketbus.domain.errors import BusUnavailable
from marketbus.wire.subjects import encode_token


async def first_tick(options: NatsOptions, gateways: Iterable[str], on_event: OnEvent = ignore) -> None:
    """Return when a tick of any of the gateways came by. Waits for the bus too, quietly: the workers report it."""
    while True:
        try:
            connection = await open_connection(options, on_event)
        except BusUnavailable:
            await asyncio.sleep(1.0)
            continue
        try:
            await _one(connection, gateways)
            return
        finally:
            await close_connection(connection, within=0.3)


async def _one(connection: Client, gateways: Iterable[str]) -> None:
    seen = asyncio.Event()

    async def take(message: Msg) -> None:
        seen.set()

    for gateway in gateways:  # a worker's user may listen on its own ticks only
        await connection.subscribe(f"md.tick.{encode_token(gateway)}.>", cb=take)  # pyright: ignore[reportUnknownMemberType]
    await seen.wait()
