"""Runs the tests that are marked with a row in full length, repeats them, and keeps what they found."""

from collections.abc import Collection

import pytest

from benchmarks.soak.outcome import Outcome, Run
from tests.system.span import LONGEST

MARK = "row"


class Soak:
    """A pytest plugin. `rows`, `kinds`: only those, everything when empty; `longest`: seconds no fault exceeds."""

    def __init__(self, longest: float, repeat: int, rows: Collection[int] = (), kinds: Collection[str] = ()) -> None:
        self._longest = longest
        self._repeat = repeat
        self._rows = rows
        self._kinds = kinds
        self._runs: dict[str, Run] = {}
        self._of: dict[str, Run] = {}

    @property
    def outcomes(self) -> list[Outcome]:
        """By row, in the order of the tests."""
        return sorted((run.outcome() for run in self._runs.values()), key=lambda outcome: outcome.row)

    def pytest_configure(self, config: pytest.Config) -> None:
        """Tells the tests how long faults last."""
        config.stash[LONGEST] = self._longest

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Repeats a marked test, unless one run is as good as many."""
        mark = metafunc.definition.get_closest_marker(MARK)
        if mark is None or mark.kwargs.get("once") or self._repeat == 1:
            return
        metafunc.fixturenames.append("repetition")
        metafunc.parametrize("repetition", range(1, self._repeat + 1), ids=lambda number: f"run{number}")

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Keeps what shows a row that is asked for."""
        left = [item for item in items if not self._take(item)]
        items[:] = [item for item in items if item.nodeid in self._of]
        config.hook.pytest_deselected(items=left)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Counts the run, notes figures and failures. An error before or after the test is a failure too."""
        run = self._of[report.nodeid]
        if report.when == "call":
            run.runs += 1
            for name, figure in report.user_properties:
                run.measured.setdefault(str(name), []).append(float(str(figure)))
        elif report.failed and report.when == "setup":
            run.runs += 1
        if report.failed:
            run.failures.append(_words(report))

    def _take(self, item: pytest.Item) -> bool:
        mark = item.get_closest_marker(MARK)
        if mark is None:
            return False
        number, expected = int(mark.args[0]), str(mark.args[1])
        name = item.nodeid.partition("[")[0]
        parameters: dict[str, object] = (
            dict(item.callspec.params) if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
        )
        kind = str(parameters.pop("kind", "ctp"))
        if (self._rows and number not in self._rows) or (self._kinds and kind not in self._kinds):
            return False
        run = self._runs.setdefault(f"{name} {kind}", Run(number, kind, name.rpartition("::")[2], expected))
        self._of[item.nodeid] = run
        return True


def _words(report: pytest.TestReport) -> str:
    """The last word of a failure, in one line."""
    crash = getattr(report.longrepr, "reprcrash", None)
    text = str(report.longrepr) if crash is None else str(crash.message)
    return f"{report.when}: " * (report.when != "call") + (text.strip().splitlines() or ["?"])[0][:300]
