import msgspec

from benchmarks.report import markdown
from benchmarks.result import Result


def test_the_ratio_is_ours_over_the_peers() -> None:
    assert Result.of("c", "rate", "", [30.0], [10.0]).ratio == 3
    assert Result.of("c", "time", "", [2.0], [10.0], lower_is_better=True).ratio == 0.2


def test_medians_over_rounds() -> None:
    result = Result.of("c", "rate", "", [1.0, 9.0, 5.0], [2.0, 2.0, 4.0])
    assert (result.ours, result.peer) == (5, 2)


def test_a_goal_for_the_ratio() -> None:
    assert Result.of("c", "rate", "", [30.0], [10.0], goal=2.9, goal_of="ratio").met
    assert Result.of("c", "rate", "", [30.0], [10.0], goal=3.1, goal_of="ratio").met is False
    assert Result.of("c", "time", "", [1.0], [10.0], goal=0.2, goal_of="ratio", lower_is_better=True).met
    assert Result.of("c", "time", "", [3.0], [10.0], goal=0.2, goal_of="ratio", lower_is_better=True).met is False


def test_a_goal_for_ours_alone_leaves_no_ratio_to_be_held_against_it() -> None:
    assert Result.of("c", "lost", "", [3.0], [10.0], goal=5, lower_is_better=True).ratio is None


def test_a_goal_for_ours_must_hold_in_every_round() -> None:
    assert Result.of("c", "lost", "", [0.0, 0.0], goal=0, lower_is_better=True).met
    assert Result.of("c", "lost", "", [0.0, 0.0, 1.0], goal=0, lower_is_better=True).met is False


def test_a_goal_that_could_not_be_measured_is_missed() -> None:
    assert Result.of("c", "lost", "", [], goal=0, lower_is_better=True).met is False
    assert Result.of("c", "rate", "", [0.0], [0.0], goal=1.5, goal_of="ratio").met is False


def test_the_table_shows_medians_spread_goal_and_verdict() -> None:
    result = Result.of("c", "rate", "ticks/s", [1000.0, 3000.0, 2000.0], [1000.0], peer_name="vnpy RPC", goal=1.5, goal_of="ratio", conditions="noisy")  # fmt: skip  # noqa: E501
    text = markdown([result], "here")
    assert "| c | rate, ticks/s | 2,000 (1,000–3,000) | 1,000 vnpy RPC | 2 | ≥ 1.5 × | met |" in text
    assert "- c: noisy" in text


def test_the_file_holds_every_documented_key() -> None:
    written = msgspec.json.decode(msgspec.json.encode(Result.of("c", "rate", "", [1.0])))
    assert {"case", "ours", "peer", "ratio", "goal", "lower_is_better"} <= written.keys()


def test_what_was_not_run_is_in_the_table_with_its_reason() -> None:
    text = markdown([Result.not_run("c", "no compiler", "rate", unit="/s", peer_name="raw C", goal=0.25)], "here")
    assert "| c | rate, /s |  | raw C |  | ≥ 0.25 × | not run: no compiler |" in text


def test_details_stand_side_by_side_below_the_goals() -> None:
    results = [
        Result.of("c", "p99", "ms", [1.0], [2.0], peer_name="A", detail=True),
        Result.of("c", "p99", "ms", [1.0], [3.0], peer_name="B", detail=True),
        Result.of("c", "p50", "ms", [0.5], [], peer_name="B", detail=True),
        Result.not_run("c", "carries 3 ticks/s at most", "not run", ours_name="C", detail=True),
    ]
    lines = markdown(results, "here").splitlines()
    assert "| figure | marketbus | C | A | B |" in lines
    assert "| p99, ms | 1 |  | 2 | 3 |" in lines
    assert "| p50, ms | 0.5 |  |  |  |" in lines
    assert "| not run |  | carries 3 ticks/s at most |  |  |" in lines
