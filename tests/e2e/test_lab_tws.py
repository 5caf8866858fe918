"""The unmodified ib_async and the official ibapi client, each over a real socket, against the simulated TWS."""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false, reportUntypedBaseClass=false

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from decimal import Decimal
from typing import Any

import ib_async
import pytest
from ib_async import IB, Future, LimitOrder, MarketOrder, Stock
from ibapi.client import EClient
from ibapi.contract import Contract
from ibapi.execution import ExecutionFilter
from ibapi.order import Order
from ibapi.order_cancel import OrderCancel
from ibapi.wrapper import EWrapper

from marketbus.lab.tws import TwsControl
from tests.system.poll import eventually
from tests.system.tws import Tws


@pytest.fixture
def tws() -> Iterator[Tws]:
    tws = Tws()
    yield tws
    tws.stop()


@pytest.fixture
async def ib(tws: Tws) -> AsyncIterator[IB]:
    ib = await connected(tws)
    yield ib
    ib.disconnect()


async def connected(tws: Tws, client_id: int = 7) -> IB:
    ib = IB()
    await ib.connectAsync(tws.host, tws.port, clientId=client_id, timeout=5, raiseSyncErrors=True)
    return ib


async def aapl(ib: IB) -> ib_async.Contract:
    (contract,) = await ib.qualifyContractsAsync(Stock("AAPL", "SMART", "USD"))
    assert isinstance(contract, ib_async.Contract)
    return contract


async def test_ib_async_connects_and_knows_contracts(tws: Tws, ib: IB) -> None:
    assert ib.client.serverVersion() == 178
    assert ib.managedAccounts() == ["DU1234567"]
    assert (await aapl(ib)).conId == 265598
    details = await ib.reqContractDetailsAsync(Future("ES", exchange="CME"))
    assert [each.contract.lastTradeDateOrContractMonth for each in details if each.contract] == [
        "20261218", "20270319", "20270618", "20270917",
    ]  # fmt: skip
    assert {(each.minTick, each.sizeIncrement, each.timeZoneId) for each in details} == {(0.25, 1.0, "US/Central")}
    assert await ib.reqContractDetailsAsync(Stock("NONE", "SMART", "USD")) == []
    chains = await ib.reqSecDefOptParamsAsync("AAPL", "", "STK", 265598)
    assert {chain.exchange for chain in chains} >= {"SMART", "CBOE"}
    assert 230.0 in chains[0].strikes
    assert [each.contract.symbol for each in await ib.reqMatchingSymbolsAsync("AAP") or [] if each.contract] == ["AAPL"]
    bars = await ib.reqHistoricalDataAsync(await aapl(ib), "20261119-21:00:00", "1 D", "1 hour", "TRADES", True)
    assert len(bars) == 7
    assert tws.control.status()["bad_requests"] == []


async def test_ib_async_hears_every_tick(tws: Tws, ib: IB) -> None:
    contract = await aapl(ib)
    volumes: list[float] = []
    asked = ib.reqMktData(contract)

    def note(ticker: ib_async.Ticker) -> None:
        volumes.extend(tick.size for tick in ticker.ticks if tick.tickType == 8)

    asked.updateEvent.connect(note)
    await eventually(lambda: volumes, "the first tick")
    begun = len(volumes)
    told = await asyncio.to_thread(tws.control.burst, 2000)
    assert told["sent"] == 2000
    await eventually(lambda: len(volumes) >= begun + 2000, "all ticks")
    oracle = tws.control.oracle()["265598"]
    assert volumes[begun:] == list(range(oracle["first"], oracle["last"] + 1))
    assert asked.last == tws.control.step("AAPL", 0)["last"]


async def test_ib_async_trades_and_gets_its_orders_back_after_a_reconnect(tws: Tws, ib: IB) -> None:
    contract = await aapl(ib)
    filled = ib.placeOrder(contract, MarketOrder("BUY", 500, tif="DAY", orderRef="first"))
    for _ in range(20):
        await asyncio.to_thread(tws.control.step, "AAPL")
    await eventually(filled.isDone, "the fill")
    assert (filled.orderStatus.status, filled.orderStatus.filled) == ("Filled", 500.0)
    await eventually(lambda: all(fill.commissionReport.execId for fill in filled.fills), "commissions")
    assert sum(Decimal(str(fill.execution.shares)) for fill in filled.fills) == 500
    waiting = ib.placeOrder(contract, LimitOrder("BUY", 3, 150.0, tif="DAY", orderRef="second"))
    await eventually(lambda: waiting.orderStatus.status == "Submitted", "the order at the venue")
    assert [position.position for position in ib.positions()] == [500.0]
    state = await ib.whatIfOrderAsync(contract, LimitOrder("BUY", 10, 150.0, tif="DAY"))
    assert float(state.initMarginChange) > 0
    assert state.commission == 1.0

    assert await asyncio.to_thread(tws.control.drop) == 1
    await eventually(lambda: not ib.isConnected(), "the end of the connection")
    tws.control.strike("AAPL", "sell", 1, 150)
    again = await connected(tws)
    try:
        (trade,) = again.openTrades()
        assert (trade.order.orderRef, trade.order.permId) == ("second", waiting.order.permId)
        assert trade.orderStatus.filled == 1.0
        assert {fill.execution.orderRef for fill in again.fills()} == {"first", "second"}
        again.cancelOrder(trade.order)
        await eventually(trade.isDone, "the cancel")
        assert trade.orderStatus.status == "Cancelled"
    finally:
        again.disconnect()
    assert tws.control.status()["bad_requests"] == []


class Official(EWrapper, EClient):
    """The official client in threads of its own; `heard`: every callback with its arguments."""

    def __init__(self, tws: Tws, client_id: int = 3) -> None:
        self.heard: list[tuple[str, tuple[Any, ...]]] = []
        EClient.__init__(self, self)
        self.connect(tws.host, tws.port, client_id)
        self._loop = threading.Thread(target=self.run, daemon=True)
        self._loop.start()

    def of(self, name: str) -> list[tuple[Any, ...]]:
        return [arguments for each, arguments in list(self.heard) if each == name]

    async def until(self, name: str, wanted: Callable[[tuple[Any, ...]], bool] = lambda _: True) -> tuple[Any, ...]:
        found = await eventually(
            lambda: [arguments for arguments in self.of(name) if wanted(arguments)], name, within=10
        )
        return found[0]

    def stop(self) -> None:
        self.disconnect()
        self._loop.join(5)


def _heard(name: str) -> Callable[..., None]:
    def callback(self: Official, *arguments: Any) -> None:
        self.heard.append((name, arguments))

    return callback


for _name in (
    "error", "managedAccounts", "nextValidId", "contractDetails", "contractDetailsEnd", "tickSize", "orderStatus",
    "openOrder", "openOrderEnd", "execDetails", "execDetailsEnd", "commissionAndFeesReport", "position", "positionEnd",
    "historicalData", "historicalDataEnd",
):  # fmt: skip
    setattr(Official, _name, _heard(_name))


@pytest.fixture
def official(tws: Tws) -> Iterator[Official]:
    client = Official(tws)
    yield client
    client.stop()


def _stock() -> Contract:
    contract = Contract()
    contract.symbol, contract.secType, contract.exchange, contract.currency = "AAPL", "STK", "SMART", "USD"
    return contract


def _order(kind: str, quantity: str, limit: float | None = None) -> Order:
    order = Order()
    order.action, order.orderType, order.totalQuantity, order.tif = "BUY", kind, Decimal(quantity), "DAY"
    if limit is not None:
        order.lmtPrice = limit
    return order


async def test_the_official_client_speaks_version_200(tws: Tws, official: Official) -> None:
    assert await official.until("managedAccounts") == ("DU1234567",)
    assert official.serverVersion() == 200
    official.reqContractDetails(1, _stock())
    (_, details) = await official.until("contractDetails")
    assert (details.contract.conId, details.sizeIncrement, details.minTick) == (265598, Decimal("0.0001"), 0.01)
    official.reqHistoricalData(2, _stock(), "20261119-21:00:00", "1 D", "1 hour", "TRADES", 1, 1, False, [])
    await official.until("historicalDataEnd")
    assert len(official.of("historicalData")) == 7
    official.reqMktData(3, _stock(), "", False, False, [])
    await official.until("tickSize", lambda tick: tick[1] == 8)
    await asyncio.to_thread(tws.control.burst, 500)
    oracle = tws.control.oracle()["265598"]
    await official.until("tickSize", lambda tick: tick[1] == 8 and tick[2] == oracle["last"])
    volumes = [int(tick[2]) for tick in official.of("tickSize") if tick[1] == 8]
    assert volumes[1:] == list(range(oracle["first"], oracle["last"] + 1))


async def test_the_official_client_trades_and_gets_its_orders_back_after_a_reconnect(
    tws: Tws, official: Official
) -> None:
    await official.until("nextValidId")
    waiting = _order("LMT", "0.5", 150.0)
    waiting.orderRef = "second"
    official.placeOrder(1, _stock(), _order("MKT", "0.5"))
    official.placeOrder(2, _stock(), waiting)
    await official.until("orderStatus", lambda status: status[:3] == (1, "Filled", Decimal("0.5")))
    await official.until("orderStatus", lambda status: status[:2] == (2, "Submitted"))
    await official.until("commissionAndFeesReport")
    official.stop()
    await eventually(lambda: not tws.control.status()["clients"], "the client gone")
    again = Official(tws)
    try:
        assert await again.until("nextValidId") == (3,)
        again.reqOpenOrders()
        again.reqExecutions(9, ExecutionFilter())
        await again.until("execDetailsEnd")
        (told,) = again.of("openOrder")
        assert (told[0], told[2].orderRef, told[2].totalQuantity) == (2, "second", Decimal("0.5"))
        (_, _, execution) = again.of("execDetails")[0]
        assert (execution.shares, execution.clientId) == (Decimal("0.5"), 3)
        again.cancelOrder(2, OrderCancel())
        await again.until("orderStatus", lambda status: status[:2] == (2, "Cancelled"))
        assert [each[2] for each in again.of("error")][-1] == 202
    finally:
        again.stop()
    assert tws.control.status()["bad_requests"] == []


async def test_both_clients_at_once_see_one_account(tws: Tws, ib: IB, official: Official) -> None:
    await official.until("nextValidId")
    official.reqPositions()
    await official.until("positionEnd")
    trade = ib.placeOrder(await aapl(ib), MarketOrder("BUY", 2, tif="DAY"))
    await eventually(trade.isDone, "the fill")
    (account, contract, size, _) = await official.until("position")
    assert (account, contract.conId, size) == ("DU1234567", 265598, Decimal(2))


def test_the_command_says_where_it_listens_and_that_it_is_simulated() -> None:
    command = [sys.executable, "-m", "marketbus.apps.main", "lab", "tws", "--rate", "0", "--version", "163"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        where = json.loads(process.stdout.readline())
        assert where["simulated"] is True
        assert where["label"].startswith("SIMULATED")
        with TwsControl.at(where["control"]) as control:
            assert control.status()["listening"] is True
    finally:
        process.terminate()
        assert process.wait(10) == 0
