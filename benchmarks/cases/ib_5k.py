"""5,000 ticks/s through the Interactive Brokers gateway: nothing lost, and how long a tick takes."""

from benchmarks.cases.case import Case, note, scratch
from benchmarks.cases.paced import SECONDS, paced, results
from benchmarks.lanes import tws
from benchmarks.result import Result
from benchmarks.sources.tws import INSTRUMENTS

NAME = "ib-5k"
RATE = 1300.0
"""Trades a second at the simulated TWS, which tells each in several messages: so they are 5,000 ticks/s."""


def run(seconds: float | None) -> list[Result]:
    """One run of ours and one of the peer's."""
    with scratch() as folder:
        with tws.ours(folder / "ours") as lane:
            ours = paced(NAME, lane, RATE, seconds or SECONDS)
        with tws.peer(folder / "peer") as lane:
            peer = paced(NAME, lane, RATE, seconds or SECONDS)
    told = [each.arrivals.told / each.seconds for each in (ours, peer)]
    note(f"{NAME}: ticks/s told: ours {told[0]:,.0f}, peer {told[1]:,.0f}")
    about = (
        f"{ours.reached:,.0f} trades/s at the simulated TWS over {INSTRUMENTS} instruments, which are {told[0]:,.0f} "
        f"ticks/s of ours and {told[1]:,.0f} of the peer's"
    )
    return results(NAME, about, [ours], [peer])


CASE = Case(NAME, "5,000 ticks/s from a simulated TWS: lost, late, dear?", run)
