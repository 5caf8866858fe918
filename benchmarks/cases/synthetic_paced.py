"""Our whole path beside every other way at a steady pace: lost, late, dear; idle and beside a thread that computes."""

from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from benchmarks import step
from benchmarks.cases.case import Case, Length, note, scratch
from benchmarks.cases.entrants import Entrants, enter, ours, peers
from benchmarks.cases.paced import WARM_UP, cpu, paced, quantile
from benchmarks.errors import BenchmarkFailed
from benchmarks.lanes import senders
from benchmarks.lanes.lane import BROKER, CONSUMER, GATEWAY, Lane
from benchmarks.lanes.native import NATIVE, PYTHON
from benchmarks.result import Result
from benchmarks.sources.counter import INSTRUMENTS

SECONDS = 5.0
ROUNDS = 3
THREADS = 4
BURST = 20_000
ENOUGH = 0.8
"""Part of the rate that a side must bring through in a burst, or its backlog would have to be waited for."""

REACHED, P99 = "reached", ("p99", "ms")
Figures = dict[tuple[str, str], list[float]]
"""Every round's, by name and unit."""


@dataclass(frozen=True)
class Pace:
    """`peer`, `times`: our p99 is at most so many times the peer's."""

    name: str
    rate: float
    says: str
    busy: bool = False
    peer: str = ""
    times: float = 0.0


def run(pace: Pace, length: Length) -> list[Result]:
    """Every side in turns."""
    with scratch() as folder, ExitStack() as stack:
        lanes = enter(stack, folder, ours(THREADS) | peers(THREADS))
        runs = _runs(pace, lanes, length)
    seconds, rounds = length.seconds or SECONDS, length.rounds or ROUNDS
    about = (
        f"{pace.rate:,.0f} ticks/s for {seconds:g} s, {rounds} round(s) in turns, from {THREADS} threads that make "
        f"fresh TickData of {INSTRUMENTS} instruments"
        + (", beside a thread of the gateway's process that computes without a pause" if pace.busy else "")
        + "; from the tick's making to the consumer's handler, which has decoded it in full"
    )
    return compared(pace, runs, about)


def _runs(pace: Pace, lanes: Entrants[Lane], length: Length) -> Entrants[list[step.Step]]:
    """A side that cannot keep up, or breaks, leaves."""
    found: dict[str, list[step.Step]] = {}
    missing = dict(lanes.missing)
    beaten: set[str] = set()
    for name, lane in lanes.sides.items():
        capacity = step.capacity(lane, BURST)
        if capacity < pace.rate * ENOUGH:
            missing[name] = f"carries some {capacity:,.0f} ticks/s at most"
            beaten.add(name)
            note(f"{pace.name}: {name}: {missing[name]}")
        else:
            step.run(lane, pace.rate, WARM_UP)
            found[name] = []
    for _ in range(length.rounds or ROUNDS):
        for name in list(found):
            try:
                found[name].append(_once(pace, lanes.sides[name], length.seconds or SECONDS))
            except BenchmarkFailed as error:
                del found[name]
                missing[name] = str(error)
                beaten.add(name)
                note(f"{pace.name}: {name}: {error}")
    return Entrants(found, missing, frozenset(beaten))


def _once(pace: Pace, lane: Lane, seconds: float) -> step.Step:
    if not pace.busy:
        return paced(pace.name, lane, pace.rate, seconds)
    lane.busy(on=True)
    try:
        return paced(pace.name, lane, pace.rate, seconds)
    finally:
        lane.busy(on=False)


def figures(pace: Pace, runs: list[step.Step]) -> Figures:
    """What the runs found."""
    found: Figures = {
        (REACHED, "ticks/s"): [each.reached for each in runs],
        ("missing, twice or out of order", "ticks"): [float(each.bad) for each in runs],
    }
    for name, field in (("p50", "p50"), ("p99", "p99"), ("p99.9", "p999"), ("max", "max")):
        found[name, "ms"] = quantile(runs, "venue", field)
    for part in (GATEWAY, CONSUMER, BROKER):
        if not (pace.busy and part == GATEWAY):
            found[f"CPU of the {part}", "µs/tick"] = cpu(runs, part)
    for part in (GATEWAY, CONSUMER):
        found[f"memory growth of the {part}", "MiB"] = [each.spent[part].rss / 2**20 for each in runs]
    return found


def compared(pace: Pace, runs: Entrants[list[step.Step]], about: str) -> list[Result]:
    """The goal, then all sides next to each other."""
    of = {name: figures(pace, steps) for name, steps in runs.sides.items()}
    results = [_goal(pace, runs, of, about)] if pace.peer else []
    mine = [name for name in (NATIVE, PYTHON) if name in of] or [PYTHON]
    others = [name for name in of if name not in mine] or [""]
    labels = dict.fromkeys(label for found in of.values() for label in found)
    for figure, unit in labels:
        results += [
            Result.of(
                pace.name, figure, unit, of.get(own, {}).get((figure, unit), []),
                of.get(peer, {}).get((figure, unit), []), ours_name=own, peer_name=peer,
                lower_is_better=figure != REACHED, conditions=about, detail=True,
            )
            for own in mine
            for peer in others
        ]  # fmt: skip
    for name, reason in runs.missing.items():
        results.append(Result.not_run(pace.name, reason, "not run", ours_name=name, detail=True))
    return results


def _goal(pace: Pace, runs: Entrants[list[step.Step]], of: dict[str, Figures], about: str) -> Result:
    """Ours that cannot keep up has missed it; against a peer that cannot there is nothing to compare."""
    own, (figure, unit) = runs.best, P99
    if pace.peer not in of or (own not in runs.sides and own not in runs.beaten):
        reason = runs.missing.get(pace.peer) or runs.missing[own]
        return Result.not_run(
            pace.name, reason, figure, unit=unit, ours_name=own, peer_name=pace.peer, goal=pace.times,
            lower_is_better=True,
        )  # fmt: skip
    return Result.of(
        pace.name, figure, unit, of.get(own, {}).get(P99, []), of[pace.peer][P99], ours_name=own, peer_name=pace.peer,
        goal=pace.times, goal_of="ratio", lower_is_better=True, conditions=about,
    )  # fmt: skip


def _case(pace: Pace) -> Case:
    return Case(pace.name, pace.says, partial(run, pace))


CASES = tuple(
    map(
        _case,
        (
            Pace("synthetic-5k", 5_000, "5,000 ticks/s beside every other way", peer=senders.ZMQ, times=1.0),
            Pace("synthetic-50k", 50_000, "50,000 ticks/s beside every other way", peer=senders.ZMQ, times=1.0),
            Pace("synthetic-100k", 100_000, "100,000 ticks/s beside every other way"),
            Pace(
                "synthetic-5k-busy", 5_000, "5,000 ticks/s beside a thread that computes", busy=True,
                peer=senders.NATS, times=0.2,
            ),
        ),
    )
)  # fmt: skip
