"""Money, margin, fees and lots of an account, by hand and by property."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from marketbus.lab.trading import Life, Offset, Order, Refused, Side
from tests.unit.lab.trading.table import IF, NEXT_DAY, RB, TERMS, M, Table, book


def test_an_opened_lot_costs_its_fee_and_binds_its_margin() -> None:
    table = Table()
    table.send(Side.BUY, 2, 101)
    account = table.one
    assert account.fee == 2
    assert account.margin == Decimal(202)  # 2 lots × 10 × 101 × 0.1
    assert account.position_profit == -20  # the last price is 100
    assert account.balance == 1_000_000 - 2 - 20
    assert account.available == account.balance - 202
    assert account.frozen_margin == account.frozen_fee == 0


def test_a_waiting_order_freezes_what_it_may_need_and_gives_it_back() -> None:
    table = Table()
    order = table.send(Side.BUY, 3, 99)
    assert (table.one.frozen_margin, table.one.frozen_fee) == (Decimal(297), 3)
    assert table.one.available == 1_000_000 - 300
    table.counter.cancel(order)
    assert table.one.available == 1_000_000


def test_todays_and_yesterdays_lots_are_closed_apart_where_the_exchange_says_so() -> None:
    table = Table()
    table.send(Side.BUY, 2, 101)
    with pytest.raises(Refused):
        table.send(Side.SELL, 1, 99, Offset.CLOSE)
    table.settle(105)
    table.tick(book(106))
    table.send(Side.BUY, 1, 107)
    with pytest.raises(Refused):
        table.send(Side.SELL, 2, 105, Offset.CLOSE_TODAY)
    account = table.one
    fees = account.fee
    table.send(Side.SELL, 2, 105, Offset.CLOSE_YESTERDAY)
    assert account.close_profit == 0  # sold at 105, the settlement price
    assert account.fee - fees == 2 * 2
    table.send(Side.SELL, 1, 105, Offset.CLOSE_TODAY)
    assert account.close_profit == (105 - 107) * 10
    assert account.fee - fees == 2 * 2 + 3


def test_elsewhere_the_oldest_lots_are_closed_first() -> None:
    table = Table()
    table.send(Side.SELL, 2, 99, symbol=M)
    table.settle(100)
    table.tick(book(100), M)
    table.send(Side.SELL, 2, 99, symbol=M)
    account = table.one
    fees = account.fee
    table.send(Side.BUY, 3, 101, Offset.CLOSE, symbol=M)
    bucket = account.bucket(TERMS[M], Side.SELL, history=False)
    assert (bucket.volume, bucket.today, bucket.before) == (1, 1, 2)
    assert account.fee - fees == 2 * 2 + 3  # two of yesterday's, one of today's
    assert account.close_profit == (100 - 101) * 10 * 2 + (99 - 101) * 10


def test_lots_that_an_order_may_close_cannot_be_closed_twice() -> None:
    table = Table()
    table.send(Side.BUY, 3, 101)
    order = table.send(Side.SELL, 2, 120, Offset.CLOSE_TODAY)
    with pytest.raises(Refused):
        table.send(Side.SELL, 2, 120, Offset.CLOSE_TODAY)
    table.counter.cancel(order)
    table.send(Side.SELL, 3, 120, Offset.CLOSE_TODAY)


def test_settlement_turns_profit_into_balance_and_today_into_yesterday() -> None:
    table = Table()
    table.send(Side.BUY, 2, 101)
    waiting = table.send(Side.BUY, 1, 60)
    table.settle(110)
    account = table.one
    assert not waiting.live
    assert account.before == 1_000_000 - 2 + (110 - 101) * 10 * 2
    assert (account.fee, account.frozen_margin, account.orders, account.trades) == (0, 0, [], [])
    table.tick(book(110))
    assert account.balance == account.before
    assert account.margin == account.margin_before == 2 * 10 * 110 * Decimal("0.1")
    assert "客户号: one" in account.statements[table.day.replace(day=20)]


def test_what_is_delisted_is_gone_at_its_settlement_price() -> None:
    table = Table()
    table.send(Side.SELL, 2, 99)
    prices, listed = dict.fromkeys(TERMS, Decimal(90)), {M: TERMS[M]}
    table.counter.new_day(table.day, prices, listed, confirmed=True)
    assert table.one.buckets == {}
    assert table.one.balance == 1_000_000 - 2 + (99 - 90) * 10 * 2


def test_settlement_waits_for_its_confirmation() -> None:
    table = Table()
    table.settle(100, confirmed=False)
    with pytest.raises(Refused):
        table.send(Side.BUY, 1, 101)


def test_an_option_is_paid_in_cash_and_only_its_seller_needs_margin() -> None:
    table = Table()
    table.counter.terms[RB] = replace(TERMS[RB], option=True, margin=Decimal(0), written=Decimal(500))
    table.send(Side.BUY, 2, 101)
    account = table.one
    assert (account.premium, account.margin, account.option_value) == (-2020, 0, 2000)
    table.send(Side.SELL, 1, 99)
    assert (account.premium, account.margin) == (-2020 + 990, 500)
    assert account.balance == 1_000_000 - 2020 + 990 - 3


class Clearing(RuleBasedStateMachine):
    """Two accounts and the market trade at random: no lot and no money comes from nowhere or gets lost."""

    @initialize()
    def begin(self) -> None:
        self.table = Table(money=50_000, users=("one", "two"))
        self.orders: list[Order] = []
        self.money = Decimal(100_000)

    @rule(
        user=st.sampled_from(["one", "two"]),
        side=st.sampled_from(Side),
        offset=st.sampled_from([Offset.OPEN, Offset.OPEN, *Offset]),
        symbol=st.sampled_from([RB, M, IF]),
        volume=st.integers(1, 12),
        price=st.integers(95, 106),
        life=st.sampled_from(Life),
        whole=st.booleans(),
    )
    def send(self, volume: int, life: Life, whole: bool, **rest: Any) -> None:
        minimum = volume if whole and life is Life.IMMEDIATE else 0
        try:
            self.orders.append(self.table.send(volume=volume, life=life, minimum=minimum, **rest))
        except Refused:
            return

    @rule(which=st.integers(0, 1000), part=st.integers(1, 5))
    def close(self, which: int, part: int) -> None:
        """Lots that are held, at whatever the book pays."""
        held = [(each, bucket) for each in self.accounts for bucket in each.buckets.values() if bucket.volume]
        if not held:
            return
        account, bucket = held[which % len(held)]
        offset = Offset.CLOSE_YESTERDAY if bucket.history else Offset.CLOSE_TODAY
        volume = min(part, bucket.volume)
        price = 50 if bucket.side is Side.BUY else 150
        self.send(
            volume=volume, life=Life.IMMEDIATE, whole=False, price=price, offset=offset, symbol=bucket.terms.symbol,
            side=bucket.side.other, user=account.user,
        )  # fmt: skip

    @rule(which=st.integers(0, 1000))
    def cancel(self, which: int) -> None:
        live = [order for order in self.orders if order.live]
        if live:
            self.table.counter.cancel(live[which % len(live)])

    @rule(
        symbol=st.sampled_from([RB, M, IF]), last=st.integers(96, 104), size=st.integers(1, 5), lots=st.integers(0, 4)
    )
    def tick(self, symbol: str, last: int, size: int, lots: int) -> None:
        self.table.tick(book(last, size=size, lots=lots), symbol)

    @rule(price=st.integers(96, 104))
    def settle(self, price: int) -> None:
        for symbol in TERMS:
            self.table.tick(book(price), symbol)
        before = sum(each.balance for each in self.accounts)
        self.table.settle(price)
        assert sum(each.balance for each in self.accounts) == before
        assert not any(order.live for order in self.orders)
        self.orders.clear()
        self.money = Decimal(before)
        assert self.table.day == NEXT_DAY

    @property
    def accounts(self) -> list[Any]:
        return list(self.table.counter.accounts.values())

    @invariant()
    def lots_add_up(self) -> None:
        for account in self.accounts:
            for (symbol, side, history), bucket in account.buckets.items():
                assert bucket.volume == sum(lot.volume for lot in bucket.lots)
                assert bucket.today == sum(lot.volume for lot in bucket.lots if lot.today)
                assert 0 <= bucket.frozen <= bucket.volume
                assert bucket.volume == bucket.before + bucket.open_volume - bucket.close_volume
                traded = [
                    trade
                    for trade in account.trades
                    if trade.order.terms.symbol == symbol and trade.order.request.side is side
                ]
                opened = sum(trade.volume for trade in traded if trade.order.request.offset is Offset.OPEN)
                assert history or bucket.open_volume == opened
        for order in self.orders:
            assert order.traded == sum(trade.volume for trade in order.trades)
            for trade in order.trades:
                assert (order.limit - trade.price) * order.request.side.sign >= 0

    @invariant()
    def money_adds_up(self) -> None:
        for account in self.accounts:
            live = [order for order in account.orders if order.live]
            assert account.frozen_margin == sum(order.frozen_margin * order.rest for order in live)
            assert account.frozen_fee == sum(order.frozen_fee * order.rest for order in live)
            assert account.fee == sum(trade.fee for trade in account.trades)
            assert account.close_profit == sum(trade.profit for trade in account.trades)
            assert account.available == (
                account.balance - account.margin - account.frozen_margin - account.frozen_cash - account.frozen_fee
            )
        # What the accounts gained before fees is what the market lost: cash for every trade, and the lots held.
        cash = value = Decimal(0)
        for account in self.accounts:
            for trade in account.trades:
                turnover = trade.order.terms.turnover(trade.price, trade.volume)
                cash -= turnover * trade.order.request.side.sign
            for (symbol, side, _), bucket in account.buckets.items():
                value += bucket.terms.turnover(self.table.last(symbol), bucket.volume) * side.sign
                carried = sum(lot.volume + lot.closed for lot in (*bucket.lots, *bucket.closed_lots) if not lot.today)
                if carried:
                    basis = next(lot.basis for lot in (*bucket.lots, *bucket.closed_lots) if not lot.today)
                    cash -= bucket.terms.turnover(basis, carried) * side.sign
        fees = sum(account.fee for account in self.accounts)
        assert sum(account.balance for account in self.accounts) == self.money + cash + value - fees


Clearing.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
test_no_lot_and_no_money_gets_lost = Clearing.TestCase
