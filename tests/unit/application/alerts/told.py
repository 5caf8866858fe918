"""Records and a clock for the rules of alerts."""

from typing import Any

from marketbus.domain.message import say
from marketbus.domain.status import Level, LogRecord


class Hands:
    """A clock that is moved by hand, seconds."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


def record(code: str, gateway: str = "ctp", level: Level = Level.ERROR, **fields: Any) -> LogRecord:
    return LogRecord(gateway, 1_795_267_200_000_000_000, level, code, say(code, "en", fields), fields)
