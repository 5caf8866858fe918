from random import Random

from hypothesis import given
from hypothesis import strategies as st

from marketbus.apps.supervisor.backoff import Backoff


@given(st.integers())
def test_waits_double_up_to_a_limit_and_are_jittered(seed: int) -> None:
    backoff = Backoff(Random(seed))
    waits = [backoff.after_crash(lived=0.1) for _ in range(8)]
    for wait, full in zip(waits, (1, 2, 4, 8, 16, 30, 30, 30), strict=True):
        assert full / 2 <= wait <= full


def test_a_healthy_minute_starts_anew() -> None:
    backoff = Backoff(Random(1))
    for _ in range(6):
        backoff.after_crash(lived=0.1)
    assert backoff.after_crash(lived=61) <= 1


def test_a_replacement_that_was_asked_for_does_not_grow() -> None:
    backoff = Backoff(Random(1))
    assert max(backoff.after_request() for _ in range(20)) <= 1
    assert backoff.after_crash(lived=0.1) <= 1
