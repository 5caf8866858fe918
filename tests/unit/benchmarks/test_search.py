import pytest

from benchmarks.search import DESCENT, highest


@pytest.mark.parametrize("limit", [700.0, 1000.0, 1290.0])
def test_the_limit_is_found_around_the_guess(limit: float) -> None:
    found = highest(lambda rate: rate if rate <= limit else None, 1000, steps=8)
    assert limit * 0.97 <= found <= limit


def test_it_climbs_when_the_guess_was_far_too_low() -> None:
    assert highest(lambda rate: rate if rate <= 3000 else None, 1000, steps=10) > 2500


def test_it_descends_until_something_passes() -> None:
    assert 250 < highest(lambda rate: rate if rate <= 300 else None, 1000) <= 300


def test_nothing_passes_is_zero_after_a_bounded_descent() -> None:
    asked: list[float] = []
    assert highest(asked.append, 1000) == 0
    assert len(asked) == DESCENT


def test_a_source_at_its_end_is_found_out_soon() -> None:
    asked: list[float] = []

    def saturated(rate: float) -> float:
        asked.append(rate)
        return min(rate, 500)

    assert highest(saturated, 1000) == 500
    assert len(asked) <= 5


def test_a_side_that_brings_less_when_asked_for_too_much_is_asked_for_less() -> None:
    assert highest(lambda rate: rate if rate <= 700 else 300, 1000, steps=6) > 680


def test_what_was_reached_without_loss_counts_though_more_was_asked_for() -> None:
    assert highest(lambda rate: 400 if rate > 800 else None, 1000, steps=0) == 400


def test_it_climbs_until_something_fails_however_far_the_guess_was_below() -> None:
    assert highest(lambda rate: rate if rate <= 3000 else None, 1000) > 2800


def test_a_source_that_falls_short_but_brings_more_than_ever_is_asked_for_more() -> None:
    assert highest(lambda rate: rate * 0.9 if rate <= 3000 else None, 1000) > 2400


def test_a_guess_that_was_none_is_left_behind_in_doubles() -> None:
    asked: list[float] = []

    def limited(rate: float) -> float | None:
        asked.append(rate)
        return rate if rate <= 7_400 else None

    assert 7_400 * 0.93 < highest(limited, 14) <= 7_400
    assert len(asked) < 20
