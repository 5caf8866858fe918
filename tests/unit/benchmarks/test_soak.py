from benchmarks.soak.outcome import Figure, Run, markdown


def run() -> Run:
    return Run(5, "ctp", "test_nats_is_killed", "resumes in 2 s")


def test_figures_of_the_repetitions_become_median_and_worst() -> None:
    seen = run()
    seen.runs = 3
    seen.measured = {"NATS back → ticks, at the client, s": [0.5, 0.1, 0.9]}
    outcome = seen.outcome()
    assert outcome.passed
    assert outcome.figures == (Figure("NATS back → ticks, at the client", "s", 3, 0.5, 0.9),)
    table = markdown([outcome], "here", {})
    assert "| 5 | ctp | nats is killed | resumes in 2 s | as expected, 3 run(s) | passed |" in table
    assert "| 5 | ctp | NATS back → ticks, at the client | s | 3 | 0.5 | 0.9 |" in table


def test_one_failure_of_many_fails_the_row_and_says_why() -> None:
    seen = run()
    seen.runs, seen.failures = 3, ["assert 2.5 <= 2"]
    outcome = seen.outcome()
    assert (outcome.passed, outcome.seen) == (False, "1 of 3 failed: assert 2.5 <= 2")


def test_what_never_ran_has_not_passed() -> None:
    assert not run().outcome().passed


def test_a_row_without_a_test_shows() -> None:
    assert "| 18 | | | | no test is marked with it | MISSING |" in markdown(
        [], "here", {18: "no test is marked with it"}
    )
