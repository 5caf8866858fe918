"""nats-py as people write it beside a threaded SDK: a loop in a thread, a coroutine for every tick."""

import asyncio
import threading

from nats.aio.client import Client
from vnpy.trader.object import TickData

from benchmarks.quote import Subjects, encode
from benchmarks.senders import HELLO


class NatsSender:
    """One connection."""

    def __init__(self, address: str) -> None:
        self._subjects = Subjects()
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._client = self._connected(address)

    def tick(self, tick: TickData) -> None:
        """Never waits."""
        asyncio.run_coroutine_threadsafe(self._client.publish(self._subjects.of(tick), encode(tick)), self._loop)

    def hello(self) -> None:
        asyncio.run_coroutine_threadsafe(self._client.publish(HELLO, b""), self._loop)

    def _connected(self, address: str) -> Client:
        client = Client()
        asyncio.run_coroutine_threadsafe(client.connect(address), self._loop).result(10)
        return client
