"""The simulated market's clock as the worker reads it."""

import ctypes
from typing import Any, cast

from marketbus.gateways.ctp_family.sdk import LabClock

NS = 10**9


class Real:
    """A wall clock."""

    ns = 1000 * NS

    def now(self) -> int:
        return self.ns

    def monotonic(self) -> float:
        return self.ns / NS


class Library:
    """The simulated library before and after the counter has told it the time."""

    def __init__(self) -> None:
        self.told: tuple[int, int, float] | None = None
        self.looks = 0

        def read(real: Any, market: Any, rate: Any) -> int:
            self.looks += 1
            if self.told is None:
                return 0
            real._obj.value, market._obj.value, rate._obj.value = self.told
            return 1

        self.marketbus_lab_clock = read


def test_the_markets_time_is_known_the_moment_it_is_told() -> None:
    library, real = Library(), Real()
    clock = LabClock(cast("ctypes.PyDLL", library), real)
    assert clock.now() == real.ns
    library.told = (real.ns, 5000 * NS, 60.0)
    assert clock.now() == 5000 * NS
    real.ns += NS
    assert clock.now() == 5060 * NS


def test_ticks_of_one_moment_share_a_look() -> None:
    library, real = Library(), Real()
    library.told = (real.ns, 5000 * NS, 1.0)
    clock = LabClock(cast("ctypes.PyDLL", library), real)
    for _ in range(1000):
        clock.now()
    assert library.looks == 1
    library.told = (real.ns, 9000 * NS, 1.0)
    real.ns += 20_000_000
    assert clock.now() == 9000 * NS + 20_000_000
