"""Whether a line is ready for its session, and if not, what differs."""

import msgspec


class Difference(msgspec.Struct, frozen=True):
    """One thing that is not as it should be; `code` is one of domain.message."""

    code: str
    fields: dict[str, str | int | float | bool | None] = {}


class Readiness(msgspec.Struct, frozen=True):
    """What an operator asks before the opening."""

    ready: bool
    opens: int | None = None
    """When the subscribed markets open next, ns UTC; None when nothing is subscribed or no hours are known."""
    differs: tuple[Difference, ...] = ()
