"""The lab's CTP counter as a process of its own."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from benchmarks.process import Process
from marketbus.lab.ctp_family.client import LabControl

INSTRUMENTS = 500


class Counter(msgspec.Struct, frozen=True):
    """Where it listens."""

    td: str
    md: str
    control: str


@contextmanager
def counter(folder: Path, instruments: int = INSTRUMENTS) -> Generator[tuple[Counter, LabControl]]:
    """Silent until it is given a rate; Volume rises by exactly 1 a tick."""
    argv = [sys.executable, "-m", "marketbus.apps.main", "lab", "ctp", "--rate", "0"]
    with Process("counter", [*argv, "--instruments", str(instruments)], folder) as process:
        addresses = msgspec.convert(process.hear(), Counter)
        with LabControl.at(addresses.control) as control:
            yield addresses, control
