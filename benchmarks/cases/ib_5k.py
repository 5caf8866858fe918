"""5,000 ticks/s through the Interactive Brokers gateway: nothing lost, and how long a tick takes."""

from benchmarks.cases.case import Case, Length, note, scratch
from benchmarks.cases.paced import in_turns, results
from benchmarks.lanes import tws
from benchmarks.result import Result
from benchmarks.sources.tws import INSTRUMENTS

NAME = "ib-5k"
RATE = 1300.0
"""Trades a second at the simulated TWS, which tells each in several messages: so they are 5,000 ticks/s."""


def run(length: Length) -> list[Result]:
    """Ours and the peer's in turns."""
    with scratch() as folder, tws.ours(folder / "ours") as own, tws.peer(folder / "peer") as stock:
        ours, peer = in_turns(NAME, (own, stock), RATE, length)
    told = [side[0].arrivals.told / side[0].seconds for side in (ours, peer)]
    note(f"{NAME}: ticks/s told: ours {told[0]:,.0f}, peer {told[1]:,.0f}")
    about = (
        f"{ours[0].reached:,.0f} trades/s at the simulated TWS over {INSTRUMENTS} instruments, which are "
        f"{told[0]:,.0f} ticks/s of ours and {told[1]:,.0f} of the peer's"
    )
    return results(NAME, about, ours, peer)


CASE = Case(NAME, "5,000 ticks/s from a simulated TWS: lost, late, dear?", run)
