"""Runs cases and writes down what they found."""

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from types import FrameType

from benchmarks import report
from benchmarks.cases import cases
from benchmarks.cases.case import Case, Length, note
from benchmarks.errors import BenchmarkFailed, NotRunnable
from benchmarks.result import Result
from marketbus.apps import china_locale
from marketbus.domain.errors import MarketBusError
from marketbus.gateways.ctp import dialect as ctp
from marketbus.gateways.ctp_family.direct import build as core
from marketbus.lab.ctp import CTP
from marketbus.lab.ctp_family import build
from marketbus.lab.errors import LabError

FAILURES = (BenchmarkFailed, MarketBusError, LabError, OSError)
"""What ends a case but not the others."""


def main(arguments: Sequence[str] | None = None) -> int:
    """0: every case ran (goals missed or not); 1: one failed."""
    known = cases()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="What marketbus carries on this machine.")
    parser.add_argument("case", nargs="*", help=", ".join(f"{each.name} ({each.says})" for each in known.values()))
    parser.add_argument("--seconds", type=float, help="length of each paced run")
    parser.add_argument("--rounds", type=int, help="rounds, in each of which every side has its turn")
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.case) - set(known):
        parser.error(f"no case {', '.join(sorted(unknown))}: {', '.join(known)}")
    if chosen.seconds is not None and not 0.5 <= chosen.seconds <= 3600:
        parser.error("--seconds: 0.5 to 3600")
    if chosen.rounds is not None and not 1 <= chosen.rounds <= 100:
        parser.error("--rounds: 1 to 100")
    wanted = [each for each in known.values() if each.name in chosen.case or not (chosen.case or each.by_name_only)]
    began = time.monotonic()
    prepare()
    where = report.where_measured()
    results, failures = _run(wanted, Length(chosen.seconds, chosen.rounds))
    took = f"{len(wanted)} case(s) in {(time.monotonic() - began) / 60:.1f} minutes"
    text = report.markdown(results, f"{where}\n\n{took}", failures)
    report.write(results, text)
    print(text)
    return 1 if failures else 0


def prepare() -> None:
    """What the cases need, and an end that unwinds everything we started."""
    signal.signal(signal.SIGTERM, _terminated)
    china_locale.ensure()
    build.ensure(CTP, echo=note)
    if core.shared_headers() is not None:
        core.ensure(ctp.CTP, build.vendor_headers(CTP, note))


def _terminated(_number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + signal.SIGTERM)


def _run(chosen: Sequence[Case], length: Length) -> tuple[list[Result], list[str]]:
    results: list[Result] = []
    failures: list[str] = []
    for case in chosen:
        note(f"== {case.name}: {case.says}")
        try:
            results += case.run(length)
        except NotRunnable as error:
            results.append(Result.not_run(case.name, str(error)))
            note(f"{case.name}: not run: {error}")
        except FAILURES as error:
            failures.append(f"{case.name}: {error}")
            note(failures[-1])
    return results, failures
