"""How many trades a second come through the Interactive Brokers gateway without a loss, beside stock vnpy_ib."""

from benchmarks.cases import flood
from benchmarks.cases.case import Case, Length, scratch
from benchmarks.lanes import tws
from benchmarks.result import Result
from benchmarks.sources.tws import INSTRUMENTS

NAME = "ib-flood"
GOAL = 5.0
BURST = 3_000


def run(length: Length) -> list[Result]:
    """Three lanes, each in front of a simulated TWS of its own, idle while another has its turn."""
    each = length.seconds or flood.SECONDS
    with (
        scratch() as folder,
        tws.ours(folder / "ours") as ours,
        tws.peer(folder / "peer") as peer,
        tws.peer(folder / "lean", lean=True) as lean,
    ):
        venue = ours.control.burst(BURST)
        own, stock, alone = flood.flood(NAME, flood.searched((ours, peer, lean), BURST), length).rates
    about = (
        f"{INSTRUMENTS} instruments, runs of {each:g} s, {len(own)} rounds in turns; lossless: no trade missing, twice "
        f"or out of order by the lab's oracle, backlog drained within {flood.drain_of(each):.2g} s; every trade is "
        f"several messages of TWS and as many ticks; the simulated TWS makes {venue['sent'] / venue['seconds']:,.0f} "
        "trades/s while the worker takes them; peer: unmodified vnpy_ib on the official ibapi, EventEngine, RpcServer "
        "→ RpcClient"
    )
    figure = "highest lossless rate"
    return [
        Result.of(
            NAME,
            figure,
            "trades/s",
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
            "trades/s",
            own,
            alone,
            peer_name="vnpy RPC, EVENT_TICK alone",
            conditions="the same, the peer altered to publish each tick once; no package does that",
        ),
    ]


CASE = Case(NAME, "highest lossless rate, beside stock vnpy_ib + vnpy RPC", run)
