"""Any vnpy gateway through the generic host, beside the same gateway under vnpy's RPC: without an SDK in the way."""

from benchmarks.cases import flood
from benchmarks.cases.case import Case, scratch
from benchmarks.lanes import synthetic
from benchmarks.result import Result
from benchmarks.sources.counter import INSTRUMENTS
from benchmarks.sources.synthetic import THREADS

NAME = "synthetic-flood"
GOAL = 13.0


def run(seconds: float | None) -> list[Result]:
    """Two lanes in turns."""
    each = seconds or flood.SECONDS
    with scratch() as folder, synthetic.ours(folder / "ours") as ours, synthetic.peer(folder / "peer") as peer:
        own, stock = flood.flood(NAME, (ours, peer), each)
    about = (
        f"{THREADS} threads of one vnpy BaseGateway make fresh TickData of {INSTRUMENTS} instruments with 5 levels, "
        f'whose making counts too; runs of {each:g} s, {len(own)} rounds in turns; ours: kind = "vnpy" worker, NATS, '
        "public SDK; peer: EventEngine, RpcServer → RpcClient, as vnpy_rpcservice does; lossless as in ctp-flood"
    )
    return [
        Result.of(
            NAME,
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


CASE = Case(NAME, "highest lossless rate of the generic vnpy host, beside vnpy RPC", run)
