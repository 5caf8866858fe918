"""A vnpy gateway of a third party, as small as they come: quotes from two threads of its own."""

import threading
import time
from datetime import datetime
from typing import Any

from vnpy.event import EVENT_TIMER, Event, EventEngine
from vnpy.trader.constant import Exchange, Product
from vnpy.trader.gateway import BaseGateway
from vnpy.trader.object import AccountData, CancelRequest, ContractData, OrderRequest, SubscribeRequest, TickData

SYMBOLS = {"rb2701": Exchange.SHFE, "600000": Exchange.SSE, "BTC/USDT": Exchange.GLOBAL}


class QuotesGateway(BaseGateway):
    """Ticks of what is subscribed, 100 a second and instrument; one TickData per instrument, used again and again."""

    default_name = "QUOTES"
    default_setting: dict[str, Any] = {"user": "", "noise": 0}  # noqa: RUF012 (vnpy declares it so)
    exchanges: list[Exchange] = list(SYMBOLS.values())  # noqa: RUF012

    def __init__(self, event_engine: EventEngine, gateway_name: str) -> None:
        super().__init__(event_engine, gateway_name)
        self._subscribed: dict[str, TickData] = {}
        self._timers = 0

    def connect(self, setting: dict[str, Any]) -> None:
        """Lists its contracts and begins."""
        self.write_log(f"connecting as {setting['user']}")
        if setting["user"] == "sleeper":
            time.sleep(3600)
        for symbol, exchange in SYMBOLS.items():
            self.on_contract(
                ContractData(
                    gateway_name=self.gateway_name,
                    symbol=symbol,
                    exchange=exchange,
                    name=f"合约{symbol}",
                    product=Product.FUTURES,
                    size=10,
                    pricetick=1,
                )
            )
        self.on_account(AccountData(gateway_name=self.gateway_name, accountid="1", balance=1))
        self.event_engine.register(EVENT_TIMER, self._timer)
        for _ in range(2):
            threading.Thread(target=self._run, args=(int(setting["noise"]),), daemon=True).start()

    def subscribe(self, req: SubscribeRequest) -> None:
        """Raises for what it does not know, as some do."""
        if req.symbol not in SYMBOLS:
            raise KeyError(req.symbol)
        self._subscribed[req.symbol] = TickData(
            gateway_name=self.gateway_name, symbol=req.symbol, exchange=req.exchange, datetime=datetime.now()
        )

    def _run(self, noise: int) -> None:
        while True:
            time.sleep(0.02)
            for tick in list(self._subscribed.values()):
                tick.datetime = datetime.now()
                tick.volume += 1
                tick.last_price = 3000 + tick.volume
                tick.limit_up = 1.7976931348623157e308
                tick.bid_price_1, tick.bid_volume_1 = tick.last_price - 1, 5
                self.on_tick(tick)
                if noise:
                    bad = TickData(
                        gateway_name=self.gateway_name,
                        symbol=tick.symbol,
                        exchange=tick.exchange,
                        datetime=datetime.now(),
                        last_price=float("nan"),
                    )
                    self.on_tick(bad)

    def _timer(self, event: Event) -> None:
        self._timers += 1
        self.write_log(f"timer {self._timers}")
        raise RuntimeError("a timer handler that raises")

    def close(self) -> None:
        """Never comes back, as some do not."""
        time.sleep(3600)

    def send_order(self, req: OrderRequest) -> str:
        """No trading."""
        return ""

    def cancel_order(self, req: CancelRequest) -> None:
        """No trading."""

    def query_account(self) -> None:
        """Nothing."""

    def query_position(self) -> None:
        """Nothing."""
