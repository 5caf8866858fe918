"""ZeroMQ without a broker: encoded and sent in the SDK's thread, as RpcServer does, but with a better codec."""

import threading
from typing import Any, cast

import zmq
from vnpy.trader.object import TickData

from benchmarks.quote import Subjects, encode
from benchmarks.senders import HELLO

END = b"\0"
"""Between subject and payload: one frame costs half of two, and a subscription is a prefix anyway."""


class ZmqSender:
    """A socket belongs to one thread at a time. No limit on what waits: by default 1,000 messages, then loss."""

    def __init__(self, address: str) -> None:
        self._subjects = Subjects()
        self._lock = threading.Lock()
        context = cast("Any", zmq.Context.instance())  # pyzmq's types are partly unknown
        self._socket: Any = context.socket(zmq.PUB)
        self._socket.set_hwm(0)
        self._socket.bind(address)

    def tick(self, tick: TickData) -> None:
        """Never waits."""
        message = self._subjects.of(tick).encode() + END + encode(tick)
        with self._lock:
            self._socket.send(message)

    def hello(self) -> None:
        with self._lock:
            self._socket.send(HELLO.encode() + END)
