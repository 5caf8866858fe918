"""What the tables say about a tick: its trading day and flags, from its time and from when it came."""

from datetime import datetime, timedelta
from typing import NamedTuple

from marketbus import TickFlag
from tests.golden import laid, rows

CLOSING_SECOND = timedelta(seconds=1)
"""A session holds its closing second, unless the next one has begun: its last snapshot is of 15:00:00.500."""
REPLAYED = timedelta(minutes=10)
"""What comes so long after the end of its session is no trade of that session any more."""


class Session(NamedTuple):
    """One stretch of trading of a product, Shanghai time without a zone."""

    start: datetime
    end: datetime
    trading_day: int
    flags: TickFlag


class Judge:
    """Knows the products of sessions.csv on some trading days of days.csv."""

    def __init__(self, *trading_days: str) -> None:
        days = {row["trading_day"]: row for row in rows("days.csv")}
        self._sessions: dict[tuple[str, str], list[Session]] = {}
        for group in rows("sessions.csv"):
            found: list[Session] = []
            for each in trading_days:
                number = int(each.replace("-", ""))
                for spans, flags in (
                    (f"{group['night'].strip('-')} {group['day']}", TickFlag(0)),
                    (group["auctions"], TickFlag.AUCTION),
                ):
                    for start, end in laid(spans, days[each]):
                        found.append(Session(start, end + CLOSING_SECOND, number, flags))
            for product in group["products"].split():
                self._sessions[group["exchange"], product] = sorted(found)

    def sessions(self, exchange: str, product: str) -> list[Session]:
        """Of all the days, in order of time."""
        return self._sessions[exchange, product]

    def expected(self, exchange: str, product: str, time: datetime, came: datetime) -> tuple[int, TickFlag]:
        """Trading day and flags of a tick of that exchange time that came then."""
        begun = [session for session in self.sessions(exchange, product) if session.start <= time]
        open_then = [session for session in begun if time < session.end]
        if open_then and came <= open_then[-1].end + REPLAYED:
            return open_then[-1].trading_day, open_then[-1].flags
        # Replayed, or the settlement's: of the day that traded last.
        return begun[-1].trading_day, TickFlag.OUT_OF_SESSION
