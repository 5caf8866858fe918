"""The past of one instrument: what is asked for, and the parts that the answer comes in."""

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from marketbus.domain.bar import DAY, Bar, Interval, spanned
from marketbus.domain.errors import BadRequest
from marketbus.domain.instrument import Instrument
from marketbus.domain.tick import Tick
from marketbus.domain.times import NS

MOST_BARS = 600_000
"""Of one request: a year of minutes."""
LONGEST_TICKS = DAY
"""Seconds of ticks that one request may span."""
LATEST = 1 << 62
"""ns UTC: the year 2116; later than anything that means a time."""


class TickKind(StrEnum):
    """Which ticks of the past."""

    TRADES = "trades"
    """One for each trade: `last_price` and `last_volume`, no book."""
    QUOTES = "quotes"
    """One for each change of the best bid or ask; no last price (flag NO_LAST)."""


class HistoryRequest(msgspec.Struct, frozen=True):
    """Bars that begin, or ticks that happened, from `start` on and before `end` (ns UTC)."""

    instrument: Instrument
    interval: Interval
    start: int
    end: int
    ticks: TickKind = TickKind.TRADES
    """Where `interval` is TICK."""


class HistoryPart(msgspec.Struct, frozen=True):
    """What comes next: complete up to `until`, in time's order, nothing twice."""

    items: Sequence[Bar] | Sequence[Tick]
    until: int
    """ns UTC: all that was asked for and lies before it has been told."""
    wait: float = 0.0
    """Seconds until the next part can be asked of the venue."""


class Progress(msgspec.Struct, frozen=True, array_like=True, tag="progress/1"):
    """How far an answer has come; the last message of one tells where to go on, if it is not all."""

    until: int
    """ns UTC: all that was asked for and lies before it has been told."""
    wait: float = 0.0
    """Seconds after which it is worth asking for the rest."""
    complete: bool = False
    """Whether that is all."""


def check(request: HistoryRequest) -> None:
    """Refuse what no venue could answer.

    Raises:
        BadRequest: no interval, the end is not after the start, or the span is too large for one request.
    """
    if request.interval is Interval.UNKNOWN:
        known = ", ".join(each for each in Interval if each is not Interval.UNKNOWN)
        raise BadRequest("there is no such interval", f"one of {known}")
    if not 0 <= request.start < request.end <= LATEST:
        raise BadRequest("the end of a history must be after its start", "times are ns since 1970 UTC")
    if request.interval is Interval.TICK:
        if request.end - request.start > LONGEST_TICKS * NS:
            raise BadRequest("ticks of more than a day were asked for", "ask for one day after another")
        return
    bars = spanned(request.interval, request.start, request.end)
    if bars > MOST_BARS:
        raise BadRequest(
            f"{bars} bars of {request.interval} fit between start and end, {MOST_BARS} may be asked for at once",
            "ask for a shorter span, or a longer interval",
        )
