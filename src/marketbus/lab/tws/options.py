"""What a simulated TWS can be told when it starts."""

from datetime import datetime
from decimal import Decimal

import msgspec

from marketbus.lab.errors import LabError
from marketbus.lab.tws import versions


class TwsOptions(msgspec.Struct, frozen=True, kw_only=True):
    """`rate`: ticks a second over all subscribed contracts together, 0 = none; `start`: market time (New York when
    naive), None = 09:30 there on the latest weekday; `speed`: market seconds a second; port 0 = a free one.

    `version`: the newest server version it offers. `accounts`: their numbers; `money`: what each begins with, USD.
    `oracle`: Volume rises by exactly 1 lot a tick. `pace`: messages a client may send in a second, 0 = any number;
    `lines`: market data lines each client may have.
    """

    rate: float = 200.0
    seed: int = 1
    start: datetime | None = None
    speed: float = 1.0
    oracle: bool = True
    version: int = 200
    accounts: tuple[str, ...] = ("DU1234567",)
    money: Decimal = Decimal(1_000_000)
    port: int = 0
    control_port: int = 0
    pace: int = 50
    lines: int = 100

    def __post_init__(self) -> None:
        """Raises LabError for what cannot be played."""
        if not versions.OLDEST <= self.version <= versions.NEWEST:
            raise LabError(f"version {self.version}: {versions.OLDEST} to {versions.NEWEST}")
        if not self.accounts:
            raise LabError("accounts: at least one")
