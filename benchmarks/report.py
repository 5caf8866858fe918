"""Results as a table and as files."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from benchmarks.machine import machine, versions
from benchmarks.result import Result

FOLDER = Path(__file__).resolve().parent
HEAD = ("case", "figure", "ours", "peer", "times better", "goal", "")


def markdown(results: Sequence[Result], where: str, failures: Sequence[str] = ()) -> str:
    """The table, where it was measured, and under which conditions."""
    rows = [HEAD, tuple("---" for _ in HEAD), *map(_row, results)]
    lines = ["# Benchmarks", "", where, ""]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    lines += ["", "In brackets: lowest to highest of the rounds; the figure is their median."]
    notes = dict.fromkeys(f"- {each.case}: {each.conditions}" for each in results if each.conditions)
    lines += ["", *notes] if notes else []
    lines += ["", *(f"- FAILED {failure}" for failure in failures)] if failures else []
    return "\n".join(lines) + "\n"


def where_measured() -> str:
    """Machine and versions, two lines."""
    return f"{machine()}\n\n{versions()}"


def write(results: Sequence[Result], text: str, name: str = "latest") -> None:
    """`benchmarks/NAME.json` and `.md`."""
    write_json(results, name)
    (FOLDER / f"{name}.md").write_text(text, encoding="utf-8")


def write_json(results: Sequence[Result], name: str) -> None:
    """`benchmarks/NAME.json`: a list of results."""
    encoded = msgspec.json.format(msgspec.json.encode(list(results)), indent=1)
    (FOLDER / f"{name}.json").write_bytes(encoded + b"\n")


def _row(result: Result) -> tuple[str, ...]:
    goal = ""
    if result.goal is not None:
        sign = "≤" if result.lower_is_better and result.goal_of == "ours" else "≥"
        goal = f"{sign} {result.goal:g}" + (" ×" if result.goal_of == "ratio" else "")
    return (
        result.case,
        f"{result.figure}, {result.unit}" if result.unit else result.figure,
        _number(result.ours, result.rounds_ours),
        _number(result.peer, result.rounds_peer) + (f" {result.peer_name}" if result.peer_name else ""),
        "" if result.ratio is None else f"{result.ratio:.2f}",
        goal,
        "" if result.met is None else "met" if result.met else "MISSED",
    )


def _number(value: float | None, rounds: Sequence[float]) -> str:
    if value is None:
        return ""
    spread = f" ({_plain(min(rounds))}–{_plain(max(rounds))})" if len(rounds) > 1 else ""
    return _plain(value) + spread


def _plain(value: float) -> str:
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
