"""Fixtures of whole-system tests; see tests/system."""

from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.system import System


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    """A nats-server and a counter; the test starts the workers it wants."""
    with System(tmp_path) as running:
        yield running


Measured = Callable[[str, float], None]
_FIGURES = pytest.StashKey[list[str]]()


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> Measured:
    """Notes seconds under a name; shown at the end of the run. Nothing is asserted on them but the bounds in tests."""
    figures = request.config.stash.setdefault(_FIGURES, [])

    def note(what: str, seconds: float) -> None:
        figures.append(f"{what}: {seconds:.2f} s")

    return note


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Shows what was measured."""
    if figures := config.stash.get(_FIGURES, None):
        terminalreporter.section("measured")
        for figure in figures:
            terminalreporter.line(figure)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Shows what the processes of a failed test said."""
    report = yield
    if report.failed:
        arguments: dict[str, Any] = getattr(item, "funcargs", {})
        for value in arguments.values():
            if isinstance(value, System):
                report.sections += [(f"log of {title}", text) for title, text in value.words().items()]
    return report
