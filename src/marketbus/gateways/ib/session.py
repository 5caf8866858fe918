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
from marketbus.gateways.ib.ib_api import TICKS, OrdersHeard, QuotesHeard, Wrapper, make_client
from marketbus.gateways.ib.pacer import Pacer
from marketbus.gateways.ib.requests import Requests
from marketbus.gateways.ib.setting import Setting
from marketbus.ports.clock import Clock
from marketbus.ports.gateway import GatewaySink, GatewaySpec, Logged, SessionChanged

ASK_AFTER = 1.5
"""Seconds of silence after which TWS is asked for its time: it sends nothing by itself when markets are quiet."""
MUTE_AFTER = 4.0
"""Seconds of silence after which it is given up: it was asked and did not answer."""
LOOK = 0.25
LONGEST_PAUSE = 30.0
"""Seconds between two attempts at most, while TWS is away."""

_NOT_THERE = Bilingual(
    "start TWS or IB Gateway, and tick Enable ActiveX and Socket Clients in its API settings",
    "请启动 TWS 或 IB Gateway，并在 API 设置中勾选“启用 ActiveX 和套接字客户端”",
)
_NO_WORD = Bilingual(
    "it accepts connections and does not answer: is it logged in, and does a dialog wait to allow this one",
    "已连接但没有应答：请检查是否已登录，是否有等待允许连接的对话框",
)
_CLOSED = Bilingual(
    "it closed the connection: add this machine to Trusted IPs in its API settings",
    "连接被关闭：请在 API 设置的受信任 IP 中加入本机",
)


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
    """Both channels of one gateway: TWS has one socket for them. Lives on the loop; implements ib_api.LineHeard."""

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
        self._channels = (Channel.MD, Channel.TD) if spec.trading else (Channel.MD,)
        self._state = SessionState.DISCONNECTED
        self._ended: asyncio.Future[tuple[int | None, str, Bilingual | None]] | None = None
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
            self._enter(SessionState.CONNECTING)
            await self._attempt()
            if not self.latched:
                await asyncio.sleep(self._pause())

    def drop(self, words: str) -> None:
        """Give this connection up."""
        self._end(None, words, None)

    # What TWS says

    def greeted(self) -> None:
        """See LineHeard."""
        self._enter(SessionState.AUTHENTICATING)

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
            self._end(code, words, hint)
        elif code in notices.LOST:
            self._tell(Level.ERROR, code, words)
            self._lose(code, words, hint)
        elif code in (notices.RESTORED_DATA_LOST, notices.RESTORED_DATA_KEPT):
            self._tell(Level.WARNING, code, words)
            self._restore(data_lost=code == notices.RESTORED_DATA_LOST)
        elif code == notices.FARM_BROKEN:
            self._tell(Level.WARNING, code, words)
            self._farms.add(_farm(words))
            if self._state is SessionState.READY:
                self._set(Channel.MD, SessionState.STALE, code, words, hint)
        elif code in notices.FARM_OK:
            self._farm_back(_farm(words))
        elif not notices.is_notice(code):
            self._tell(Level.WARNING, code, words)

    def competing(self, words: str) -> None:
        """Another session of the user has the market data."""
        code = notices.COMPETING
        if self._state is SessionState.READY:
            self._set(Channel.MD, SessionState.STALE, code, words, notices.hint(code))

    def data_again(self) -> None:
        """Market data that another session had is here again."""
        if self._state is SessionState.READY and not self._farms:
            self._set(Channel.MD, SessionState.READY)

    # Attempts

    async def _attempt(self) -> None:
        loop = asyncio.get_running_loop()
        self._ended = loop.create_future()
        self._accounts, self._heard = (), self._clock.monotonic()
        self._farms.clear()
        pacer = Pacer()
        requests = Requests(pacer)
        wrapper = Wrapper(self, requests, self._quotes, self._orders)
        client = make_client(wrapper, lambda *_: self._end(None, "TWS closed the connection", None))
        setting = self._setting
        connecting = loop.create_task(
            client.connectAsync(setting.host, setting.port, setting.client_id, self._spec.connect_timeout)
        )
        try:
            await asyncio.wait({connecting, self._ended}, return_when=asyncio.FIRST_COMPLETED)
            if client.isReady() and not self._ended.done():
                await self._live(Connection(client, pacer, requests, self._spec.login_timeout), requests)
            else:
                self._tell_refusal(connecting)
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
        refusal = self._wrong_account()
        if refusal is not None:
            self.latched = True
            self._enter(SessionState.FAILED, None, *refusal)
            return
        assert self._ended is not None
        self._enter(SessionState.SYNCING)
        if not await self._tells_time(connection):
            return
        self._attempts = 0
        self._said = ""
        self.connection = connection
        fields = {"address": self._setting.address, "client_id": self._setting.client_id, "accounts": self.account}
        self._sink.event(Logged(Level.INFO, "ib.connected", {**fields}))
        self._parts.begin(connection)
        self._enter(SessionState.READY)
        watch = asyncio.get_running_loop().create_task(self._watch(connection))
        try:
            code, words, hint = await self._ended
        finally:
            await _stop(watch)
        self._tell(Level.WARNING, code, words)
        self._enter(SessionState.DISCONNECTED, code, words, hint)

    async def _tells_time(self, connection: Connection) -> bool:
        """The first request: a TWS that greets and then hangs is none, and a simulated one lives on its own day."""
        assert self._ended is not None
        asking = asyncio.get_running_loop().create_task(
            connection.ask("time", lambda client: client.reqCurrentTime(), self._spec.login_timeout)
        )
        await asyncio.wait({asking, self._ended}, return_when=asyncio.FIRST_COMPLETED)
        if not asking.done() or asking.exception() is not None:
            await _stop(asking)
            self._end(None, f"no answer within {self._spec.login_timeout:g} s", _NO_WORD)
            code, words, hint = self._ended.result()
            self._attempts += 1
            self._enter(SessionState.DISCONNECTED, code, words, hint)
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

    def _wrong_account(self) -> tuple[str, Bilingual] | None:
        wanted, there = self._setting.account, ", ".join(self._accounts)
        if wanted and wanted not in self._accounts:
            return (
                f"TWS is logged in with {there}, not with {wanted}",
                Bilingual("log it in with the right user, or mend `account`", "请用正确的用户登录，或修改 account"),
            )
        if not wanted and self._spec.trading and len(self._accounts) > 1:
            return (
                f"TWS has several accounts: {there}",
                Bilingual("name the one to trade: `account`", "请在 account 中指定交易账户"),
            )
        return None

    def _tell_refusal(self, connecting: "asyncio.Task[None]") -> None:
        """Why there is no connection."""
        assert self._ended is not None
        error = connecting.exception() if connecting.done() and not connecting.cancelled() else None
        code: int | None = None
        hint: Bilingual | None
        if isinstance(error, TimeoutError) and not self._ended.done():
            words, hint = f"no answer within {self._spec.connect_timeout:g} s", _NO_WORD
        elif isinstance(error, OSError) and not isinstance(error, TimeoutError):
            words, hint = str(error) or type(error).__name__, _NOT_THERE
        else:
            code, words, hint = self._ended.result() if self._ended.done() else (None, str(error), None)
            hint = hint or _CLOSED
        self._attempts += 1
        waiting = code == notices.CLIENT_ID_IN_USE
        said = f"{code} {words}"
        if said != self._said:
            self._said = said
            fields = {"front": self._setting.address, "why": reason(words, hint)}
            self._sink.event(Logged(Level.WARNING, "ib.no_connection", {**fields}))
        if waiting:
            self._enter(SessionState.WAITING, code, words, hint)
        elif self._state is not SessionState.WAITING:
            self._again(SessionState.CONNECTING, code, words, hint)

    def _pause(self) -> float:
        """Longer each time, by chance, so that no two programs come at the same moment."""
        base = self._spec.login_retry if self._state is SessionState.WAITING else min(1.0, self._spec.login_retry)
        longest = max(base, min(LONGEST_PAUSE, 3 * self._spec.login_retry))
        return min(longest, base * 1.6 ** min(self._attempts, 10)) * self._random.uniform(0.7, 1.3)

    def _end(self, code: int | None, words: str, hint: Bilingual | None) -> None:
        if self._ended is not None and not self._ended.done():
            self._ended.set_result((code, words, hint))

    # TWS without IB

    def _lose(self, code: int, words: str, hint: Bilingual | None) -> None:
        if self.connection is None or self._state is SessionState.DISCONNECTED:
            return
        self._enter(SessionState.DISCONNECTED, code, words, hint)
        self._parts.broken()

    def _restore(self, *, data_lost: bool) -> None:
        if self.connection is None:
            return
        if self._state is SessionState.READY:  # it said so without having said that it was lost
            if not data_lost:
                return
            self._lose(notices.RESTORED_DATA_LOST, "", None)
        self._enter(SessionState.CONNECTING)
        self._enter(SessionState.SYNCING)
        self._farms.clear()
        self._parts.restored(data_lost=data_lost)
        self._enter(SessionState.READY)

    def _farm_back(self, farm: str) -> None:
        if farm not in self._farms:
            return
        self._farms.discard(farm)
        self._parts.farm_restored()
        if not self._farms and self._state is SessionState.READY:
            self._set(Channel.MD, SessionState.READY)

    # Words

    def _enter(
        self, state: SessionState, code: int | None = None, words: str = "", hint: Bilingual | None = None
    ) -> None:
        """Both channels. While TWS makes us wait, the steps on the way to the same answer are not told."""
        if self._state is SessionState.WAITING and state in (SessionState.CONNECTING, SessionState.AUTHENTICATING):
            return
        self._again(state, code, words, hint)

    def _again(self, state: SessionState, code: int | None, words: str, hint: Bilingual | None) -> None:
        self._state = state
        for channel in self._channels:
            self._set(channel, state, code, words, hint)

    def _set(
        self,
        channel: Channel,
        state: SessionState,
        code: int | None = None,
        words: str = "",
        hint: Bilingual | None = None,
    ) -> None:
        self._sink.event(SessionChanged(channel, state, self._setting.address, code, words, hint))

    def _tell(self, level: Level, code: int | None, words: str) -> None:
        fields = {"error": code or "-", "words": reason(words, notices.hint(code) if code else None)}
        self._sink.event(Logged(level, "ib.notice", {**fields}))


def _farm(words: str) -> str:
    """`Market data farm connection is broken:usfarm` → usfarm."""
    return words.rpartition(":")[2].strip()


async def _stop(task: "asyncio.Task[Any]") -> None:
    task.cancel()
    await asyncio.wait({task})
