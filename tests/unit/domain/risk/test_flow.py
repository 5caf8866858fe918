"""Counting orders and cancels as the exchanges count them; over a restart too."""

from collections import Counter

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from marketbus.domain.instrument import Exchange, Instrument
from marketbus.domain.risk.flow import BURST, Flow, FlowState
from marketbus.domain.times import NS

RB = Instrument("rb2701", Exchange.SHFE)
M = Instrument("m2701", Exchange.DCE)
TIMES = st.lists(st.integers(0, 5 * NS), max_size=80).map(sorted)


def restarted(flow: Flow) -> Flow:
    return Flow(msgspec.json.decode(msgspec.json.encode(flow.kept()), type=FlowState))


def test_orders_and_cancels_count_together_and_apart() -> None:
    flow = Flow()
    flow.day(20261123)
    flow.order(RB, 1)
    flow.cancel(RB, 2)
    flow.cancel(M, 3, large=True)
    assert (flow.actions, flow.cancels(RB), flow.cancels(M)) == (3, 1, 1)
    assert (flow.of(Exchange.SHFE).orders, flow.of(Exchange.SHFE).cancels) == (1, 1)
    assert flow.state.large_cancels == {"m2701.DCE": 1}
    assert [name for name, _ in flow.figures()] == ["DCE", "SHFE"]
    assert (flow.within_second(3), flow.within_second(3, Exchange.DCE), flow.within_second(3 + NS)) == (3, 1, 0)


def test_a_new_day_begins_at_0_but_the_last_second_goes_on_and_no_day_comes_back() -> None:
    flow = Flow()
    flow.day(20261123)
    flow.order(RB, NS)
    flow.cancel(RB, NS)
    flow.day(20261124)
    assert (flow.actions, flow.cancels(RB), flow.within_second(NS + 1)) == (0, 0, 2)
    flow.order(RB, NS + 1)
    flow.day(20261123)
    assert flow.actions == 1


def test_ten_within_a_second_are_an_occasion_and_count_for_one_only() -> None:
    flow = Flow()
    for n in range(19):
        flow.order(RB, n)
    assert (flow.of(Exchange.SHFE).bursts, flow.of(Exchange.SHFE).peak) == (1, 19)
    assert flow.unspent(19, Exchange.SHFE) == 9
    flow.order(RB, 20)
    assert flow.of(Exchange.SHFE).bursts == 2
    for n in range(9):
        flow.order(RB, 5 * NS + n)
    flow.order(RB, 6 * NS + 1)
    assert flow.of(Exchange.SHFE).bursts == 2


def test_a_clock_that_goes_back_hides_nothing() -> None:
    flow = Flow()
    flow.order(RB, 10 * NS)
    flow.order(RB, 9 * NS)
    assert flow.within_second(9 * NS) == 2


@given(TIMES, st.integers(0, NS))
def test_no_way_to_cut_the_seconds_gives_more_occasions(times: list[int], begin: int) -> None:
    flow = Flow()
    for at in times:
        flow.order(RB, at)
    seconds = Counter((at + begin) // NS for at in times)
    assert flow.of(Exchange.SHFE).bursts >= sum(1 for count in seconds.values() if count >= BURST)
    assert flow.of(Exchange.SHFE).bursts <= len(times) // BURST


@given(TIMES)
def test_the_last_second_is_what_lies_in_it(times: list[int]) -> None:
    flow = Flow()
    for n, at in enumerate(times):
        assert flow.within_second(at) == sum(1 for each in times[:n] if at - NS < each <= at)
        flow.order(RB, at)
        assert flow.of(Exchange.SHFE).peak >= flow.within_second(at)


@given(st.lists(st.tuples(st.sampled_from([RB, M]), st.booleans(), st.integers(0, NS // 4)), max_size=60), st.data())
def test_a_restart_changes_no_count(steps: list[tuple[Instrument, bool, int]], data: st.DataObject) -> None:
    steady = Flow()
    killed = Flow()
    for flow in (steady, killed):
        flow.day(20261123)
    at = 0
    for instrument, cancel, later in steps:
        at += later
        if data.draw(st.booleans()):
            killed = restarted(killed)
        for flow in (steady, killed):
            (flow.cancel if cancel else flow.order)(instrument, at)
        assert killed.kept() == steady.kept()
        assert killed.within_second(at) == steady.within_second(at)
        assert killed.unspent(at, instrument.exchange) == steady.unspent(at, instrument.exchange)
