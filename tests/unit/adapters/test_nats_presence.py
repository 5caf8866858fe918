"""A NATS server without JetStream: who has a gateway's name is found out by asking."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from random import Random

import msgspec
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats_process import NatsProcess, subscribe, until

from marketbus.adapters.clock import SystemClock
from marketbus.adapters.nats.connection import close_connection, ignore, open_connection
from marketbus.adapters.nats.jetstream import has_jetstream
from marketbus.adapters.nats.presence import Presence
from marketbus.domain.session import Session
from marketbus.domain.status import GatewayStatus
from marketbus.wire import codec, subjects

OTHER = GatewayStatus(
    gateway="g", kind="fake", sdk="fake", simulated=True, time=1, epoch=5, pid=1, host="elsewhere", started=1,
    capabilities=(), md=Session(), td=Session(), contracts=0, requested=0, acknowledged=0, leases=0, pins=(), ticks=0,
    rate=0.0, last_tick=None, drops={}, rejects={}, errors={},
)  # fmt: skip
MINE = msgspec.structs.replace(OTHER, host=socket.gethostname(), pid=os.getpid(), epoch=7)


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[NatsProcess]:
    server = NatsProcess(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
async def client(plain: NatsProcess) -> AsyncIterator[Client]:
    client = await open_connection(plain.options, ignore)
    yield client
    await close_connection(client)


def presence(client: Client) -> Presence:
    return Presence(client, "g", SystemClock(), Random(1))


async def test_jetstream_is_seen_where_it_is(server: NatsProcess, client: Client) -> None:
    assert not await has_jetstream(client)
    other = await open_connection(server.options, ignore)
    assert await has_jetstream(other)
    await close_connection(other)


async def test_a_name_that_nobody_answers_to_is_free(client: Client) -> None:
    await asyncio.wait_for(presence(client).acquire(lambda host, pid: None), 5)


async def test_a_holder_is_waited_for_until_it_is_gone(plain: NatsProcess, client: Client) -> None:
    holder = await open_connection(plain.options, ignore)

    async def answer(message: Msg) -> None:
        await message.respond(msgspec.json.encode(codec.to_object(OTHER)))

    await subscribe(holder, subjects.rpc("g", "md", "status"), answer)
    await holder.flush()
    told: list[tuple[str, int]] = []
    waiting = asyncio.create_task(presence(client).acquire(lambda host, pid: told.append((host, pid))))
    await until(lambda: told == [("elsewhere", 1)])
    assert not waiting.done()
    await close_connection(holder)
    await asyncio.wait_for(waiting, 5)


async def test_the_older_incarnation_steps_down_when_it_hears_a_newer_one(client: Client) -> None:
    holding = asyncio.create_task(presence(client).hold())
    await asyncio.sleep(0)
    newer = msgspec.structs.replace(OTHER, epoch=9)
    for status in (OTHER, MINE, OTHER):
        await client.publish(subjects.status("g"), codec.encode(status))
    await client.publish(subjects.status("g"), b"garbage")
    await client.flush()
    assert not holding.done()

    async def announce() -> None:
        while True:
            await client.publish(subjects.status("g"), codec.encode(MINE))
            await client.publish(subjects.status("g"), codec.encode(newer))
            await asyncio.sleep(0.01)

    announcing = asyncio.create_task(announce())
    await asyncio.wait_for(holding, 5)
    announcing.cancel()
