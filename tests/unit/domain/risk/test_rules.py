"""Each rule: what it stops, with which limit and value, and what it lets pass just before."""

import re
from string import Formatter
from typing import Any

import pytest

from marketbus.domain.contract import Product
from marketbus.domain.instrument import Exchange
from marketbus.domain.market_calendar import Phase
from marketbus.domain.message import SENTENCES
from marketbus.domain.order import OrderState
from marketbus.domain.order_events import Denied
from marketbus.domain.order_terms import Direction, Offset, OrderType
from marketbus.domain.rates import Charge, MarginRates
from marketbus.domain.risk.limits import Limits
from marketbus.domain.risk.rules import RULES, judge
from marketbus.domain.risk.situation import Closable
from marketbus.domain.risk.thresholds import Abnormal, HighFrequency
from marketbus.domain.times import NS
from tests.unit.domain.risk.surroundings import DAY, NOW, contract, order, situation

SHORT, CLOSE, TODAY = Direction.SHORT, Offset.CLOSE, Offset.CLOSETODAY
MARKET, STOP = OrderType.MARKET, OrderType.STOP
FUTURES = HighFrequency(Exchange.SHFE, 20251009, burst=10, bursts=10)
STOCKS = HighFrequency(Exchange.SHFE, 20250707, per_second=300, per_day=20_000)
CANCELS = Abnormal(Exchange.SHFE, ("*",), 20220715, cancels=200)
RESTING = order("b1", direction=SHORT, price=3110.0, state=OrderState.ACCEPTED)
TAKE_PROFIT = order("e1.tp", direction=SHORT, price=3110.0, state=OrderState.ACCEPTED, parent="e1")
STOP_LOSS = order("e1.sl", direction=SHORT, type=STOP, price=3090.0, state=OrderState.ACCEPTED, parent="e1")
Case = dict[str, Any]

# rule, limits, order, situation, (limit, value)
STOPPED: list[tuple[str, Case, Case, Case, tuple[Any, Any]]] = [
    ("valid_until", {}, {"valid_until": NOW - NS // 2}, {}, (NOW - NS // 2, 0.5)),
    ("contract", {}, {}, {"contract": None}, ("", "rb2701.SHFE")),
    ("instrument", {"instruments": ("IF*.CFFEX", "*.DCE")}, {}, {}, ("IF*.CFFEX *.DCE", "rb2701.SHFE")),
    ("instrument", {"forbidden": ("rb*.SHFE",)}, {}, {}, ("forbidden: rb*.SHFE", "rb2701.SHFE")),
    ("hours", {}, {}, {"phase": Phase.CLOSED}, ("", "rb2701.SHFE")),
    ("expiry", {"min_days_to_expiry": 3}, {}, {"contract": contract(expire_date=20261125)}, (3, 2)),
    ("lot", {}, {"volume": 2.5}, {}, (1.0, 2.5)),
    ("lot", {}, {"volume": 2.0}, {"contract": contract(min_volume=5.0)}, (5.0, 2.0)),
    ("lot_max", {}, {"volume": 501.0}, {}, (500.0, 501.0)),
    ("price_tick", {}, {"price": 3100.4}, {}, (1.0, 3100.4)),
    ("price_tick", {}, {"price": 3100.1}, {"contract": contract(pricetick=0.2)}, (0.2, 3100.1)),
    ("price_limit", {}, {"price": 3251.0}, {}, (3250.0, 3251.0)),
    ("price_limit", {}, {"price": 2949.0, "direction": SHORT}, {}, (2950.0, 2949.0)),
    ("no_price", {"max_price_age": 1.0}, {}, {"price_at": None}, (1.0, "")),
    ("stale_price", {"max_price_age": 1.0}, {}, {"price_at": NOW - 3 * NS}, (1.0, 3.0)),
    ("price_collar", {"price_collar": 0.01}, {"price": 3132.0}, {}, (3131.0, 3132.0)),
    ("price_collar", {"price_collar": 0.01}, {"price": 3068.0, "direction": SHORT}, {}, (3069.0, 3068.0)),
    ("price_collar", {"price_collar": 0.01, "collar_ticks": 5}, {"price": 4.0}, {"last": -2.0, "limit_down": None},
     (3.0, 4.0)),
    ("reference_price", {"price_collar": 0.01}, {"price": 3131.0, "ext": {"reference_price": 3095}}, {},
     (pytest.approx(3125.95), 3131.0)),
    ("max_order_volume", {"max_order_volume": 1.0}, {}, {}, (1.0, 2.0)),
    ("max_order_notional", {"max_order_notional": 61_999.0}, {}, {}, (61_999.0, 62_000.0)),
    ("max_order_notional", {"max_order_notional": 62_001.0}, {"type": MARKET, "price": 0.0}, {},
     (62_001.0, 65_000.0)),
    ("max_order_notional", {"max_order_notional": 59.0}, {"price": -3.0},
     {"last": -3.0, "limit_up": 50.0, "limit_down": -50.0}, (59.0, 60.0)),
    ("closable", {}, {"offset": CLOSE, "direction": SHORT}, {"adds": 0.0, "closable": Closable(4, 3, 1)}, (1, 2)),
    ("closable", {}, {"offset": TODAY, "direction": SHORT}, {"adds": 0.0, "closable": Closable(4, 1, 3)}, (1, 2)),
    ("closable", {}, {"offset": CLOSE, "exchange": Exchange.DCE}, {"adds": 0.0, "closable": Closable(1, 1, 0)},
     (1, 2)),
    ("max_position", {"max_position": 5.0}, {}, {"held": 4.0}, (5.0, 6.0)),
    ("max_exposure", {"max_exposure": 100_000.0}, {}, {"exposure": 38_001.0}, (100_000.0, 100_001.0)),
    ("margin", {}, {}, {"available": 6_199.0}, (6_199.0, 6_200.0)),
    ("margin", {}, {"direction": SHORT}, {"available": 7_439.0}, (7_439.0, 7_440.0)),
    ("margin", {}, {}, {"available": 61_999.0, "contract": contract(product=Product.OPTION)}, (61_999.0, 62_000.0)),
    ("margin", {}, {}, {"available": 6_220.0, "margin": MarginRates(long=Charge(0.1, 10.5))}, (6_220.0, 6_221.0)),
    ("daily_loss", {"max_daily_loss": 500.0}, {}, {"profit": -500.0}, (500.0, 500.0)),
    ("daily_loss", {"max_daily_loss": 500.0}, {}, {"profit": 0.0, "loss_stop": True}, (500.0, 0.0)),
    ("open_orders", {"max_open_orders": 1}, {}, {"open_orders": 1}, (1, 2)),
    ("self_trade", {}, {"price": 3110.0}, {"own": (RESTING,)}, (3110.0, 3110.0)),
    ("self_trade", {}, {"type": MARKET, "price": 0.0}, {"own": (RESTING,)}, (3110.0, 0.0)),
    ("self_trade", {}, {"type": STOP, "price": 3110.0}, {"own": (RESTING,)}, (3110.0, 3110.0)),
    ("self_trade", {}, {}, {"own": (order("b1", direction=SHORT, type=STOP, state=OrderState.ACCEPTED),)},
     (3100.0, 3100.0)),
    ("self_trade", {}, {"price": 3110.0}, {"own": (TAKE_PROFIT,)}, (3110.0, 3110.0)),
    ("duplicate", {"max_identical": 3}, {}, {"identical": 3}, (3, 4)),
    ("cancels", {"cancels_per_contract": 300}, {}, {"cancels": 300}, (300, 300)),
    ("cancels", {"cancels_per_contract": 300}, {}, {"cancels": 199, "abnormal": CANCELS}, (199, 199)),
    ("orders_per_second", {"orders_per_second": 9}, {}, {"per_second": 9}, (9, 10)),
    ("orders_per_day", {"orders_per_day": 2_000}, {}, {"per_day": 2_000}, (2_000, 2_001)),
    ("programme_bursts", {}, {}, {"high_frequency": FUTURES, "exchange_unspent": 9, "exchange_bursts": 9}, (10, 10)),
    ("programme_second", {}, {}, {"high_frequency": STOCKS, "exchange_per_second": 299}, (300, 300)),
    ("programme_day", {}, {}, {"high_frequency": STOCKS, "exchange_per_day": 19_999}, (20_000, 20_000)),
]  # fmt: skip

# Just inside the limit, or a way that the rule leaves open on purpose.
PASSED: list[tuple[str, Case, Case, Case]] = [
    ("all default", {}, {}, {}),
    ("the last nanosecond", {}, {"valid_until": NOW}, {}),
    ("a forbidden instrument may be closed", {"forbidden": ("rb*.SHFE",)}, {"offset": CLOSE}, {"adds": 0.0}),
    ("the call auction", {}, {}, {"phase": Phase.AUCTION}),
    ("hours that nobody knows", {}, {}, {"phase": None}),
    ("closed, where hours are not judged", {"only_in_hours": False}, {}, {"phase": Phase.CLOSED}),
    ("three days to expiry", {"min_days_to_expiry": 3}, {}, {"contract": contract(expire_date=20261126)}),
    ("closing before expiry", {}, {"offset": CLOSE}, {"adds": 0.0, "contract": contract(expire_date=DAY)}),
    ("a tick that binary fractions miss", {}, {"price": 3100.6}, {"contract": contract(pricetick=0.2)}),
    ("a spread below 0", {}, {"price": -3.0}, {"last": -5.0, "limit_up": 50.0, "limit_down": -50.0}),
    ("at the price limit", {"price_collar": None}, {"price": 3250.0}, {}),
    ("closing without a price", {}, {"offset": CLOSE}, {"adds": 0.0, "price_at": None}),
    ("at the collar", {"price_collar": 0.01}, {"price": 3131.0}, {}),
    ("far better than the last price", {"price_collar": 0.01}, {"price": 2960.0}, {}),
    ("a reference that is no number", {"price_collar": 0.01}, {"ext": {"reference_price": "3000"}}, {}),
    ("the volume limit", {"max_order_volume": 2.0}, {}, {}),
    ("all that can be closed", {}, {"offset": TODAY}, {"adds": 0.0, "closable": Closable(3, 2, 1)}),
    ("positions not known yet", {}, {"offset": TODAY}, {"adds": 0.0, "closable": None}),
    ("closing a position over its limit", {"max_position": 1.0}, {"offset": CLOSE}, {"adds": 0.0, "held": 9.0}),
    ("closing an exposure over its limit", {"max_exposure": 1.0}, {"offset": CLOSE}, {"adds": 0.0, "exposure": 9.0}),
    ("all the money", {}, {}, {"available": 6_200.0}),
    ("closing without money", {}, {"offset": CLOSE}, {"adds": 0.0, "available": 0.0}),
    ("closing after the loss", {"max_daily_loss": 500.0}, {"offset": CLOSE}, {"adds": 0.0, "profit": -900.0}),
    ("a bracket entered while another's stop loss waits", {}, {}, {"own": (STOP_LOSS,)}),
    ("a stop loss beside another bracket's entry", {}, {"direction": SHORT, "type": STOP, "price": 3090.0,
     "parent": "e2"}, {"own": (order("e1", state=OrderState.ACCEPTED),)}),
    ("a leg beside its own entry", {}, {"direction": SHORT, "parent": "e1"},
     {"own": (order("e1", type=STOP, state=OrderState.ACCEPTED),)}),
    ("no loss under a limit of 0", {"max_daily_loss": 0.0}, {}, {"profit": 0.0}),
    ("beside our own order", {}, {"price": 3109.0}, {"own": (RESTING,)}),
    ("our own order on the same side", {}, {"price": 3120.0}, {"own": (order("b1"),)}),
    ("closing when cancels are used up", {"cancels_per_contract": 0}, {"offset": CLOSE}, {"adds": 0.0}),
    ("nine bursts", {}, {}, {"high_frequency": FUTURES, "exchange_unspent": 9, "exchange_bursts": 8}),
    ("ten within a second, in two occasions", {}, {},
     {"high_frequency": FUTURES, "exchange_unspent": 8, "exchange_bursts": 9}),
    ("an account reported as high-frequency", {"high_frequency": True}, {},
     {"high_frequency": STOCKS, "exchange_per_second": 400, "exchange_per_day": 30_000}),
]  # fmt: skip
OFF: Case = dict.fromkeys(
    ("max_order_volume", "max_order_notional", "max_position", "max_exposure", "max_open_orders", "price_collar",
     "max_price_age", "orders_per_second", "orders_per_day", "cancels_per_contract", "max_identical", "max_daily_loss",
     "min_days_to_expiry")
)  # fmt: skip


@pytest.mark.parametrize(("rule", "limits", "of_order", "around", "numbers"), STOPPED)
def test_it_stops(rule: str, limits: Case, of_order: Case, around: Case, numbers: tuple[Any, Any]) -> None:
    around = {"adds": of_order.get("volume", 2.0)} | around
    wide: Case = {"max_order_volume": None} if rule.startswith("lot") else {}
    verdict = judge(Limits(**(wide | limits)), order(**of_order), situation(**around))
    assert verdict is not None
    assert (verdict.rule, verdict.limit, verdict.value) == (rule, *numbers)


@pytest.mark.parametrize(("why", "limits", "of_order", "around"), PASSED)
def test_it_lets_pass(why: str, limits: Case, of_order: Case, around: Case) -> None:
    assert judge(Limits(**limits), order(**of_order), situation(**around)) is None, why


OURS = [each[:4] for each in STOPPED if set(each[1]) & set(OFF) and "abnormal" not in each[3]]


@pytest.mark.parametrize(("rule", "limits", "of_order", "around"), OURS)
def test_a_limit_that_is_off_stops_nothing(rule: str, limits: Case, of_order: Case, around: Case) -> None:
    assert judge(Limits(**limits), order(**of_order), situation(**around)) is not None
    assert judge(Limits(**(limits | OFF)), order(**of_order), situation(**around)) is None


def test_every_rule_is_shown_to_stop_something() -> None:
    for rule in RULES:
        assert any(
            rule(Limits(**limits), order(**of_order), situation(**({"adds": of_order.get("volume", 2.0)} | around)))
            for _, limits, of_order, around, _ in STOPPED
        ), rule


@pytest.mark.parametrize(("rule", "limits", "of_order", "around", "numbers"), STOPPED)
def test_a_verdict_speaks_both_languages_and_says_its_numbers(
    rule: str, limits: Case, of_order: Case, around: Case, numbers: tuple[Any, Any]
) -> None:
    around = {"adds": of_order.get("volume", 2.0)} | around
    wide: Case = {"max_order_volume": None} if rule.startswith("lot") else {}
    verdict = judge(Limits(**(wide | limits)), order(**of_order), situation(**around))
    assert verdict is not None
    words = verdict.words
    assert "?" not in words.english + words.chinese
    for text, pattern in zip((words.english, words.chinese), SENTENCES[f"risk.{rule}"], strict=True):
        for _, name, _, _ in Formatter().parse(pattern):
            if name in ("limit", "value"):
                assert str(getattr(verdict, name)).removesuffix(".0") in text
    assert re.search("[一-鿿]", words.chinese)
    assert verdict.denied("a1", 7) == Denied(
        "a1", 7, rule, str(words), {**verdict.facts, "limit": verdict.limit, "value": verdict.value}
    )


def test_a_number_is_said_as_people_write_it() -> None:
    verdict = judge(Limits(max_order_volume=None), order(volume=0.1 + 0.2), situation())
    assert verdict is not None
    assert verdict.words.english == "0.3 is no multiple of the lot of 1"
    assert verdict.words.chinese == "委托数量 0.3 不是最小数量 1 的整数倍"


def test_what_is_wrong_with_the_order_is_said_before_the_amounts() -> None:
    verdict = judge(Limits(max_order_volume=1.0), order(price=3100.5), situation(price_at=None))
    assert verdict is not None
    assert (verdict.rule, verdict.facts) == ("price_tick", {"nearest": 3100.0})
