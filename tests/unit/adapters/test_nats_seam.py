"""The seam into nats-py's connection: these fail when a release of nats-py moves what it stands on."""

import asyncio

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats_process import NatsProcess, connect, subscribe, until

from marketbus.adapters.nats.seam import cut, write_frames

FRAMES = b"PUB a.b 5\r\nhello\r\nPUB a.b 0\r\n\r\n"


async def test_frames_reach_a_subscriber(server: NatsProcess) -> None:
    client = await connect(server.url)
    messages: list[bytes] = []

    async def take(message: Msg) -> None:
        messages.append(message.data)

    await subscribe(client, "a.b", take)
    await client.flush()  # what nats-py has pending goes out after what is written through the seam
    assert await write_frames(client, FRAMES)
    await client.publish("a.b", b"by nats-py")
    await client.flush()
    await until(lambda: len(messages) == 3)
    assert messages == [b"hello", b"", b"by nats-py"]
    await client.close()


async def test_nothing_is_written_before_nats_py_is_connected(server: NatsProcess) -> None:
    assert not await write_frames(Client(), FRAMES)
    client = await connect(server.url)
    await client.close()
    assert not await write_frames(client, FRAMES)


async def test_nothing_is_written_while_nats_py_reconnects(server: NatsProcess) -> None:
    lost = asyncio.Event()

    async def disconnected() -> None:
        lost.set()

    client = await connect(server.url, disconnected_cb=disconnected, max_reconnect_attempts=-1)
    server.kill()
    await asyncio.wait_for(lost.wait(), 10)
    assert not await write_frames(client, FRAMES)
    server.start()
    await until(lambda: client.is_connected)
    assert await write_frames(client, FRAMES)
    await client.flush()
    assert client.last_error is None
    await client.close()


async def test_cutting_a_frozen_server_off_frees_a_waiting_writer_and_nats_py_reconnects(server: NatsProcess) -> None:
    client = await connect(server.url, max_reconnect_attempts=-1, reconnect_time_wait=1, connect_timeout=1)
    server.freeze()
    payload = b"x" * 1_000_000
    frame = b"PUB a.b %d\r\n%b\r\n" % (len(payload), payload)

    async def write() -> int:
        for count in range(100):
            try:
                if not await write_frames(client, frame):
                    return count
            except OSError:
                return count
        return 100

    writer = asyncio.create_task(write())
    _, waiting = await asyncio.wait({writer}, timeout=1.0)
    assert waiting, "the kernel took 100 MB from a server that reads nothing"
    cut(client)
    assert await asyncio.wait_for(writer, 5) < 100
    server.thaw()
    await until(lambda: client.stats["reconnects"] == 1 and client.is_connected)
    await client.close()
