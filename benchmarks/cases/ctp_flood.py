"""How many ticks a second come through the CTP gateway without a loss, beside stock vnpy_ctp under vnpy's RPC."""

from benchmarks.cases import flood
from benchmarks.cases.case import Case, Length, scratch
from benchmarks.lanes import bus, rpc
from benchmarks.result import Result
from benchmarks.sources.counter import INSTRUMENTS

NAME = "ctp-flood"
GOAL = 1.5


def run(length: Length) -> list[Result]:
    """Three lanes, each in front of a simulated counter of its own, idle while another has its turn."""
    each = length.seconds or flood.SECONDS
    with (
        scratch() as folder,
        bus.ctp(folder / "ours") as ours,
        rpc.ctp(folder / "peer") as peer,
        rpc.ctp(folder / "lean", lean=True) as lean,
    ):
        own, stock, alone = flood.flood(NAME, flood.searched((ours, peer, lean)), length)
    about = (
        f"{INSTRUMENTS} instruments, runs of {each:g} s, {len(own)} rounds in turns; lossless: nothing missing, twice "
        f"or out of order by the lab's oracle, backlog drained within {flood.drain_of(each):.2g} s; "
        "peer: unmodified vnpy_ctp, EventEngine, RpcServer → RpcClient"
    )
    figure = "highest lossless rate"
    return [
        Result.of(
            NAME,
            figure,
            "ticks/s",
            own,
            stock,
            peer_name="vnpy RPC",
            goal=GOAL,
            goal_of="ratio",
            conditions=f"{about}, every event published, as vnpy_rpcservice does",
        ),
        Result.of(
            f"{NAME}, lean peer",
            figure,
            "ticks/s",
            own,
            alone,
            peer_name="vnpy RPC, EVENT_TICK alone",
            conditions="the same, the peer altered to publish each tick once; no package does that",
        ),
    ]


CASE = Case(NAME, "highest lossless rate, beside stock vnpy_ctp + vnpy RPC", run)
