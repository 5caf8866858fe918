"""Positions kept from trades and open orders: lots of today and yesterday, costs, profit, commission, frozen lots."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from marketbus.domain.holding import Lot
from marketbus.domain.instrument import Exchange, Instrument
from marketbus.domain.order import Order, OrderState
from marketbus.domain.order_terms import Direction, HedgeFlag, Offset, OrderType
from marketbus.domain.position import Position
from marketbus.domain.position_keeper import HoldingKey, PositionKeeper
from marketbus.domain.rates import Charge, CommissionRates, MarginRates, Rates
from marketbus.domain.trade import Trade

DAY = 20261123
LONG, SHORT, NET, _ = Direction
RB = Instrument("rb2701", Exchange.SHFE)
M = Instrument("m2701", Exchange.DCE)
RATES = Rates(
    CommissionRates(open=Charge(0.0001), close=Charge(0.0001), close_today=Charge(0.0003, 1.0)),
    MarginRates(long=Charge(0.1), short=Charge(0.12)),
)


def keeper(rates: Rates = RATES) -> PositionKeeper:
    return PositionKeeper("ctp", "main", lambda _: 10.0, lambda _: rates)


def trade(tradeid: str, direction: Direction, offset: Offset, volume: float, price: float, **more: Any) -> Trade:
    instrument: Instrument = more.pop("instrument", RB)
    fields: dict[str, Any] = {"trading_day": DAY} | more
    symbol, exchange = instrument
    return Trade("ctp", "main", symbol, exchange, tradeid, "a1", direction, offset, price, volume, **fields)


def order(name: str, direction: Direction, offset: Offset, volume: float, **more: Any) -> Order:
    instrument: Instrument = more.pop("instrument", RB)
    fields: dict[str, Any] = {"state": OrderState.ACCEPTED} | more
    return Order("ctp", "main", *instrument, name, direction, offset, OrderType.LIMIT, 3100.0, float(volume), **fields)


def long_of(instrument: Instrument) -> HoldingKey:
    return HoldingKey(instrument, LONG, HedgeFlag.SPECULATION)


def held(instrument: Instrument, yd: float = 2, td: float = 3) -> PositionKeeper:
    """Long `yd` of yesterday at 3000, carried at 3050, and `td` opened today at 3100."""
    it = keeper()
    if yd:
        it.trade(trade("y", LONG, Offset.OPEN, yd, 3000, instrument=instrument, trading_day=DAY - 1))
        it.roll(DAY, lambda _: 3050.0)
    if td:
        it.trade(trade("t", LONG, Offset.OPEN, td, 3100, instrument=instrument))
    return it


def test_an_opening_makes_a_lot_of_today() -> None:
    it = keeper()
    booked = it.trade(trade("1", LONG, Offset.OPEN, 2, 3100))
    assert (booked.keys, booked.commission) == ((long_of(RB),), pytest.approx(0.0001 * 3100 * 20))
    it.mark(RB, 3110)
    (position,) = it.positions(updated=9)
    assert (position.volume, position.yd_volume, position.td_volume, position.updated) == (2, 0, 2, 9)
    assert (position.price, position.open_price) == (3100, 3100)
    assert (position.open_cost, position.position_cost) == (62_000, 62_000)
    assert (position.pnl, position.margin) == (200, pytest.approx(6_200))


def test_the_day_after_lots_are_carried_at_the_settlement_price() -> None:
    position = held(RB).position(long_of(RB))
    assert (position.volume, position.yd_volume) == (5, 2)
    assert position.open_cost == 10 * (2 * 3000 + 3 * 3100)
    assert position.position_cost == 10 * (2 * 3050 + 3 * 3100)
    assert position.trading_day == DAY


@pytest.mark.parametrize(
    ("instrument", "offset", "lots", "profit", "since_open", "commission"),
    [
        # Shanghai: the order says which day; CLOSE means yesterday's.
        (RB, Offset.CLOSETODAY, (2, 1), (3120 - 3100) * 20, (3120 - 3100) * 20, 0.0003 * 3120 * 20 + 2),
        (RB, Offset.CLOSEYESTERDAY, (0, 3), (3120 - 3050) * 20, (3120 - 3000) * 20, 0.0001 * 3120 * 20),
        (RB, Offset.CLOSE, (0, 3), (3120 - 3050) * 20, (3120 - 3000) * 20, 0.0001 * 3120 * 20),
        # Elsewhere the oldest lots go first, whatever the order says.
        (M, Offset.CLOSE, (0, 3), (3120 - 3050) * 20, (3120 - 3000) * 20, 0.0001 * 3120 * 20),
        (M, Offset.CLOSETODAY, (0, 3), (3120 - 3050) * 20, (3120 - 3000) * 20, 0.0001 * 3120 * 20),
    ],
)
def test_two_lots_are_closed(
    instrument: Instrument,
    offset: Offset,
    lots: tuple[float, float],
    profit: float,
    since_open: float,
    commission: float,
) -> None:
    it = held(instrument)
    booked = it.trade(trade("c", SHORT, offset, 2, 3120, instrument=instrument))
    position = it.position(long_of(instrument))
    assert (position.yd_volume, position.td_volume) == lots
    assert (booked.profit, booked.profit_since_open) == (pytest.approx(profit), pytest.approx(since_open))
    assert booked.commission == pytest.approx(commission)
    assert position.close_profit == pytest.approx(profit)
    assert booked.missing == 0


def test_a_close_over_both_days_pays_each_days_rate() -> None:
    it = held(M)
    booked = it.trade(trade("c", SHORT, Offset.CLOSE, 4, 3120, instrument=M))
    assert booked.profit == pytest.approx(10 * (2 * 70 + 2 * 20))
    assert booked.commission == pytest.approx(0.0001 * 3120 * 20 + 0.0003 * 3120 * 20 + 2)
    assert it.lots(long_of(M)) == (Lot(1, 3100, 3100, today=True),)


def test_a_short_position_gains_when_the_price_falls() -> None:
    it = keeper()
    it.trade(trade("1", SHORT, Offset.OPEN, 2, 3100))
    booked = it.trade(trade("2", LONG, Offset.CLOSETODAY, 1, 3080))
    it.mark(RB, 3090)
    position = it.position(HoldingKey(RB, SHORT, HedgeFlag.SPECULATION))
    assert (booked.profit, position.pnl, position.margin) == (200, 100, pytest.approx(0.12 * 31_000))


def test_the_venues_commission_goes_before_ours_and_unknown_rates_are_not_zero() -> None:
    assert keeper().trade(trade("1", LONG, Offset.OPEN, 1, 3100, commission=7.0)).commission == 7
    assert keeper(Rates()).trade(trade("1", LONG, Offset.OPEN, 1, 3100)).commission is None


def test_a_close_of_more_than_we_have_says_how_much_is_missing() -> None:
    it = held(RB, yd=0, td=1)
    booked = it.trade(trade("c", SHORT, Offset.CLOSETODAY, 3, 3120))
    assert (booked.missing, booked.profit, it.position(long_of(RB)).volume) == (2, 200, 0)


def test_hedge_flags_are_kept_apart() -> None:
    it = held(RB, yd=0, td=1)
    booked = it.trade(trade("c", SHORT, Offset.CLOSETODAY, 1, 3120, hedge=HedgeFlag.HEDGE))
    assert (booked.missing, it.position(long_of(RB)).volume) == (1, 1)


def test_a_trade_counts_once_and_not_again_after_a_query_that_had_it() -> None:
    it, first = keeper(), trade("1", LONG, Offset.OPEN, 1, 3100)
    it.trade(first)
    assert it.trade(first).keys == ()
    it.load([Position("ctp", "main", *RB, LONG, 5.0, 4.0, price=3050.0, open_price=3000.0)], [first.key], DAY)
    assert it.trade(first).keys == ()
    it.trade(trade("2", LONG, Offset.OPEN, 1, 3100))
    position = it.position(long_of(RB))
    assert (position.volume, position.yd_volume, len(it.lots(long_of(RB)))) == (6, 4, 3)
    assert it.trade(trade("0", LONG, Offset.OPEN, 1, 3100, trading_day=DAY - 1)).keys == ()


def test_the_venues_positions_are_taken_with_both_prices_and_the_days_figures() -> None:
    it = keeper()
    theirs = Position(
        "ctp", "main", *RB, LONG, 5.0, 4.0, price=3050.0, open_price=3000.0, close_profit=120.0, commission=7.5
    )
    it.load([theirs, Position("ctp", "main", *M, LONG, 2.0, 3.0, price=2800.0)], [], DAY)
    ours = it.position(long_of(RB))
    for name in ("volume", "yd_volume", "price", "open_price", "close_profit", "commission"):
        assert getattr(ours, name) == getattr(theirs, name), name
    other = it.position(long_of(M))
    assert (other.volume, other.yd_volume, other.open_price) == (2, 2, 2800)  # no more of yesterday's than there are


def test_an_order_that_froze_nothing_changes_no_position() -> None:
    it = held(RB)
    assert it.order(order("1", SHORT, Offset.CLOSETODAY, 1)) == long_of(RB)
    assert it.order(order("1", SHORT, Offset.CLOSETODAY, 1, state=OrderState.CANCELLED)) == long_of(RB)
    assert it.order(order("1", SHORT, Offset.CLOSETODAY, 1, state=OrderState.CANCELLED)) is None
    assert it.order(order("2", LONG, Offset.OPEN, 1)) is None


@pytest.mark.parametrize(
    ("instrument", "orders", "expected"),
    [
        # (frozen, of it yesterday's) of 2 + 3 lots
        (RB, [("CLOSETODAY", 1)], (1, 0)),
        (RB, [("CLOSEYESTERDAY", 2)], (2, 2)),
        (RB, [("CLOSE", 1), ("CLOSETODAY", 3)], (4, 1)),
        (RB, [("CLOSE", 9)], (2, 2)),
        (M, [("CLOSE", 1), ("CLOSETODAY", 3)], (4, 0)),
        (M, [("CLOSE", 9)], (5, 0)),
        (RB, [("OPEN", 9)], (0, 0)),
    ],
)
def test_open_close_orders_freeze_lots(
    instrument: Instrument, orders: list[tuple[str, float]], expected: tuple[float, float]
) -> None:
    it = held(instrument)
    for number, (offset, volume) in enumerate(orders):
        it.order(order(str(number), SHORT, Offset(offset), volume, instrument=instrument))
    position = it.position(long_of(instrument))
    assert (position.frozen, position.yd_frozen) == expected
    for number, (offset, volume) in enumerate(orders):
        done = order(str(number), SHORT, Offset(offset), volume, instrument=instrument, state=OrderState.CANCELLED)
        it.order(done)
    assert it.position(long_of(instrument)).frozen == 0


def test_an_order_of_unknown_outcome_still_freezes() -> None:
    it = held(RB)
    it.order(order("1", SHORT, Offset.CLOSETODAY, 3, traded=1.0, state=OrderState.UNKNOWN))
    assert it.position(long_of(RB)).frozen == 2


def test_a_net_position_is_one_whichever_way_it_went_today() -> None:
    """Long, short and long again: what was earned on the way is told with what is held, and once."""
    it = keeper()
    aapl = Instrument("AAPL-USD-STK", Exchange.SMART)
    for number, (direction, volume) in enumerate([(LONG, 2), (SHORT, 5), (LONG, 4)]):
        booked = it.trade(
            Trade("ib", "main", *aapl, f"t{number}", "", direction, Offset.NONE, 100.0 + number, float(volume))
        )
        told = {it.position(key) for key in booked.keys}
        assert told == set(it.positions())
        assert len(told) == 1
    (position,) = it.positions()
    assert (position.direction, position.volume, position.price) == (NET, 1.0, 102.0)
    assert position.close_profit == 10 * ((101 - 100) * 2 + (101 - 102) * 3)


def test_a_net_venue_turns_its_position_round() -> None:
    aapl = Instrument("AAPL", Exchange.SMART)
    it = keeper()
    it.load([Position("ib", "main", *aapl, NET, -2.0, price=90.0)], [], DAY)
    booked = it.trade(trade("1", LONG, Offset.NONE, 5, 100, instrument=aapl))
    assert booked.profit == pytest.approx(-200)
    assert {key.direction for key in booked.keys} == {LONG, SHORT}
    (position,) = [each for each in it.positions() if each.volume]
    assert (position.direction, position.volume, position.price) == (NET, 3, 100)


INSTRUMENTS = st.sampled_from([RB, M])
SIDES = st.sampled_from([LONG, SHORT])
OFFSETS = st.sampled_from([Offset.OPEN, Offset.OPEN, Offset.CLOSE, Offset.CLOSETODAY, Offset.CLOSEYESTERDAY])
PRICES = st.integers(2_900, 3_200).map(float)
LOTS = st.integers(1, 4).map(float)


class Keeping(RuleBasedStateMachine):
    """Any trades, orders and days: nothing negative, the lots are the volume, and the money adds up."""

    @initialize()
    def begin(self) -> None:
        self.keeper = keeper(Rates())
        self.day = DAY
        self.count = 0
        self.orders: dict[str, Order] = {}
        self.cash = Fraction(0)
        self.realised = Fraction(0)
        self.seen: list[Trade] = []

    @rule(instrument=INSTRUMENTS, direction=SIDES, offset=OFFSETS, volume=LOTS, price=PRICES)
    def fill(self, instrument: Instrument, direction: Direction, offset: Offset, volume: float, price: float) -> None:
        self.count += 1
        one = trade(str(self.count), direction, offset, volume, price, instrument=instrument, trading_day=self.day)
        booked = self.keeper.trade(one)
        self.seen.append(one)
        assert 0 <= booked.missing <= volume
        done = volume - booked.missing
        self.cash += (-1 if direction is LONG else 1) * Fraction(price) * Fraction(done) * 10
        self.realised += Fraction(booked.profit)

    @rule(data=st.data())
    def again(self, data: st.DataObject) -> None:
        if self.seen:
            assert self.keeper.trade(data.draw(st.sampled_from(self.seen))).keys == ()

    @rule(instrument=INSTRUMENTS, direction=SIDES, offset=OFFSETS, volume=LOTS, state=st.sampled_from(OrderState))
    def send(
        self, instrument: Instrument, direction: Direction, offset: Offset, volume: float, state: OrderState
    ) -> None:
        self.count += 1
        one = order(str(self.count), direction, offset, volume, instrument=instrument, state=state)
        self.orders[one.client_order_id] = one
        self.keeper.order(one)

    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        if self.orders:
            name = data.draw(st.sampled_from(sorted(self.orders)))
            one = self.orders.pop(name)
            instrument = one.instrument
            self.keeper.order(
                order(name, one.direction, one.offset, one.volume, instrument=instrument, state=OrderState.CANCELLED)
            )

    @rule(settlement=PRICES)
    def next_day(self, settlement: float) -> None:
        before = self.worth(lambda lot: lot.price)
        self.day += 1
        self.orders.clear()
        self.keeper.roll(self.day, lambda _: settlement)
        self.realised += self.worth(lambda lot: lot.price) - before  # what the day's settlement paid out
        assert all(each.td_volume == each.close_profit == 0 for each in self.keeper.positions())

    def worth(self, price: Callable[[Lot], float]) -> Fraction:
        """Of all lots, shorts negative."""
        return sum(
            (
                (1 if key.direction is LONG else -1) * Fraction(price(lot)) * Fraction(lot.volume) * 10
                for key in self.keys()
                for lot in self.keeper.lots(key)
            ),
            Fraction(0),
        )

    def keys(self) -> list[HoldingKey]:
        return [HoldingKey(each, side, HedgeFlag.SPECULATION) for each in (RB, M) for side in (LONG, SHORT)]

    @invariant()
    def sane(self) -> None:
        for key in self.keys():
            position, lots = self.keeper.position(key), self.keeper.lots(key)
            assert all(lot.volume > 0 for lot in lots)
            assert position.volume == sum(lot.volume for lot in lots)
            assert position.yd_volume + position.td_volume == position.volume
            assert min(position.yd_volume, position.td_volume) >= 0
            assert 0 <= position.frozen <= position.volume
            assert 0 <= position.yd_frozen <= min(position.frozen, position.yd_volume)
            assert position.available >= 0

    @invariant()
    def money_adds_up(self) -> None:
        assert self.realised == self.cash + self.worth(lambda lot: lot.price)


Keeping.TestCase.settings = settings(max_examples=60, stateful_step_count=30)
TestKeeping = Keeping.TestCase


@given(
    st.lists(st.tuples(INSTRUMENTS, SIDES, LOTS, PRICES), min_size=1, max_size=8),
    st.randoms(use_true_random=False),
)
def test_the_position_is_the_sum_of_unique_trades_however_they_come(
    opened: list[tuple[Instrument, Direction, float, float]], random: Any
) -> None:
    trades = [
        trade(str(n), side, Offset.OPEN, volume, price, instrument=instrument)
        for n, (instrument, side, volume, price) in enumerate(opened)
    ]
    arrival = trades + random.choices(trades, k=5)
    random.shuffle(arrival)
    it = keeper()
    for each in arrival:
        it.trade(each)
    for position in it.positions():
        mine = [t for t in trades if t.instrument == position.instrument and t.direction is position.direction]
        assert position.volume == sum(t.volume for t in mine)
        assert position.open_cost == pytest.approx(10 * sum(t.volume * t.price for t in mine))
