"""Fixtures of whole-system tests; see tests/system."""

import re
import signal
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests.system import KINDS, Kind, Span, System
from tests.system.span import LONGEST


class Systems:
    """Starts systems whose counter is told something special; the test's end stops them."""

    def __init__(self, folder: Path, ends: ExitStack, kind: Kind) -> None:
        self.started: list[System] = []
        self._folder = folder
        self.kind = kind
        self._ends = ends

    def __call__(self, *, nats: str = "", **lab: Any) -> System:
        """`lab`: see LabOptions; `nats`: lines of nats-server's configuration."""
        self.started.append(System(self._folder, lab, nats, self.kind))
        return self._ends.enter_context(self.started[-1])


@pytest.fixture(scope="session")
def kind() -> Kind:
    """Which counter, unless a test says otherwise."""
    return KINDS[0]


@pytest.fixture
def systems(tmp_path: Path, kind: Kind) -> Iterator[Systems]:
    """Makes a nats-server and a counter; the test starts the workers it wants."""
    with ExitStack() as ends:
        yield Systems(tmp_path, ends, kind)


@pytest.fixture
def system(systems: Systems) -> System:
    """A nats-server and an ordinary counter."""
    return systems()


# The same examples in every run: a suite that fails by chance is not believed.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def span(pytestconfig: pytest.Config) -> Span:
    """How long faults last in this run."""
    return Span(pytestconfig.stash.get(LONGEST, None))


class Measured(Protocol):
    """Notes a figure under a name, in seconds unless said otherwise."""

    def __call__(self, what: str, figure: float, unit: str = "s") -> None: ...


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> Measured:
    """Notes figures, shown at the end of the run. Nothing is asserted on them but the bounds in tests."""

    def note(what: str, figure: float, unit: str = "s") -> None:
        request.node.user_properties.append((f"{what}, {unit}", figure))

    return note


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Shows what was measured, by whichever process ran the test."""
    stats = terminalreporter.stats
    lines: list[str] = []
    for report in (*stats.get("passed", ()), *stats.get("failed", ())):
        kind = re.search(r"\[(\w+)", report.nodeid)
        for what, figure in report.user_properties if report.when == "call" else ():
            name, _, unit = str(what).rpartition(", ")
            lines.append(f"{name}{f' ({kind[1]})' if kind else ''}: {figure:.2f} {unit}")
    if lines:
        terminalreporter.section("measured")
    for line in lines:
        terminalreporter.line(line)


class SideBySide(LoadScopeScheduling):
    """Processes that run tests side by side share no fixture: a file stays together, and a gateway of the contract."""

    def _split_scope(self, nodeid: str) -> str:
        file, _, test = nodeid.partition("::")
        gateway = re.search(r"\[(\w+)\]$", test) if "tests/contract/" in file else None
        return gateway[1] if gateway else file

    def remove_node(self, node: object) -> str | None:
        """A test whose process died has failed; xdist's own would give it to the next process, which dies too."""
        parent: Any = super()
        work: dict[object, dict[str, dict[str, bool]]] = vars(self)["assigned_work"]
        for unit in work[node].values():
            for test, done in unit.items():
                if not done:
                    unit[test] = True
                    parent.remove_node(node)
                    return test
        return parent.remove_node(node)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> SideBySide:
    """`-n 3`."""
    return SideBySide(config, log)


class AsTheyCome:
    """Failures are shown when they happen: of a run that is cut short, nobody would see the summary."""

    def __init__(self, reporter: pytest.TerminalReporter) -> None:
        self._reporter = reporter

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One of each phase of a test."""
        if report.failed:
            self._reporter.ensure_newline()
            self._reporter.section(f"{report.nodeid} ({report.when})", "-")
            self._reporter.line(report.longreprtext)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Failures are shown where the results arrive, not in each process of `-n 3`; Ctrl-C works in what tests start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell's background job, and all that it starts
        signal.signal(signal.SIGINT, signal.default_int_handler)
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if isinstance(reporter, pytest.TerminalReporter) and not hasattr(config, "workerinput"):
        config.pluginmanager.register(AsTheyCome(reporter))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Shows what the processes of a failed test said."""
    report = yield
    if report.failed:
        arguments: dict[str, Any] = getattr(item, "funcargs", {})
        found = [value for value in arguments.values() if isinstance(value, System)]
        for value in arguments.values():
            found += [each for each in value.started if each not in found] if isinstance(value, Systems) else []
        for each in found:
            report.sections += [(f"log of {title}", text) for title, text in each.words().items()]
    return report
