"""How much was told, counted without reading the journal."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from marketbus.application.trading.tally import Tally
from marketbus.domain.account import Account
from marketbus.domain.instrument import Exchange
from marketbus.domain.order import Order
from marketbus.domain.order_terms import Direction, Offset, OrderType

ORDER = Order("ctp", "main", "rb2701", Exchange.SHFE, "a", Direction.LONG, Offset.OPEN, OrderType.LIMIT, 1.0, 1.0)
FUNDS = Account("ctp", "main")


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 3)), min_size=1), st.integers(0, 60), st.integers(0, 60))
def test_counts_are_exact_or_said_to_be_unknown(told: list[tuple[bool, int]], since: int, more: int) -> None:
    tally, position, orders = Tally(kept=20), 5, list[int]()
    for is_order, step in told:
        position += step
        tally.add(replace(ORDER if is_order else FUNDS, journal_position=position))
        orders += [position] * is_order
    count = tally.count(Order, since, since + more)
    first = 5 + told[0][1]
    assert count is None or count == sum(since < each <= since + more for each in orders)
    if len(told) <= 20:
        assert (count is None) == (since < first - 1)


def test_nothing_told_yet_is_not_known() -> None:
    assert Tally().count(Order, 0, 0) is None
