"""Where the application tells operators something."""

from typing import Protocol

from marketbus.domain.status import Level


class Log(Protocol):
    """Structured log: a code of domain.message and the facts its sentence names. Called on the worker's loop."""

    def log(self, level: Level, code: str, **fields: str | int | float | bool | None) -> object:
        """Write one record to the terminal and to the bus."""
        ...
