"""What a supervisor knows of one worker at a moment."""

import msgspec

from marketbus.domain.vitals import Vitals


class WorkerView(msgspec.Struct, frozen=True):
    """One configured gateway."""

    gateway: str
    trades: bool
    """Whether the configuration lets it trade."""
    running: bool
    starts: int
    ends: dict[str, int]
    """How its processes ended, in words, and how often."""
    final: str = ""
    """Why it will not be started again."""
    age: float | None = None
    """Seconds since it last reported."""
    vitals: Vitals | None = None
    """Its newest report; None when it is too old to be believed, or there is none."""
