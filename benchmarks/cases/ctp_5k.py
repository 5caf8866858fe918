"""5,000 ticks/s over 500 instruments through the CTP gateway: nothing lost, and how long a tick takes."""

from benchmarks.cases.case import Case, scratch
from benchmarks.cases.paced import SECONDS, paced, results
from benchmarks.lanes import bus, rpc
from benchmarks.result import Result
from benchmarks.sources.counter import INSTRUMENTS

NAME = "ctp-5k"
RATE = 5000.0


def run(seconds: float | None) -> list[Result]:
    """One run of ours and one of the peer's."""
    with scratch() as folder:
        with bus.ctp(folder / "ours") as lane:
            ours = paced(NAME, lane, RATE, seconds or SECONDS)
        with rpc.ctp(folder / "peer") as lane:
            peer = paced(NAME, lane, RATE, seconds or SECONDS)
    about = f"{ours.reached:,.0f} ticks/s over {INSTRUMENTS} instruments"
    return results(NAME, about, [ours], [peer])


CASE = Case(NAME, "5,000 ticks/s over 500 instruments: lost, late, dear?", run)
