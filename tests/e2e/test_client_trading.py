"""Orders as a program sends them, through the whole worker to the unmodified SDK and the counter."""

import asyncio
import signal
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import nats
import pytest
from nats.micro import add_service  # pyright: ignore[reportUnknownVariableType]

import marketbus
from marketbus import (
    AmbiguousAccount,
    BadRequest,
    Bus,
    BusUnavailable,
    NotSupported,
    Offset,
    Order,
    OrderDenied,
    OrderRejected,
    OutcomeUnknown,
    Trade,
    UnknownGateway,
    UnknownOrder,
    connect_sync,
)
from tests.system import System, eventually


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    with System(tmp_path) as system:
        yield system


class Market:
    """Prices of the first instrument, as the venue has them."""

    def __init__(self, system: System) -> None:
        self.one = system.kind.one
        depth = system.lab.call(lambda lab: lab.terminal._venue.depth(self.one.partition(".")[0]))  # pyright: ignore[reportPrivateUsage]
        self.low = float(depth.lower)
        self.ask = float(depth.asks[0][0])
        self.bid = float(depth.bids[0][0])


@asynccontextmanager
async def trading(system: System) -> AsyncGenerator[tuple[Bus, Market]]:
    async with system.connect(principal="li", request_timeout=3.0) as bus:
        await system.ready(bus)

        async def has_tick() -> bool:
            return bool(await bus.snapshot(system.kind.one))

        await eventually(has_tick, "a tick")
        system.lab.control.call("pause")  # prices stay
        yield bus, Market(system)


async def test_a_day_of_a_program(system: System) -> None:
    """Sends, waits, cancels, is denied, is rejected; looks at what there is and at what was told."""
    system.worker(system.kind.one, trading=True)
    async with trading(system) as (bus, market):
        one = market.one
        orders: list[Order] = []
        trades: list[Trade] = []
        async with await bus.on_orders(orders.append), await bus.on_trades(trades.append):
            rests = await bus.buy(one, 1, market.low, reference="grid")
            order = await rests.accepted(within=5)
            assert (order.state, order.reference, order.origin) == ("ACCEPTED", "grid", "li")
            with pytest.raises(TimeoutError):
                await rests.done(within=0.05)
            assert [each.client_order_id for each in await bus.orders(active=True)] == [rests.client_order_id]

            fills = await bus.buy(one, 2, market.ask, client_order_id="mine-1")
            filled = await fills.done(within=5)
            assert (filled.state, filled.average_price) == ("FILLED", market.ask)
            again = await bus.buy(one, 2, market.ask, client_order_id="mine-1")  # gives the first, sends nothing
            assert again is fills
            with pytest.raises(BadRequest, match="another volume"):
                await bus.buy(one, 1, market.ask, client_order_id="mine-1")

            with pytest.raises(NotSupported, match="what an order would cost"):
                await bus.what_if(one, "long", "open", 1, market.ask)
            with pytest.raises(NotSupported, match="cancel it"):  # CTP has no such request
                await rests.modify(volume=2)
            await rests.cancel()
            assert (await rests.done(within=5)).state == "CANCELLED"
            assert (await rests.cancel()).state == "CANCELLED"

            with pytest.raises(OrderDenied) as denied:
                await bus.send_order(one, "多", "开", 11, market.ask)
            assert (denied.value.rule, denied.value.limit, denied.value.value) == ("max_order_volume", 10, 11)
            assert "单笔委托 11 手" in str(denied.value)
            assert denied.value.order is not None

            with pytest.raises(OrderDenied, match="可平数量不足") as short:
                await bus.sell(one, 2, market.bid, offset="closeyesterday")
            assert short.value.rule == "closable"

            dear = await bus.send_order(one, "long", Offset.OPEN, 1, market.ask, type="FOK")
            await dear.done(within=5)

            system.lab.control.reject_orders(51)
            refused = await bus.buy(one, 1, market.low)
            with pytest.raises(OrderRejected, match=r"\[51\] CTP:平昨仓位不足 .*今仓请用平今") as rejected:
                await refused.accepted(within=5)
            assert rejected.value.error_id == 51
            assert (await refused.done()).state == "REJECTED"
            system.lab.control.reject_orders()

            closed = await bus.sell(one, 1, market.bid, offset="平今")
            assert (await closed.done(within=5)).offset == "CLOSETODAY"
            held = next(each for each in await bus.positions() if each.direction == "LONG")
            assert held.volume == 1 + (dear.order.state == "FILLED")
            assert (await bus.account()).balance > 0
            await eventually(lambda: {trade.client_order_id for trade in trades} >= {"mine-1"}, "the fill's event")

            told = [str(order.state) for order in orders if order.client_order_id == rests.client_order_id]
            assert told == sorted(told, key=["NEW", "SENT", "ACCEPTED", "CANCELLED"].index)
            assert told[-1] == "CANCELLED"
            assert [order.journal_position for order in orders] == sorted(order.journal_position for order in orders)
        with pytest.raises(UnknownOrder):
            await bus.order("never-1")
        with pytest.raises(UnknownOrder):
            await bus.cancel("never-1")
        with pytest.raises(UnknownGateway):
            await bus.buy(one, 1, market.low, gateway="elsewhere")
        with pytest.raises(NotSupported, match="ctp/main"):
            await bus.buy(one, 1, market.low, account="other")
        await asyncio.to_thread(without_asyncio, system.nats.url, market)
        await beside_another(system.nats.url, bus, market)


def without_asyncio(url: str, market: Market) -> None:
    heard: list[Trade] = []
    with connect_sync(url, principal="wang") as bus, bus.on_trades(heard.append):
        order = bus.buy(market.one, 1, market.low)
        assert order.accepted(within=5).origin == "wang"
        assert bus.order_handle(order.client_order_id).order.state == "ACCEPTED"
        with bus.follow_orders() as orders:
            standing = [each for each in (next(orders) for _ in bus.orders()) if each.is_active]
            assert [each.client_order_id for each in standing] == [order.client_order_id]
            assert bus.cancel_all() == [order.client_order_id]
            while next(orders).state != "CANCELLED":
                pass
        assert order.done(within=5).state == "CANCELLED"
        assert bus.account().gateway == "ctp"
        assert bus.accounts() == [("ctp", "main")]
        assert {trade.tradeid for trade in bus.trades()} == {trade.tradeid for trade in heard}
        assert bus.positions(gateway="ctp", account="main")
        with bus.follow_account() as funds:
            assert next(funds).balance > 0


async def beside_another(url: str, bus: Bus, market: Market) -> None:
    client = await nats.connect(url)  # pyright: ignore[reportUnknownMemberType]
    service = await add_service(client, name="marketbus", version="0.1.0", metadata={"gateway": "o", "account": "x"})
    async with marketbus.connect(url) as fresh:
        with pytest.raises(AmbiguousAccount) as several:
            await fresh.buy(market.one, 1, market.low)
        assert several.value.accounts == (("ctp", "main"), ("o", "x"))
        assert (await fresh.account(account="main")).gateway == "ctp"
        with pytest.raises(UnknownGateway, match="'o'"):
            await fresh.buy(market.one, 1, market.low, gateway="o")
    await service.stop()
    await client.close()


async def test_an_outage_and_a_killed_worker_lose_nothing_and_repeat_nothing(system: System) -> None:
    worker = system.worker(system.kind.one, trading=True)
    async with trading(system) as (bus, market):
        one, symbol = market.one, market.one.partition(".")[0]
        orders: list[Order] = []
        trades: list[Trade] = []
        async with await bus.on_orders(orders.append), await bus.on_trades(trades.append):
            epoch = (await system.ready(bus)).epoch
            rests = await bus.buy(one, 3, market.low, client_order_id="rests")
            await rests.accepted(within=5)

            worker.send(signal.SIGSTOP)  # it will find the request in its socket
            sending = asyncio.create_task(bus.buy(one, 1, market.low, client_order_id="lost", valid_for=30))
            await asyncio.sleep(0.2)
            system.nats.kill()
            with pytest.raises(OutcomeUnknown) as unknown:
                await asyncio.wait_for(sending, 1)
            assert unknown.value.client_order_id == "lost"
            worker.send(signal.SIGCONT)
            with pytest.raises(BusUnavailable):
                await asyncio.wait_for(bus.buy(one, 1, market.low, client_order_id="never"), 1)
            await eventually(lambda: len(at_the_venue(system)) == 2, "the order at the venue")
            assert system.lab.control.call("strike", instrument=symbol, direction="sell", volume=3, price=market.low)
            assert rests.order.state == "ACCEPTED"

            system.nats.start()
            assert (await rests.done(within=15)).traded == 3
            assert (await bus.order("lost")).state == "ACCEPTED"
            handle = await bus.buy(one, 1, market.low, client_order_id="lost")  # the same, not a second
            assert handle.order.venue_id
            with pytest.raises(UnknownOrder):
                await bus.order("never")

            worker.send(signal.SIGKILL)
            worker.wait()
            with pytest.raises((UnknownGateway, OutcomeUnknown)):
                await bus.buy(one, 1, market.low, client_order_id="nobody-there")
            system.start(system.folder / "ctp.toml")
            await system.ready(bus, after=epoch)
            await handle.cancel()
            await handle.done(within=5)
            await eventually(lambda: orders[-1].state == "CANCELLED", "the cancel's event")
        assert [(trade.client_order_id, trade.volume) for trade in trades] == [("rests", 3)]
        states = dict.fromkeys(str(order.state) for order in orders if order.client_order_id == "rests")
        assert list(states) == ["NEW", "SENT", "ACCEPTED", "FILLED"]
        later: list[Order] = []
        async with bus.follow_orders(since=orders[1].journal_position) as stream:
            async for order in stream:
                later.append(order)
                if order == orders[-1]:
                    break
        assert later == orders[2:]  # the journal tells the same
        assert len(at_the_venue(system)) == 2


def at_the_venue(system: System) -> list[Any]:
    return system.lab.call(lambda lab: lab.terminal.books())["orders"]
