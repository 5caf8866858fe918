"""The market data API without vnpy's binding: the core in its place, the callbacks that are no ticks as they were."""

import threading
from collections.abc import Mapping
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vnpy.trader.gateway import BaseGateway

from marketbus.domain.status import Level
from marketbus.gateways.ctp_family.direct.choose import Place
from marketbus.gateways.ctp_family.direct.core import Core
from marketbus.gateways.ctp_family.direct.library import Event
from marketbus.gateways.ctp_family.direct.text import decode
from marketbus.gateways.ctp_family.line import Line
from marketbus.gateways.ctp_family.md_api import MarketDataApi
from marketbus.gateways.ctp_family.setting import Setting
from marketbus.gateways.ctp_family.symbols import Symbols
from marketbus.gateways.ctp_family.translate import Translator
from marketbus.ports.clock import Clock, MarketClock
from marketbus.ports.gateway import Logged

if TYPE_CHECKING:
    from marketbus.gateways.ctp_family.native_api import NativeMdApi as _Native
else:
    _Native = object

LOOK = 1.0
"""Seconds that the thread waits at a time."""


class Said(IntEnum):
    """native/events.hpp."""

    FRONT_CONNECTED = 1
    FRONT_DISCONNECTED = 2
    LOGIN = 3
    ERROR = 4
    SUBSCRIBED = 5
    FAILED = 6


class _NoBinding(_Native):
    """Takes the place of vnpy's class at the end of the line of super()."""

    def __init__(self, gateway: BaseGateway) -> None:
        self.gateway_name = gateway.gateway_name
        self.reqid = 0


class CoreMarketDataApi(MarketDataApi, _NoBinding):
    """As MarketDataApi; ticks never come here."""

    def __init__(
        self,
        core: Core,
        place: Place,
        gateway: BaseGateway,
        setting: Setting,
        flow: Path,
        line: Line,
        symbols: Symbols,
        translator: Translator,
        clock: Clock,
        market_clock: MarketClock,
    ) -> None:
        super().__init__(gateway, setting, flow, line, symbols, translator, clock, market_clock)
        self._core = core
        self._place = place
        symbols.changed = core.forget

    def create(self, flow: bytes) -> None:
        """With our own SPI on it."""
        self._core.open(self._place.sdk, self._place.factory, flow, production=self.setting.production)

    def registerFront(self, address: str) -> None:
        """See NativeApi."""
        self._core.add_front(address)

    def init(self) -> None:
        """See NativeApi; what the SDK says is heard in a thread of ours, as vnpy's binding does it."""
        threading.Thread(target=self._hear, name=f"{self.gateway_name}-md", daemon=True).start()
        self._core.start()

    def reqUserLogin(self, request: Mapping[str, Any], reqid: int) -> int:
        """See NativeApi."""
        return self._core.log_in((request["BrokerID"], request["UserID"], request["Password"]), reqid)

    def subscribeMarketData(self, symbol: str) -> int:
        """See NativeMdApi."""
        return self._core.subscribe(symbol.encode("gb18030"))

    def unSubscribeMarketData(self, symbol: str) -> int:
        """See NativeMdApi."""
        return self._core.unsubscribe(symbol.encode("gb18030"))

    def _hear(self) -> None:
        while True:
            event = self._core.next(LOOK)
            if event is not None:
                self._heard(event)

    def _heard(self, event: Event) -> None:
        error = {"ErrorID": event.error_id, "ErrorMsg": decode(event.words)} if event.has_error else {}
        text = decode(event.text)
        request, last = event.request, bool(event.last)
        match Said(event.said):
            case Said.FRONT_CONNECTED:
                self.onFrontConnected()
            case Said.FRONT_DISCONNECTED:
                self.onFrontDisconnected(event.reason)
            case Said.LOGIN:
                self.onRspUserLogin({"TradingDay": text} if event.has_data else {}, error, request, last)
            case Said.ERROR:
                self.onRspError(error, request, last)
            case Said.SUBSCRIBED:
                self.onRspSubMarketData({"InstrumentID": text} if event.has_data else {}, error, request, last)
            case Said.FAILED:
                fields = {"callback": "OnRtnDepthMarketData", "detail": text}
                self.sink.event(Logged(Level.ERROR, "gateway.callback_failed", {**fields}))
