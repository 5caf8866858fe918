"""What a gateway remembers across processes."""

from collections.abc import Sequence
from typing import Protocol

from marketbus.domain.contract import Contract


class StateStore(Protocol):
    """Small durable facts of one gateway. Methods are quick local disk operations."""

    def next_epoch(self, now: int) -> int:
        """A number larger than any given before; `now` (ns UTC) seeds it so that a lost disk still moves on."""
        ...

    def load_pins(self) -> Sequence[str]:
        """Patterns pinned at run time."""
        ...

    def save_pins(self, pins: Sequence[str]) -> None:
        """Replace the pins."""
        ...

    def load_contracts(self) -> tuple[int, Sequence[Contract]]:
        """When (ns UTC) the contracts were saved, and they; (0, ()) when never."""
        ...

    def save_contracts(self, contracts: Sequence[Contract], now: int) -> None:
        """Replace the cached contracts."""
        ...
