"""The trading port over the unmodified ib_async, against the simulated TWS's own books; what goes wrong on the way."""

from collections.abc import Iterator
from typing import Any, TypeVar

import pytest
from msgspec.structs import replace

from marketbus.domain.instrument import Exchange, Pattern
from marketbus.domain.order import Order, OrderState
from marketbus.domain.order_events import CancelRefused, ModifyRefused, OrderReport, Refused
from marketbus.domain.order_terms import Direction, OrderType
from marketbus.domain.session import Channel, SessionState
from marketbus.domain.trade import Trade
from marketbus.ports.trading import BooksIncomplete, NotSent
from tests.system.ib_line import IbLine, ib_line, limit_order
from tests.system.poll import eventually
from tests.system.tws import Tws

E = TypeVar("E", OrderReport, Trade, Refused, CancelRefused, ModifyRefused)
AAPL, NUMBER = "AAPL-USD-STK.SMART", 265598


@pytest.fixture
def tws() -> Iterator[Tws]:
    tws = Tws()
    yield tws
    tws.stop()


def heard(line: IbLine, kind: type[E], name: str = "mine") -> list[E]:
    return [each for each in line.heard.venue_events if isinstance(each, kind) and each.client_order_id == name]


def states(line: IbLine, name: str = "mine") -> list[OrderState]:
    told = [each.state for each in heard(line, OrderReport, name)]
    return [state for at, state in enumerate(told) if not at or told[at - 1] is not state]


async def placed(line: IbLine, price: float, name: str = "mine", **more: Any) -> Order:
    if not await known(line):
        raise AssertionError(AAPL)
    order = limit_order(line.trading.next_ref(), price, name, **more)
    await line.trading.send(order)
    return order


async def known(line: IbLine) -> bool:
    return bool((await line.gateway.look_up([Pattern(AAPL)])).contracts)


def low(tws: Tws) -> float:
    return round(tws.call(lambda lab: lab.feed.latest(lab.terminal.contract(NUMBER))).bids[0] - 5, 2)


def ask(tws: Tws) -> float:
    return tws.call(lambda lab: lab.feed.latest(lab.terminal.contract(NUMBER))).asks[0]


async def test_fills_come_once_with_what_they_cost_however_they_come(tws: Tws) -> None:
    async with ib_line(tws, trading=True) as line:
        for step in ("exec*", "commission*", "orderStatus*"):
            tws.control.fault(step, "duplicate", count=0)
        await placed(line, ask(tws))
        await eventually(lambda: states(line)[-1:] == [OrderState.FILLED], "the fill")
        await eventually(lambda: heard(line, Trade), "the trade")
        fills = {(each.tradeid, each.volume, each.commission) for each in heard(line, Trade)}
        assert len(fills) == 1
        (at_tws,) = tws.control.books()["executions"]
        assert heard(line, Trade)[0].commission == float(at_tws["commission"])
        assert heard(line, Trade)[0].venue_id == str(at_tws["perm_id"])
        tws.control.heal()


async def test_a_fill_without_word_of_its_cost_is_told_all_the_same(tws: Tws) -> None:
    async with ib_line(tws, trading=True) as line:
        tws.control.fault("commission*", "drop", count=0)
        await placed(line, ask(tws))
        (fill,) = await eventually(lambda: heard(line, Trade), "the trade")
        assert fill.commission is None
        tws.control.heal()
        (again,) = (await line.trading.books()).trades
        assert (again.key, again.volume) == (fill.key, fill.volume)


async def test_advice_and_errors_never_end_an_order_that_works(tws: Tws) -> None:
    async with ib_line(tws, trading=True) as line:
        order = await placed(line, low(tws))
        await eventually(lambda: states(line)[-1:] == [OrderState.ACCEPTED], "the order")
        number = int(order.venue_ref.partition(".")[2])
        for code in (10349, 399, 404, 2109, 110, 201, 321, 10999):
            tws.control.notice(code, f"words of {code}", number)
        await eventually(lambda: len(line.logged("td.advice")) == 8, "all of them in the log")
        assert states(line)[-1] is OrderState.ACCEPTED
        assert not heard(line, Refused)
        (report,) = (await line.trading.books()).orders
        assert (report.state, report.queried, report.client_order_id) == (OrderState.ACCEPTED, True, "mine")


@pytest.mark.parametrize("status", ["Inactive", "Cancelled"])
async def test_a_refusal_is_told_in_tws_words(tws: Tws, status: str) -> None:
    async with ib_line(tws, trading=True) as line:
        tws.control.reject_orders(201, "Order rejected - reason:no", status)
        await placed(line, low(tws))
        (refused,) = await eventually(lambda: heard(line, Refused), "the refusal")
        assert (refused.error_id, refused.words.startswith("Order rejected - reason:no")) == (201, True)
        await eventually(lambda: heard(line, OrderReport), "its status")
        assert heard(line, OrderReport)[-1].state.is_final
        (report,) = (await line.trading.books()).orders
        assert report.state.is_final


async def test_a_modified_order_has_the_terms_that_tws_tells(tws: Tws) -> None:
    async with ib_line(tws, trading=True) as line:
        price = low(tws)
        order = await placed(line, price, volume=2.0, ext={"outside_rth": True})
        await eventually(lambda: states(line)[-1:] == [OrderState.ACCEPTED], "the order")
        await line.trading.modify(replace(order, price=price + 1, volume=5.0))
        await eventually(lambda: terms(line) == (price + 1, 5.0), "the new terms")
        assert not heard(line, ModifyRefused)
        (there,) = tws.control.books()["orders"]
        assert (float(there["limit"]), float(there["quantity"]), there["status"]) == (price + 1, 5.0, "Submitted")
        assert tws.call(lambda lab: lab.broker.orders[0].ticket.outside_rth)
        # a fraction of the price tick, and a broker that does not like it: it stands as it stood
        for code, refused in (110, replace(order, price=price + 0.001)), (201, replace(order, volume=9.0)):
            if code == 201:
                tws.control.reject_orders(201, "Order rejected - reason:no")
            await line.trading.modify(refused)
            await eventually(lambda code=code: refusals(line)[-1:] == [code], f"the refusal {code}")
            (report,) = (await line.trading.books()).orders
            assert (report.price, report.volume, report.state) == (price + 1, 5.0, OrderState.ACCEPTED)
        tws.control.reject_orders(0)
        # fills that are faster
        tws.control.strike(NUMBER, "SELL", 4, price + 1)
        await line.trading.modify(replace(order, price=price + 1, volume=3.0))
        await eventually(lambda: len(heard(line, ModifyRefused)) == 3, "the refusal of fewer than were filled")
        await line.trading.modify(replace(order, price=price + 1, volume=6.0))
        await eventually(lambda: terms(line) == (price + 1, 6.0), "two more")
        # over a connection that breaks: what is there is known once the books are
        tws.control.drop(7)
        await eventually(lambda: line.heard.losses == 1 and len(line.heard.days) == 2, "the line again", 20.0)
        await line.trading.books()
        await line.trading.modify(replace(order, price=price, volume=6.0))
        await eventually(lambda: terms(line) == (price, 6.0), "the first price again")
        with pytest.raises(NotSent, match="program that placed it"):
            await line.trading.modify(replace(order, venue_ref="8.1"))
        tws.control.strike(NUMBER, "SELL", 9, price)
        await eventually(lambda: states(line)[-1:] == [OrderState.FILLED], "the end")
        with pytest.raises(NotSent, match="is over"):
            await line.trading.modify(order)


def refusals(line: IbLine) -> list[int | None]:
    return [each.error_id for each in heard(line, ModifyRefused)]


def terms(line: IbLine) -> tuple[float, float]:
    report = heard(line, OrderReport)[-1]
    return (report.price, report.volume) if report.terms else (0.0, 0.0)


async def test_cancels_and_what_tws_says_of_them(tws: Tws) -> None:
    async with ib_line(tws, trading=True) as line:
        order = await placed(line, low(tws))
        await eventually(lambda: states(line)[-1:] == [OrderState.ACCEPTED], "the order")
        await line.trading.cancel(order)
        await eventually(lambda: states(line)[-1:] == [OrderState.CANCELLED], "the cancel")
        assert not heard(line, OrderReport)[-1].error_msg  # "Order Canceled - reason:" is no error
        await line.trading.cancel(order)
        (refused,) = await eventually(lambda: heard(line, CancelRefused), "the refused cancel")
        assert refused.error_id in (135, 161, 10147, 10148)

        tws.control.order(NUMBER, "BUY", 1, low(tws), ref="by hand")
        (foreign,) = [each for each in (await line.trading.books()).orders if each.client_order_id == "by hand"]
        adopted = limit_order("", foreign.price, "ext-1", venue_id=foreign.venue_id)
        with pytest.raises(NotSent, match="for the program that placed it"):
            await line.trading.cancel(adopted)


async def test_what_cannot_be_said_to_ib_is_not_sent(tws: Tws) -> None:
    wrong: dict[str, Any]
    async with ib_line(tws, trading=True) as line:
        await line.gateway.look_up([Pattern("265598.SMART"), Pattern("ABX-CAD-STK.TSE")])
        for wrong, words in (
            ({"type": OrderType.RFQ}, "no RFQ orders"),
            ({"symbol": "265598"}, "another name of AAPL-USD-STK.SMART"),
            ({"symbol": "ABX-CAD-STK", "exchange": Exchange.TSE}, "another name of ABX-CAD-STK.SMART"),
            ({"symbol": "MSFT-USD-STK"}, "not listed"),
            ({"valid_until": 1}, "valid_until passed"),
            ({"type": OrderType.STOP, "ext": {"limit_price": "dear"}}, "not a price"),
        ):
            with pytest.raises(NotSent, match=words):
                await placed(line, 100.0, **wrong)
        assert not tws.control.books()["orders"]


async def test_a_connection_that_breaks_with_an_order_on_the_way_tells_its_end_and_the_books_tell_the_rest(
    tws: Tws,
) -> None:
    """Whether TWS had it or not: each breaks at another step."""
    async with ib_line(tws, trading=True) as line:
        for name, step in (("asked", "placeOrder"), ("told", "openOrder*"), ("worked", "orderStatus*")):
            tws.control.fault(step, "cut", client=7)
            losses = line.heard.losses
            await placed(line, low(tws), name)
            await eventually(lambda: line.heard.losses > losses, f"{step}: the loss")  # noqa: B023
            tws.control.heal()
            await eventually(lambda: len(line.heard.days) > line.heard.losses, "the next session")
            books = await line.trading.books(twice=True)
            there = {each["ref"] for each in tws.control.books()["orders"]}
            assert {each.client_order_id for each in books.orders} == there
            assert name in there
            assert books.since < books.asked
        assert line.states(Channel.TD)[-1] is SessionState.READY


async def test_books_that_cannot_be_read_to_the_end_are_incomplete(tws: Tws) -> None:
    async with ib_line(tws, trading=True) as line:
        await placed(line, ask(tws))
        await eventually(lambda: states(line)[-1:] == [OrderState.FILLED], "the fill")
        for step in ("openOrderEnd", "completedOrdersEnd", "execDetailsEnd", "positionEnd", "accountDownloadEnd"):
            tws.control.fault(step, "drop")
            line.gateway._session.connection.patience = 0.1  # type: ignore[union-attr]  # pyright: ignore
            with pytest.raises(BooksIncomplete, match="did not answer"):
                await line.trading.books()
        tws.control.heal()
        books = await line.trading.books()
        (position,) = books.positions
        assert (position.vt_symbol, position.direction, position.volume) == (AAPL, Direction.NET, 1.0)
        assert books.account is not None
        assert books.account.balance > 0
        assert books.trading_day == 20261120


async def test_what_was_ordered_before_a_restart_is_known_by_our_id(tws: Tws) -> None:
    async with ib_line(tws, trading=True) as line:
        contracts = (await line.gateway.look_up([Pattern(AAPL)])).contracts
        await placed(line, low(tws), "rests")
        await placed(line, ask(tws), "fills")
        await eventually(lambda: states(line, "fills")[-1:] == [OrderState.FILLED], "the fill")
        first = await line.trading.books()
    for cached in (contracts, ()):  # its contract is known from before, or asked for by its number
        async with ib_line(tws, trading=True, contracts=cached) as line:
            books = await line.trading.books()
            told = {each.client_order_id: (each.state, each.traded, each.symbol) for each in books.orders}
            assert told == {
                "rests": (OrderState.ACCEPTED, 0.0, "AAPL-USD-STK"),
                "fills": (OrderState.FILLED, 1.0, "AAPL-USD-STK"),
            }
            assert [each.key for each in books.trades] == [each.key for each in first.trades]
            assert [each.client_order_id for each in books.trades] == ["fills"]
            assert all(each.commission for each in books.trades)
    async with ib_line(tws, trading=True) as line:
        resting = next(each for each in (await line.trading.books()).orders if not each.traded)
        await line.trading.cancel(limit_order("", resting.price, "rests", venue_id=resting.venue_id))
        await eventually(lambda: states(line, "rests")[-1:] == [OrderState.CANCELLED], "the cancel")


async def test_while_tws_has_lost_ib_nothing_is_sent_and_afterwards_it_is(tws: Tws) -> None:
    """1100: the socket to TWS stands, and an order would go nowhere."""
    async with ib_line(tws, trading=True) as line:
        await placed(line, low(tws), "before")
        for number, state in enumerate(("restored", "data_lost"), 1):
            tws.control.connectivity("lost")
            await eventually(lambda: line.heard.losses == number, "the loss")  # noqa: B023
            with pytest.raises(NotSent, match="no connection"):
                line.trading.next_ref()
            with pytest.raises(BooksIncomplete):
                await line.trading.books()
            tws.control.connectivity(state)
            await eventually(lambda: len(line.heard.days) == number + 1, "the next session")  # noqa: B023
            await placed(line, low(tws), state)
        told = {each.client_order_id: each.state for each in (await line.trading.books()).orders}
        assert told == dict.fromkeys(("before", "restored", "data_lost"), OrderState.ACCEPTED)
        assert line.states(Channel.TD)[-4:] == [
            SessionState.DISCONNECTED, SessionState.CONNECTING, SessionState.SYNCING, SessionState.READY,
        ]  # fmt: skip
