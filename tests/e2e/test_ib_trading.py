"""Orders through the whole worker, the unmodified ib_async and a simulated TWS."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from marketbus import BadRequest, Bus, GatewayError, ModifyRejected, Order, OrderDenied, Trade, UnknownInstrument
from marketbus.domain.order import OrderState
from tests.e2e.test_cli_trading import Terminal
from tests.system import Process, System, eventually
from tests.system.tws import Tws

AAPL = "AAPL-USD-STK.SMART"
ES = "ES-20261218-USD-FUT.CME"
GATEWAY = "ib"
RISK = {
    "max_order_notional": 1e7,
    "max_exposure": 1e8,
    "price_collar": 0.5,
    "max_price_age": 60.0,
    "orders_per_second": 100,
}


class Ib(System):
    """A worker on a TWS whose prices stand still unless they are stepped."""

    def __enter__(self) -> "Ib":
        super().__enter__()
        self.tws = Tws()
        self._ends.callback(self.tws.stop)
        return self

    def launch(self, **more: Any) -> Process:
        """Start the worker."""
        setting = {"port": self.tws.port, "client_id": 7}
        section = {
            "kind": "ib", "sdk": "lab", "trading": True, "subscribe": [AAPL, ES], "setting": setting,
            "login_retry": 0.3, "risk": RISK,
        }  # fmt: skip
        return self.start(self.config("ib.toml", **{GATEWAY: section | more}), GATEWAY)

    def prices(self, con_id: int) -> tuple[float, float]:
        """Best bid and ask."""
        tick = self.tws.call(lambda lab: lab.feed.latest(lab.terminal.contract(con_id)))
        return tick.bids[0], tick.asks[0]

    async def trades(self, bus: Bus) -> None:
        """Until orders may go."""

        async def has_tick() -> bool:
            return len(await bus.snapshot("*", gateway=GATEWAY)) == 2

        await self.until(bus, lambda s: s.td.state == "READY", "a line that trades", GATEWAY, 60.0)
        await eventually(has_tick, "ticks")


@pytest.fixture
def ib(tmp_path: Path) -> Iterator[Ib]:
    with Ib(tmp_path) as ib:
        yield ib


async def test_a_day_of_a_program(ib: Ib) -> None:
    ib.launch()
    bid, ask = ib.prices(265598)
    low = round(bid - 5, 2)
    tws = ib.tws.control
    async with ib.connect(principal="li", request_timeout=5.0) as bus:
        await ib.trades(bus)
        trades: list[Trade] = []
        orders: list[Order] = []
        async with await bus.on_trades(trades.append), await bus.on_orders(orders.append):
            # a limit order that fills, with what it cost
            filled = await (await bus.buy(AAPL, 10, ask, client_order_id="fills", reference="grid")).done(within=5)
            assert (filled.state, filled.traded, filled.average_price) == ("FILLED", 10, pytest.approx(ask))
            (fill,) = await eventually(lambda: trades, "the fill")
            assert (fill.client_order_id, fill.price, fill.volume, fill.vt_symbol) == ("fills", ask, 10, AAPL)
            assert fill.commission
            assert fill.reference == "grid"
            (at_tws,) = tws.books()["executions"]
            assert fill.commission == float(at_tws["commission"])
            # one that rests, is filled in part and cancelled
            rests = await bus.buy(AAPL, 5, low, client_order_id="rests")
            assert (await rests.accepted(within=5)).state == "ACCEPTED"
            assert tws.strike(265598, "SELL", 2, low) == 2
            await eventually(lambda: rests.order.traded == 2, "the part")
            # more of it, at another price; a venue that says no leaves it as it is
            assert (await rests.modify(price=low - 1, volume=6)).volume in (5, 6)
            changed = await rests.modified(within=5)
            assert (changed.price, changed.volume, changed.traded, changed.state) == (low - 1, 6, 2, "PARTIAL")
            tws.reject_orders(201, "Order rejected - reason:Not now.")
            await rests.modify(volume=9)
            with pytest.raises(ModifyRejected, match="Not now") as no:
                await rests.modified(within=5)
            tws.reject_orders(0)
            assert (no.value.order.volume, no.value.error_id) == (6, 201)
            with pytest.raises(OrderDenied) as denied:
                await bus.modify("rests", price=low * 2)
            assert denied.value.rule == "price_collar"
            assert (await bus.buy(AAPL, 5, low, client_order_id="rests", valid_for=5)).order.volume == 6
            code, shown, _ = await Terminal(ib).run("order", "modify", "rests", "--volume", "4", "--json")
            assert (code, json.loads(shown)["volume"]) == (0, 4)
            await rests.cancel()
            assert (await rests.done(within=5)).state == "CANCELLED"
            assert rests.order.traded == 2
            # what one would cost; nothing is sent
            before = len(tws.books()["orders"])
            cost = await bus.what_if(ES, "long", "open", 2, 0, type="MARKET")
            assert (cost.currency, cost.denied_by, cost.warning) == ("USD", "", "")
            assert cost.initial_margin.change
            assert cost.initial_margin.after == pytest.approx(
                (cost.initial_margin.before or 0) + cost.initial_margin.change
            )
            assert cost.commission
            assert cost.commission > 0
            assert (cost.commission_min, cost.commission_max) == (None, None)
            assert (await bus.what_if(AAPL, "long", "open", 11, low)).denied_by == "max_order_volume"
            with pytest.raises(GatewayError, match=r"\[110\] The price does not conform"):
                await bus.what_if(AAPL, "long", "open", 1, low + 0.001)
            terms = ("--direction", "long", "--offset", "open", "--volume", "1", "--price", f"{low}", "--what-if")
            code, shown, _ = await Terminal(ib).run("order", "send", AAPL, *terms)
            assert (code, "initial margin" in shown, "commission" in shown) == (0, True, True)
            assert len(tws.books()["orders"]) == before == len(await bus.orders())
            # at the market, a stop, and a stop-limit that waits for its price
            market = await bus.short(ES, 1, 0, type="MARKET", client_order_id="market")
            assert (await market.done(within=5)).state == "FILLED"
            high = round(ask + 20)
            stop = await bus.buy(AAPL, 1, high, type="STOP", client_order_id="stop")
            limited = await bus.buy(
                AAPL, 1, high, type="STOP", client_order_id="stop-limit", ext={"limit_price": high + 1}
            )
            for each in (stop, limited):
                assert (await each.accepted(within=5)).state == "ACCEPTED"
            there = {each["ref"]: (each["type"], each["status"]) for each in tws.books()["orders"]}
            assert there["stop"][0] == "STP"
            assert there["stop-limit"][0] == "STP LMT"
            # refused in TWS's words
            tws.reject_orders(201, "Order rejected - reason:We do not like it.")
            refused = await (await bus.buy(AAPL, 1, low, client_order_id="refused")).done(within=5)
            assert (refused.state, refused.error_id) == ("REJECTED", 201)
            assert "We do not like it" in refused.error_msg
            tws.reject_orders(0)
            # advice ends nothing
            tws.advise(10349, "Order TIF was set to DAY based on order preset.")
            advised = await bus.buy(AAPL, 1, low, client_order_id="advised")
            assert (await advised.accepted(within=5)).state == "ACCEPTED"
            assert all(each.state != "CANCELLED" for each in orders if each.client_order_id == "advised")
            # positions and funds
            held = {each.vt_symbol: each.volume for each in await bus.positions()}
            assert held == {AAPL: 12, ES: -1}
            funds = await bus.account()
            assert funds.currency == "USD"
            assert funds.balance == pytest.approx(1e6, rel=0.01)


async def test_a_bracket_goes_together_and_one_end_takes_the_other(ib: Ib) -> None:
    ib.launch()
    bid, ask = ib.prices(265598)
    low, ask, tws = round(bid - 5, 2), round(ask, 2), ib.tws.control

    def there() -> dict[str, str]:
        return {each["ref"]: each["status"] for each in tws.books()["orders"]}

    async with ib.connect(principal="li", request_timeout=5.0) as bus:
        await ib.trades(bus)
        ends: Any = {"take_profit": ask + 50, "stop_loss": low - 50}
        one = await bus.send_bracket(AAPL, "long", 5, low, **ends, client_order_id="one")
        assert [each.client_order_id for each in one] == ["one", "one.tp", "one.sl"]
        for each in one:
            assert (await each.accepted(within=5)).state == "ACCEPTED"
        assert (one.stop_loss.order.parent, one.stop_loss.order.type) == ("one", "STOP")
        # sent again it is the same, and an id of it is no other order's
        again = await bus.send_bracket(AAPL, "long", 5, low, **ends, client_order_id="one")
        assert again.entry is one.entry
        with pytest.raises(BadRequest, match="another"):
            await bus.buy(AAPL, 5, low, client_order_id="one.tp")
        # a leg's own terms; a second bracket beside it, whose entry is above the first one's stop
        await one.take_profit.modify(price=ask + 40)
        assert (await one.take_profit.modified(within=5)).price == ask + 40
        two = await bus.send_bracket(AAPL, "long", 2, low, take_profit=ask + 60, stop_loss=low - 60)
        await two.entry.accepted(within=5)
        # the entry fills, then one of its ends: the other is cancelled by TWS
        assert tws.strike(265598, "SELL", 5, low) == 5
        assert (await one.entry.done(within=5)).state == "FILLED"
        await eventually(lambda: there()["one.tp"] == "Submitted", "its ends at work")
        assert tws.strike(265598, "BUY", 2, ask + 40) == 2
        await eventually(lambda: one.take_profit.order.traded == 2, "a part of the profit")
        await eventually(lambda: one.stop_loss.order.volume == 3, "as much less of the stop")
        assert tws.strike(265598, "BUY", 3, ask + 40) == 3
        assert (await one.take_profit.done(within=5)).state == "FILLED"
        assert (await one.stop_loss.done(within=5)).state == "CANCELLED"
        # the entry is cancelled: so are its ends
        await two.entry.cancel()
        for each in two:
            assert (await each.done(within=5)).state == "CANCELLED"
        # what a rule or the venue refuses: nothing is left at work
        with pytest.raises(OrderDenied) as denied:
            await bus.send_bracket(AAPL, "long", 20, low, **ends)
        assert denied.value.rule == "max_order_volume"
        with pytest.raises(BadRequest, match="worse"):
            await bus.send_bracket(AAPL, "long", 1, low, take_profit=ask + 50, stop_loss=low + 1)
        ib.tws.control.fault("placeOrder", "drop", skip=2)  # the stop loss is lost on the way
        three = await bus.send_bracket(AAPL, "long", 1, low, **ends, client_order_id="three")
        assert (await three.stop_loss.done(within=30)).denied_by == "never_received"
        for each in (three.entry, three.take_profit):  # TWS holds them, and tells of no order that it holds
            assert (await each.done(within=15)).denied_by == "never_received"
        await eventually(lambda: set(there().values()) <= {"Filled", "Cancelled"}, "nothing left")
        assert not any(each.volume for each in await bus.positions())


async def test_a_client_finds_what_nobody_has_named_before(ib: Ib) -> None:
    """Contracts by name and by chain, a tick of one, a wrong name answered with the right one, a pin of a chain."""
    ib.launch(subscribe=[AAPL], trading=False)
    ib.tws.control.rate(100)
    async with ib.connect(request_timeout=5.0) as bus:
        await ib.until(bus, lambda s: s.md.state == "READY" and s.acknowledged == 1, "a line", GATEWAY, 60.0)
        chain = await bus.contracts("ES-*-USD-FUT.CME", gateway=GATEWAY)
        assert [each.expire_date for each in chain] == [20261218, 20270319, 20270618, 20270917]
        async with bus.ticks("265598.SMART", "EUR-USD-CASH.IDEALPRO") as ticks:
            assert (await anext(ticks)).gateway == GATEWAY
        with pytest.raises(UnknownInstrument) as caught:
            await bus.on_ticks("APPL-USD-STK.SMART", lambda _: None, wait=0)
        assert caught.value.suggestions[0] == AAPL
        await bus.pin("ES-2027*-USD-FUT.CME", gateway=GATEWAY)
        status = await ib.until(bus, lambda s: s.acknowledged == 4, "the chain's lines", GATEWAY)
        assert (status.requested, status.leases) == (4, 0)


async def test_what_was_there_before_is_there_after_a_crash(ib: Ib) -> None:
    """Orders, fills of the time in between, and an order that somebody placed in TWS itself."""
    worker = ib.launch()
    bid, _ = ib.prices(265598)
    low = round(bid - 5, 2)
    tws = ib.tws.control
    async with ib.connect(principal="li", request_timeout=5.0) as bus:
        await ib.trades(bus)
        rests = await bus.buy(AAPL, 5, low, client_order_id="rests")
        await rests.accepted(within=5)
        ended = await bus.buy(AAPL, 3, low - 1, client_order_id="ended")
        await ended.accepted(within=5)
        worker.send(signal.SIGKILL)
        worker.wait(10)
        numbers = {each["ref"]: each["perm_id"] for each in tws.books()["orders"]}
        tws.strike(265598, "SELL", 2, low)
        tws.cancel(numbers["ended"])
        foreign = tws.order(265598, "BUY", 4, low - 2, ref="by hand")
        ib.launch()
        await ib.trades(bus)

        async def state(name: str) -> Order:
            return await bus.order(name)

        assert ((await state("rests")).state, (await state("rests")).traded) == (OrderState.PARTIAL, 2)
        assert (await state("ended")).state == OrderState.CANCELLED
        (adopted,) = [each for each in await bus.orders(active=True) if each.external]
        assert (adopted.volume, adopted.price, adopted.venue_id) == (4, low - 2, str(foreign["perm_id"]))
        assert {each.vt_symbol: each.volume for each in await bus.positions()} == {AAPL: 2}
        (fill,) = await bus.trades()
        assert (fill.client_order_id, fill.volume) == ("rests", 2)
        await bus.cancel("rests")
        await eventually(lambda: _status(ib, numbers["rests"]) == "Cancelled", "the cancel at TWS")
        assert len(tws.books()["orders"]) == 3


def _status(ib: Ib, perm_id: int) -> str:
    return next(each["status"] for each in ib.tws.control.books()["orders"] if each["perm_id"] == perm_id)
