"""5,000 ticks/s through the CTP gateway, idle and beside a thread of its process that computes without a pause."""

from contextlib import ExitStack

from benchmarks import step
from benchmarks.cases.case import Case, Length, note, scratch
from benchmarks.cases.entrants import RPC, ctp_ours, enter
from benchmarks.cases.paced import ROUNDS, SECONDS, WARM_UP, paced, quantile
from benchmarks.errors import BenchmarkFailed
from benchmarks.lanes import rpc
from benchmarks.lanes.lane import Lane
from benchmarks.lanes.native import NATIVE
from benchmarks.result import Result
from benchmarks.sources.counter import INSTRUMENTS

NAME = "ctp-5k-busy"
RATE = 5000.0
GOAL = 3.0
"""Times the idle p99, with native market data; Python has none."""
WAYS = {"SDK→client": "sdk", "counter→client": "venue"}


def run(length: Length) -> list[Result]:
    """Idle and busy in turns, side by side."""
    results: list[Result] = []
    with scratch() as folder, ExitStack() as stack:
        lanes = enter(stack, folder, ctp_ours() | {RPC: rpc.ctp})
        for lane in lanes.sides.values():
            step.run(lane, RATE, WARM_UP)
        for name, lane in lanes.sides.items():
            try:
                results += _results(name, *_runs(lane, length))
            except BenchmarkFailed as error:  # a peer that never catches up
                note(f"{NAME}: {error}")
                results.append(Result.not_run(NAME, str(error), "p99", unit="ms", ours_name=name))
    for name, reason in lanes.missing.items():
        results.append(
            Result.not_run(
                NAME, reason, "counter→client p99", unit="ms", ours_name=name, peer_name="idle",
                goal=GOAL if name == NATIVE else None, lower_is_better=True,
            )
        )  # fmt: skip
    return results


def _runs(lane: Lane, length: Length) -> tuple[list[step.Step], list[step.Step]]:
    busy: list[step.Step] = []
    idle: list[step.Step] = []
    for _ in range(length.rounds or ROUNDS):
        idle.append(paced(f"{NAME}, idle", lane, RATE, length.seconds or SECONDS))
        lane.busy(on=True)
        try:
            busy.append(paced(f"{NAME}, busy", lane, RATE, length.seconds or SECONDS))
        finally:
            lane.busy(on=False)
    return busy, idle


def _results(name: str, busy: list[step.Step], idle: list[step.Step]) -> list[Result]:
    about = (
        f"{RATE:,.0f} ticks/s over {INSTRUMENTS} instruments for {busy[0].seconds:.0f} s, {len(busy)} round(s); peer: "
        "the same lane in the same minute without the thread that computes; SDK→client: from the SDK's callback (with "
        "native market data before Python), counter→client: from the counter's stamp (whole ms), the SDK's queue "
        "included"
    )
    out: list[Result] = []
    for label, way in WAYS.items():
        for share, field in (("p50", "p50"), ("p99", "p99"), ("max", "max")):
            ours, peer = quantile(busy, way, field), quantile(idle, way, field)
            if ours:
                out.append(
                    Result.of(
                        NAME, f"{label} {share}", "ms", ours, peer, ours_name=name, peer_name="idle",
                        goal=GOAL if name == NATIVE and share == "p99" else None, goal_of="ratio",
                        lower_is_better=True, conditions=about,
                    )
                )  # fmt: skip
    bad = [float(each.bad) for each in busy]
    out.append(
        Result.of(
            NAME, "missing, twice or out of order", "ticks", bad, [float(each.bad) for each in idle], ours_name=name,
            peer_name="idle", lower_is_better=True,
        )
    )  # fmt: skip
    return out


CASE = Case(NAME, "5,000 ticks/s through the CTP gateway beside a thread that computes, against idle", run)
