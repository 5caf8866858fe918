"""A client that trades as a user writes it, with the public SDK. `orders_bus URL GATEWAY`."""

import asyncio
import contextlib
import sys
import time
from time import time_ns

import msgspec

import marketbus
from benchmarks.consumers.answers import say
from benchmarks.consumers.orders import PATIENCE, Asked, Sample
from marketbus import Order, Trade

TAKEN = ("ACCEPTED", "PARTIAL", "FILLED")
"""A desk that is far behind may hear of the fill first."""
VALID = 30.0
"""Seconds: a desk that is behind is to show as late, not as a denial."""


class Client:
    """Keeps the moments of each order."""

    def __init__(self, bus: marketbus.Bus, gateway: str) -> None:
        self._bus = bus
        self._gateway = gateway
        self._samples: dict[str, Sample] = {}
        self._number = self._told = self._wanted = 0
        self._all_told = asyncio.Event()

    def on_order(self, order: Order) -> None:
        """Every event of every order."""
        sample = self._samples.get(order.client_order_id)
        if sample is not None and order.state in TAKEN and not sample.told:
            sample.told, sample.heard = time_ns(), order.updated
            sample.claimed, sample.sent = order.created, order.sent
            self._complete()

    def on_trade(self, trade: Trade) -> None:
        """Every fill."""
        sample = self._samples.get(trade.client_order_id)
        if sample is not None and not sample.fill_told:
            sample.fill_told, sample.fill_heard = time_ns(), trade.received

    async def send(self, asked: Asked) -> list[Sample]:
        """All of them, each when it is due, whether or not the ones before were answered."""
        self._samples, self._told, self._wanted, self._all_told = {}, 0, asked.count, asyncio.Event()
        vt_symbol, began, calls = f"{asked.symbol}.{asked.exchange}", time.monotonic(), list[asyncio.Task[None]]()
        for number in range(asked.count):
            await asyncio.sleep(max(0.0, began + number / asked.rate - time.monotonic()))
            self._number += 1
            calls.append(asyncio.create_task(self._one(f"b{self._number}", vt_symbol, asked.price)))
        await asyncio.gather(*calls)
        self._complete()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._all_told.wait(), PATIENCE)
        return list(self._samples.values())

    def _complete(self) -> None:
        self._told += 1
        if self._told > self._wanted:
            self._all_told.set()

    async def _one(self, order_id: str, vt_symbol: str, price: float) -> None:
        self._samples[order_id] = Sample(order_id, time_ns())
        await self._bus.buy(vt_symbol, 1, price, gateway=self._gateway, client_order_id=order_id, valid_for=VALID)


async def serve(url: str, gateway: str) -> None:
    """Until stdin ends."""
    async with marketbus.connect(url, name="benchmark", principal="bench", request_timeout=VALID) as bus:
        client = Client(bus, gateway)
        following = None
        while line := await asyncio.to_thread(sys.stdin.buffer.readline):
            asked = msgspec.json.decode(line, type=Asked)
            if asked.do == "ready":
                price = await _ready(bus, gateway, f"{asked.symbol}.{asked.exchange}")
                if price is not None and following is None:
                    following = (
                        await bus.on_orders(client.on_order, gateway=gateway),
                        await bus.on_trades(client.on_trade, gateway=gateway),
                    )
                say({"ready": price is not None, "price": price})
            else:
                say({"samples": await client.send(asked)})


async def _ready(bus: marketbus.Bus, gateway: str, vt_symbol: str) -> float | None:
    """The instrument's lower limit, once it ticks and orders may go."""
    for status in await bus.gateways():
        if status.gateway == gateway and status.td.state == "READY":
            return next((tick.limit_down for tick in await bus.snapshot(vt_symbol)), None)
    return None


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], sys.argv[2]))
