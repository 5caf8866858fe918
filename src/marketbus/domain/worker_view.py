"""What a supervisor knows of one worker at a moment."""

import msgspec

from marketbus.domain.vitals import Standby, Vitals


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
    standby: Standby | None = None
    """Its newest report, while another worker of this name is live."""
    vitals: Vitals | None = None
    """Its newest report; None when it is too old to be believed, or there is none."""
