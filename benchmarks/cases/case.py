"""What every case is."""

import sys
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.result import Result


@dataclass(frozen=True)
class Length:
    """What was asked for: seconds of each paced run and rounds; None for the case's own choice."""

    seconds: float | None = None
    rounds: int | None = None


@dataclass(frozen=True)
class Case:
    """`by_name_only`: too long for a run of everything."""

    name: str
    says: str
    run: Callable[[Length], list[Result]]
    by_name_only: bool = False


def note(text: str) -> None:
    """Progress, on stderr: stdout is for the table."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


@contextmanager
def scratch() -> Generator[Path]:
    """A folder for everything that a case writes, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="marketbus-bench-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)
