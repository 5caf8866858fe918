"""The lab's market time: started anywhere, at any speed; inside trading hours only, or through the closed ones too."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from marketbus.lab import hours
from marketbus.lab.errors import LabError
from marketbus.lab.hours import Hours

_MORNING = timedelta(hours=9, minutes=30)
_NS = 1_000_000_000
_FASTEST = 100_000
_NEVER = 1 << 62


@dataclass(frozen=True, slots=True)
class Segment:
    """At real time `real_ns` (Unix, ns) the market's was `market_ns`, running at `rate` market seconds a second."""

    real_ns: int
    market_ns: int
    rate: float


def default_start(today: date) -> datetime:
    """09:30 of that day, or of the latest trading day before it."""
    day = hours.latest_trading_day(today)
    return datetime.combine(day, datetime.min.time(), hours.SHANGHAI) + _MORNING


class LabClock:
    """Market time as linear segments; `advance` starts the next one when a session is over.

    With `closed_hours` nothing is jumped over: breaks, nights and holidays pass like any other time.
    """

    def __init__(
        self,
        start: datetime | None = None,
        speed: float = 1.0,
        real_ns: Callable[[], int] = time.time_ns,
        *,
        closed_hours: bool = False,
        live_in: Hours = Hours.NIGHT_23,
    ) -> None:
        self._real_ns = real_ns
        self._closed_hours = closed_hours
        self._live_in = live_in
        now = real_ns()
        if start is None:
            start = default_start(datetime.fromtimestamp(now / _NS, hours.SHANGHAI).date())
        self.speed = _checked(speed)
        self.set(start)

    def set(self, moment: datetime) -> None:
        """Goes to `moment` (Shanghai when naive), or to the next opening when nothing trades then and that counts."""
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=hours.SHANGHAI)
        moment = moment.astimezone(hours.SHANGHAI)
        if self._closed_hours:
            self.segment = Segment(self._real_ns(), to_ns(moment), self.speed)
            self._end_ns = _NEVER
            return
        end = hours.shared_end(moment, self._live_in)
        if end is None:
            moment = hours.next_open(moment, self._live_in)
            end = hours.shared_end(moment, self._live_in)
            assert end is not None
        self.segment = Segment(self._real_ns(), to_ns(moment), self.speed)
        self._end_ns = to_ns(end)

    def set_speed(self, speed: float) -> None:
        """Market seconds per real second, from now on."""
        self.advance()
        self.speed = _checked(speed)
        self.segment = Segment(self._real_ns(), self.now_ns(), speed)

    def now_ns(self) -> int:
        """The market's time, Unix ns; stands still at a session's end until `advance`."""
        segment = self.segment
        market = segment.market_ns + int((self._real_ns() - segment.real_ns) * segment.rate)
        return min(market, self._end_ns - 1)

    def now(self) -> datetime:
        """The market's time in Shanghai, to the microsecond."""
        return from_ns(self.now_ns())

    def advance(self) -> bool:
        """Jumps over the break when the session has ended. True when it did: announce the new segment."""
        if self.now_ns() < self._end_ns - 1:
            return False
        self.set(hours.next_open(from_ns(self._end_ns), self._live_in))
        return True

    def seconds_to_end(self) -> float:
        """Real seconds until the session ends."""
        return (self._end_ns - self.now_ns()) / self.speed / _NS


def _checked(speed: float) -> float:
    if not 0 < speed <= _FASTEST:
        raise LabError(f"speed {speed:g}: market seconds a second, above 0 and at most {_FASTEST}")
    return speed


def to_ns(moment: datetime) -> int:
    """Unix ns, exact to the microsecond."""
    return (int(moment.replace(microsecond=0).timestamp()) * 1_000_000 + moment.microsecond) * 1_000


def from_ns(moment_ns: int) -> datetime:
    """Shanghai time, cut to the microsecond."""
    seconds, rest = divmod(moment_ns, _NS)
    return datetime.fromtimestamp(seconds, hours.SHANGHAI).replace(microsecond=rest // 1_000)
