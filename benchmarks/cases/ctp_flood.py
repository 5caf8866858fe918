"""How many ticks a second come through the CTP gateway without a loss, beside stock vnpy_ctp under vnpy's RPC."""

from contextlib import ExitStack
from functools import partial

from benchmarks.cases import flood
from benchmarks.cases.case import Case, Length, scratch
from benchmarks.cases.entrants import RPC, ctp_ours, enter
from benchmarks.lanes import rpc
from benchmarks.lanes.native import NATIVE, PYTHON
from benchmarks.result import Result
from benchmarks.sources.counter import INSTRUMENTS

NAME = "ctp-flood"
GOALS = {PYTHON: 1.5, NATIVE: 18.0}
FIGURE, UNIT = "highest lossless rate", "ticks/s"
LEAN = "vnpy RPC, EVENT_TICK alone"


def run(length: Length) -> list[Result]:
    """Each side in front of a simulated counter of its own, idle while another has its turn."""
    with scratch() as folder, ExitStack() as stack:
        lanes = enter(stack, folder, ctp_ours() | {RPC: rpc.ctp, LEAN: partial(rpc.ctp, lean=True)})
        found = flood.flood(NAME, flood.searched(lanes.sides.values()), length).rates
    rates = dict(zip(lanes.sides, found, strict=True))
    seconds = length.seconds or flood.SECONDS
    about = (
        f"{INSTRUMENTS} instruments, runs of {seconds:g} s, {len(found[0])} round(s) in turns; lossless: nothing "
        f"missing, twice or out of order by the lab's oracle, backlog drained within {flood.drain_of(seconds):.2g} s; "
        "peer: unmodified vnpy_ctp, EventEngine, RpcServer → RpcClient, every event published, as vnpy_rpcservice does"
    )
    results: list[Result] = []
    for own, goal in GOALS.items():
        if reason := lanes.missing.get(own):
            results.append(Result.not_run(NAME, reason, FIGURE, unit=UNIT, ours_name=own, peer_name=RPC, goal=goal))
            continue
        results.append(
            Result.of(
                NAME, FIGURE, UNIT, rates[own], rates[RPC], ours_name=own, peer_name=RPC, goal=goal, goal_of="ratio",
                conditions=about,
            )
        )  # fmt: skip
        results.append(
            Result.of(
                f"{NAME}, lean peer", FIGURE, UNIT, rates[own], rates[LEAN], ours_name=own, peer_name=LEAN,
                conditions="the same, the peer altered to publish each tick once; no package does that",
            )
        )  # fmt: skip
    return results


CASE = Case(NAME, "highest lossless rate, beside stock vnpy_ctp + vnpy RPC", run)
