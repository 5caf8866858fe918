"""What a vnpy gateway does on the bus's loop: finds its gateway, tells what is listed, hands ticks on."""

import asyncio
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import timedelta

import msgspec
from vnpy.trader.gateway import BaseGateway
from vnpy.trader.object import BarData, HistoryRequest, OrderData, OrderRequest

from marketbus.client.bus import Bus
from marketbus.client.gap import Gap
from marketbus.client.ticks import Listening
from marketbus.client.vnpy_gateway.account import RETRY, VnpyAccount
from marketbus.client.vnpy_gateway.setting import Setting
from marketbus.domain.errors import BusUnavailable, MarketBusError, NotSupported, UnknownInstrument
from marketbus.domain.status import GatewayStatus
from marketbus.domain.tick import Tick
from marketbus.vnpy_types.market import bar_to_vnpy, contract_to_vnpy, tick_to_vnpy

TOGETHER = 0.05
"""Seconds that a subscription waits for others: an app asks for its instruments one by one."""
GAPS = 10.0
"""Seconds between two lines about gaps."""


class Session:
    """One connection. Belongs to the portal's loop; `connected` may be read from any thread."""

    def __init__(self, out: BaseGateway, setting: Setting) -> None:
        self._out = out
        self._setting = setting
        self._bus: Bus | None = None
        self._name = ""
        self._account: VnpyAccount | None = None
        self._listening: list[Listening] = []
        self._asked: dict[str, None] = {}
        self._taken: set[str] = set()
        self._wake = asyncio.Event()
        self._work: set[asyncio.Task[None]] = set()
        """What runs until it is done, or until `close`."""
        self._gaps = (-GAPS, 0)

    @property
    def connected(self) -> bool:
        """Whether an order can go out."""
        return self._bus is not None and self._bus.connected and self._account is not None and self._account.open

    async def run(self) -> None:
        """Until `close`."""
        with self._counted():
            await self._run()

    async def _run(self) -> None:
        bus = await self._open()
        status = await self._find(bus)
        self._name = status.gateway
        self._log(f"接入总线成功，接口{self._name} / connected to the bus, gateway {self._name}")
        self._account = VnpyAccount(bus, self._out, {"gateway": self._name, "account": self._setting.account or None})
        self._account.day = status.td.trading_day or status.md.trading_day
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_contracts(bus, self._account, status))
            tasks.create_task(self._keep_ticks(bus))
            tasks.create_task(self._account.run())

    async def close(self) -> None:
        """Give everything back."""
        work = list(self._work)
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
        if self._bus is not None:
            await self._bus.close()

    # What vnpy asks.

    async def subscribe(self, symbols: Sequence[str]) -> None:
        """Ticks of these too."""
        self._asked.update(dict.fromkeys(symbols))
        self._wake.set()

    async def send(self, request: OrderRequest, data: OrderData) -> None:
        """See `VnpyAccount.send`."""
        if self._account is not None:
            with self._counted():
                await self._account.send(request, data)

    async def cancel(self, order_id: str) -> None:
        """See `VnpyAccount.cancel`."""
        if self._account is None or not self.connected:
            self._log(f"撤单失败：总线未连接 / cancel not sent: no connection to the bus ({order_id})")
        else:
            await self._account.cancel(order_id)

    async def query_account(self) -> None:
        """Funds, once more."""
        if self._account is not None:
            await self._account.query_account()

    async def query_position(self) -> None:
        """Positions, once more."""
        if self._account is not None:
            await self._account.query_position()

    async def query_history(self, request: HistoryRequest) -> list[BarData]:
        """Bars of the past; none where there are none to be had, and why in the log."""
        bus, symbol = self._bus, request.vt_symbol
        if bus is None or not self._name:
            self._log(f"历史数据查询失败：总线未连接 / no history: no connection to the bus ({symbol})")
            return []
        if request.interval is None:
            self._log(f"历史数据查询失败：未指定周期 / no history: no interval given ({symbol})")
            return []
        last = None if request.end is None else request.end + timedelta(microseconds=1)  # vnpy's end is included
        try:
            with self._counted():
                bars = await bus.query_history(
                    symbol, request.interval.value, request.start, last, gateway=self._name, on_wait=self._pause
                )
        except MarketBusError as error:
            self._log(f"历史数据查询失败 / no history of {symbol}: {error}")
            return []
        found = [bar_to_vnpy(bar) for bar in bars]
        for bar in found:
            bar.gateway_name = self._out.gateway_name
        return found

    def _pause(self, seconds: float) -> None:
        self._log(f"柜台限制查询频率，{seconds:.0f}秒后继续 / the venue wants a pause of {seconds:.0f} s")

    @contextmanager
    def _counted(self) -> Generator[None]:
        task = asyncio.current_task()
        assert task is not None
        self._work.add(task)
        try:
            yield
        finally:
            self._work.discard(task)

    # Connecting.

    async def _open(self) -> Bus:
        told = ""
        while True:
            bus = self._setting.bus(self._out.gateway_name)
            try:
                await bus.open()
            except BusUnavailable as error:
                if str(error) != told:
                    told = str(error)
                    self._log(f"{told}；每 {RETRY:g} 秒重试 / trying again every {RETRY:g} s")
                await asyncio.sleep(RETRY)
            else:
                self._bus = bus
                bus.on_gap(self._gap)
                return bus

    async def _find(self, bus: Bus) -> GatewayStatus:
        told = ""
        while True:
            try:
                live = await bus.gateways()
            except BusUnavailable:  # gone again already: it is being connected to
                live = []
            for status in live:
                if self._setting.gateway == status.gateway or (not self._setting.gateway and len(live) == 1):
                    return status
            names = "、".join(status.gateway for status in live) or "-"
            if names != told:
                told = names
                wanted = self._setting.gateway or "?"
                self._log(f"等待接口{wanted}，总线上有：{names} / waiting for gateway {wanted}, on the bus: {names}")
            await asyncio.sleep(RETRY)

    async def _keep_contracts(self, bus: Bus, account: VnpyAccount, status: GatewayStatus) -> None:
        """Tell the contracts, and again when the gateway lists others; say what becomes of its sessions."""
        listed, states = (0, 0), ("", "")
        statuses = bus.statuses()
        while True:
            if (now := (str(status.md.state), str(status.td.state))) != states:
                states = now
                words = " ".join(filter(None, (status.md.message, status.td.message)))
                simulated = "，模拟柜台 SIMULATED" * status.simulated
                self._log(f"行情{now[0]}，交易{now[1]}{simulated} {words}".rstrip())
            day = status.td.trading_day or status.md.trading_day
            if day > account.day:
                account.day = day
                account.refresh()
            changed = status.contracts and (status.epoch, status.contracts) != listed
            if changed and await self._tell_contracts(bus, history="history" in status.capabilities):
                listed = (status.epoch, status.contracts)
            status = await anext(statuses)
            while status.gateway != self._name:
                status = await anext(statuses)

    async def _tell_contracts(self, bus: Bus, *, history: bool) -> bool:
        try:
            contracts = await bus.contracts(gateway=self._name)
        except MarketBusError as error:
            self._log(f"合约查询失败 / contracts: {error}")
            await asyncio.sleep(RETRY)
            return False
        told = 0
        for contract in contracts:
            try:
                data = contract_to_vnpy(msgspec.structs.replace(contract, gateway=self._out.gateway_name))
            except NotSupported:
                continue  # vnpy has no word for its exchange or its product
            data.history_data = history
            self._out.on_contract(data)
            told += 1
        self._log(f"合约信息查询成功，{told}个 / {told} contracts")
        return True

    # Ticks.

    async def _keep_ticks(self, bus: Bus) -> None:
        while True:
            await self._wake.wait()
            await asyncio.sleep(TOGETHER)
            self._wake.clear()
            while new := [symbol for symbol in self._asked if symbol not in self._taken]:
                try:
                    self._listening.append(await bus.on_ticks(new, self._tick, gateway=self._name))
                    self._taken.update(new)
                except UnknownInstrument as error:
                    self._log(f"订阅失败 / not subscribed: {error}")
                    for symbol in [each for each in new if each == error.symbol] or new:
                        self._asked.pop(symbol)
                except MarketBusError as error:
                    self._log(f"订阅失败，稍后重试 / not subscribed, trying again: {error}")
                    await asyncio.sleep(RETRY)

    def _tick(self, tick: Tick) -> None:
        data = tick_to_vnpy(tick)
        data.gateway_name = self._out.gateway_name
        self._out.on_tick(data)

    def _gap(self, gap: Gap) -> None:
        at, count = self._gaps
        count += 1
        if (now := time.monotonic()) - at >= GAPS:
            self._log(
                f"行情有缺口：{count}处，如{gap.symbol} / {count} gaps in ticks, such as {gap.symbol} ({gap.cause})"
            )
            at, count = now, 0
        self._gaps = at, count

    def _log(self, words: str) -> None:
        self._out.write_log(words)
