import msgspec

from benchmarks.report import markdown
from benchmarks.result import Result


def test_the_ratio_says_how_many_times_better_ours_is() -> None:
    assert Result.of("c", "rate", "", [30.0], [10.0]).ratio == 3
    assert Result.of("c", "time", "", [2.0], [10.0], lower_is_better=True).ratio == 5


def test_medians_over_rounds() -> None:
    result = Result.of("c", "rate", "", [1.0, 9.0, 5.0], [2.0, 2.0, 4.0])
    assert (result.ours, result.peer) == (5, 2)


def test_a_goal_for_the_ratio() -> None:
    assert Result.of("c", "rate", "", [30.0], [10.0], goal=2.9, goal_of="ratio").met
    assert Result.of("c", "rate", "", [30.0], [10.0], goal=3.1, goal_of="ratio").met is False


def test_a_goal_for_ours_must_hold_in_every_round() -> None:
    assert Result.of("c", "lost", "", [0.0, 0.0], goal=0, lower_is_better=True).met
    assert Result.of("c", "lost", "", [0.0, 0.0, 1.0], goal=0, lower_is_better=True).met is False


def test_a_goal_that_could_not_be_measured_is_missed() -> None:
    assert Result.of("c", "lost", "", [], goal=0, lower_is_better=True).met is False
    assert Result.of("c", "rate", "", [0.0], [0.0], goal=1.5, goal_of="ratio").met is False


def test_the_table_shows_medians_spread_goal_and_verdict() -> None:
    result = Result.of("c", "rate", "ticks/s", [1000.0, 3000.0, 2000.0], [1000.0], peer_name="vnpy RPC", goal=1.5, goal_of="ratio", conditions="noisy")  # fmt: skip  # noqa: E501
    text = markdown([result], "here")
    assert "| c | rate, ticks/s | 2,000 (1,000–3,000) | 1,000 vnpy RPC | 2.00 | ≥ 1.5 × | met |" in text
    assert "- c: noisy" in text


def test_the_file_holds_every_documented_key() -> None:
    written = msgspec.json.decode(msgspec.json.encode(Result.of("c", "rate", "", [1.0])))
    assert {"case", "ours", "peer", "ratio", "goal", "lower_is_better"} <= written.keys()
