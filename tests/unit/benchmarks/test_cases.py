"""What the cases make of what they measured; the measuring itself is `make bench`."""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from benchmarks import step
from benchmarks.cases import cases, entrants, flood, memory, synthetic_flood, synthetic_paced
from benchmarks.cases.case import Length
from benchmarks.cases.entrants import RPC, Entrants
from benchmarks.errors import BenchmarkFailed, NotRunnable
from benchmarks.judge import Verdict
from benchmarks.lanes import native, senders
from benchmarks.lanes.native import NATIVE, PYTHON
from benchmarks.ledger import Arrivals, Quantiles
from benchmarks.procfs import Cost

PACE = synthetic_paced.Pace("p", 5000, "", peer=senders.ZMQ, times=1.0)


def a_step(p99: float) -> step.Step:
    """A run in which a tick took `p99` ms at most."""
    spent = {"gateway": Cost(0.02, 0), "consumer": Cost(0.01, 0)}
    arrivals = Arrivals(venue=Quantiles(0, p99 * 1e6, p99 * 1e6, p99 * 1e6))
    return step.Step(5000, 5000, 1.0, 0.0, Verdict(5000), arrivals, spent)


def test_every_case_has_a_name_of_its_own_and_the_long_one_is_run_by_name_only() -> None:
    assert {name for name, case in cases().items() if case.by_name_only} == {"memory"}
    assert all(name == case.name for name, case in cases().items())


def test_who_cannot_run_here_is_named_and_the_others_run(tmp_path: Path) -> None:
    @contextmanager
    def lame(_: Path) -> Generator[int]:
        raise NotRunnable("no compiler")
        yield 0

    @contextmanager
    def fit(_: Path) -> Generator[int]:
        yield 1

    with ExitStack() as stack:
        found = entrants.enter(stack, tmp_path, {"lame": lame, "fit": fit})
    assert (found.sides, found.missing) == ({"fit": 1}, {"lame": "no compiler"})


def test_a_flood_compares_the_accelerator_where_it_is_there() -> None:
    rates = {NATIVE: [300.0], PYTHON: [100.0], RPC: [10.0], senders.ZMQ: [50.0], senders.NATS: [10.0]}
    found = Entrants(rates, {"raw C": "no compiler"})
    goals = [each for each in synthetic_flood.compared("f", found, "") if each.goal is not None]
    assert [(each.ours_name, each.peer_name, each.ratio, each.met) for each in goals] == [
        (NATIVE, RPC, 30, True),
        (PYTHON, RPC, 10, False),
        (NATIVE, senders.ZMQ, 6, True),
        (NATIVE, senders.NATS, 30, True),
        (NATIVE, "raw C", None, None),
    ]
    assert goals[-1].reason == "no compiler"


class Breaks:
    """A side whose turns bring these rates, and which then breaks."""

    def __init__(self, name: str, *rates: float) -> None:
        self.name = name
        self._rates = iter(rates)

    def highest(self, seconds: float) -> float:
        for rate in self._rates:
            return rate
        raise BenchmarkFailed(f"cut off after {seconds:g} s")


def test_a_peer_that_breaks_leaves_the_flood_and_its_rounds_count() -> None:
    sides = [Breaks("ours", 3.0, 4.0, 5.0), Breaks("peer", 2.0), Breaks("never")]
    found = flood.flood("f", sides, Length(seconds=1.0, rounds=3), may_leave=("peer", "never"))
    assert found.rates == [[3.0, 4.0, 5.0], [2.0], []]
    assert found.left == {
        "peer": "left in round 2: cut off after 1 s",
        "never": "left in round 1: cut off after 1 s",
    }


def test_a_flood_ends_when_we_break() -> None:
    with pytest.raises(BenchmarkFailed):
        flood.flood("f", [Breaks("ours", 3.0), Breaks("peer", 2.0, 2.0)], Length(1.0, 2), may_leave=("peer",))


def test_a_flood_without_the_accelerator_says_so_and_compares_python() -> None:
    found = Entrants(
        {PYTHON: [100.0], RPC: [10.0], senders.ZMQ: [50.0], senders.NATS: [10.0], "raw C": [200.0]}, {NATIVE: "no"}
    )
    goals = [each for each in synthetic_flood.compared("f", found, "") if each.goal is not None]
    assert [(each.ours_name, each.reason) for each in goals] == [(NATIVE, "no"), *[(PYTHON, "")] * 4]


def test_a_pace_is_missed_when_ours_cannot_keep_it() -> None:
    runs = Entrants({senders.ZMQ: [a_step(1)]}, {PYTHON: "carries 3", NATIVE: "none"}, frozenset({PYTHON}))
    goal, *details = synthetic_paced.compared(PACE, runs, "")
    assert (goal.met, goal.reason) == (False, "")
    assert any(each.peer_name == senders.ZMQ and each.figure == "p99" and each.peer == 1 for each in details)
    assert [(each.ours_name, each.reason) for each in details if each.reason] == [
        (PYTHON, "carries 3"),
        (NATIVE, "none"),
    ]


def test_a_pace_that_the_peer_cannot_keep_is_no_comparison() -> None:
    runs = Entrants({PYTHON: [a_step(1)]}, {senders.ZMQ: "carries 3", NATIVE: "none"}, frozenset({senders.ZMQ}))
    goal = synthetic_paced.compared(PACE, runs, "")[0]
    assert (goal.met, goal.reason) == (None, "carries 3")


def test_p99_is_ours_over_the_peers() -> None:
    runs = Entrants({PYTHON: [a_step(2)], senders.ZMQ: [a_step(4)]}, {NATIVE: "none"})
    results = synthetic_paced.compared(PACE, runs, "")
    assert (results[0].ratio, results[0].met) == (0.5, True)
    cpu = next(each for each in results if each.figure == "CPU of the consumer")
    assert (cpu.ours, cpu.unit) == (pytest.approx(2.0), "µs/tick")


def test_memory_is_compared_with_itself_after_warming_up() -> None:
    assert memory.early_and_late([50.0, 50.0, 70.0, 71.0, 72.0, 73.0, 74.0, 75.0, 80.0, 82.0]) == (70.5, 81.0)
    assert memory.early_and_late([5.0]) == (5.0, 5.0)


def test_python_is_told_to_leave_the_accelerator_alone() -> None:
    assert native.environment(native=False) == {"MARKETBUS_NATIVE": "0"}


def test_what_is_called_native_is_native_in_every_part_that_counts() -> None:
    parts = {"ticks": "native 0.1.0", "market_data": "python: unknown SDK"}
    native.check(parts)
    native.check(parts, native.TICKS)
    with pytest.raises(NotRunnable, match="market_data: python: unknown SDK"):
        native.check(parts, native.TICKS, native.MARKET_DATA)
    with pytest.raises(NotRunnable, match="ticks: the status does not say"):
        native.check({}, native.TICKS)
