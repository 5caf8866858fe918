"""A consumer on vnpy's RPC, as vnpy_rpcservice's RpcGateway takes events. `rpc REQ_ADDRESS SUB_ADDRESS
[distinct]`; distinct: see Ledger.

What RpcGateway does next, putting the event into a second EventEngine, is left out: it would only cost the peer more.
"""

import os
import sys
from datetime import datetime
from time import time_ns
from typing import Any

from vnpy.event import Event
from vnpy.rpc import RpcClient
from vnpy.trader.event import EVENT_TICK

from benchmarks.consumers.answers import answer
from benchmarks.ledger import Ledger
from benchmarks.sources.hello import EVENT_HELLO


class Consumer(RpcClient):
    """Counts EVENT_TICK only: the same tick comes again under its symbol's own event type."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__()
        self.ledger = ledger
        self.greeted = False

    def callback(self, topic: str, data: Any) -> None:
        """In RpcClient's thread."""
        event: Event = data
        if event.type == EVENT_TICK:
            tick = event.data
            if self.ledger.live(tick.symbol, int(tick.volume)) and self.ledger.offset is not None:
                self._time(tick.datetime)
        elif event.type == EVENT_HELLO:
            self.greeted = True

    def _time(self, stamp: datetime) -> None:
        # vnpy_ctp does not pad the milliseconds (ctp_gateway.py 320): "5" and "50" both become 500.
        # Those that cannot be told apart are left out.
        milliseconds = stamp.microsecond // 1000
        if milliseconds >= 100 and milliseconds % 10:
            self.ledger.since_venue(time_ns(), int(stamp.timestamp() * 1e6) * 1000)


def consume(req_address: str, sub_address: str, *, distinct: bool) -> None:
    """Until stdin ends; ready when the first greeting has come through."""
    consumer = Consumer(Ledger(distinct=distinct))
    consumer.subscribe_topic("")
    consumer.start(req_address, sub_address)
    for line in sys.stdin.buffer:
        answer(consumer.ledger, line, ready=consumer.greeted)
    os._exit(0)


if __name__ == "__main__":
    consume(sys.argv[1], sys.argv[2], distinct="distinct" in sys.argv[3:])
