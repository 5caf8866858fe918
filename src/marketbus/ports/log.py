"""Where the application tells operators something."""

from typing import Protocol

from marketbus.domain.message import Bilingual
from marketbus.domain.status import Level

Fact = str | int | float | bool | None | Bilingual
"""What a sentence can name; a phrase in both languages is told in the operator's."""


class Log(Protocol):
    """Structured log: a code of domain.message and the facts its sentence names. Called on the worker's loop."""

    def log(self, level: Level, code: str, **fields: Fact) -> object:
        """Write one record to the terminal and to the bus."""
        ...
