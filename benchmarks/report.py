"""Results as tables and as files."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from benchmarks.machine import machine, versions
from benchmarks.result import OURS, Result

FOLDER = Path(__file__).resolve().parent
HEAD = ("case", "figure", "ours", "peer", "ours / peer", "goal", "")


def markdown(results: Sequence[Result], where: str, failures: Sequence[str] = ()) -> str:
    """The table of goals, all sides next to each other, where it was measured, and under which conditions."""
    lines = ["# Benchmarks", "", where, "", *_table(HEAD, [_row(each) for each in results if not each.detail])]
    for case in dict.fromkeys(each.case for each in results if each.detail):
        lines += ["", f"## {case}", "", *_side_by_side([each for each in results if each.detail and each.case == case])]
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


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


def _side_by_side(results: Sequence[Result]) -> list[str]:
    """Figures downwards, sides across."""
    cells: dict[tuple[str, str], str] = {}
    for each in results:
        figure = _figure(each)
        cells[figure, each.ours_name] = each.reason or _number(each.ours, each.rounds_ours)
        if each.peer_name:
            cells[figure, each.peer_name] = _number(each.peer, each.rounds_peer)
    ours = dict.fromkeys(each.ours_name for each in results)
    peers = dict.fromkeys(each.peer_name for each in results if each.peer_name)
    sides = list(ours | peers)
    figures = dict.fromkeys(_figure(each) for each in results)
    rows = [(figure, *(cells.get((figure, side), "") for side in sides)) for figure in figures]
    return _table(("figure", *sides), rows)


def _row(result: Result) -> tuple[str, ...]:
    goal = ""
    if result.goal is not None:
        sign = "≤" if result.lower_is_better else "≥"
        goal = f"{sign} {result.goal:.3g}" + (" ×" if result.goal_of == "ratio" else "")
    verdict = "" if result.met is None else "met" if result.met else "MISSED"
    ours = _number(result.ours, result.rounds_ours)
    return (
        result.case,
        _figure(result),
        f"{ours} {result.ours_name}".strip() if result.ours_name != OURS else ours,
        f"{_number(result.peer, result.rounds_peer)} {result.peer_name}".strip(),
        "" if result.ratio is None else f"{result.ratio:.3g}",
        goal,
        f"not run: {result.reason}" if result.reason else verdict,
    )


def _figure(result: Result) -> str:
    return f"{result.figure}, {result.unit}" if result.unit else result.figure


def _number(value: float | None, rounds: Sequence[float]) -> str:
    if value is None:
        return ""
    spread = f" ({_plain(min(rounds))}–{_plain(max(rounds))})" if len(rounds) > 1 else ""
    return _plain(value) + spread


def _plain(value: float) -> str:
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
