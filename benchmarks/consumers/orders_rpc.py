"""A client that trades over vnpy's RPC, as vnpy_rpcservice's RpcGateway does. `orders_rpc REQ_ADDRESS SUB_ADDRESS`.

What RpcGateway does next, putting the event into a second EventEngine, is left out: it would only cost the peer more.
"""

import os
import sys
import time
from time import time_ns
from typing import Any

import msgspec
from vnpy.event import Event
from vnpy.rpc import RpcClient
from vnpy.trader.constant import Direction, Exchange, Offset, OrderType, Status
from vnpy.trader.event import EVENT_ORDER
from vnpy.trader.object import OrderRequest

from benchmarks.consumers.answers import say
from benchmarks.consumers.orders import PATIENCE, Asked, Sample
from benchmarks.sources.hello import EVENT_HELLO

TAKEN = (Status.NOTTRADED, Status.PARTTRADED, Status.ALLTRADED)


class Client(RpcClient):
    """Keeps when each order was first told to stand at the exchange."""

    def __init__(self) -> None:
        super().__init__()
        self.greeted = False
        self.told: dict[str, int] = {}

    def callback(self, topic: str, data: Any) -> None:
        """In RpcClient's thread."""
        event: Event = data
        if event.type == EVENT_ORDER:
            if event.data.status in TAKEN:
                self.told.setdefault(event.data.vt_orderid, time_ns())
        elif event.type == EVENT_HELLO:
            self.greeted = True


def send(client: Client, asked: Asked) -> list[Sample]:
    """All of them, each when it is due; a call returns with the order's id, so one that is late delays the next."""
    request = OrderRequest(
        symbol=asked.symbol,
        exchange=Exchange(asked.exchange),
        direction=Direction.LONG,
        type=OrderType.LIMIT,
        volume=1,
        price=asked.price,
        offset=Offset.OPEN,
    )
    samples: list[Sample] = []
    remote: Any = client  # functions of the other side are attributes
    start = time.monotonic()
    for number in range(asked.count):
        due = start + number / asked.rate
        time.sleep(max(0.0, due - time.monotonic()))
        began = time_ns()
        samples.append(Sample(remote.send_order(request, "CTP"), began))
    deadline = time.monotonic() + PATIENCE
    while not all(each.order_id in client.told for each in samples) and time.monotonic() < deadline:
        time.sleep(0.01)
    for each in samples:
        each.told = client.told.get(each.order_id, 0)
    return samples


def serve(req_address: str, sub_address: str) -> None:
    """Until stdin ends."""
    client = Client()
    client.subscribe_topic("")
    client.start(req_address, sub_address)
    for line in sys.stdin.buffer:
        asked = msgspec.json.decode(line, type=Asked)
        if asked.do == "ready":
            say({"ready": client.greeted})
        else:
            say({"samples": send(client, asked)})
    os._exit(0)


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2])
