"""5,000 ticks/s over 500 instruments through the CTP gateway: nothing lost, and how long a tick takes."""

from benchmarks.cases.case import Case, Length, scratch
from benchmarks.cases.paced import in_turns, results
from benchmarks.lanes import bus, rpc
from benchmarks.result import Result
from benchmarks.sources.counter import INSTRUMENTS

NAME = "ctp-5k"
RATE = 5000.0


def run(length: Length) -> list[Result]:
    """Ours and the peer's in turns."""
    with scratch() as folder, bus.ctp(folder / "ours") as own, rpc.ctp(folder / "peer") as stock:
        ours, peer = in_turns(NAME, (own, stock), RATE, length)
    about = f"{ours[0].reached:,.0f} ticks/s over {INSTRUMENTS} instruments"
    return results(NAME, about, ours, peer)


CASE = Case(NAME, "5,000 ticks/s over 500 instruments: lost, late, dear?", run)
