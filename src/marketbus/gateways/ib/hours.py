"""Which trading day an instant belongs to, by the hours that IB gives with a contract.

`20271116:1700-20271117:1600;20271117:1700-20271118:1600;20271120:CLOSED`, in the contract's time zone (IBKR, contract
details: tradingHours). A session belongs to the day it ends on: futures open the evening before.
"""

from bisect import bisect_right
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from marketbus.domain.times import from_datetime, to_datetime, yyyymmdd

NEW_YORK = "America/New_York"
_OLD_NAMES = {"EST": NEW_YORK, "EST5EDT": NEW_YORK, "CST": "America/Chicago", "MET": "Europe/Berlin"}
"""What TWS writes and the database of time zones takes for a fixed offset."""


def zone_of(name: str) -> tzinfo:
    """A time zone as TWS names it; UTC where nobody knows it."""
    try:
        return ZoneInfo(_OLD_NAMES.get(name, name) or NEW_YORK)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


class Hours:
    """Of one contract, for the days that its details cover; beyond them the local date counts."""

    def __init__(self, zone_name: str, text: str) -> None:
        self._zone = zone_of(zone_name)
        self._sessions = sorted(_sessions(text, self._zone))
        self._starts = [start for start, _, _ in self._sessions]
        self._known = (0, 0, 0)

    @property
    def known(self) -> bool:
        """Whether IB gave any."""
        return bool(self._sessions)

    def trading_day(self, instant: int) -> int:
        """yyyymmdd, of an instant in ns UTC."""
        start, end, day = self._known
        if not start <= instant < end:
            start, end, day = self._known = self._find(instant)
        return day

    def _find(self, instant: int) -> tuple[int, int, int]:
        at = bisect_right(self._starts, instant) - 1
        if at >= 0 and instant <= self._sessions[at][1]:
            return self._sessions[at]
        return 0, 0, yyyymmdd(to_datetime(instant).astimezone(self._zone).date())


def _sessions(text: str, zone: tzinfo) -> list[tuple[int, int, int]]:
    """Start, end (ns UTC) and day of each; what cannot be read is left out."""
    found: list[tuple[int, int, int]] = []
    for part in text.replace(",", ";").split(";"):
        begins, dash, ends = part.partition("-")
        if not dash:
            continue
        try:
            start, end = (datetime.strptime(each, "%Y%m%d:%H%M").replace(tzinfo=zone) for each in (begins, ends))
        except ValueError:
            continue
        found.append((from_datetime(start), from_datetime(end), yyyymmdd(end.date())))
    return found
