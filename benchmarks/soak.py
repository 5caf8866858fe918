"""`python -m benchmarks.soak [--seconds N]`: 5,000 ticks/s for 60 s, three runs, all of them without a loss."""

import argparse
import sys
from collections.abc import Sequence

from benchmarks import report
from benchmarks.cases import ctp_5k
from benchmarks.cases.case import note, scratch
from benchmarks.command import FAILURES, prepare
from benchmarks.lanes import bus
from benchmarks.result import Result

RUNS = 3
SECONDS = 60.0


def main(arguments: Sequence[str] | None = None) -> int:
    """0: every goal met; 1: not, or it could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description="5,000 ticks/s, three runs.")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="length of each run")
    seconds: float = parser.parse_args(arguments).seconds
    if not 0.5 <= seconds <= 3600:
        parser.error("--seconds: 0.5 to 3600")
    prepare()
    where = report.where_measured()
    results: list[Result] = []
    failures: list[str] = []
    try:
        with scratch() as folder, bus.ctp(folder) as lane:
            results = ctp_5k.results([ctp_5k.paced(lane, seconds) for _ in range(RUNS)], [])
    except FAILURES as error:
        failures.append(f"soak: {error}")
        note(failures[0])
    print(report.markdown(results, where, failures))
    report.write_json(results, "soak")
    return 0 if results and not any(each.met is False for each in results) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
