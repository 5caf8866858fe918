"""Redis PUBLISH, pipelined: encoded in the SDK's thread, written in batches by a thread.

The protocol (RESP) is written here: it is a few lines, and spares Redis the cost of its Python client. `CLIENT REPLY
OFF` spares it the answers too.
"""

import socket
import threading
from queue import Empty, SimpleQueue

from vnpy.trader.object import TickData

from benchmarks.quote import Subjects, encode
from benchmarks.senders import HELLO

BATCH = 1000


class RedisSender:
    """One connection."""

    def __init__(self, address: str) -> None:
        self._subjects = Subjects()
        host, _, port = address.rpartition(":")
        self._socket = socket.create_connection((host, int(port)))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(b"CLIENT REPLY OFF\r\n")
        self._queue: SimpleQueue[bytes] = SimpleQueue()
        threading.Thread(target=self._write, daemon=True).start()

    def tick(self, tick: TickData) -> None:
        """Never waits."""
        self._queue.put(publish(self._subjects.of(tick).encode(), encode(tick)))

    def hello(self) -> None:
        self._queue.put(publish(HELLO.encode(), b""))

    def _write(self) -> None:
        take, queue = self._queue.get, self._queue
        while True:
            batch = [take()]
            try:
                while len(batch) < BATCH:
                    batch.append(queue.get_nowait())
            except Empty:
                pass
            self._socket.sendall(b"".join(batch))


def publish(channel: bytes, payload: bytes) -> bytes:
    """https://redis.io/docs/latest/develop/reference/protocol-spec/"""
    return b"*3\r\n$7\r\nPUBLISH\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n" % (len(channel), channel, len(payload), payload)
