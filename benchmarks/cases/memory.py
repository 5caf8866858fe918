"""Ten minutes of flood: does the memory of any process grow?"""

import time
from statistics import median

import msgspec

from benchmarks import step
from benchmarks.cases import flood
from benchmarks.cases.case import Case, Length, note, scratch
from benchmarks.continuity import Continuity
from benchmarks.errors import NotRunnable
from benchmarks.lanes import synthetic
from benchmarks.lanes.lane import Lane
from benchmarks.lanes.native import NATIVE, PYTHON
from benchmarks.ledger import Arrivals
from benchmarks.procfs import cost
from benchmarks.result import Result

NAME = "memory"
SECONDS = 600.0
THREADS = 4
SHARE, SEARCHES = 0.8, 3
"""Of the lowest of some highest lossless rates, as searches of seconds find them: it must hold for ten minutes."""
LOOK = 2.0
FLAT = 1.05
"""Times: the last fifth of the looks against the second."""


def run(length: Length) -> list[Result]:
    """One after the other, each against its own beginning."""
    results: list[Result] = []
    for name, native in ((NATIVE, True), (PYTHON, False)):
        try:
            with scratch() as folder, synthetic.ours(folder, THREADS, native=native) as lane:
                results += _flooded(lane, length.seconds or SECONDS)
        except NotRunnable as error:
            note(f"{NAME}: {name}: not run: {error}")
            results.append(
                Result.not_run(
                    NAME, str(error), "memory of the gateway", unit="MiB", ours_name=name, peer_name="early", goal=FLAT,
                    lower_is_better=True,
                )
            )  # fmt: skip
    return results


def _flooded(lane: Lane, seconds: float) -> list[Result]:
    rate = min(flood.Searched(lane).highest(flood.SECONDS) for _ in range(SEARCHES)) * SHARE
    step.run(lane, rate, LOOK)
    lane.consumer.ask("take")
    judged = Continuity(lane.control.oracle())
    memory: dict[str, list[float]] = {part: [] for part in lane.parts}
    lane.control.rate(rate)
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        time.sleep(LOOK)
        judged.add(_taken(lane))
        for part, pid in lane.parts.items():
            memory[part].append(cost(pid).rss / 2**20)
    lane.control.rate(0)
    books = lane.control.oracle()
    verdict, deadline = judged.verdict(books), time.monotonic() + step.PATIENCE
    while verdict.missing and time.monotonic() < deadline:
        time.sleep(step.QUIET)
        judged.add(_taken(lane))
        verdict = judged.verdict(books)
    note(f"{NAME}: {lane.name}: {verdict.words}")
    about = (
        f"{verdict.sent / seconds:,.0f} ticks/s for {seconds:,.0f} s from {THREADS} threads; resident memory, median "
        "of the last fifth of the looks; peer: of the second fifth"
    )
    out = [
        Result.of(
            NAME, f"memory of the {part}", "MiB", [late], [early], ours_name=lane.name, peer_name="early", goal=FLAT,
            goal_of="ratio", lower_is_better=True, conditions=about,
        )
        for part, (early, late) in {part: early_and_late(looks) for part, looks in memory.items()}.items()
    ]  # fmt: skip
    bad = verdict.missing + verdict.duplicated + verdict.disordered + verdict.unsent
    lost = "missing, twice or out of order"
    return [*out, Result.of(NAME, lost, "ticks", [float(bad)], ours_name=lane.name, goal=0, lower_is_better=True)]


def early_and_late(looks: list[float]) -> tuple[float, float]:
    """Medians of the second and of the last fifth; the first is warming up."""
    part = max(len(looks) // 5, 1)
    return median(looks[part : 2 * part] or looks), median(looks[-part:])


def _taken(lane: Lane) -> dict[str, list[int]]:
    return msgspec.convert(lane.consumer.ask("take"), Arrivals).live


CASE = Case(NAME, "memory over ten minutes of flood; by name only", run, by_name_only=True)
