"""Where settlement statements are kept."""

from typing import Protocol


class StatementStore(Protocol):
    """Of one account, by trading day (yyyymmdd). Small files on the local disk."""

    def save(self, trading_day: int, text: str) -> None:
        """Keep one.

        Raises:
            OSError: it could not be written.
        """
        ...

    def load(self, trading_day: int) -> str | None:
        """One; None when it is not kept."""
        ...

    def days(self) -> list[int]:
        """Those that are kept, the oldest first."""
        ...
