"""A vnpy gateway without a venue: threads that make fresh ticks of 500 instruments as fast as they are told to."""

import threading
import time
from collections.abc import Sequence
from datetime import date
from typing import Any

from vnpy.event import EventEngine
from vnpy.trader.constant import Exchange, Product
from vnpy.trader.gateway import BaseGateway
from vnpy.trader.object import ContractData, SubscribeRequest

from benchmarks.sources.control import serve
from benchmarks.sources.counter import INSTRUMENTS
from benchmarks.sources.mint import Mint, market_offset
from marketbus.lab.instruments import Listing, listings

TURN = 32
"""Ticks between two looks at the pace and the clock."""


class SyntheticGateway(BaseGateway):
    """Instruments belong to threads, so each one's ticks keep their order; Volume rises by exactly 1 a tick."""

    default_name = "SYNTHETIC"
    exchanges = list(Exchange)  # noqa: RUF012 (as vnpy declares it)

    def __init__(self, event_engine: EventEngine, gateway_name: str) -> None:
        super().__init__(event_engine, gateway_name)
        self._listed = listings(date.today(), INSTRUMENTS)
        self._subscribed: set[str] = set()
        self._producers: list[_Producer] = []
        self._began = time.time_ns()

    def connect(self, setting: dict[str, Any]) -> None:
        """List the contracts, start `setting["threads"]` threads, and take orders on `setting["port"]`."""
        threads = int(setting["threads"])
        self._producers = [_Producer(self, self._listed[first::threads], self._began) for first in range(threads)]
        for listing in self._listed:
            self.on_contract(
                ContractData(
                    symbol=listing.symbol,
                    exchange=Exchange(listing.exchange),
                    name=listing.name,
                    product=Product.FUTURES,
                    size=listing.multiplier,
                    pricetick=listing.tick,
                    gateway_name=self.gateway_name,
                )
            )
        for producer in self._producers:
            producer.start()
        threading.Thread(target=serve, args=(int(setting["port"]), self.order), daemon=True).start()

    def subscribe(self, req: SubscribeRequest) -> None:
        """Counted only: every instrument ticks."""
        self._subscribed.add(req.vt_symbol)

    def order(self, do: str, asked: dict[str, Any]) -> Any:
        """The commands of the lab's control port that a benchmark needs."""
        match do:
            case "rate":
                return self._pace(float(asked["rate"]), 0)
            case "burst":
                return self._pace(0.0, int(asked["count"]))
            case "oracle":
                volumes = [item for producer in self._producers for item in producer.mint.volumes.items()]
                return {symbol: {"first": 1, "last": volume, "count": volume} for symbol, volume in volumes}
            case "clock":
                return {"offset": market_offset(self._began)}
            case "status":
                return {"subscribed": len(self._subscribed)}
            case _:
                raise ValueError(do)

    def close(self) -> None:
        """Nothing: its threads end with the process."""

    def send_order(self, req: Any) -> str:
        """No orders."""
        raise NotImplementedError

    def cancel_order(self, req: Any) -> None:
        """No orders."""
        raise NotImplementedError

    def query_account(self) -> None:
        """No accounts."""

    def query_position(self) -> None:
        """No positions."""

    def _pace(self, rate: float, count: int) -> None:
        """Answers when every thread has heard it, and a burst is out."""
        share = len(self._producers)
        heard = [producer.pace(rate / share, count // share) for producer in self._producers]
        for event in heard:
            event.wait(60)


class _Producer(threading.Thread):
    """Ticks of some of the instruments, in turn."""

    def __init__(self, gateway: SyntheticGateway, listed: Sequence[Listing], began: int) -> None:
        super().__init__(daemon=True)
        self._gateway = gateway
        self._instruments = len(listed)
        self._asked = threading.Event()
        self._order = (0.0, 0, threading.Event())
        self.mint = Mint(gateway.gateway_name, listed, began)

    def pace(self, rate: float, count: int) -> threading.Event:
        """From now on `rate` ticks/s, or `count` at once; the event: heard, and the burst is out."""
        heard = threading.Event()
        self._order = (rate, count, heard)
        self._asked.set()
        return heard

    def run(self) -> None:
        current, anchor, done, place = self._order, time.monotonic(), 0, 0
        on_tick, make, instruments = self._gateway.on_tick, self.mint.tick, self._instruments
        while True:
            if self._order is not current:
                current, anchor, done = self._order, time.monotonic(), 0
            rate, count, heard = current
            owed = (count or int((time.monotonic() - anchor) * rate)) - done
            if not count or owed <= 0:
                heard.set()
            if owed <= 0:
                if rate:
                    time.sleep(0.001)
                elif self._order is current:  # nothing to do: other lanes have their turn on this machine
                    self._asked.wait()
                    self._asked.clear()
                continue
            self.mint.look()
            for _ in range(min(owed, TURN)):
                on_tick(make(place))
                place += 1
                if place == instruments:
                    place = 0
                done += 1
