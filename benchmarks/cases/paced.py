"""Lanes at a steady pace, in turns: what was lost, late and dear."""

from collections.abc import Sequence

from benchmarks import step
from benchmarks.cases.case import Length, note
from benchmarks.lanes.lane import GATEWAY, Lane
from benchmarks.ledger import Quantiles
from benchmarks.result import Result

SECONDS = 10.0
ROUNDS = 3
WARM_UP = 2.0
DRAIN = 1.0
"""Seconds within which the consumer must have everything after the last tick."""


def paced(case: str, lane: Lane, rate: float, seconds: float) -> step.Step:
    """One run."""
    done = step.run(lane, rate, seconds, venue_latency=True)
    note(f"{case}: {lane.name}: {done.words}")
    return done


def in_turns(case: str, lanes: Sequence[Lane], rate: float, length: Length) -> list[list[step.Step]]:
    """Every round's run, by lane; all are warmed up first."""
    for lane in lanes:
        step.run(lane, rate, WARM_UP)
    runs: list[list[step.Step]] = [[] for _ in lanes]
    for _ in range(length.rounds or ROUNDS):
        for lane, done in zip(lanes, runs, strict=True):
            done.append(paced(case, lane, rate, length.seconds or SECONDS))
    return runs


def results(case: str, about: str, ours: list[step.Step], peer: list[step.Step]) -> list[Result]:
    """Every figure of the case; `about`: what was sent."""
    about = (
        f"{about} for {ours[0].seconds:.0f} s, {len(ours)} round(s) in turns; judged by the lab's oracle (Volume rises "
        "by 1 a tick); one consumer with the public SDK, every tick"
    )
    bad = [float(each.bad) for each in ours]
    drained = [1000 * (step.PATIENCE if each.drained is None else each.drained) for each in ours]
    out = [
        _figure(case, "missing, twice or out of order", "ticks", bad, [float(each.bad) for each in peer], 0, about),
        _figure(case, "backlog drained after the last tick", "ms", drained, [], DRAIN * 1000, ""),
    ]
    sdk = "SDK→client: the SDK's Python callback to the consumer's handler"
    venue = "counter→client: the counter's stamp (whole ms) to the consumer's handler, the SDK's queue included"
    for share, field in (("p50", "p50"), ("p99", "p99"), ("p99.9", "p999"), ("max", "max")):
        out.append(_figure(case, f"SDK→client {share}", "ms", quantile(ours, "sdk", field), [], None, sdk))
    for share, field in (("p50", "p50"), ("p99", "p99")):
        own, other = quantile(ours, "venue", field), quantile(peer, "venue", field)
        out.append(_figure(case, f"counter→client {share}", "ms", own, other, None, venue))
    out.append(_figure(case, "CPU of the gateway's process", "µs/tick", cpu(ours), cpu(peer), None, ""))
    growth = [each.spent[GATEWAY].rss / 2**20 for each in ours]
    out.append(_figure(case, "RSS growth of the gateway's process", "MiB", growth, [], None, ""))
    return out


def quantile(steps: Sequence[step.Step], way: str, field: str) -> list[float]:
    """ms of every run in which it was measured."""
    found: list[Quantiles | None] = [getattr(each.arrivals, way) for each in steps]
    return [getattr(each, field) / 1e6 for each in found if each is not None]


def cpu(steps: Sequence[step.Step], part: str = GATEWAY) -> list[float]:
    """µs of CPU a tick, in each run."""
    return [each.spent[part].cpu / max(each.verdict.sent, 1) * 1e6 for each in steps if part in each.spent]


def _figure(
    case: str, figure: str, unit: str, ours: list[float], peer: list[float], goal: float | None, conditions: str
) -> Result:
    return Result.of(
        case,
        figure,
        unit,
        ours,
        peer,
        peer_name="vnpy RPC",
        goal=goal,
        goal_of="ours",
        lower_is_better=True,
        conditions=conditions,
    )
