"""What a lab can be told when it starts."""

from datetime import datetime

import msgspec

from marketbus.lab.errors import LabError


class LabOptions(msgspec.Struct, frozen=True, kw_only=True):
    """`rate`: ticks a second over all subscribed instruments together, 0 = none; `start`: market time (Shanghai when
    naive), None = 09:30 of the latest trading day; `speed`: market seconds a second; port 0 = a free one.

    `closed_hours`: market time runs on through breaks, nights and holidays instead of jumping over them. `counter_day`
    (with `closed_hours`): logins are taken in the counter's own hours only; those of an evening are of the next trading
    day, with that day's contracts.

    `money`: what an account begins with, yuan.

    `oracle`: Volume rises by exactly 1 a tick. `password`, `broker_id`, `auth_code`, `app_id`: "" accepts anything
    (but no empty password). `md_fronts`: market data fronts, named md, md2, md3 ...; `md_port` is the first one's.
    """

    rate: float = 200.0
    instruments: int = 1000
    seed: int = 1
    start: datetime | None = None
    speed: float = 1.0
    closed_hours: bool = False
    counter_day: bool = False
    oracle: bool = True
    money: float = 1_000_000.0
    md_port: int = 0
    td_port: int = 0
    control_port: int = 0
    md_fronts: int = 1
    password: str = ""
    broker_id: str = ""
    auth_code: str = ""
    app_id: str = ""

    def __post_init__(self) -> None:
        """Raises LabError for what cannot be played."""
        if self.instruments < 1:
            raise LabError(f"instruments {self.instruments}: at least 1")
        if not 1 <= self.md_fronts <= 9:
            raise LabError(f"md_fronts {self.md_fronts}: 1 to 9")
        if self.rate < 0:
            raise LabError(f"rate {self.rate:g}: ticks a second, 0 or more")
        if self.counter_day and not self.closed_hours:
            raise LabError("counter_day: a counter that closes needs closed_hours, the time when it is closed")
        for name in ("md_port", "td_port", "control_port"):
            if not 0 <= getattr(self, name) <= 65535:
                raise LabError(f"{name} {getattr(self, name)}: 0 (a free one) to 65535")
