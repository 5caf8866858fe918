"""A vnpy gateway behind EventEngine and RpcServer: what vnpy_rpcservice's RpcEngine makes of them.

It registers for every event and publishes each as it is (rpc_service/engine.py, `register_event`, `process_event`), so
a tick goes out twice: as EVENT_TICK and under its symbol. `lean` registers for EVENT_TICK alone, which halves that work
and is not what the package does. MainEngine and its order management are left out: they would only cost the peer more.
"""

import os
import sys
from collections.abc import Callable
from typing import Any

import msgspec
from vnpy.event import EVENT_TIMER, Event, EventEngine
from vnpy.rpc import RpcServer
from vnpy.trader.event import EVENT_CONTRACT, EVENT_TICK
from vnpy.trader.gateway import BaseGateway
from vnpy.trader.object import ContractData, OrderRequest, SubscribeRequest

from benchmarks.sources.busy import Busy
from benchmarks.sources.hello import EVENT_HELLO


class RpcService:
    """One gateway, published."""

    def __init__(self, rep_address: str, pub_address: str, *, lean: bool) -> None:
        self.engine = EventEngine()
        self.contracts: list[ContractData] = []
        self._server = RpcServer()
        if lean:
            self.engine.register(EVENT_TICK, self._publish)
            self.engine.register(EVENT_HELLO, self._publish)
        else:
            self.engine.register_general(self._publish)
        self.engine.register(EVENT_CONTRACT, self._keep)
        self._server.start(rep_address, pub_address)
        self.engine.start()

    def serve(self, gateway: BaseGateway, ready: Callable[[], bool]) -> None:
        """Answer the benchmark on stdin until it ends; then the process ends at once, as SDKs hang at exit."""
        busy = Busy()
        self._server.register(_sending(gateway))  # pyright: ignore[reportUnknownMemberType]
        for line in sys.stdin.buffer:
            asked: dict[str, Any] = msgspec.json.decode(line)
            result: Any = None
            match asked["do"]:
                case "ready":
                    result = ready()
                case "subscribe":
                    for contract in list(self.contracts):
                        gateway.subscribe(SubscribeRequest(symbol=contract.symbol, exchange=contract.exchange))
                    result = len(self.contracts)
                case "hello":
                    self.engine.put(Event(EVENT_HELLO))
                case "busy":
                    result = busy.set(on=asked["on"])
                case other:
                    raise ValueError(other)
            sys.stdout.write(msgspec.json.encode({"result": result}).decode() + "\n")
            sys.stdout.flush()
        os._exit(0)

    def _publish(self, event: Event) -> None:
        if event.type != EVENT_TIMER:
            self._server.publish("", event)

    def _keep(self, event: Event) -> None:
        self.contracts.append(event.data)


def _sending(gateway: BaseGateway) -> Callable[[OrderRequest, str], str]:
    """RpcEngine registers MainEngine's `send_order`, which does this and looks the gateway up."""

    def send_order(request: OrderRequest, _gateway_name: str) -> str:
        return gateway.send_order(request)

    return send_order
