"""What a lab can be told when it starts."""

from datetime import datetime

import msgspec

from marketbus.lab.errors import LabError


class CtpLabOptions(msgspec.Struct, frozen=True, kw_only=True):
    """`rate`: ticks a second over all subscribed instruments together, 0 = none; `start`: market time (Shanghai when
    naive), None = 09:30 of the latest trading day; `speed`: market seconds a second; port 0 = a free one.

    `oracle`: Volume rises by exactly 1 a tick. `password`, `broker_id`, `auth_code`, `app_id`: "" accepts anything
    (but no empty password).
    """

    rate: float = 200.0
    instruments: int = 1000
    seed: int = 1
    start: datetime | None = None
    speed: float = 1.0
    oracle: bool = True
    md_port: int = 0
    td_port: int = 0
    control_port: int = 0
    password: str = ""
    broker_id: str = ""
    auth_code: str = ""
    app_id: str = ""

    def __post_init__(self) -> None:
        """Raises LabError for what cannot be played."""
        if self.instruments < 1:
            raise LabError(f"instruments {self.instruments}: at least 1")
        if self.rate < 0:
            raise LabError(f"rate {self.rate:g}: ticks a second, 0 or more")
        for name in ("md_port", "td_port", "control_port"):
            if not 0 <= getattr(self, name) <= 65535:
                raise LabError(f"{name} {getattr(self, name)}: 0 (a free one) to 65535")
