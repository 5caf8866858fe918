"""The line to TWS: connects, is taken or not, watches that it speaks, and connects again, all in this process.

TWS restarts itself every day and is gone for minutes; the line finds it again by itself.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from marketbus.domain.errors import GatewayError
from marketbus.domain.message import Bilingual, reason
from marketbus.domain.session import Channel, SessionState
from marketbus.domain.status import Level
from marketbus.gateways.ib import notices
from marketbus.gateways.ib.connection import Connection
from marketbus.gateways.ib.heard import OrdersHeard, QuotesHeard
from marketbus.gateways.ib.pacer import Pacer
from marketbus.gateways.ib.refusals import NO_WORD, End, refusal, wrong_account
from marketbus.gateways.ib.requests import Requests
from marketbus.gateways.ib.setting import Setting
from marketbus.gateways.ib.states import States
from marketbus.gateways.ib.wrapper_api import TICKS, Wrapper, make_client
from marketbus.ports.clock import Clock
from marketbus.ports.gateway import GatewaySink, GatewaySpec, Logged

ASK_AFTER = 1.5
"""Seconds of silence after which TWS is asked for its time: it sends nothing by itself when markets are quiet."""
MUTE_AFTER = 4.0
"""Seconds of silence after which it is given up: it was asked and did not answer."""
LOOK = 0.25
LONGEST_PAUSE = 30.0
"""Seconds between two attempts at most, while TWS is away."""


class Parts:
    """What lives on a connection: told when one begins, and when it ends."""

    def begin(self, connection: Connection) -> None:
        """TWS took us."""

    def restored(self, *, data_lost: bool) -> None:
        """TWS has IB's servers again; `data_lost`: it has forgotten what was subscribed."""

    def broken(self) -> None:
        """TWS has lost IB's servers, or we TWS: nothing can be asked."""

    def farm_restored(self) -> None:
        """Market data comes again to those who ask again."""


class Session:
    """Both channels of one gateway: TWS has one socket for them. Lives on the loop; implements heard.LineHeard."""

    def __init__(
        self,
        spec: GatewaySpec,
        setting: Setting,
        sink: GatewaySink,
        clock: Clock,
        random: Random,
        parts: Parts,
        quotes: QuotesHeard,
        orders: OrdersHeard | None,
    ) -> None:
        self.connection: Connection | None = None
        """There while TWS has us."""
        self.told_time: Callable[[int], None] = lambda seconds: None
        """TWS's time, seconds since 1970 UTC."""
        self._spec = spec
        self._setting = setting
        self._sink = sink
        self._clock = clock
        self._random = random
        self._parts = parts
        self._quotes = quotes
        self._orders = orders
        channels = (Channel.MD, Channel.TD) if spec.trading else (Channel.MD,)
        self._states = States(sink, setting.address, channels)
        self._ended: asyncio.Future[End] | None = None
        self._accounts: Sequence[str] = ()
        self._farms: set[str] = set()
        self._heard = 0.0
        self._said = ""
        self._attempts = 0
        self.latched = False
        """Refused for good: only another process tries again."""

    @property
    def account(self) -> str:
        """The account's number at IB."""
        return self._setting.account or (self._accounts[0] if self._accounts else "")

    async def run(self) -> None:
        """Connect again and again, until cancelled or refused for good."""
        while not self.latched:
            self._states.enter(SessionState.CONNECTING)
            await self._attempt()
            if not self.latched:
                await asyncio.sleep(self._pause())

    def drop(self, words: str) -> None:
        """Give this connection up."""
        self._end(End(None, words, None))

    # What TWS says

    def greeted(self) -> None:
        """See LineHeard."""
        self._states.enter(SessionState.AUTHENTICATING)

    def accounts(self, accounts: Sequence[str]) -> None:
        """See LineHeard."""
        self._accounts = accounts

    def spoke(self) -> None:
        """See LineHeard."""
        self._heard = self._clock.monotonic()

    def unreadable(self, fields: Sequence[str], error: Exception) -> None:
        """See LineHeard."""
        number = fields[0] if fields else ""
        what = f"{type(error).__name__}: {error}"[:200]
        if number.isdigit() and int(number) in TICKS:
            at = 1 if int(number) in (99, 81) and len(fields) > 1 else 2
            key = fields[at] if len(fields) > at else ""
            self._sink.reject("malformed", self._quotes.symbol(int(key)) if key.isdigit() else "?", what)
            return
        fields_ = {"callback": f"message {number[:10]}", "symbol": "", "detail": what}
        self._sink.event(Logged(Level.ERROR, "td.unreadable", {**fields_}))

    def notice(self, code: int, words: str) -> None:
        """See LineHeard."""
        hint = notices.hint(code)
        if code == notices.CLIENT_ID_IN_USE or (code == notices.NOT_CONNECTED and self.connection is None):
            self._end(End(code, words, hint))
        elif code in notices.LOST:
            self._tell(Level.ERROR, code, words)
            self._lose(code, words, hint)
        elif code in (notices.RESTORED_DATA_LOST, notices.RESTORED_DATA_KEPT):
            self._tell(Level.WARNING, code, words)
            self._restore(data_lost=code == notices.RESTORED_DATA_LOST)
        elif code == notices.FARM_BROKEN:
            self._tell(Level.WARNING, code, words)
            self._farms.add(_farm(words))
            self._states.market_data(SessionState.STALE, code, words, hint)
        elif code in notices.FARM_OK:
            self._farm_back(_farm(words))
        elif not notices.is_notice(code):
            self._tell(Level.WARNING, code, words)

    def competing(self, words: str) -> None:
        """Another session of the user has the market data."""
        code = notices.COMPETING
        self._states.market_data(SessionState.STALE, code, words, notices.hint(code))

    def data_again(self) -> None:
        """Market data that another session had is here again."""
        if not self._farms:
            self._states.market_data(SessionState.READY)

    # Attempts

    async def _attempt(self) -> None:
        loop = asyncio.get_running_loop()
        self._ended = loop.create_future()
        self._accounts, self._heard = (), self._clock.monotonic()
        self._farms.clear()
        pacer = Pacer()
        requests = Requests(pacer)
        wrapper = Wrapper(self, requests, self._quotes, self._orders)
        client = make_client(wrapper, lambda *_: self._end(End(None, "TWS closed the connection", None)))
        setting = self._setting
        connecting = loop.create_task(
            client.connectAsync(setting.host, setting.port, setting.client_id, self._spec.connect_timeout)
        )
        try:
            await asyncio.wait({connecting, self._ended}, return_when=asyncio.FIRST_COMPLETED)
            if client.isReady() and not self._ended.done():
                await self._live(Connection(client, pacer, requests, self._spec.login_timeout), requests)
            else:
                self._tell_refusal(refusal(connecting, self._ended, self._spec.connect_timeout))
        finally:
            was, self.connection = self.connection, None
            pacer.clear()
            requests.end()
            await _stop(connecting)
            with contextlib.suppress(RuntimeError):  # uvloop, of a socket that is closed already
                client.disconnect()
            if was is not None:
                self._parts.broken()

    async def _live(self, connection: Connection, requests: Requests) -> None:
        wrong = wrong_account(self._setting, self._accounts, trading=self._spec.trading)
        if wrong is not None:
            self.latched = True
            self._states.enter(SessionState.FAILED, *wrong)
            return
        assert self._ended is not None
        self._states.enter(SessionState.SYNCING)
        if not await self._tells_time(connection):
            return
        self._attempts = 0
        self._said = ""
        self.connection = connection
        fields = {"address": self._setting.address, "client_id": self._setting.client_id, "accounts": self.account}
        self._sink.event(Logged(Level.INFO, "ib.connected", {**fields}))
        self._parts.begin(connection)
        self._states.enter(SessionState.READY)
        watch = asyncio.get_running_loop().create_task(self._watch(connection))
        try:
            code, words, hint = await self._ended
        finally:
            await _stop(watch)
        self._tell(Level.WARNING, code, words)
        self._states.enter(SessionState.DISCONNECTED, code, words, hint)

    async def _tells_time(self, connection: Connection) -> bool:
        """The first request: a TWS that greets and then hangs is none, and a simulated one lives on its own day."""
        assert self._ended is not None
        asking = asyncio.get_running_loop().create_task(
            connection.ask("time", lambda client: client.reqCurrentTime(), self._spec.login_timeout)
        )
        await asyncio.wait({asking, self._ended}, return_when=asyncio.FIRST_COMPLETED)
        if not asking.done() or asking.exception() is not None:
            await _stop(asking)
            self._end(End(None, f"no answer within {self._spec.login_timeout:g} s", NO_WORD))
            code, words, hint = self._ended.result()
            self._attempts += 1
            self._states.enter(SessionState.DISCONNECTED, code, words, hint)
            return False
        for seconds in asking.result():
            self.told_time(seconds)
        return True

    async def _watch(self, connection: Connection) -> None:
        """Asks when it is quiet: a TWS that hangs keeps its socket open."""
        while True:
            await asyncio.sleep(LOOK)
            silent = self._clock.monotonic() - self._heard
            if silent < ASK_AFTER:
                continue
            try:
                answer = await connection.ask(
                    "time", lambda client: client.reqCurrentTime(), max(0.5, MUTE_AFTER - silent)
                )
            except GatewayError:
                if self._clock.monotonic() - self._heard >= MUTE_AFTER - LOOK:
                    self.drop(f"TWS said nothing for {MUTE_AFTER:g} s")
                    return
                continue
            if answer:
                self.told_time(answer[0])

    def _tell_refusal(self, why: End) -> None:
        """Why there is no connection; the same is said once."""
        self._attempts += 1
        if why.words != self._said:
            self._said = why.words
            fields = {"front": self._setting.address, "why": reason(why.words, why.hint)}
            self._sink.event(Logged(Level.WARNING, "ib.no_connection", {**fields}))
        if why.code == notices.CLIENT_ID_IN_USE:
            self._states.enter(SessionState.WAITING, *why)
        else:
            self._states.enter(SessionState.CONNECTING, *why)

    def _pause(self) -> float:
        """Longer each time, by chance, so that no two programs come at the same moment."""
        base = self._spec.login_retry if self._states.now is SessionState.WAITING else min(1.0, self._spec.login_retry)
        longest = max(base, min(LONGEST_PAUSE, 3 * self._spec.login_retry))
        return min(longest, base * 1.6 ** min(self._attempts, 10)) * self._random.uniform(0.7, 1.3)

    def _end(self, why: End) -> None:
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(why)

    # TWS without IB

    def _lose(self, code: int, words: str, hint: Bilingual | None) -> None:
        if self.connection is None or self._states.now is SessionState.DISCONNECTED:
            return
        self._states.enter(SessionState.DISCONNECTED, code, words, hint)
        self._parts.broken()

    def _restore(self, *, data_lost: bool) -> None:
        if self.connection is None:
            return
        if self._states.now is SessionState.READY:  # it said so without having said that it was lost
            if not data_lost:
                return
            self._lose(notices.RESTORED_DATA_LOST, "", None)
        self._states.enter(SessionState.CONNECTING)
        self._states.enter(SessionState.SYNCING)
        self._farms.clear()
        self._parts.restored(data_lost=data_lost)
        self._states.enter(SessionState.READY)

    def _farm_back(self, farm: str) -> None:
        if farm not in self._farms:
            return
        self._farms.discard(farm)
        self._parts.farm_restored()
        self.data_again()

    def _tell(self, level: Level, code: int | None, words: str) -> None:
        fields = {"error": code or "-", "words": reason(words, notices.hint(code) if code else None)}
        self._sink.event(Logged(level, "ib.notice", {**fields}))


def _farm(words: str) -> str:
    """`Market data farm connection is broken:usfarm` → usfarm."""
    return words.rpartition(":")[2].strip()


async def _stop(task: "asyncio.Task[Any]") -> None:
    task.cancel()
    await asyncio.wait({task})
