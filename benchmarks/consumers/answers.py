"""What a consumer answers to the benchmark."""

import os
from typing import Any

import msgspec

from benchmarks.ledger import Ledger


def answer(ledger: Ledger, line: bytes, gaps: dict[str, int] | None = None) -> None:
    """One command in, one line out: `count`, or `take` (`offset`: measure the way from the venue, from now on)."""
    asked: dict[str, Any] = msgspec.json.decode(line)
    said = ledger.take(asked.get("offset"), gaps) if asked["do"] == "take" else {"count": ledger.count}
    say(said)


def say(message: object) -> None:
    """A line for the benchmark, past Python's buffers."""
    data = memoryview(msgspec.json.encode(message) + b"\n")
    while data:
        data = data[os.write(1, data) :]
