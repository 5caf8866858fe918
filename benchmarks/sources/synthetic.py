"""A vnpy gateway without a venue: threads that make fresh ticks of 500 instruments as fast as they are told to."""

import threading
import time
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from vnpy.event import EventEngine
from vnpy.trader.constant import Exchange, Product
from vnpy.trader.gateway import BaseGateway
from vnpy.trader.object import ContractData, SubscribeRequest, TickData

from benchmarks.sources.control import serve
from benchmarks.sources.counter import INSTRUMENTS
from marketbus.lab.instruments import Listing, listings

OPEN = datetime(2026, 9, 1, 10, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
"""Ticks are stamped from here on: a figure must not depend on whether it is day or night in Shanghai."""
TURN = 32
"""Ticks between two looks at the pace."""


class SyntheticGateway(BaseGateway):
    """Instruments belong to threads, so each one's ticks keep their order; Volume rises by exactly 1 a tick."""

    default_name = "SYNTHETIC"
    exchanges = list(Exchange)  # noqa: RUF012 (as vnpy declares it)

    def __init__(self, event_engine: EventEngine, gateway_name: str) -> None:
        super().__init__(event_engine, gateway_name)
        self._listed = listings(date.today(), INSTRUMENTS)
        self._subscribed: set[str] = set()
        self._producers: list[_Producer] = []

    def connect(self, setting: dict[str, Any]) -> None:
        """List the contracts, start `setting["threads"]` threads, and take orders on `setting["port"]`."""
        threads = int(setting["threads"])
        self._producers = [_Producer(self, self._listed[first::threads]) for first in range(threads)]
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
        """The commands of the lab's control port that a flood needs."""
        match do:
            case "rate":
                return self._pace(float(asked["rate"]), 0)
            case "burst":
                return self._pace(0.0, int(asked["count"]))
            case "oracle":
                volumes = [item for producer in self._producers for item in producer.volumes.items()]
                return {symbol: {"first": 1, "last": volume, "count": volume} for symbol, volume in volumes}
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

    def __init__(self, gateway: SyntheticGateway, listed: Sequence[Listing]) -> None:
        super().__init__(daemon=True)
        self._gateway = gateway
        self._listed = listed
        self._order = (0.0, 0, threading.Event())
        self.volumes = {listing.symbol: 0 for listing in listed}

    def pace(self, rate: float, count: int) -> threading.Event:
        """From now on `rate` ticks/s, or `count` at once; the event: heard, and the burst is out."""
        heard = threading.Event()
        self._order = (rate, count, heard)
        return heard

    def run(self) -> None:
        current, anchor, done, place = self._order, time.monotonic(), 0, 0
        while True:
            if self._order is not current:
                current, anchor, done = self._order, time.monotonic(), 0
            rate, count, heard = current
            owed = (count or int((time.monotonic() - anchor) * rate)) - done
            if not count or owed <= 0:
                heard.set()
            if owed <= 0:
                time.sleep(0.001)
                continue
            for _ in range(min(owed, TURN)):
                listing = self._listed[place]
                place = (place + 1) % len(self._listed)
                volume = self.volumes[listing.symbol] = self.volumes[listing.symbol] + 1
                self._gateway.on_tick(_tick(self._gateway.gateway_name, listing, volume))
                done += 1


def _tick(gateway_name: str, listing: Listing, volume: int) -> TickData:
    price, step = listing.base + volume % 100 * listing.tick, listing.tick
    return TickData(
        symbol=listing.symbol,
        exchange=Exchange(listing.exchange),
        datetime=OPEN + timedelta(seconds=time.monotonic() % 3600),
        name=listing.name,
        volume=volume,
        turnover=volume * price,
        open_interest=100_000 + volume,
        last_price=price,
        last_volume=1,
        limit_up=listing.base * 1.1,
        limit_down=listing.base * 0.9,
        open_price=listing.base,
        high_price=price + step,
        low_price=price - step,
        pre_close=listing.base,
        bid_price_1=price - step,
        bid_price_2=price - 2 * step,
        bid_price_3=price - 3 * step,
        bid_price_4=price - 4 * step,
        bid_price_5=price - 5 * step,
        ask_price_1=price + step,
        ask_price_2=price + 2 * step,
        ask_price_3=price + 3 * step,
        ask_price_4=price + 4 * step,
        ask_price_5=price + 5 * step,
        bid_volume_1=volume % 7 + 1,
        bid_volume_2=volume % 11 + 1,
        bid_volume_3=volume % 13 + 1,
        bid_volume_4=volume % 17 + 1,
        bid_volume_5=volume % 19 + 1,
        ask_volume_1=volume % 7 + 2,
        ask_volume_2=volume % 11 + 2,
        ask_volume_3=volume % 13 + 2,
        ask_volume_4=volume % 17 + 2,
        ask_volume_5=volume % 19 + 2,
        gateway_name=gateway_name,
    )
