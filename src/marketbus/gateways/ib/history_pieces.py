"""A span of bars in the pieces that IB answers at once, and a walk over ticks from answer to answer.

Source: TWS API, "Historical Data Limitations", step sizes: which duration goes with which bar size.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from marketbus.domain.bar import DAY, Interval
from marketbus.domain.times import NS, SHANGHAI, from_datetime, to_datetime

MOST_TICKS = 1000
"""Of one answer; more where TWS completes the last second."""


class BarSize(NamedTuple):
    """What IB calls an interval, and how much of it may be asked for at once."""

    name: str
    longest: int
    """Seconds."""


_SIZES = {
    Interval.SECOND: BarSize("1 secs", 1800),
    Interval.SECOND_5: BarSize("5 secs", 3600),
    Interval.SECOND_10: BarSize("10 secs", 14_400),
    Interval.SECOND_15: BarSize("15 secs", 14_400),
    Interval.SECOND_30: BarSize("30 secs", 28_800),
    Interval.MINUTE: BarSize("1 min", DAY),
    Interval.MINUTE_2: BarSize("2 mins", DAY),
    **{
        each: BarSize(name, 7 * DAY)
        for each, name in (
            (Interval.MINUTE_3, "3 mins"),
            (Interval.MINUTE_5, "5 mins"),
            (Interval.MINUTE_10, "10 mins"),
            (Interval.MINUTE_15, "15 mins"),
            (Interval.MINUTE_20, "20 mins"),
        )
    },
    **{
        each: BarSize(name, 30 * DAY)
        for each, name in (
            (Interval.MINUTE_30, "30 mins"),
            (Interval.HOUR, "1 hour"),
            (Interval.HOUR_2, "2 hours"),
            (Interval.HOUR_3, "3 hours"),
            (Interval.HOUR_4, "4 hours"),
            (Interval.HOUR_8, "8 hours"),
        )
    },
    Interval.DAILY: BarSize("1 day", 365 * DAY),
}
_SPARE_DAYS = 2
"""IB counts days by sessions, from the beginning of one: so many more are asked for that none is cut."""


class Piece(NamedTuple):
    """One request: bars that begin from `begin` on and before `end` (ns UTC) are taken from its answer."""

    begin: int
    end: int
    until: int
    """The end of what is asked for, ns UTC: a bar that begins before `end` is whole by then."""
    duration: str
    size: str


def bar_size(interval: Interval) -> BarSize | None:
    """None where IB has no such bars, or dates them otherwise (weeks)."""
    return _SIZES.get(interval)


def longest(interval: Interval) -> int:
    """ns that one piece takes at most."""
    size = _SIZES[interval]
    if size.longest > DAY:
        return (size.longest - _SPARE_DAYS * DAY) * NS - (
            0 if interval is Interval.DAILY else 2 * interval.seconds * NS
        )
    return (size.longest - 2 * interval.seconds) * NS


def pieces(interval: Interval, start: int, end: int) -> Iterator[Piece]:
    """The span, piece by piece, without a gap or an overlap.

    Of parts of a day a bar more is asked for on either side: IB cuts the first and the last where the request ends.
    Days go by their dates in Shanghai, which `Bar.datetime` is midnight of.
    """
    size, step = _SIZES[interval], interval.seconds
    begin = start
    while begin < end:
        border = min(begin + longest(interval), end)
        if interval is Interval.DAILY:
            first, last = _date_from(begin), _date_from(border) - timedelta(days=1)
            if first <= last:
                days = (last - first).days + 1 + _SPARE_DAYS
                # Midnight farthest west: the session of the last date is over everywhere.
                yield Piece(begin, border, from_datetime(_noon_after(last)), f"{days} D", size.name)
        else:
            seconds = -((begin - border) // NS)
            days = f"{-(-seconds // DAY) + _SPARE_DAYS} D"
            duration = days if size.longest > DAY else f"{min(seconds + 2 * step + 1, size.longest)} S"
            yield Piece(begin, border, border + step * NS, duration, size.name)
        begin = border


def _date_from(instant: int) -> datetime:
    """The first midnight in Shanghai that is not before an instant."""
    moment = to_datetime(instant + 999)
    midnight = datetime(moment.year, moment.month, moment.day, tzinfo=SHANGHAI)
    return midnight if midnight == moment else midnight + timedelta(days=1)


def _noon_after(day: datetime) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC) + timedelta(days=1)


def stamp(instant: int) -> str:
    """As a request writes a time: UTC, whole seconds."""
    return f"{to_datetime(instant).astimezone(UTC):%Y%m%d-%H:%M:%S}"


class Stride(NamedTuple):
    """What to take of one answer of ticks."""

    keep: int
    """Of its rows, from the first on."""
    next: int
    """The second to ask from."""
    more: bool
    """Whether there may be any."""


def stride(seconds: Sequence[int], asked: int) -> Stride:
    """How to go on after an answer whose rows have these seconds (in order, none before the one that was asked from).

    IB's times are whole seconds, and a second may have any number of ticks. TWS completes the last second of a full
    answer; where it is not certain that it did, that second is left, and asked for anew.
    """
    if not seconds:
        return Stride(0, asked, more=False)
    last = seconds[-1]
    if len(seconds) == MOST_TICKS and seconds[0] < last:
        return Stride(seconds.index(last), last, more=True)
    return Stride(len(seconds), last + 1, more=True)
