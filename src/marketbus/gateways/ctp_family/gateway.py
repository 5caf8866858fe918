"""A line of the CTP family behind the gateway port: vnpy's gateway with our two APIs in it."""

import asyncio
import os
from collections.abc import Callable, Sequence
from random import Random

import msgspec
from vnpy.trader.utility import get_folder_path

from marketbus.domain.exchange_time import ExchangeTime
from marketbus.domain.instrument import Instrument
from marketbus.domain.schedule import unattended
from marketbus.domain.session import Channel, SessionState
from marketbus.domain.status import Level
from marketbus.domain.times import to_datetime, yyyymmdd
from marketbus.gateways.ctp_family.account import Account, Refused
from marketbus.gateways.ctp_family.dialect import Dialect
from marketbus.gateways.ctp_family.direct.answers import Answers
from marketbus.gateways.ctp_family.direct.choose import Direct
from marketbus.gateways.ctp_family.direct.core import Core
from marketbus.gateways.ctp_family.direct.core_md_api import CoreMarketDataApi
from marketbus.gateways.ctp_family.front_order import Choice, FrontOrder
from marketbus.gateways.ctp_family.kept import Kept
from marketbus.gateways.ctp_family.line import Line
from marketbus.gateways.ctp_family.login import REST, Login, Patience
from marketbus.gateways.ctp_family.md_api import MarketDataApi
from marketbus.gateways.ctp_family.queries import QueryQueue
from marketbus.gateways.ctp_family.sdk import Sdk
from marketbus.gateways.ctp_family.setting import Front, Setting
from marketbus.gateways.ctp_family.symbols import Symbols
from marketbus.gateways.ctp_family.td_api import TraderApi
from marketbus.gateways.ctp_family.trading_side import TradingSide
from marketbus.gateways.ctp_family.translate import Translator
from marketbus.gateways.ctp_family.watch import SessionWatch, watch_answers
from marketbus.gateways.native_ticks import NativeTicks
from marketbus.gateways.vnpy.engine import TimerOnlyEngine
from marketbus.gateways.vnpy.lane import Lane
from marketbus.ports.gateway import Capability, GatewayContext, GatewaySpec, Logged, SessionChanged
from marketbus.ports.ticks import TickTable

CHUNK = 100
"""Subscriptions per SDK call batch: 2,000 symbols must not hold the lane in one piece."""


class FamilyGateway:
    """Implements ports.gateway.Gateway; a line that trades is a TradingFamilyGateway."""

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
        self,
        dialect: Dialect,
        spec: GatewaySpec,
        setting: Setting,
        context: GatewayContext,
        sdk: Sdk,
        direct: Direct | None = None,
        ticks_path: str = "python",
    ) -> None:
        """`direct`: what takes the ticks past Python."""
        self.sdk = sdk.label
        self.simulated = sdk.simulated
        self.market_clock = sdk.market_clock
        self._spec = spec
        self._setting = setting
        self._sink = context.sink
        self._clock = context.clock
        self._schedule = context.schedule
        self._days = context.market.days
        self._loop = asyncio.get_running_loop()
        random = Random(f"{spec.name}/{os.getpid()}/{context.clock.now()}")  # noqa: S311 (spreads retries)
        self._order = FrontOrder(setting.md_fronts, Kept(context.folder / "fronts.json", Choice, context.sink), random)
        self._account = Account(
            setting,
            Kept(context.folder / "refused.json", Refused, context.sink),
            lambda: yyyymmdd(to_datetime(context.clock.now()).date()),
        )
        self._md_login = self._login(Channel.MD, context, random)
        self._td_login = self._login(Channel.TD, context, random)
        self._md_login.other, self._td_login.other = self._td_login, self._md_login
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
        translator = Translator(dialect, spec.name, self._symbols, times, context.market, simulated=sdk.simulated)
        self.ticks: TickTable | None = None
        """See ports.ticks.NumbersTicks."""
        self.ticks_path = ticks_path
        session = (
            self._vnpy,
            msgspec.structs.replace(setting, md_fronts=(self._order.current,)),
            flow,
            Line(Channel.MD, setting, self._sink, self._md_login, self._order.proved),
            self._symbols,
            translator,
            context.clock,
            sdk.market_clock,
        )
        if direct is None:
            self._md = native.md(*session)
        else:
            answers = Answers(translator, context.market, self._sink.reject)
            library, place, sink, epoch = direct
            core = Core(library, spec.name, epoch, translator.flags, answers, sink, sdk.announced)
            self.ticks = NativeTicks(core)
            self._md = CoreMarketDataApi(core, place, *session)
        self._queries = QueryQueue(self._query_later, context.clock, spec.login_timeout)
        self._td = native.td(
            self._vnpy,
            dialect,
            setting,
            flow,
            Line(Channel.TD, setting, self._sink, self._td_login),
            self._symbols,
            self._queries,
            lambda seconds, call: self._later(seconds, self._td_lane, "trading request", call),
            context.clock,
            self._trading_side(dialect, context),
        )
        self._vnpy.md_api = self._md
        self._vnpy.td_api = self._td

    async def connect(self) -> None:
        """Open both sessions and watch that their fronts answer, until cancelled."""
        async with self._tasks:
            self._open(Channel.MD, (self._order.current,), self._md_lane, self._md, self._md_login, self._order)
            if self._setting.td_fronts:
                self._open(Channel.TD, self._setting.td_fronts, self._td_lane, self._td, self._td_login)
                self._tasks.create_task(watch_answers(self._td, self._spec.login_timeout))

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
        """Market data: the next process takes the next front. Trading: the SDK itself goes round among its fronts."""
        if channel is Channel.MD:
            self._order.condemn()

    def begin_anew(self, *, pardon: bool) -> None:
        """The next process takes the first front; with `pardon` it tries a login again that was refused for good."""
        self._order.begin_anew()
        if pardon:
            self._account.pardon()

    async def close(self) -> None:
        """Nothing: vnpy_ctp's close deadlocks (exit() joins a thread that waits for the GIL); the process ends now."""

    def _trading_side(self, dialect: Dialect, context: GatewayContext) -> TradingSide | None:
        return None

    def _login(self, channel: Channel, context: GatewayContext, random: Random) -> Login:
        patience = Patience(timeout=self._spec.login_timeout, retry=self._spec.login_retry)
        return Login(
            channel,
            self._sink,
            self._account,
            self._login_later,
            patience,
            context.clock,
            random,
            self._unattended,
        )

    def _unattended(self) -> float:
        return unattended(self._schedule, self._days, self.market_clock.now())

    def _open(
        self,
        channel: Channel,
        fronts: Sequence[Front],
        lane: Lane,
        api: MarketDataApi | TraderApi,
        login: Login,
        order: FrontOrder | None = None,
    ) -> None:
        addresses = ", ".join(front.address for front in fronts)
        self._sink.event(SessionChanged(channel, SessionState.CONNECTING, front=addresses))
        refusal = self._account.refused.get(channel)
        if refusal is not None:  # by an earlier process: not even the connection is worth anything
            at = f"{to_datetime(refusal.at):%Y-%m-%d %H:%M}"
            self._sink.event(Logged(Level.ERROR, "session.refused_before", {"channel": channel.value, "at": at}))
            login.fail()
            return
        self._sink.event(Logged(Level.INFO, f"{channel}.connecting", {"front": addresses}))
        self._tasks.create_task(lane.call(f"{channel} init", api.open))
        # a simulated counter tells its market's time when its front is there, which is what is missing here
        rest = 0.0 if self.simulated else REST
        watch = SessionWatch(
            channel, api.line, fronts, self._spec, self._clock, order, lambda: min(rest, self._unattended())
        )
        self._tasks.create_task(watch.run())

    # Called in SDK threads: what must not happen inside a callback happens later, in the lane.

    def _login_later(self, channel: Channel, seconds: float) -> None:
        lane, login = (
            (self._md_lane, self._md.login) if channel is Channel.MD else (self._td_lane, self._td.start_login)
        )
        self._later(seconds, lane, f"{channel} login", lambda: login(again=True))

    def _query_later(self, seconds: float) -> None:
        self._later(seconds, self._td_lane, "query", self._queries.run)

    def _later(self, seconds: float, lane: Lane, what: str, call: Callable[[], None]) -> None:
        async def wait_and_call() -> None:
            await asyncio.sleep(seconds)
            await lane.call(what, call)

        def begin() -> None:
            work = wait_and_call()
            try:
                self._tasks.create_task(work)
            except RuntimeError:  # the group has ended, and with it this line: nothing is called any more
                work.close()

        self._loop.call_soon_threadsafe(begin)
