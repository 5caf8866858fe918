"""5,000 ticks/s over 500 instruments through the CTP gateway: nothing lost, and how long a tick takes."""

from benchmarks import step
from benchmarks.cases.case import Case, note, scratch
from benchmarks.lanes import bus, rpc
from benchmarks.lanes.lane import Lane
from benchmarks.ledger import Quantiles
from benchmarks.result import Result
from benchmarks.sources.counter import INSTRUMENTS

NAME = "ctp-5k"
RATE = 5000.0
SECONDS = 20.0
WARM_UP = 2.0
DRAIN = 1.0
"""Seconds within which the consumer must have everything after the last tick."""


def run(seconds: float | None) -> list[Result]:
    """One run of ours and one of the peer's."""
    with scratch() as folder:
        with bus.ctp(folder / "ours") as lane:
            ours = paced(lane, seconds or SECONDS)
        with rpc.ctp(folder / "peer") as lane:
            peer = paced(lane, seconds or SECONDS)
    return results([ours], [peer])


def paced(lane: Lane, seconds: float) -> step.Step:
    """One warmed-up run."""
    step.run(lane, RATE, WARM_UP)
    done = step.run(lane, RATE, seconds, venue_latency=True)
    note(f"{NAME}: {lane.name}: {done.words}")
    return done


def results(ours: list[step.Step], peer: list[step.Step]) -> list[Result]:
    """Every figure of the case."""
    about = (
        f"{ours[0].reached:,.0f} ticks/s over {INSTRUMENTS} instruments for {ours[0].seconds:.0f} s, "
        f"{len(ours)} run(s); judged by the lab's oracle (Volume rises by 1 a tick); "
        "one consumer with the public SDK, every tick"
    )
    bad = [float(_bad(each)) for each in ours]
    drained = [1000 * (step.PATIENCE if each.drained is None else each.drained) for each in ours]
    out = [
        _figure("missing, twice or out of order", "ticks", bad, [float(_bad(each)) for each in peer], 0, about),
        _figure("backlog drained after the last tick", "ms", drained, [], DRAIN * 1000, ""),
    ]
    sdk = "SDK→client: the SDK's Python callback to the consumer's handler"
    venue = "counter→client: the counter's stamp (whole ms) to the consumer's handler, the SDK's queue included"
    for share, field in (("p50", "p50"), ("p99", "p99"), ("p99.9", "p999"), ("max", "max")):
        out.append(_figure(f"SDK→client {share}", "ms", _quantile(ours, "sdk", field), [], None, sdk))
    for share, field in (("p50", "p50"), ("p99", "p99")):
        own, other = _quantile(ours, "venue", field), _quantile(peer, "venue", field)
        out.append(_figure(f"counter→client {share}", "ms", own, other, None, venue))
    out.append(_figure("CPU of the gateway's process", "µs/tick", _cpu(ours), _cpu(peer), None, ""))
    growth = [(each.after.rss - each.before.rss) / 2**20 for each in ours]
    out.append(_figure("RSS growth of the gateway's process", "MiB", growth, [], None, ""))
    return out


def _figure(
    figure: str, unit: str, ours: list[float], peer: list[float], goal: float | None, conditions: str
) -> Result:
    return Result.of(
        NAME,
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


CASE = Case(NAME, "5,000 ticks/s over 500 instruments: lost, late, dear?", run)
