"""Position keeping beside the simulated counter's clearing: two reckonings, one result after every step."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from marketbus.domain.instrument import Exchange, Instrument
from marketbus.domain.order import Order, OrderState
from marketbus.domain.order_terms import Direction, HedgeFlag, Offset, OrderType
from marketbus.domain.position_keeper import HoldingKey, PositionKeeper
from marketbus.domain.rates import Charge, CommissionRates, MarginRates, Rates
from marketbus.domain.trade import Trade
from marketbus.lab.trading import order as lab
from marketbus.lab.trading.account import Account
from marketbus.lab.trading.position import Bucket
from marketbus.lab.trading.refusal import Refused
from marketbus.lab.trading.terms import Fee, Terms

RB, M = Instrument("rb2701", Exchange.SHFE), Instrument("m2701", Exchange.DCE)
FIRST = date(2026, 11, 23)
SIDES = {Direction.LONG: lab.Side.BUY, Direction.SHORT: lab.Side.SELL}
OFFSETS = {
    Offset.OPEN: lab.Offset.OPEN,
    Offset.CLOSE: lab.Offset.CLOSE,
    Offset.CLOSETODAY: lab.Offset.CLOSE_TODAY,
    Offset.CLOSEYESTERDAY: lab.Offset.CLOSE_YESTERDAY,
}
DIRECTIONS = st.sampled_from(list(SIDES))
CLOSING = st.sampled_from([Offset.CLOSE, Offset.CLOSETODAY, Offset.CLOSEYESTERDAY])
HELD = st.tuples(st.integers(0, 4), st.integers(0, 4))
"""Lots of the long and of the short side."""
PRICES = st.integers(2_900, 3_200)
RATES = Rates(
    CommissionRates(Charge(0.0001), Charge(0.0001, 0.5), Charge(0.0003)), MarginRates(Charge(0.12), Charge(0.12))
)
TERMS = {
    instrument.symbol: Terms(
        symbol=instrument.symbol,
        exchange=str(instrument.exchange),
        multiplier=10,
        tick=Decimal(1),
        option=False,
        margin=Decimal("0.12"),
        written=Decimal(0),
        open=Fee(Decimal("0.0001")),
        close=Fee(Decimal("0.0001"), Decimal("0.5")),
        close_today=Fee(Decimal("0.0003")),
        splits_days=instrument is RB,
        market=None,
        tradable=True,
        expires=date(2027, 1, 15),
    )
    for instrument in (RB, M)
}


class Beside(RuleBasedStateMachine):
    """The counter says what may be sent; both follow orders, fills, cancels and settlements."""

    @initialize(instrument=st.sampled_from([RB, M]), yesterday=HELD, today=HELD)
    def begin(self, instrument: Instrument, yesterday: tuple[int, int], today: tuple[int, int]) -> None:
        self.instrument = instrument
        self.account = Account("1", lambda _: Decimal(3100), Decimal(10_000_000))
        self.keeper = PositionKeeper("ctp", "main", lambda _: 10.0, lambda _: RATES)
        self.day = FIRST
        self.count = 0
        self.open: dict[str, tuple[lab.Order, Order]] = {}
        for held in (yesterday, today):
            self.settle(3050)
            for direction, volume in zip(SIDES, held, strict=True):
                self.open_at_once(direction, volume, 3100)

    @rule(direction=DIRECTIONS, volume=st.integers(1, 4), price=PRICES)
    def open_at_once(self, direction: Direction, volume: int, price: int) -> None:
        if volume and (name := self.ask(direction, Offset.OPEN, volume)):
            self.deal(name, volume, price)

    @rule(direction=DIRECTIONS, offset=CLOSING, volume=st.integers(1, 4), price=PRICES)
    def close_at_once(self, direction: Direction, offset: Offset, volume: int, price: int) -> None:
        if name := self.ask(direction, offset, volume):
            self.deal(name, volume, price)

    @rule(direction=DIRECTIONS, offset=st.sampled_from(list(OFFSETS)), volume=st.integers(1, 4))
    def send(self, direction: Direction, offset: Offset, volume: int) -> None:
        self.ask(direction, offset, volume)

    @precondition(lambda self: bool(self.open))
    @rule(data=st.data(), lots=st.integers(1, 4), price=PRICES)
    def fill(self, data: st.DataObject, lots: int, price: int) -> None:
        self.deal(data.draw(st.sampled_from(sorted(self.open))), lots, price)

    def ask(self, direction: Direction, offset: Offset, volume: int) -> str:
        """Gives the id of an order that the counter took."""
        instrument = self.instrument
        self.count += 1
        request = lab.Request(instrument.symbol, SIDES[direction], OFFSETS[offset], volume, Decimal(3100))
        theirs = lab.Order(self.count, self.account, TERMS[instrument.symbol], request, datetime(2026, 11, 23))
        theirs.limit = request.price
        try:
            self.account.freeze(theirs)
        except Refused:
            return ""
        ours = Order(
            "ctp", "main", *instrument, str(self.count), direction, offset, OrderType.LIMIT, 3100.0, float(volume),
            state=OrderState.ACCEPTED,
        )  # fmt: skip
        self.open[ours.client_order_id] = theirs, ours
        self.keeper.order(ours)
        return ours.client_order_id

    def deal(self, name: str, lots: int, price: int) -> None:
        theirs, ours = self.open.pop(name)
        lots = min(lots, theirs.rest)
        self.count += 1
        fee, profit = self.account.fill(theirs, str(self.count), Decimal(price), lots, self.day)
        theirs.traded += lots
        trade = Trade("ctp", "main", *self.instrument, str(self.count), "a1", ours.direction, ours.offset, float(price),
                      float(lots))  # fmt: skip
        booked = self.keeper.trade(trade)
        self.follow(theirs, ours, OrderState.PARTIAL if theirs.rest else OrderState.FILLED)
        assert booked.missing == 0
        assert booked.profit == pytest.approx(float(profit))
        assert booked.commission == pytest.approx(float(fee))

    @precondition(lambda self: bool(self.open))
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        theirs, ours = self.open.pop(data.draw(st.sampled_from(sorted(self.open))))
        self.account.release(theirs, theirs.rest)
        self.follow(theirs, ours, OrderState.CANCELLED)

    @rule(settlement=PRICES)
    def settle(self, settlement: int) -> None:
        self.day += timedelta(days=1)
        self.open.clear()
        self.account.settle(lambda _: Decimal(settlement), TERMS, confirmed=True)
        self.keeper.roll(int(self.day.strftime("%Y%m%d")), lambda _: float(settlement))

    def follow(self, theirs: lab.Order, ours: Order, state: OrderState) -> None:
        after = Order(
            "ctp", "main", *ours.instrument, ours.client_order_id, ours.direction, ours.offset, ours.type, ours.price,
            ours.volume, float(theirs.traded), state,
        )  # fmt: skip
        self.keeper.order(after)
        if after.is_active:
            self.open[after.client_order_id] = theirs, after

    @invariant()
    def both_hold_the_same(self) -> None:
        for direction, side in SIDES.items():
            ours = self.keeper.position(HoldingKey(self.instrument, direction, HedgeFlag.SPECULATION))
            theirs = [bucket for (_, on, _), bucket in self.account.buckets.items() if on is side]
            yesterdays = [bucket for bucket in theirs if bucket.history and self.instrument is RB]
            assert ours.volume == sum(bucket.volume for bucket in theirs)
            assert ours.td_volume == sum(bucket.today for bucket in theirs)
            assert ours.frozen == sum(bucket.frozen for bucket in theirs)
            assert ours.yd_frozen == sum(bucket.frozen for bucket in yesterdays)
            assert ours.position_cost == pytest.approx(money(theirs, "cost"))
            assert ours.open_cost == pytest.approx(money(theirs, "open_cost"))
            assert ours.margin == pytest.approx(money(theirs, "margin"))
            assert ours.close_profit == pytest.approx(money(theirs, "close_profit"))
            assert ours.commission == pytest.approx(money(theirs, "fee"))


def money(buckets: list[Bucket], name: str) -> float:
    return float(sum(getattr(bucket, name) for bucket in buckets))


Beside.TestCase.settings = settings(max_examples=60, stateful_step_count=20)
TestBesideTheLab = Beside.TestCase
