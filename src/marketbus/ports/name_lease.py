"""One live worker per gateway name in the whole cluster."""

from collections.abc import Callable
from typing import Protocol


class NameLease(Protocol):
    """The right to be the gateway of a name."""

    @property
    def held(self) -> bool:
        """Whether the name is surely ours at this moment."""
        ...

    @property
    def held_until(self) -> float:
        """Until when it surely is, unless it is renewed: seconds of the monotonic clock."""
        ...

    async def acquire(self, on_standby: Callable[[str, int], None]) -> None:
        """Return when the name is ours. `on_standby(host, pid)` is called once when another holds it."""
        ...

    async def hold(self) -> None:
        """Renew until the name is lost to another worker, then return."""
        ...

    async def release(self) -> None:
        """Give the name back, so that a standby takes over at once."""
        ...
