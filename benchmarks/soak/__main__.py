"""`python -m benchmarks.soak [--minutes M] [--repeat N] [--rows 1,5] [--kinds ctp]`."""

import argparse
import contextlib
import sys
from collections.abc import Sequence

import msgspec
import pytest

from benchmarks import report
from benchmarks.cases.case import note
from benchmarks.command import prepare
from benchmarks.soak.outcome import markdown
from benchmarks.soak.plugin import Soak

ROWS = (1, 2, 3, *range(5, 17), 18)
"""Rows of reliability.md that have tests."""
HOUR = 60.0
"""Minutes that the longest fault lasts in full: row 1."""
TESTS = ("tests/faults",)
SLACK = 3600
"""Seconds that a test may take beside the length of its fault: hundreds of kills are counted, not timed."""


def main(arguments: Sequence[str] | None = None) -> int:
    """0: every row has a test and every test passed; 1: not."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description="Every fault in its full length.")
    parser.add_argument("--minutes", type=float, default=HOUR, help="no fault lasts longer (60: each in full length)")
    parser.add_argument("--repeat", type=int, default=5, help="runs of each fault that has a time to recovery (5)")
    parser.add_argument("--rows", type=_numbers, default=ROWS, help="such as 1,5")
    parser.add_argument("--kinds", type=lambda text: tuple(text.split(",")), default=(), help="such as ctp")
    chosen = parser.parse_args(arguments)
    if not 0 <= chosen.minutes <= HOUR:
        parser.error("--minutes: 0 to 60")
    if chosen.repeat < 1:
        parser.error("--repeat: at least 1")
    prepare()
    where = report.where_measured()
    longest: float = chosen.minutes * 60
    soak = Soak(longest, chosen.repeat, chosen.rows, chosen.kinds)
    timeout = round(longest + SLACK)
    with contextlib.redirect_stdout(sys.stderr):  # stdout is for the tables
        bounds = ("-o", f"timeout={timeout}", "-o", f"faulthandler_timeout={timeout + 60}")
        code = pytest.main([*TESTS, "-v", *bounds, "-p", "no:cacheprovider"], plugins=[soak])
    outcomes = soak.outcomes
    shown = {outcome.row for outcome in outcomes}
    missing = {row: "no test is marked with it" for row in chosen.rows if row not in shown}
    text = markdown(
        outcomes, f"{where}\n\nEvery fault in full length, but none longer than {chosen.minutes:g} minutes.", missing
    )
    (report.FOLDER / "soak.json").write_bytes(msgspec.json.format(msgspec.json.encode(outcomes), indent=1) + b"\n")
    (report.FOLDER / "soak.md").write_text(text, encoding="utf-8")
    print(text)
    for row in missing:
        note(f"row {row}: no test is marked with it")
    return 0 if code == pytest.ExitCode.OK and not missing and all(outcome.passed for outcome in outcomes) else 1


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(each) for each in text.split(","))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
