"""What a real front sends at fixed times beside the trading: the auction's result, the close, the settlement."""

from collections import defaultdict, deque
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from enum import Enum, auto
from typing import NamedTuple

from marketbus.lab import hours
from marketbus.lab.hours import Hours


class Bell(Enum):
    """Why it rings."""

    AUCTION = auto()
    """The call auction's result, a minute before the opening."""
    CLOSE = auto()
    """The last tick of a session: it carries the closing second."""
    SETTLEMENT = auto()
    """The day's figures with settlement and closing price, after the close."""


class Ring(NamedTuple):
    """One bell at one moment, for the products of those hours."""

    moment: datetime
    bell: Bell
    hours: frozenset[Hours]


_OPENINGS = (time(9), time(9, 30), time(21))
_BEFORE_OPENING = timedelta(seconds=59, milliseconds=500)
_AFTER_CLOSE = timedelta(milliseconds=500)
_SETTLED = time(15, 20)
_LOOK_AHEAD = timedelta(hours=12)


def rings(after: datetime, until: datetime) -> list[Ring]:
    """Every ring with after < moment <= until, in order."""
    found: defaultdict[tuple[datetime, Bell], set[Hours]] = defaultdict(set)
    day = after.date() - timedelta(days=1)  # a session of yesterday evening may close today
    while day <= until.date():
        for each in Hours:
            for moment, bell in _of(day, each):
                if after < moment <= until:
                    found[moment, bell].add(each)
        day += timedelta(days=1)
    return [
        Ring(moment, bell, frozenset(found[moment, bell])) for moment, bell in sorted(found, key=lambda key: key[0])
    ]


def _of(day: date, products: Hours) -> Iterator[tuple[datetime, Bell]]:
    for begin, end in hours.sessions(day, products):
        if begin.time() in _OPENINGS and products is not Hours.STOCK_OPTION:  # whose auction is a session here
            yield begin - _BEFORE_OPENING, Bell.AUCTION
        yield end + _AFTER_CLOSE, Bell.CLOSE
    if hours.is_trading_day(day):
        yield datetime.combine(day, _SETTLED, hours.SHANGHAI), Bell.SETTLEMENT


class Belfry:
    """Hands out each ring once, when the market's time has come to it."""

    def __init__(self, now: datetime) -> None:
        self.set(now)

    def set(self, now: datetime) -> None:
        """The market's time was set: what lies before it does not ring any more."""
        self._known_until = now
        self._ahead: deque[Ring] = deque()

    def due(self, now: datetime) -> list[Ring]:
        """What rings by now, in order."""
        if now >= self._known_until:
            until = now + _LOOK_AHEAD
            self._ahead += rings(self._known_until, until)
            self._known_until = until
        due: list[Ring] = []
        while self._ahead and self._ahead[0].moment <= now:
            due.append(self._ahead.popleft())
        return due


def latest_close(moment: datetime, products: Hours) -> datetime:
    """When those products last traded: the moment itself while they do."""
    if hours.session_end(moment, products) is not None:
        return moment
    day = moment.date()
    while True:
        closes = [end + _AFTER_CLOSE for _, end in hours.sessions(day, products) if end + _AFTER_CLOSE <= moment]
        if closes:
            return closes[-1]
        day -= timedelta(days=1)
