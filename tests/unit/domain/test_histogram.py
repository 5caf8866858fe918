from hypothesis import given
from hypothesis import strategies as st

from marketbus.domain.histogram import SECONDS, Histogram

seconds = st.floats(min_value=-1, max_value=100, allow_nan=False)


@given(st.lists(seconds, max_size=50))
def test_every_value_is_in_the_range_that_its_bounds_say(values: list[float]) -> None:
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    counted = histogram.now().counts
    below = [sum(counted[: at + 1]) for at in range(len(SECONDS))]
    assert below == [sum(value <= bound for value in values) for bound in SECONDS]
    assert histogram.now().count == len(values)


@given(st.lists(seconds, max_size=20), st.lists(seconds, max_size=20))
def test_what_another_counted_adds_up(mine: list[float], theirs: list[float]) -> None:
    one, other, both = Histogram(), Histogram(), Histogram()
    for value in mine:
        one.add(value)
        both.add(value)
    for value in theirs:
        other.add(value)
        both.add(value)
    one.merge(other.take())
    assert one.now().counts == both.now().counts
    assert other.now().count == 0


def test_a_clock_that_is_ahead_makes_no_negative_sum() -> None:
    histogram = Histogram()
    histogram.add(-5.0)
    assert histogram.now().counts[0] == 1
    assert histogram.now().total == 0.0
