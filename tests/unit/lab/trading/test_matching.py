"""What each kind of order gets from the book, and when."""

import pytest

from marketbus.lab.trading import Life, Offset, PriceKind, Refusal, Refused, Side, State
from marketbus.lab.trading.refusal import Veto
from tests.unit.lab.trading.table import IF, RB, M, Table, book


def test_an_order_takes_the_book_up_to_its_limit_and_the_rest_waits() -> None:
    table = Table()
    order = table.send(Side.BUY, 25, 102)
    assert table.said == [
        ("submitted", 0), ("partial", 10), ("trade", 101, 10), ("partial", 20), ("trade", 102, 10),
    ]  # fmt: skip
    assert (order.state, order.rest) == (State.PARTIAL, 5)


def test_an_order_away_from_the_book_queues() -> None:
    table = Table()
    table.send(Side.BUY, 5, 98)
    assert table.said == [("submitted", 0), ("queueing", 0)]


def test_what_was_taken_is_gone_until_the_next_tick() -> None:
    table = Table()
    table.send(Side.BUY, 7, 101)
    second = table.send(Side.BUY, 7, 101)
    assert second.traded == 3
    table.tick(book(100))
    assert second.state is State.FILLED


def test_a_waiting_order_fills_at_its_own_price_when_the_book_comes_to_it() -> None:
    table = Table()
    order = table.send(Side.SELL, 15, 103)
    table.tick(book(104, size=6))  # bid 103, 102 ...
    assert (order.traded, table.said[-1]) == (6, ("trade", 103, 6))
    table.tick(book(110))
    assert (order.state, table.said[-1]) == (State.FILLED, ("trade", 103, 9))


def test_lots_traded_at_the_price_fill_who_waited_longest() -> None:
    table = Table()
    first, second = table.send(Side.BUY, 2, 99), table.send(Side.BUY, 2, 99)
    better = table.send(Side.BUY, 1, 100)
    table.tick(book(99, spread=3, lots=2))
    assert (better.traded, first.traded, second.traded) == (1, 1, 0)
    table.tick(book(99, spread=3, lots=2))
    assert (first.traded, second.traded) == (2, 1)


def test_fill_and_kill_cancels_the_rest() -> None:
    table = Table()
    order = table.send(Side.BUY, 25, 102, life=Life.IMMEDIATE)
    assert (order.state, order.traded, order.rejected) == (State.CANCELLED, 20, False)


@pytest.mark.parametrize(("volume", "state", "traded"), [(20, State.FILLED, 20), (21, State.CANCELLED, 0)])
def test_fill_or_kill_is_all_or_nothing(volume: int, state: State, traded: int) -> None:
    table = Table()
    order = table.send(Side.BUY, volume, 102, life=Life.IMMEDIATE, minimum=volume)
    assert (order.state, order.traded) == (state, traded)
    assert table.send(Side.BUY, 1, 101).traded == (0 if traded else 1)  # nothing was taken by what was not done


def test_market_orders_are_each_exchanges_own() -> None:
    table = Table(money=100_000_000)
    with pytest.raises(Refused) as refused:
        table.send(Side.BUY, 1, 0, kind=PriceKind.MARKET)
    assert refused.value.why is Refusal.PRICE_KIND
    swept = table.send(Side.BUY, 30, 0, kind=PriceKind.MARKET, symbol=IF)
    assert (swept.state, swept.traded) == (State.FILLED, 30)
    rest = table.send(Side.BUY, 30, 0, kind=PriceKind.MARKET, symbol=IF)
    assert (rest.state, rest.traded) == (State.CANCELLED, 20)
    table.send(Side.SELL, 30, 0, kind=PriceKind.MARKET, symbol=M)
    stays = table.send(Side.SELL, 30, 0, kind=PriceKind.MARKET, symbol=M)
    assert (stays.state, stays.rest, stays.limit) == (State.PARTIAL, 10, 50)


def test_five_levels_leave_a_limit_order_at_the_last_price() -> None:
    table = Table(money=100_000_000)
    table.send(Side.BUY, 30, 0, kind=PriceKind.FIVE_LEVELS, symbol=IF)
    order = table.send(Side.BUY, 30, 0, kind=PriceKind.FIVE_LEVELS, symbol=IF)
    assert (order.state, order.traded, order.limit) == (State.PARTIAL, 20, 105)
    nothing = table.send(Side.BUY, 1, 0, kind=PriceKind.FIVE_LEVELS, symbol=IF)
    assert (nothing.state, nothing.traded) == (State.CANCELLED, 0)


@pytest.mark.parametrize(("price", "veto"), [(151, Veto.ABOVE_LIMIT), (49, Veto.BELOW_LIMIT), (100, None), (150, None)])
def test_the_venue_refuses_prices_outside_the_day(price: int, veto: Veto | None) -> None:
    table = Table()
    order = table.send(Side.BUY, 1, price)
    assert (order.veto, order.rejected) == (veto, veto is not None)


def test_a_closed_venue_refuses() -> None:
    table = Table()
    table.closed = True
    order = table.send(Side.BUY, 1, 100)
    assert (order.veto, order.state, table.one.available) == (Veto.CLOSED, State.CANCELLED, 1_000_000)


def test_two_of_our_orders_match_before_the_market() -> None:
    table = Table(users=("one", "two"))
    resting = table.send(Side.SELL, 4, 101, user="two")
    taking = table.send(Side.BUY, 6, 101)
    assert [(trade.price, trade.volume) for trade in taking.trades] == [(101, 4), (101, 2)]
    assert resting.state is State.FILLED
    assert resting.trades[0].venue_id == taking.trades[0].venue_id != taking.trades[1].venue_id


def test_somebody_else_hits_the_best_orders_first() -> None:
    table = Table()
    low, high = table.send(Side.BUY, 3, 98), table.send(Side.BUY, 3, 99)
    assert table.counter.strike(RB, Side.SELL, low.limit, 4) == 4
    assert (high.traded, low.traded) == (3, 1)
    assert table.counter.strike(RB, Side.SELL, high.limit, 9) == 0


def test_a_cancel_wins_or_the_fill_does() -> None:
    table = Table()
    waiting: list[object] = []
    order = table.send(Side.BUY, 5, 99)
    table.counter._line = waiting.append  # pyright: ignore[reportPrivateUsage]
    table.counter.cancel(order, "late")
    with pytest.raises(Refused) as again:
        table.counter.cancel(order)
    assert again.value.why is Refusal.CANCEL_PENDING
    table.tick(book(90))
    for act in waiting:
        act()  # pyright: ignore[reportCallIssue, reportUnknownVariableType]
    assert (order.state, table.said[-1]) == (State.FILLED, ("cancel failed", "late"))
    with pytest.raises(Refused) as done:
        table.counter.cancel(order)
    assert done.value.why is Refusal.DONE


def test_a_cancelled_order_fills_no_more() -> None:
    table = Table()
    order = table.send(Side.BUY, 5, 99)
    table.counter.cancel(order)
    table.tick(book(90))
    assert (order.state, order.traded) == (State.CANCELLED, 0)
    assert table.one.available == 1_000_000


def test_refused_before_the_venue_means_nothing_happened() -> None:
    table = Table(money=1_000)
    for refused, why in (
        ({"side": Side.BUY, "volume": 20, "price": 100}, Refusal.MONEY),
        ({"side": Side.BUY, "volume": 0, "price": 100}, Refusal.FIELD),
        ({"side": Side.BUY, "volume": 1, "price": 100, "symbol": "zz1"}, Refusal.NO_INSTRUMENT),
        ({"side": Side.BUY, "volume": 1, "price": 100, "offset": Offset.CLOSE}, Refusal.YESTERDAY),
        ({"side": Side.BUY, "volume": 1, "price": 100, "offset": Offset.CLOSE_TODAY}, Refusal.TODAY),
        ({"side": Side.BUY, "volume": 1, "price": 100, "offset": Offset.CLOSE, "symbol": M}, Refusal.POSITION),
    ):
        with pytest.raises(Refused) as caught:
            table.send(**refused)  # pyright: ignore[reportArgumentType]
        assert caught.value.why is why
    table.one.confirmed = False
    with pytest.raises(Refused) as caught:
        table.send(Side.BUY, 1, 100)
    assert caught.value.why is Refusal.NOT_CONFIRMED
    assert (table.said, table.one.orders, table.one.available) == ([], [], 1_000)
