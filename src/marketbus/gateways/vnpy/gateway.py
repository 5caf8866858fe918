"""The generic host: one vnpy BaseGateway behind the gateway port, without MainEngine and EventEngine."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from importlib import metadata
from types import BuiltinFunctionType
from typing import Any, cast

from vnpy.event import EventEngine
from vnpy.trader.constant import Exchange as VnpyExchange
from vnpy.trader.gateway import BaseGateway
from vnpy.trader.object import ContractData, LogData, SubscribeRequest, TickData

from marketbus.domain.contract import Contract
from marketbus.domain.errors import GatewayError, NotSupported
from marketbus.domain.instrument import Instrument
from marketbus.domain.session import Channel, SessionState
from marketbus.domain.status import Level
from marketbus.domain.tick import Tick
from marketbus.domain.times import from_datetime
from marketbus.gateways.native_ticks import NativeTicks
from marketbus.gateways.vnpy.engine import TimerOnlyEngine
from marketbus.gateways.vnpy.hosted import setting_of
from marketbus.gateways.vnpy.lane import Lane
from marketbus.gateways.vnpy.past_python import open_ticks
from marketbus.gateways.vnpy.session_marks import Marks, SessionMarks
from marketbus.ports.clock import Clock, MarketClock
from marketbus.ports.gateway import (
    Capability,
    ContractsListed,
    GatewayContext,
    GatewaySpec,
    Logged,
    SessionChanged,
    SubscriptionAnswered,
)
from marketbus.ports.ticks import TickTable
from marketbus.vnpy_types.market import contract_from_vnpy, tick_from_vnpy

QUIET = 1.0
"""Seconds without a further contract after which the list counts as complete: vnpy has no end mark."""


class VnpyGateway:
    """Hosts a gateway class of which nothing is known but vnpy's interface.

    vnpy has no session states. Both sessions count as READY from the first thing that the venue says (a contract,
    a tick, an account or a position), since gateways say nothing of the kind before they are logged in.
    """

    capabilities = frozenset({Capability.MARKET_DATA, Capability.CONTRACTS})
    simulated = False

    def __init__(self, spec: GatewaySpec, context: GatewayContext, base: type[BaseGateway]) -> None:
        self.spec = spec
        self.sink = context.sink
        self.clock: Clock = context.clock
        self.market = context.market
        self.market_clock: MarketClock = context.clock
        self.engine = TimerOnlyEngine()
        self.lane = Lane("md", spec.call_timeout, context.sink)
        self.timer_lane = Lane("timer", spec.call_timeout, context.sink)
        self._sessions = SessionMarks(context.market)
        self._contracts: list[Contract] = []
        self._contracts_lock = threading.Lock()
        self._ready = False
        self._last_words = ""
        self._setting = setting_of(spec, base)
        self._native, self.ticks_path = open_ticks(spec, context, self._translate)
        self.ticks: TickTable | None = None if self._native is None else NativeTicks(self._native)
        """See ports.ticks.NumbersTicks."""
        self.gateway: BaseGateway = self._host(base)
        self.sdk = _version(base)

    async def connect(self) -> None:
        """Call the gateway's `connect` in the lane, then run its timer and collect its contracts for ever."""
        for channel in Channel:
            self.sink.event(SessionChanged(channel, SessionState.CONNECTING))
        await self.lane.call("connect", self._connect)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._timer())
            tasks.create_task(self._list_contracts())
            tasks.create_task(self._tell_silence())

    async def subscribe(self, instruments: Sequence[Instrument]) -> None:
        """Subscribe one by one; vnpy reports no acknowledgement, so a call that returns counts as one."""
        for start in range(0, len(instruments), 100):
            await self.lane.call("subscribe", lambda part=instruments[start : start + 100]: self._subscribe(part))

    async def unsubscribe(self, instruments: Sequence[Instrument]) -> None:
        """vnpy's interface has no unsubscribe.

        Raises:
            NotSupported: always.
        """
        raise NotSupported(f"{self.spec.kind} gateways cannot unsubscribe")

    def condemn_front(self, channel: Channel) -> None:
        """Nothing: a foreign gateway chooses its fronts itself."""

    def begin_anew(self, *, pardon: bool) -> None:
        """Nothing is remembered from one process to the next."""

    async def close(self) -> None:
        """Nothing: vnpy gateways' `close` may deadlock or crash, and the process ends right after."""

    # What the hosted gateway says, in its own threads.

    def on_tick(self, data: TickData) -> None:
        """Translate in the caller's thread, so that a reused TickData cannot alias."""
        known = self._translate(data, self.clock.now())
        if known is not None:
            self.sink.tick(known[0])

    def _translate(self, data: TickData, received: int) -> tuple[Tick, Marks] | None:
        self._heard()
        try:
            instant = from_datetime(data.datetime)
            marks = self._sessions.marks(data.symbol, data.exchange, instant, self.market_clock.now())
            return tick_from_vnpy(data, received, marks.trading_day, marks.flags), marks
        except (ValueError, TypeError, AttributeError, OverflowError, KeyError) as error:
            self.sink.reject("bad_tick", str(getattr(data, "symbol", "?")), f"{type(error).__name__}: {error}")
            return None

    def on_contract(self, data: ContractData) -> None:
        """Collect; they are handed on in batches."""
        self._heard()
        try:
            contract = contract_from_vnpy(data)
        except (ValueError, TypeError, AttributeError) as error:
            self.sink.reject("bad_contract", str(getattr(data, "symbol", "?")), f"{type(error).__name__}: {error}")
            return
        with self._contracts_lock:
            self._contracts.append(contract)

    def on_log(self, data: LogData) -> None:
        """vnpy's own sentences, as they are."""
        self._last_words = str(data.msg)
        self.sink.event(Logged(Level.INFO, "vnpy", {"text": str(data.msg)}))

    def on_other(self, _: object) -> None:
        """Accounts and positions prove a login; orders and trades are not carried yet."""
        self._heard()

    def _host(self, base: type[BaseGateway]) -> BaseGateway:
        calls: dict[str, Callable[[Any], None]] = {
            "on_tick": self.on_tick if self._native is None else self._native.take,
            "on_contract": self.on_contract,
            "on_log": self.on_log,
            "on_account": self.on_other,
            "on_position": self.on_other,
            "on_order": self.on_other,
            "on_trade": self.on_other,
            "on_quote": self.on_other,
        }
        overrides = {name: _method(call) for name, call in calls.items()}
        hosted = type(f"Hosted{base.__name__}", (base,), overrides)
        return hosted(cast("EventEngine", self.engine), self.spec.name)

    def _connect(self) -> None:
        connect: Callable[[dict[str, Any]], None] = getattr(self.gateway, "connect")  # noqa: B009 (vnpy types it bare)
        try:
            connect(dict(self._setting))
        except Exception as error:
            words = f"{self.spec.class_path} raised {type(error).__name__} in connect: {error}"
            raise GatewayError(words, "check its `setting`") from error

    def _heard(self) -> None:
        if not self._ready:
            self._ready = True
            for channel in Channel:
                self.sink.event(SessionChanged(channel, SessionState.READY))

    async def _tell_silence(self) -> None:
        """Most SDKs say nothing of an address that nobody listens on; they go on trying, and so does this."""
        await asyncio.sleep(self.spec.connect_timeout)
        if self._ready:
            return
        self.sink.event(Logged(Level.WARNING, "gateway.silent", {"seconds": self.spec.connect_timeout}))
        words = self._last_words.splitlines()[-1:]
        for channel in Channel:
            self.sink.event(SessionChanged(channel, SessionState.CONNECTING, message="".join(words) or "no answer"))

    def _subscribe(self, instruments: Sequence[Instrument]) -> None:
        for instrument in instruments:
            try:
                exchange = VnpyExchange(instrument.exchange.value)
                self.gateway.subscribe(SubscribeRequest(symbol=instrument.symbol, exchange=exchange))
            except Exception as error:  # noqa: BLE001 (foreign code: one bad symbol must not end the others)
                self.sink.event(SubscriptionAnswered(instrument, ok=False, message=f"{type(error).__name__}: {error}"))
            else:
                self.sink.event(SubscriptionAnswered(instrument, ok=True))

    async def _timer(self) -> None:
        while True:
            await asyncio.sleep(1)
            if self.engine.wants_timer:
                await self.timer_lane.call("timer", self._run_timer)

    def _run_timer(self) -> None:
        try:
            self.engine.timer()
        except Exception as error:  # noqa: BLE001 (foreign code; vnpy's own engine would stop for good here)
            text = f"timer handler: {type(error).__name__}: {error}"
            self.sink.event(Logged(Level.ERROR, "vnpy", {"text": text}))

    async def _list_contracts(self) -> None:
        quiet: float | None = None
        while True:
            await asyncio.sleep(0.2)
            with self._contracts_lock:
                batch, self._contracts = tuple(self._contracts), []
            now = self.clock.monotonic()
            if batch:
                self.sink.event(ContractsListed(batch, complete=False))
                quiet = now
            elif quiet is not None and now - quiet >= QUIET:
                self.sink.event(ContractsListed((), complete=True))
                quiet = None


def _method(call: Callable[[Any], None]) -> Callable[..., None]:
    if isinstance(call, BuiltinFunctionType):
        return call  # called with the tick alone: native code does not bind to the object that it is looked up on

    def method(_: object, data: Any) -> None:
        call(data)

    return method


def _version(base: type) -> str:
    package = base.__module__.partition(".")[0]
    try:
        return f"vendor {package} {metadata.version(package)}"
    except metadata.PackageNotFoundError:
        return f"vendor {package}"
