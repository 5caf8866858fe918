"""What a consumer answers to the benchmark."""

import os
from typing import Any

import msgspec

from benchmarks.ledger import Ledger


def answer(
    ledger: Ledger, line: bytes, gaps: dict[str, int] | None = None, missed: int = 0, *, ready: bool = True
) -> None:
    """One command in, one line out: `ready`, `count`, or `take` (`offset`: measure from the venue, from now on)."""
    asked: dict[str, Any] = msgspec.json.decode(line)
    match asked["do"]:
        case "take":
            say(ledger.take(asked.get("offset"), gaps, missed))
        case "count":
            say({"count": ledger.count})
        case _:
            say({"ready": ready})


def say(message: object) -> None:
    """A line for the benchmark, past Python's buffers."""
    data = memoryview(msgspec.json.encode(message) + b"\n")
    while data:
        data = data[os.write(1, data) :]
