"""Waits for the first tick on the bus."""

import asyncio

from nats.aio.msg import Msg

from marketbus.adapters.nats.connection import OnEvent, close_connection, ignore, open_connection
from marketbus.adapters.nats.options import NatsOptions
from marketbus.domain.errors import BusUnavailable

SUBJECT = "md.tick.>"


async def first_tick(options: NatsOptions, on_event: OnEvent = ignore) -> None:
    """Return when any gateway's tick came by. Waits for the bus too, quietly: the workers report it."""
    while True:
        try:
            connection = await open_connection(options, on_event)
        except BusUnavailable:
            await asyncio.sleep(1.0)
            continue
        try:
            seen: asyncio.Future[Msg] = asyncio.get_running_loop().create_future()
            await connection.subscribe(SUBJECT, future=seen, max_msgs=1)  # pyright: ignore[reportUnknownMemberType]
            await seen
            return
        finally:
            await close_connection(connection, within=0.3)
