"""A line of the CTP family behind the gateway port: vnpy's gateway with our two APIs in it."""

import asyncio
from collections.abc import Callable, Sequence

from vnpy.trader.utility import get_folder_path

from marketbus.domain.exchange_time import ExchangeTime
from marketbus.domain.instrument import Instrument
from marketbus.domain.session import Channel, SessionState
from marketbus.domain.status import Level
from marketbus.gateways.ctp_family.dialect import Dialect
from marketbus.gateways.ctp_family.front_watch import probe
from marketbus.gateways.ctp_family.line import Line
from marketbus.gateways.ctp_family.login import Login
from marketbus.gateways.ctp_family.md_api import MarketDataApi
from marketbus.gateways.ctp_family.sdk import Sdk
from marketbus.gateways.ctp_family.setting import Front, Setting
from marketbus.gateways.ctp_family.symbols import Symbols
from marketbus.gateways.ctp_family.td_api import TraderApi
from marketbus.gateways.ctp_family.translate import Translator
from marketbus.gateways.vnpy.engine import TimerOnlyEngine
from marketbus.gateways.vnpy.lane import Lane
from marketbus.ports.gateway import Capability, GatewayContext, GatewaySpec, Logged, SessionChanged

CHUNK = 100
"""Subscriptions per SDK call batch: 2,000 symbols must not hold the lane in one piece."""


class FamilyGateway:
    """Implements ports.gateway.Gateway."""

    capabilities = frozenset(
        {
            Capability.MARKET_DATA,
            Capability.CONTRACTS,
            Capability.UNSUBSCRIBE,
            Capability.MARKET_DATA_ONLY,
            Capability.ANSWERED_SUBSCRIPTIONS,
            Capability.SESSIONS,
        }
    )

    def __init__(
        self, dialect: Dialect, spec: GatewaySpec, setting: Setting, context: GatewayContext, sdk: Sdk
    ) -> None:
        self.sdk = sdk.label
        self.simulated = sdk.simulated
        self.market_clock = sdk.market_clock
        self._spec = spec
        self._setting = setting
        self._sink = context.sink
        self._loop = asyncio.get_running_loop()
        self._symbols = Symbols()
        self._symbols.list(context.contracts)
        self._md_lane = Lane("md", spec.call_timeout, context.sink)
        self._td_lane = Lane("td", spec.call_timeout, context.sink)
        self._tasks = asyncio.TaskGroup()
        native = dialect.native()
        # vnpy's APIs know their gateway by name only, once their callbacks are ours.
        self._vnpy = native.gateway(TimerOnlyEngine(), spec.name)
        # Made here, not in the lanes: get_folder_path looks and then makes, so two at once may fail.
        flow = get_folder_path(spec.name.lower())
        times = ExchangeTime(context.market.days)
        translator = Translator(spec.name, self._symbols, times, context.market, simulated=sdk.simulated)
        self._md = native.md(
            self._vnpy,
            setting,
            flow,
            self._line(Channel.MD),
            self._symbols,
            translator,
            context.clock,
            sdk.market_clock,
        )
        self._td = native.td(
            self._vnpy,
            dialect,
            setting,
            flow,
            self._line(Channel.TD),
            self._symbols,
            self._query_later,
        )
        self._vnpy.md_api = self._md
        self._vnpy.td_api = self._td

    async def connect(self) -> None:
        """Open both sessions and watch that their fronts answer, until cancelled."""
        async with self._tasks:
            self._open(Channel.MD, self._setting.md_fronts, self._md_lane, self._md)
            if self._setting.td_fronts:
                self._open(Channel.TD, self._setting.td_fronts, self._td_lane, self._td)

    async def subscribe(self, instruments: Sequence[Instrument]) -> None:
        """Ask for market data in the `md` lane, in chunks."""
        self._symbols.take_word(instruments)
        for start in range(0, len(instruments), CHUNK):
            part = instruments[start : start + CHUNK]
            await self._md_lane.call("subscribe", lambda part=part: self._md.subscribe_all(part))

    async def unsubscribe(self, instruments: Sequence[Instrument]) -> None:
        """Ask for no more, in chunks."""
        for start in range(0, len(instruments), CHUNK):
            part = instruments[start : start + CHUNK]
            await self._md_lane.call("unsubscribe", lambda part=part: self._md.unsubscribe_all(part))

    def condemn_front(self, channel: Channel) -> None:
        """Nothing yet: the SDK chooses among the fronts."""

    def begin_anew(self, *, pardon: bool) -> None:
        """Nothing is remembered from one process to the next yet."""

    async def close(self) -> None:
        """Nothing: vnpy_ctp's close deadlocks (exit() joins a thread that waits for the GIL); the process ends now."""

    def _line(self, channel: Channel) -> Line:
        login = Login(channel, self._sink, self._login_later, self._spec.login_retry)
        return Line(channel, self._setting, self._sink, login)

    def _open(self, channel: Channel, fronts: Sequence[Front], lane: Lane, api: MarketDataApi | TraderApi) -> None:
        addresses = ", ".join(front.address for front in fronts)
        self._sink.event(SessionChanged(channel, SessionState.CONNECTING, front=addresses))
        self._sink.event(Logged(Level.INFO, f"{channel}.connecting", {"front": addresses}))
        self._tasks.create_task(lane.call(f"{channel} init", api.open))
        self._tasks.create_task(self._watch(channel, fronts, lambda: api.line.connected or api.line.given_up))

    async def _watch(self, channel: Channel, fronts: Sequence[Front], connected: Callable[[], bool]) -> None:
        patience = self._spec.connect_timeout
        said = ""
        while True:
            waited = 0.0
            while not connected() and waited < patience:
                await asyncio.sleep(0.1)
                waited += 0.1
            if connected():
                said = ""
                await asyncio.sleep(1)
                continue
            found = await probe(fronts, seconds=1.0)
            if connected() or found == said:
                continue
            said = found
            self._sink.event(SessionChanged(channel, SessionState.CONNECTING, message=found))
            addresses = ", ".join(front.address for front in fronts)
            fields: dict[str, str | int | float | bool | None] = {
                "front": addresses,
                "seconds": patience,
                "probe": found,
            }
            self._sink.event(Logged(Level.ERROR, f"{channel}.connect_timeout", fields))

    # Called in SDK threads: what must not happen inside a callback happens later, in the lane.

    def _login_later(self, channel: Channel, seconds: float) -> None:
        lane, login = (
            (self._md_lane, self._md.login) if channel is Channel.MD else (self._td_lane, self._td.start_login)
        )
        self._later(seconds, lane, f"{channel} login", lambda: login(again=True))

    def _query_later(self, seconds: float) -> None:
        self._later(seconds, self._td_lane, "query contracts", self._td.query_contracts)

    def _later(self, seconds: float, lane: Lane, what: str, call: Callable[[], None]) -> None:
        async def wait_and_call() -> None:
            await asyncio.sleep(seconds)
            await lane.call(what, call)

        self._loop.call_soon_threadsafe(lambda: self._tasks.create_task(wait_and_call()))
