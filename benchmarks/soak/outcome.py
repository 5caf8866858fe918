"""What a row of the table of faults has come to."""

from collections.abc import Mapping, Sequence
from statistics import median

import msgspec


class Figure(msgspec.Struct, frozen=True):
    """One figure over the repetitions of a test. `unit` as measured, seconds for times to recovery."""

    name: str
    unit: str
    count: int
    p50: float
    max: float


class Outcome(msgspec.Struct, frozen=True):
    """One test of one row. `seen`: that all went as expected, or what did not."""

    row: int
    kind: str
    test: str
    expected: str
    seen: str
    passed: bool
    runs: int
    figures: tuple[Figure, ...] = ()


class Run(msgspec.Struct):
    """One test while it is repeated. `failures`: the words of each repetition that failed."""

    row: int
    kind: str
    test: str
    expected: str
    runs: int = 0
    failures: list[str] = []
    measured: dict[str, list[float]] = {}

    def outcome(self) -> Outcome:
        """Of all repetitions so far. A test that never ran has not passed."""
        failed = len(self.failures)
        seen = "as expected" if not failed else f"{failed} of {self.runs} failed: {self.failures[0]}"
        return Outcome(
            row=self.row,
            kind=self.kind,
            test=self.test,
            expected=self.expected,
            seen=seen if self.runs else "never ran",
            passed=bool(self.runs) and not failed,
            runs=self.runs,
            figures=tuple(_figure(name, values) for name, values in self.measured.items()),
        )


def _figure(label: str, values: Sequence[float]) -> Figure:
    name, _, unit = label.rpartition(", ")
    return Figure(name, unit, len(values), median(values), max(values))


def markdown(outcomes: Sequence[Outcome], where: str, missing: Mapping[int, str]) -> str:
    """Two tables: the rows, and every figure. `missing`: rows asked for that no test shows."""
    lines = ["# Soak", "", where, "", "| row | kind | test | expected | seen | |", "|---|---|---|---|---|---|"]
    for each in outcomes:
        words = each.test.replace("test_", "", 1).replace("_", " ")
        seen = f"{each.seen}, {each.runs} run(s)" if each.passed else each.seen
        verdict = "passed" if each.passed else "FAILED"
        lines.append(f"| {each.row} | {each.kind} | {words} | {each.expected} | {_cell(seen)} | {verdict} |")
    lines += [f"| {row} | | | | {words} | MISSING |" for row, words in sorted(missing.items())]
    figures = [(each, figure) for each in outcomes for figure in each.figures]
    if figures:
        lines += ["", "| row | kind | figure | unit | runs | p50 | max |", "|---|---|---|---|---|---|---|"]
    for each, figure in figures:
        name = _cell(figure.name)
        numbers = f"{figure.count} | {figure.p50:,.3g} | {figure.max:,.3g}"
        lines.append(f"| {each.row} | {each.kind} | {name} | {figure.unit} | {numbers} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "/")
