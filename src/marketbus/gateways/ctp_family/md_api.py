"""vnpy's market data API with its raw callbacks taken over: nothing is lost between the SDK and our translation.

vnpy_ctp loses milliseconds, ActionDay, TradingDay and every tick without a contract in its own callback
(ctp_gateway.py 305-321), subscribes without looking at return codes and never retries a failed login (289).
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vnpy.trader.gateway import BaseGateway

from marketbus.domain.instrument import Instrument
from marketbus.domain.session import SessionState
from marketbus.gateways.ctp_family.callback import guarded
from marketbus.gateways.ctp_family.line import Line
from marketbus.gateways.ctp_family.setting import Setting
from marketbus.gateways.ctp_family.symbols import Symbols
from marketbus.gateways.ctp_family.translate import BadTick, Translator
from marketbus.ports.clock import Clock, MarketClock
from marketbus.ports.gateway import SubscriptionAnswered

if TYPE_CHECKING:
    from marketbus.gateways.ctp_family.native_api import NativeMdApi as _Native
else:
    _Native = object


class MarketDataApi(_Native):
    """One market data session, to mix into vnpy's. Callbacks run in the SDK's task thread, calls in the `md` lane."""

    def __init__(
        self,
        gateway: BaseGateway,
        setting: Setting,
        flow: Path,
        line: Line,
        symbols: Symbols,
        translator: Translator,
        clock: Clock,
        market_clock: MarketClock,
    ) -> None:
        super().__init__(gateway)
        self.setting = setting
        self._flow = flow
        self.line = line
        self.sink = line.sink
        self.symbols = symbols
        self._translate = translator.tick
        self._clock = clock
        self._market_clock = market_clock

    # Calls

    def create(self, flow: bytes) -> None:
        """Create the native API with its flow files at that path."""
        raise NotImplementedError

    def open(self) -> None:
        """Create the API and let it connect to its fronts; it goes on trying by itself."""
        self.create(f"{self._flow}/Md".encode("gb18030"))
        for front in self.setting.md_fronts:
            self.registerFront(front.address)
        self.init()

    def login(self, *, again: bool = False) -> None:
        """Log in, unless a refusal has latched."""
        if self.line.begin_login(again=again):
            self.reqid += 1
            self.reqUserLogin(self.line.user(), self.reqid)

    def subscribe_all(self, instruments: Sequence[Instrument]) -> None:
        """Ask for each; a request that the SDK does not take is answered as a failed subscription."""
        self._request(instruments, self.subscribeMarketData)

    def unsubscribe_all(self, instruments: Sequence[Instrument]) -> None:
        """Ask for no more of each."""
        self._request(instruments, self.unSubscribeMarketData)

    def _request(self, instruments: Sequence[Instrument], call: Callable[[str], int]) -> None:
        for instrument in instruments:
            code = call(instrument.symbol)
            if code:
                message = "the SDK did not take the request"
                self.sink.event(SubscriptionAnswered(instrument, ok=False, code=code, message=message))

    # Callbacks

    @guarded
    def onFrontConnected(self) -> None:
        """The front is there."""
        self.line.front_connected()
        self.login()

    @guarded
    def onFrontDisconnected(self, reason: int) -> None:
        """The front is gone; the SDK reconnects by itself."""
        self.line.front_lost(reason)

    @guarded
    def onRspUserLogin(self, data: Mapping[str, Any], error: Mapping[str, Any], reqid: int, last: bool) -> None:
        """Taken or refused."""
        if error and error["ErrorID"]:
            self.line.refused("login", error)
        else:
            day = self.line.logged_in(data)
            if day is not None:
                self.line.enter(SessionState.READY, trading_day=day)

    @guarded
    def onRspError(self, error: Mapping[str, Any], reqid: int, last: bool) -> None:
        """An error that belongs to no request of ours."""
        self.line.error(error)

    @guarded
    def onRspSubMarketData(self, data: Mapping[str, Any], error: Mapping[str, Any], reqid: int, last: bool) -> None:
        """One subscription answered."""
        symbol = str(data["InstrumentID"]) if data else ""
        facts = self.symbols.get(symbol)
        if facts is None:
            return
        instrument = Instrument(symbol, facts.exchange)
        if error and error["ErrorID"]:
            code, words = int(error["ErrorID"]), str(error["ErrorMsg"])
            self.sink.event(SubscriptionAnswered(instrument, ok=False, code=code, message=words))
        else:
            self.sink.event(SubscriptionAnswered(instrument, ok=True))

    def onRtnDepthMarketData(self, data: Mapping[str, Any]) -> None:
        """One tick. The guard is written out: this is the hot path."""
        received = self._clock.now()
        try:
            tick = self._translate(data, received, self._market_clock.now())
        except BadTick as bad:
            self.sink.reject(bad.cause, str(data["InstrumentID"]), str(bad))
        except Exception as error:  # noqa: BLE001 (the last frame before foreign code)
            self.sink.reject("malformed", str(data.get("InstrumentID")), f"{type(error).__name__}: {error}")
        else:
            self.sink.tick(tick)
