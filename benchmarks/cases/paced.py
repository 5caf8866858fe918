"""A venue at a steady pace, ours and the peer's one after the other: what was lost, late and dear."""

from benchmarks import step
from benchmarks.cases.case import note
from benchmarks.lanes.lane import Lane
from benchmarks.ledger import Quantiles
from benchmarks.result import Result

SECONDS = 20.0
WARM_UP = 2.0
DRAIN = 1.0
"""Seconds within which the consumer must have everything after the last tick."""


def paced(case: str, lane: Lane, rate: float, seconds: float) -> step.Step:
    """One warmed-up run."""
    step.run(lane, rate, WARM_UP)
    done = step.run(lane, rate, seconds, venue_latency=True)
    note(f"{case}: {lane.name}: {done.words}")
    return done


def results(case: str, about: str, ours: list[step.Step], peer: list[step.Step]) -> list[Result]:
    """Every figure of the case; `about`: what was sent."""
    about = (
        f"{about} for {ours[0].seconds:.0f} s, {len(ours)} run(s); judged by the lab's oracle (Volume rises by 1 a "
        "tick); one consumer with the public SDK, every tick"
    )
    bad = [float(_bad(each)) for each in ours]
    drained = [1000 * (step.PATIENCE if each.drained is None else each.drained) for each in ours]
    out = [
        _figure(case, "missing, twice or out of order", "ticks", bad, [float(_bad(each)) for each in peer], 0, about),
        _figure(case, "backlog drained after the last tick", "ms", drained, [], DRAIN * 1000, ""),
    ]
    sdk = "SDK→client: the SDK's Python callback to the consumer's handler"
    venue = "counter→client: the counter's stamp (whole ms) to the consumer's handler, the SDK's queue included"
    for share, field in (("p50", "p50"), ("p99", "p99"), ("p99.9", "p999"), ("max", "max")):
        out.append(_figure(case, f"SDK→client {share}", "ms", _quantile(ours, "sdk", field), [], None, sdk))
    for share, field in (("p50", "p50"), ("p99", "p99")):
        own, other = _quantile(ours, "venue", field), _quantile(peer, "venue", field)
        out.append(_figure(case, f"counter→client {share}", "ms", own, other, None, venue))
    out.append(_figure(case, "CPU of the gateway's process", "µs/tick", _cpu(ours), _cpu(peer), None, ""))
    growth = [(each.after.rss - each.before.rss) / 2**20 for each in ours]
    out.append(_figure(case, "RSS growth of the gateway's process", "MiB", growth, [], None, ""))
    return out


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


def _bad(done: step.Step) -> int:
    verdict = done.verdict
    return verdict.missing + verdict.duplicated + verdict.disordered + verdict.unsent


def _quantile(steps: list[step.Step], way: str, field: str) -> list[float]:
    found: list[Quantiles | None] = [getattr(each.arrivals, way) for each in steps]
    return [getattr(each, field) / 1e6 for each in found if each is not None]


def _cpu(steps: list[step.Step]) -> list[float]:
    return [(each.after.cpu - each.before.cpu) / each.verdict.sent * 1e6 for each in steps]
