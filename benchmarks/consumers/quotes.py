"""A consumer of what the senders send, every tick decoded in full. `quotes KIND ADDRESS`."""

import asyncio
import os
import socket
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import time_ns
from typing import Any, cast

import zmq
from nats.aio.client import Client
from nats.aio.msg import Msg

from benchmarks.consumers.answers import answer
from benchmarks.consumers.resp import Messages
from benchmarks.ledger import Ledger
from benchmarks.quote import decode
from benchmarks.senders import HELLO, PATTERN

UNLIMITED = 1 << 40
EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


class Taker:
    """What every consumer does with a message."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.greeted = False

    def take(self, payload: bytes) -> None:
        """An empty payload is the greeting."""
        if not payload:
            self.greeted = True
            return
        quote, ledger = decode(payload), self.ledger
        now = time_ns()
        ledger.live(quote.symbol, int(quote.volume))
        if ledger.offset is not None:
            ledger.since_venue(now, (quote.datetime - EPOCH) // MICROSECOND * 1000)


def from_zmq(address: str, take: Callable[[bytes], None]) -> None:
    """For ever."""
    context = cast("Any", zmq.Context.instance())  # pyzmq's types are partly unknown
    subscriber: Any = context.socket(zmq.SUB)
    subscriber.set_hwm(0)
    subscriber.setsockopt(zmq.SUBSCRIBE, b"")
    subscriber.connect(address)
    while True:
        message = subscriber.recv()
        take(message[message.index(0) + 1 :])


def from_redis(address: str, take: Callable[[bytes], None]) -> None:
    """For ever."""
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(b"PSUBSCRIBE %b\r\n" % PATTERN.encode())
        messages = Messages(PATTERN)
        while data := connection.recv(1 << 18):
            for payload in messages.feed(data):
                take(payload)


def from_nats(address: str, take: Callable[[bytes], None]) -> None:
    """For ever."""

    async def on_message(message: Msg) -> None:
        take(message.data)

    async def run() -> None:
        client = Client()
        await client.connect(address)
        for subject in ("md.tick.>", HELLO):
            await client.subscribe(  # pyright: ignore[reportUnknownMemberType]
                subject, cb=on_message, pending_msgs_limit=UNLIMITED, pending_bytes_limit=UNLIMITED
            )
        await asyncio.Event().wait()

    asyncio.run(run())


WAYS = {"zmq": from_zmq, "redis": from_redis, "nats": from_nats}


def consume(kind: str, address: str) -> None:
    """Until stdin ends."""
    taker = Taker()
    threading.Thread(target=WAYS[kind], args=(address, taker.take), daemon=True).start()
    for line in sys.stdin.buffer:
        answer(taker.ledger, line, ready=taker.greeted)
    os._exit(0)


if __name__ == "__main__":
    consume(sys.argv[1], sys.argv[2])
