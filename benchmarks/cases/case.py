"""What every case is."""

import sys
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.result import Result


@dataclass(frozen=True)
class Case:
    """`run(seconds)`: seconds of each paced run, None for the case's own choice."""

    name: str
    says: str
    run: Callable[[float | None], list[Result]]


def note(text: str) -> None:
    """Progress, on stderr: stdout is for the table."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


@contextmanager
def scratch() -> Generator[Path]:
    """A folder for everything that a case writes, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="marketbus-bench-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)
