from benchmarks.continuity import Continuity
from benchmarks.judge import Verdict


def books(**last: int) -> dict[str, dict[str, int]]:
    return {symbol: {"first": 1, "last": volume, "count": volume} for symbol, volume in last.items()}


def judged(*pieces: dict[str, list[int]], sent: int = 14) -> Verdict:
    run = Continuity(books(rb=10))
    for piece in pieces:
        run.add(piece)
    return run.verdict(books(rb=sent))


def test_every_tick_in_its_turn_is_clean() -> None:
    assert judged({"rb": [11, 12]}, {"rb": [13, 14]}) == Verdict(4)


def test_a_hole_between_two_pieces_is_found() -> None:
    assert judged({"rb": [11, 12]}, {"rb": [14]}).missing == 1


def test_what_never_came_at_the_end_is_missing() -> None:
    assert judged({"rb": [11, 12]}).missing == 2
    assert judged().missing == 4


def test_what_came_twice_or_late_is_out_of_order() -> None:
    assert judged({"rb": [11, 12, 12]}, {"rb": [13, 14]}).disordered == 1
    late = judged({"rb": [11, 13, 12, 14]})
    assert (late.missing, late.disordered, late.clean) == (1, 1, False)


def test_what_was_never_sent_is_found() -> None:
    assert judged({"rb": [11, 12, 13, 14, 15]}).unsent == 1
