from benchmarks.judge import Verdict, expected, judge

BEFORE = {"rb": {"first": 1, "last": 10, "count": 10}}
AFTER = {"rb": {"first": 1, "last": 13, "count": 13}, "au": {"first": 61, "last": 62, "count": 2}}


def verdict(live: dict[str, list[int]], snapshots: dict[str, int] | None = None) -> Verdict:
    return judge(expected(BEFORE, AFTER), live, snapshots or {})


def test_what_was_sent_lies_between_two_looks_at_the_books() -> None:
    sent = expected(BEFORE, AFTER)
    assert sent.volumes == {"rb": range(11, 14), "au": range(61, 63)}
    assert sent.total == 5


def test_everything_once_and_in_order_is_clean() -> None:
    assert verdict({"rb": [11, 12, 13], "au": [61, 62]}).clean


def test_missing_ticks_are_counted_even_when_an_instrument_never_came() -> None:
    assert verdict({"rb": [11, 13]}) == Verdict(sent=5, missing=3)


def test_a_last_value_fills_the_hole_it_stands_for() -> None:
    assert verdict({"rb": [12, 13], "au": [61, 62]}, {"rb": 11}).clean


def test_a_last_value_of_a_tick_that_also_came_is_no_duplicate() -> None:
    assert verdict({"rb": [11, 12, 13], "au": [61, 62]}, {"rb": 13}).clean


def test_a_last_value_from_before_fills_nothing() -> None:
    assert verdict({"rb": [12, 13], "au": [61, 62]}, {"rb": 10}).missing == 1


def test_a_tick_twice_is_a_duplicate_and_not_out_of_order() -> None:
    assert verdict({"rb": [11, 12, 12, 13], "au": [61, 62]}) == Verdict(sent=5, duplicated=1)


def test_a_tick_behind_a_later_one_is_out_of_order() -> None:
    assert verdict({"rb": [12, 11, 13], "au": [61, 62]}) == Verdict(sent=5, disordered=1)


def test_ticks_from_before_the_step_are_passed_over() -> None:
    assert verdict({"rb": [9, 10, 11, 12, 13], "au": [60, 61, 62]}).clean


def test_what_the_oracle_does_not_know_was_never_sent() -> None:
    assert verdict({"rb": [11, 12, 13, 14], "au": [61, 62], "cu": [1, 2]}) == Verdict(sent=5, unsent=3)
