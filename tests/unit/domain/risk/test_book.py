"""The risk book: judging, counting and reserving in one step; letting go as orders fill and end."""

from typing import Any

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from marketbus.adapters.thresholds import cn_thresholds
from marketbus.domain.account import Account
from marketbus.domain.instrument import Exchange, Instrument
from marketbus.domain.order import Order, OrderState
from marketbus.domain.order_terms import Direction, HedgeFlag, Offset, OrderType
from marketbus.domain.position import Position
from marketbus.domain.risk.book import RiskBook
from marketbus.domain.risk.flow import FlowState
from marketbus.domain.risk.limits import Limits, Tightening
from marketbus.domain.risk.thresholds import Thresholds
from marketbus.domain.risk.verdict import Verdict
from marketbus.domain.times import NS
from tests.unit.domain.risk.surroundings import DAY, NOW, contract, market, order

LONG, SHORT = Direction.LONG, Direction.SHORT
NO_LIMITS: dict[str, Any] = dict.fromkeys(("orders_per_second", "orders_per_day", "max_identical"))


def book(**limits: Any) -> RiskBook:
    it = RiskBook(Limits(**(NO_LIMITS | limits)), Thresholds())
    it.day(DAY)
    return it


def rule_of(verdict: Verdict | None) -> str:
    return "" if verdict is None else verdict.rule


def now(one: Order, state: OrderState, traded: float = 0.0) -> Order:
    return msgspec.structs.replace(one, state=state, traded=traded)


def held(volume: float, yd: float, direction: Direction = LONG, exchange: Exchange = Exchange.SHFE) -> Position:
    return Position("ctp", "main", "rb2701", exchange, direction, volume, yd, position_cost=31_000.0 * volume)


def test_orders_before_the_venues_word_use_up_the_position_limit() -> None:
    it = book(max_position=5.0)
    assert it.reserve(order("a1"), market(), NOW) is None
    assert it.reserve(order("a2"), market(), NOW) is None
    verdict = it.reserve(order("a3"), market(), NOW)
    assert verdict is not None
    assert (verdict.rule, verdict.limit, verdict.value) == ("max_position", 5.0, 6.0)
    assert (len(it.reserved), it.flow.actions) == (2, 2)  # what was denied counts for nothing
    it.follow(now(order("a1"), OrderState.CANCELLED))
    assert it.reserve(order("a3"), market(), NOW) is None


def test_positions_and_orders_under_way_share_the_exposure() -> None:
    it = book(max_exposure=150_000.0)
    it.positions([held(2, 0)])  # 62,000
    assert it.reserve(order("a1"), market(), NOW) is None
    verdict = it.reserve(order("a2"), market(), NOW)
    assert verdict is not None
    assert (verdict.rule, verdict.value) == ("max_exposure", pytest.approx(186_000))


@pytest.mark.parametrize("end", [OrderState.CANCELLED, OrderState.REJECTED, OrderState.DENIED, OrderState.FILLED])
def test_every_end_lets_go(end: OrderState) -> None:
    it = book()
    it.account(Account("ctp", "main", available=6_200.0))
    assert it.reserve(order("a1"), market(), NOW) is None
    assert rule_of(it.reserve(order("a2", volume=1.0), market(), NOW)) == "margin"
    it.follow(now(order("a1"), end))
    assert (len(it.reserved), it.reserved.margin, it.reserved.exposure) == (0, 0, 0)
    assert it.reserve(order("a2"), market(), NOW) is None


def test_an_order_that_was_over_when_we_heard_of_it_reserves_nothing() -> None:
    it = book()
    it.follow(now(order("x1"), OrderState.CANCELLED), contract())
    assert len(it.reserved) == 0


def test_a_short_net_position_is_exposure_too() -> None:
    it = book(max_exposure=100_000.0)
    it.positions([Position("ib", "main", "x", Exchange.SMART, Direction.NET, -2.0, position_cost=-50_000.0)])
    assert rule_of(it.reserve(order("a1"), market(), NOW)) == "max_exposure"


def test_hedged_and_speculative_lots_are_closed_apart() -> None:
    it = book()
    it.positions([held(2, 0)])
    closing = {"offset": Offset.CLOSETODAY, "direction": SHORT}
    it.follow(order("h1", hedge=HedgeFlag.HEDGE, state=OrderState.ACCEPTED, **closing), contract())
    assert it.reserve(order("a1", **closing), market(), NOW) is None
    assert rule_of(it.reserve(order("h2", hedge=HedgeFlag.HEDGE, **closing), market(), NOW)) == "closable"


def test_an_order_of_unknown_outcome_stays_reserved() -> None:
    it = book(max_open_orders=1)
    it.reserve(order("a1"), market(), NOW)
    it.follow(now(order("a1"), OrderState.UNKNOWN))
    assert rule_of(it.reserve(order("a2"), market(), NOW)) == "open_orders"


def test_our_own_order_of_this_instrument_is_not_met_and_one_of_another_is_no_matter() -> None:
    it = book()
    assert it.reserve(order("a1", direction=SHORT, price=3105.0, symbol="rb2705"), market(), NOW) is None
    assert it.reserve(order("a2", price=3105.0), market(), NOW) is None
    verdict = it.reserve(order("a3", direction=SHORT, price=3105.0), market(), NOW)
    assert verdict is not None
    assert (verdict.rule, verdict.facts) == ("self_trade", {"other": "a2"})
    it.follow(now(order("a2", price=3105.0), OrderState.FILLED, 2.0))
    assert it.reserve(order("a3", direction=SHORT, price=3105.0), market(), NOW) is None


def test_money_is_not_counted_twice_once_the_venue_has_it_in_its_figure() -> None:
    it = book()
    it.account(Account("ctp", "main", available=12_400.0))
    it.reserve(order("a1"), market(), NOW)
    assert it.situation(order("a2"), market(), NOW).available == pytest.approx(6_200)
    it.follow(now(order("a1"), OrderState.ACCEPTED))
    it.account(Account("ctp", "main", available=6_200.0))
    assert it.situation(order("a2"), market(), NOW).available == pytest.approx(6_200)


def test_what_other_orders_close_cannot_be_closed_again() -> None:
    it = book()
    it.positions([held(5, 2)])
    closing = {"direction": SHORT, "price": 3100.0}
    assert it.reserve(order("a1", offset=Offset.CLOSETODAY, volume=2.0, **closing), market(), NOW) is None
    verdict = it.reserve(order("a2", offset=Offset.CLOSETODAY, volume=2.0, **closing), market(), NOW)
    assert verdict is not None
    assert (verdict.rule, verdict.limit, verdict.facts) == ("closable", 1.0, {"today": 1.0, "yesterday": 2.0})
    assert "可平 1（昨可用 2，今可用 1）" in verdict.words.chinese
    assert it.reserve(order("a3", offset=Offset.CLOSE, volume=2.0, **closing), market(), NOW) is None
    assert rule_of(it.reserve(order("a4", offset=Offset.CLOSE, volume=1.0, **closing), market(), NOW)) == "closable"


def test_without_a_position_nothing_can_be_closed_once_positions_are_known() -> None:
    it = book()
    closing = order("a1", offset=Offset.CLOSE, direction=SHORT)
    assert it.reserve(closing, market(), NOW) is None
    it.positions([])
    assert rule_of(it.reserve(order("a2", offset=Offset.CLOSE, direction=SHORT), market(), NOW)) == "closable"


def test_a_cancel_that_lowers_risk_always_goes_and_is_counted() -> None:
    it = book(cancels_per_contract=2, orders_per_second=1)
    for n in range(5):
        assert it.cancel(order("a1"), NOW + n) is None
    assert it.flow.cancels(Instrument("rb2701", Exchange.SHFE)) == 5
    closing = order("a2", offset=Offset.CLOSE)
    assert rule_of(it.cancel(closing, NOW + 9)) == "cancels"
    assert it.cancel(closing, NOW + 9, emergency=True) is None
    assert rule_of(it.reserve(order("a3", valid_until=NOW + 3 * NS), market(), NOW + 2 * NS)) == "cancels"


def test_large_cancels_are_counted_by_the_exchanges_number() -> None:
    it = RiskBook(Limits(), cn_thresholds())
    it.day(DAY)
    it.cancel(order("a1", volume=300.0, state=OrderState.ACCEPTED), NOW)
    it.cancel(order("a2", volume=299.0, state=OrderState.ACCEPTED), NOW)
    assert it.kept().large_cancels == {"rb2701.SHFE": 1}


def test_the_tenth_burst_of_a_day_is_denied_even_when_our_own_limit_is_wider() -> None:
    it = RiskBook(Limits(orders_per_second=50, max_identical=None, max_open_orders=None, max_position=None,
                         max_exposure=None), cn_thresholds())  # fmt: skip
    it.day(DAY)
    for burst in range(9):
        for n in range(10):
            at = NOW + burst * 2 * NS + n
            assert it.reserve(order(f"{burst}-{n}", valid_until=at), market(price_at=at), at) is None
    at = NOW + 40 * NS
    verdicts = [it.reserve(order(f"x{n}", valid_until=at), market(price_at=at), at) for n in range(10)]
    assert [rule_of(verdict) for verdict in verdicts] == [""] * 9 + ["programme_bursts"]
    assert dict(it.flow.figures())["SHFE"].bursts == 9


def test_the_same_order_again_and_again() -> None:
    it = book(max_identical=3)
    verdicts = [rule_of(it.reserve(order(f"a{n}"), market(), NOW + n)) for n in range(5)]
    assert verdicts == ["", "", "", "duplicate", "duplicate"]
    assert it.reserve(order("b1", price=3101.0), market(), NOW + 5) is None
    later = NOW + NS + 2
    assert it.reserve(order("a9", valid_until=later), market(), later) is None


def test_a_loss_stops_opening_for_the_day_also_over_a_restart_and_when_prices_come_back() -> None:
    it = book(max_daily_loss=500.0)
    it.account(Account("ctp", "main", available=1e6, close_profit=-300.0, position_profit=-150.0, commission=50.0))
    it = RiskBook(it.limits, Thresholds(), msgspec.json.decode(msgspec.json.encode(it.kept()), type=FlowState))
    it.day(DAY)
    it.account(Account("ctp", "main", available=1e6, position_profit=900.0))
    assert rule_of(it.reserve(order("a1"), market(), NOW)) == "daily_loss"
    it.day(DAY + 1)
    assert it.reserve(order("a1"), market(), NOW) is None


def test_counters_survive_a_restart_and_open_orders_come_back() -> None:
    it = book(orders_per_day=2, max_open_orders=1)
    it.reserve(order("a1"), market(), NOW)
    after = RiskBook(it.limits, Thresholds(), msgspec.json.decode(msgspec.json.encode(it.kept()), type=FlowState))
    after.follow(now(order("a1"), OrderState.ACCEPTED), contract())
    assert (after.reserved.exposure, after.reserved.margin) == (pytest.approx(62_000), pytest.approx(6_200))
    assert rule_of(after.reserve(order("a2"), market(), NOW)) == "open_orders"
    after.follow(now(order("a1"), OrderState.FILLED, 2.0))
    assert after.reserve(order("a2", price=3099.0), market(), NOW) is None
    after.follow(now(order("a2"), OrderState.CANCELLED))
    assert rule_of(after.reserve(order("a3"), market(), NOW)) == "orders_per_day"


def test_tightened_limits_hold_at_once() -> None:
    it = book()
    it.tighten(Tightening(max_order_volume=1.0))
    it.tighten(Tightening(max_order_volume=99.0))
    assert rule_of(it.reserve(order("a1"), market(), NOW)) == "max_order_volume"


def test_on_a_net_venue_only_what_turns_the_position_adds() -> None:
    it = book(max_position=3.0)
    it.positions([Position("ib", "main", "rb2701", Exchange.SHFE, Direction.NET, -4.0)])
    buy = {"offset": Offset.NONE, "direction": LONG}
    assert it.situation(order("a1", volume=4.0, **buy), market(), NOW).adds == 0
    assert it.situation(order("a1", volume=6.0, **buy), market(), NOW).adds == 2
    assert it.reserve(order("a1", volume=4.0, **buy), market(), NOW) is None
    assert it.situation(order("a2", volume=3.0, **buy), market(), NOW).adds == 3


def test_on_a_net_venue_a_close_closes_what_is_held_on_its_side() -> None:
    it = book()
    it.positions([Position("ib", "main", "rb2701", Exchange.SHFE, Direction.NET, 4.0)])
    sell = {"offset": Offset.CLOSE, "direction": Direction.SHORT}
    assert rule_of(it.reserve(order("a1", volume=5.0, **sell), market(), NOW)) == "closable"
    buy = {"offset": Offset.CLOSE, "direction": LONG}
    assert rule_of(it.reserve(order("a2", volume=1.0, **buy), market(), NOW)) == "closable"


def test_usage_shows_what_is_used() -> None:
    it = book(max_exposure=1e6)
    it.positions([held(2, 0)])
    it.reserve(order("a1"), market(), NOW)
    it.account(Account("ctp", "main", available=1e6, close_profit=-120.0))
    usage = {each.rule: (each.limit, each.value) for each in it.usage(NOW)}
    assert usage["max_exposure"] == (1e6, pytest.approx(124_000))
    assert usage["open_orders"] == (50, 1)
    assert usage["orders_per_day"] == (None, 1)
    assert usage["daily_loss"] == (50_000.0, 120.0)


class Reserving(RuleBasedStateMachine):
    """Whatever is sent, filled, ended and restarted: no limit is passed, and nothing stays reserved for nothing."""

    @initialize()
    def begin(self) -> None:
        self.limits = Limits(max_position=6.0, max_open_orders=4, max_exposure=200_000.0, **NO_LIMITS)
        self.book = RiskBook(self.limits, Thresholds())
        self.book.day(DAY)
        self.open: dict[str, Order] = {}
        self.position = {LONG: 0.0, SHORT: 0.0}
        self.count = 0
        self.tell()

    @rule(direction=st.sampled_from([LONG, SHORT]), volume=st.integers(1, 4), closes=st.booleans())
    def send(self, direction: Direction, volume: int, closes: bool) -> None:
        self.count += 1
        price = 3090.0 if direction is LONG else 3110.0
        offset = Offset.CLOSETODAY if closes else Offset.OPEN
        one = order(str(self.count), direction=direction, volume=float(volume), offset=offset, price=price)
        if self.book.reserve(one, market(), NOW) is None:
            self.open[one.client_order_id] = one

    @precondition(lambda self: bool(self.open))
    @rule(data=st.data(), lots=st.integers(1, 4))
    def fill(self, data: st.DataObject, lots: int) -> None:
        one = self.open[data.draw(st.sampled_from(sorted(self.open)))]
        lots = min(lots, int(one.left))
        traded = one.traded + lots
        full = traded == one.most
        side = one.direction.opposite if one.offset.closes else one.direction
        self.position[side] += -lots if one.offset.closes else lots
        self.change(now(one, OrderState.FILLED if full else OrderState.PARTIAL, traded))
        self.tell()

    @precondition(lambda self: bool(self.open))
    @rule(data=st.data(), volume=st.integers(1, 6), price=st.integers(3080, 3120))
    def ask_for_other_terms(self, data: st.DataObject, volume: int, price: int) -> None:
        one = self.open[data.draw(st.sampled_from(sorted(self.open)))]
        changed = msgspec.structs.replace(one, volume=float(volume), price=float(price))
        if one.modify_sent or volume <= one.traded or self.book.change(one, changed, market(), NOW) is not None:
            return
        self.count += 1
        asked = msgspec.structs.replace(one, modify_sent=NOW, new_price=changed.price, new_volume=changed.volume)
        self.change(asked)

    @precondition(lambda self: any(one.modify_sent for one in self.open.values()))
    @rule(data=st.data(), had=st.booleans())
    def answer(self, data: st.DataObject, had: bool) -> None:
        one = self.open[data.draw(st.sampled_from(sorted(name for name, o in self.open.items() if o.modify_sent)))]
        assert one.new_volume is not None
        assert one.new_price is not None
        stands = msgspec.structs.replace(one, modify_sent=0, new_price=None, new_volume=None)
        if one.traded >= one.volume or (had and one.new_volume > one.traded):
            stands = msgspec.structs.replace(stands, price=one.new_price, volume=one.new_volume)
        self.change(stands)

    @precondition(lambda self: bool(self.open))
    @rule(
        data=st.data(),
        state=st.sampled_from([OrderState.CANCELLED, OrderState.ACCEPTED, OrderState.UNKNOWN, OrderState.REJECTED]),
    )
    def hear(self, data: st.DataObject, state: OrderState) -> None:
        one = self.open[data.draw(st.sampled_from(sorted(self.open)))]
        self.change(now(one, state, one.traded))

    @rule()
    def restart(self) -> None:
        kept = msgspec.json.decode(msgspec.json.encode(self.book.kept()), type=FlowState)
        self.book = RiskBook(self.limits, Thresholds(), kept)
        self.tell()
        for one in self.open.values():
            self.book.follow(one, contract())

    def change(self, one: Order) -> None:
        self.book.follow(one)
        self.book.follow(one)  # said twice
        if one.state.is_final:
            del self.open[one.client_order_id]
        else:
            self.open[one.client_order_id] = one

    def tell(self) -> None:
        self.book.positions([held(volume, 0, side) for side, volume in self.position.items()])

    @invariant()
    def what_is_reserved_is_what_is_open(self) -> None:
        reserved = self.book.reserved
        opening = [one for one in self.open.values() if not one.offset.closes]
        assert {each.client_order_id for each in reserved.orders} == set(self.open)
        assert reserved.exposure == pytest.approx(sum(one.left * worst(one) * 10 for one in opening))
        ratios = {LONG: 0.1, SHORT: 0.12}
        assert reserved.margin == pytest.approx(
            sum(one.left * worst(one) * 10 * ratios[one.direction] for one in opening)
        )
        assert len(self.open) <= 4

    @invariant()
    def no_limit_is_passed_whatever_fills(self) -> None:
        for side in (LONG, SHORT):
            coming = sum(one.left for one in self.open.values() if not one.offset.closes and one.direction is side)
            going = sum(one.left for one in self.open.values() if one.offset.closes and one.direction is not side)
            assert self.position[side] + coming <= 6
            assert going <= self.position[side]

    @invariant()
    def every_order_was_counted_once(self) -> None:
        assert self.book.flow.actions <= self.count
        assert self.book.flow.actions >= len(self.open)


def worst(one: Order) -> float:
    return max(one.price, one.new_price or 0.0)


Reserving.TestCase.settings = settings(max_examples=60, stateful_step_count=30)
TestReserving = Reserving.TestCase


def test_a_market_order_is_reserved_at_the_days_limit() -> None:
    it = book()
    assert it.reserve(order("a1", type=OrderType.MARKET, price=0.0), market(), NOW) is None
    assert it.reserved.exposure == pytest.approx(2 * 10 * 3250)
