"""The trading port over the unmodified SDK, against the counter's own books."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from msgspec.structs import replace

from marketbus.domain.instrument import Exchange
from marketbus.domain.order import Order
from marketbus.domain.order_events import CancelRefused, OrderReport, Refused
from marketbus.domain.order_terms import Direction, HedgeFlag, Offset, OrderType
from marketbus.domain.trade import Trade
from marketbus.ports.trading import VenueBooks
from tests.system import KINDS, Kind, Lab, TradingLine, eventually
from tests.system.trading_line import Failed

T = TypeVar("T", OrderReport, Trade, Refused, CancelRefused)


class Desk:
    """Sends orders of one instrument as the order desk would, without its journal."""

    def __init__(self, line: TradingLine, lab: Lab) -> None:
        self.line, self.lab = line, lab
        self._count = 0

    def prices(self, symbol: str) -> tuple[float, float]:
        """Best bid and ask."""
        depth = self.lab.call(lambda lab: lab.terminal._venue.depth(symbol))  # pyright: ignore[reportPrivateUsage]
        return float(depth.bids[0][0]), float(depth.asks[0][0])

    async def order(self, vt_symbol: str, side: str, offset: str, volume: float, price: float, **more: Any) -> Order:
        """Numbered, not yet sent."""
        symbol, _, exchange = vt_symbol.partition(".")
        self._count += 1
        return Order(
            gateway="td", account="main", symbol=symbol, exchange=Exchange(exchange),
            client_order_id=f"id-{self._count}", direction=Direction(side), offset=Offset(offset),
            type=more.get("type", OrderType.LIMIT), price=price, volume=volume, venue_ref=await self.line.next_ref(),
        )  # fmt: skip

    async def send(self, *terms: Any, **more: Any) -> Order:
        """Numbered and sent."""
        order = await self.order(*terms, **more)
        await self.line.send(order)
        return order

    def heard(self, word: type[T]) -> list[T]:
        """The venue's words of a kind."""
        return [each for each in self.line.heard if isinstance(each, word)]

    async def until(self, order: Order, *states: str) -> list[OrderReport]:
        """The order's reports, once these are the states that they tell."""
        ref = order.venue_ref
        await eventually(lambda: self.line.states(ref) == list(states), f"{states}; not {self.line.states(ref)}")
        return self.line.reports(ref)


@pytest.fixture(params=KINDS, ids=str)
def kind(request: pytest.FixtureRequest) -> Kind:
    return request.param


@pytest.fixture
def lab(kind: Kind) -> Iterator[Lab]:
    lab = Lab(kind.dialect, rate=0)
    yield lab
    lab.stop()


@pytest.fixture
def desk(kind: Kind, lab: Lab, tmp_path: Path) -> Iterator[Desk]:
    line = TradingLine(kind, lab, tmp_path)
    yield Desk(line, lab)
    line.stop()


async def test_orders_and_cancels_as_the_venue_has_them(desk: Desk, kind: Kind) -> None:
    line, lab = desk.line, desk.lab
    assert await line.ready() == 20261120
    one, symbol = kind.one, kind.one.partition(".")[0]
    bid, ask = desk.prices(symbol)
    tick = lab.listings[symbol].tick
    low = round(bid - 20 * tick, 6)

    filled = await desk.send(one, "LONG", "OPEN", 2, ask)
    *_, last = await desk.until(filled, "SENT", "FILLED")
    assert (last.traded, last.volume, last.offset, last.type) == (2, 2, Offset.OPEN, OrderType.LIMIT)
    (fill,) = await eventually(lambda: line.trades(last.venue_id), "the fill")
    assert (fill.price, fill.volume, fill.trading_day, fill.hedge) == (ask, 2, 20261120, HedgeFlag.SPECULATION)
    assert fill.time is not None
    assert f"{fill.time:%Y-%m-%d %H:%M}" == "2026-11-20 09:30"

    resting = await desk.send(one, "LONG", "OPEN", 5, low)
    await desk.until(resting, "SENT", "ACCEPTED")
    assert lab.control.call("strike", instrument=symbol, direction="sell", volume=3, price=low) == 3
    *_, partial = await desk.until(resting, "SENT", "ACCEPTED", "PARTIAL")
    assert partial.traded == 3
    await line.cancel(replace(resting, venue_id=partial.venue_id))
    *_, cancelled = await desk.until(resting, "SENT", "ACCEPTED", "PARTIAL", "CANCELLED")
    assert (cancelled.traded, cancelled.error_msg) == (3, "")  # "已撤单" is no error

    unnamed = await desk.send(one, "LONG", "OPEN", 1, low)
    await desk.until(unnamed, "SENT", "ACCEPTED")
    await line.cancel(unnamed)  # by the session's number: the exchange's is not known to the desk yet
    await desk.until(unnamed, "SENT", "ACCEPTED", "CANCELLED")
    await line.cancel(unnamed)
    (again,) = await eventually(lambda: desk.heard(CancelRefused), "the refused cancel")
    assert (again.client_order_id, again.error_id) == (unnamed.client_order_id, 26)

    many = await desk.send(one, "SHORT", "CLOSE" if kind.name == "sopt" else "CLOSEYESTERDAY", 9, bid)
    (refused,) = await eventually(lambda: desk.heard(Refused), "the refusal")
    number, words = (30, "平仓量超过持仓量") if kind.name == "sopt" else (51, "平昨仓位不足")
    assert (refused.client_order_id, refused.error_id) == (many.client_order_id, number)
    assert refused.words.startswith(f"[{number}] CTP:{words} (")
    assert any(f"交易委托失败，委托：{many.client_order_id}，代码：{number}" in log for log in line.log_lines)

    dear = await desk.send(one, "LONG", "OPEN", 1, round(ask * 3, 4))
    *_, rejected = await desk.until(dear, "SENT", "REJECTED")
    assert "价格超出涨停板" in rejected.error_msg
    for kind_of, states in ((OrderType.FAK, ("SENT", "CANCELLED")), (OrderType.FOK, ("SENT", "CANCELLED"))):
        missed = await desk.send(one, "LONG", "OPEN", 1, low, type=kind_of)
        assert (await desk.until(missed, *states))[-1].type is kind_of

    theirs = lab.control.call("order", instrument=symbol, direction="buy", volume=4, price=low)
    ref = f"{theirs['front']}_{theirs['session']}_{theirs['ref']}"
    (*_, foreign) = await eventually(lambda: line.reports(ref), "another terminal's order")
    await eventually(lambda: line.states(ref)[-1] == "ACCEPTED", "it stands")
    assert (foreign.volume, foreign.price, foreign.direction) == (4, low, Direction.LONG)
    await line.cancel(replace(resting, client_order_id="ext-1", venue_ref="", venue_id=line.reports(ref)[-1].venue_id))
    await eventually(lambda: line.states(ref)[-1] == "CANCELLED", "its cancel from here")

    with pytest.raises(Failed, match="type RFQ"):
        await line.send(await desk.order(one, "LONG", "OPEN", 1, low, type=OrderType.RFQ))

    books = await line.books(twice=True)
    assert 0 < books.since < books.asked
    assert_books(books, lab.control.call("books"))
    assert all(order.queried for order in books.orders)
    assert {order.venue_ref for order in books.orders} >= {filled.venue_ref, resting.venue_ref, ref}
    pushed = {each.tradeid: replace(each, received=0) for each in desk.heard(Trade)}
    assert {each.tradeid: replace(each, received=0) for each in books.trades} == pushed
    rates = await line.rates(filled.instrument)
    assert rates[one].commission is not None
    assert await line.settlement(20261119) == ""


def assert_books(books: VenueBooks, venue: dict[str, Any]) -> None:
    """What was queried is what the venue has."""
    assert books.trading_day == 20261120
    assert {
        (each.venue_id, each.venue_ref, each.symbol, each.exchange, each.volume, each.traded) for each in books.orders
    } == {
        (each["order_sys_id"], f"{each['front']}_{each['session']}_{each['ref']}", each["instrument"], each["exchange"],
         each["volume"], each["traded"])
        for each in venue["orders"]
    }  # fmt: skip
    assert {(each.tradeid, each.venue_id, each.price, each.volume) for each in books.trades} == {
        (each["trade_id"], each["order_sys_id"], each["price"], each["volume"]) for each in venue["trades"]
    }
    held = [each for each in books.positions if each.volume]
    assert {
        (each.symbol, each.direction.lower(), each.volume, each.yd_volume, each.frozen) for each in held
    } == {
        (each["instrument"], each["direction"], each["volume"], each["yesterday"], each["frozen"])
        for each in venue["positions"]
    }  # fmt: skip
    for mine, other in zip(held, venue["positions"], strict=True):
        assert mine.position_cost == pytest.approx(other["cost"])
        assert mine.margin == pytest.approx(other["margin"])
        assert mine.pnl == pytest.approx(other["profit"])
        assert mine.price > 0
    account, funds = books.account, venue["account"]
    assert account is not None
    for name in ("balance", "available", "margin", "commission", "close_profit", "pre_balance", "frozen_margin"):
        assert getattr(account, name) == pytest.approx(funds[name]), name


@pytest.mark.parametrize("kind", KINDS[:1], ids=str)
async def test_a_session_that_breaks_leaves_nothing_half_known(desk: Desk, kind: Kind) -> None:
    line, lab = desk.line, desk.lab
    await line.ready()
    symbol = kind.one.partition(".")[0]
    bid, _ = desk.prices(symbol)
    first = await desk.send(kind.one, "LONG", "OPEN", 1, bid - 50)
    await desk.until(first, "SENT", "ACCEPTED")
    kept = await desk.order(kind.one, "LONG", "OPEN", 1, bid - 50)
    asked = asyncio.create_task(line.books())
    await asyncio.sleep(0)
    await line.next_ref()  # asked after it: the queries stand in their queue by now
    lab.control.drop("td")
    with pytest.raises(Failed, match=r"BooksIncomplete.*the session was lost"):
        await asked
    await eventually(lambda: line.lines("lost"), "the loss")
    with pytest.raises(Failed, match="NotSent"):
        await line.send(kept)
    await line.ready(times=2)
    with pytest.raises(Failed, match=r"NotSent.*earlier session"):
        await line.send(kept)
    second = await desk.send(kind.one, "LONG", "OPEN", 1, bid - 50)
    await desk.until(second, "SENT", "ACCEPTED")
    assert number_of(second) > number_of(kept) > number_of(first)  # MaxOrderRef of the login
    assert first.venue_ref.rpartition("_")[0] != second.venue_ref.rpartition("_")[0]
    assert_books(await line.books(), lab.control.call("books"))
    await line.cancel(first)  # of the session before, by its whole number
    await eventually(lambda: line.states(first.venue_ref)[-1] == "CANCELLED", "the cancel")


def number_of(order: Order) -> int:
    """OrderRef."""
    return int(order.venue_ref.rpartition("_")[2])
