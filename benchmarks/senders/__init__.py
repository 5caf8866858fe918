"""How ticks leave a gateway's process where no product carries them: what users write themselves, and write well."""

from typing import Protocol

from vnpy.trader.object import TickData

HELLO = "md.hello"
"""The subject by which a consumer learns that its subscription has arrived."""
PATTERN = "md.*"
"""Everything, where a star also stands for dots."""


class Sender(Protocol):
    """One way out."""

    def tick(self, tick: TickData) -> None:
        """From any of the SDK's threads."""
        ...

    def hello(self) -> None:
        """To whoever listens."""
        ...


def sender(kind: str, address: str) -> Sender:
    """`kind`: `zmq`, `redis` or `nats`, connected to (`zmq`: bound to) the address."""
    match kind:
        case "zmq":
            from benchmarks.senders.zmq import ZmqSender

            return ZmqSender(address)
        case "redis":
            from benchmarks.senders.redis import RedisSender

            return RedisSender(address)
        case "nats":
            from benchmarks.senders.nats import NatsSender

            return NatsSender(address)
        case _:
            raise ValueError(kind)
