"""Any vnpy gateway through the generic host, beside the same gateway under vnpy's RPC: without an SDK in the way."""

from functools import partial

from benchmarks.cases import flood
from benchmarks.cases.case import Case, scratch
from benchmarks.lanes import synthetic
from benchmarks.result import Result
from benchmarks.sources.counter import INSTRUMENTS

GOAL = 13.0


def run(name: str, threads: int, seconds: float | None) -> list[Result]:
    """Two lanes in turns."""
    each = seconds or flood.SECONDS
    with (
        scratch() as folder,
        synthetic.ours(folder / "ours", threads) as ours,
        synthetic.peer(folder / "peer", threads) as peer,
    ):
        own, stock = flood.flood(name, (ours, peer), each)
    about = (
        f"{threads} thread(s) of a vnpy BaseGateway make fresh TickData of {INSTRUMENTS} instruments with 5 levels, "
        f"which costs both sides alike; runs of {each:g} s, {len(own)} rounds in turns; ours: worker of kind vnpy, "
        "NATS, public SDK; peer: EventEngine, RpcServer → RpcClient, as vnpy_rpcservice does; lossless as in ctp-flood"
    )
    return [
        Result.of(
            name,
            "highest lossless rate",
            "ticks/s",
            own,
            stock,
            peer_name="vnpy RPC",
            goal=GOAL,
            goal_of="ratio",
            conditions=about,
        )
    ]


def _case(name: str, threads: int, says: str) -> Case:
    return Case(name, says, partial(run, name, threads))


ONE = _case("synthetic-flood", 1, "highest lossless rate of the generic vnpy host, beside vnpy RPC")
FOUR = _case("synthetic-flood-threads", 4, "the same from a gateway that calls back in 4 threads")
