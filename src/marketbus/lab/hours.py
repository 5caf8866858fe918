"""When the simulated exchanges trade. The lab's own table: it must not share the rules of the code it judges.

Source: the exchanges' trading rules as of 2026 (hours), State Council notice on holidays of 2025 and 2026
(days), brokers' notices on when their counters take logins. Times are Shanghai wall time.
"""

from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Hours(StrEnum):
    """Which sessions a product has."""

    DAY = "day"
    NIGHT_23 = "night to 23:00"
    NIGHT_01 = "night to 01:00"
    NIGHT_0230 = "night to 02:30"
    INDEX = "stock index"
    BOND = "treasury bond"
    STOCK_OPTION = "options on funds, and the funds"


_Span = tuple[time, time]
_MORNING: tuple[_Span, ...] = ((time(9), time(10, 15)), (time(10, 30), time(11, 30)))
_DAY: tuple[_Span, ...] = (*_MORNING, (time(13, 30), time(15)))
_MIDNIGHT = time(0)
_SPANS: dict[Hours, tuple[_Span, ...]] = {
    Hours.DAY: _DAY,
    Hours.NIGHT_23: (*_DAY, (time(21), time(23))),
    Hours.NIGHT_01: (*_DAY, (time(21), _MIDNIGHT), (_MIDNIGHT, time(1))),
    Hours.NIGHT_0230: (*_DAY, (time(21), _MIDNIGHT), (_MIDNIGHT, time(2, 30))),
    Hours.INDEX: ((time(9, 30), time(11, 30)), (time(13), time(15))),
    Hours.BOND: ((time(9, 30), time(11, 30)), (time(13), time(15, 15))),
    # The first is the opening call auction; the closing one, from 14:57, is part of the last.
    Hours.STOCK_OPTION: ((time(9, 15), time(9, 25)), (time(9, 30), time(11, 30)), (time(13), time(15))),
}
# The lab's clock lives in the hours most products share, so that a demonstration never shows a dead market; started or
# set into the rest (13:00 of the index, the night after 23:00), it stays until that session ends.
_NIGHT_BEGINS = time(20)
_COUNTER_MORNING, _COUNTER_AFTERNOON = time(8, 30), time(15, 30)
_COUNTER_EVENING, _COUNTER_NIGHT = time(20, 30), time(2, 45)

_FIXED_HOLIDAYS = {(1, 1), *((5, day) for day in range(1, 6)), *((10, day) for day in range(1, 8))}
_HOLIDAYS = {
    *(date(2025, 1, day) for day in (28, 29, 30, 31)),
    *(date(2025, 2, day) for day in range(1, 5)),
    *(date(2025, 4, day) for day in (4, 5, 6)),
    date(2025, 5, 31),
    date(2025, 6, 1),
    date(2025, 6, 2),
    date(2025, 10, 8),
    *(date(2026, 1, day) for day in (1, 2, 3)),
    *(date(2026, 2, day) for day in range(15, 24)),
    *(date(2026, 4, day) for day in (4, 5, 6)),
    *(date(2026, 6, day) for day in (19, 20, 21)),
    *(date(2026, 9, day) for day in (25, 26, 27)),
}


def is_trading_day(day: date) -> bool:
    """Weekdays that are no public holidays (lunar holidays are known for 2025 and 2026 only)."""
    return day.weekday() < 5 and (day.month, day.day) not in _FIXED_HOLIDAYS and day not in _HOLIDAYS


def next_trading_day(day: date) -> date:
    """The first trading day after `day`."""
    day += timedelta(days=1)
    while not is_trading_day(day):
        day += timedelta(days=1)
    return day


def latest_trading_day(day: date) -> date:
    """`day`, or the last trading day before it."""
    while not is_trading_day(day):
        day -= timedelta(days=1)
    return day


def has_night(day: date) -> bool:
    """Whether a night session begins on that evening: none before a public holiday."""
    following = next_trading_day(day)
    return is_trading_day(day) and following - day == timedelta(days=3 if day.weekday() == 4 else 1)


def trading_day(moment: datetime) -> date:
    """The trading day at any moment: the next one begins at 20:00, night session or not, and weekends belong to it."""
    day = moment.date()
    return day if is_trading_day(day) and moment.time() < _NIGHT_BEGINS else next_trading_day(day)


def session_end(moment: datetime, hours: Hours) -> datetime | None:
    """The end of the session that `moment` is in (midnight does not end one), or None when the product is closed."""
    now = moment.time()
    for begin, end in _SPANS[hours]:
        if not (begin <= now and (now < end or end == _MIDNIGHT)) or not _open_on(moment, begin):
            continue
        if end == _MIDNIGHT:
            last = next(stop for start, stop in _SPANS[hours] if start == _MIDNIGHT)
            return datetime.combine(moment.date() + timedelta(days=1), last, SHANGHAI)
        return datetime.combine(moment.date(), end, SHANGHAI)
    return None


def shared_end(moment: datetime, live_in: Hours) -> datetime | None:
    """When the clock of a lab that lives in those hours must jump, or None when nothing trades at that moment."""
    market = [each for each in Hours if (each is Hours.STOCK_OPTION) == (live_in is Hours.STOCK_OPTION)]
    ends = [end for each in market if (end := session_end(moment, each)) is not None]
    return session_end(moment, live_in) or max(ends, default=None)


def next_open(moment: datetime, live_in: Hours) -> datetime:
    """The next instant at or after `moment` when most products begin a session."""
    for ahead in range(20):
        day = moment.date() + timedelta(days=ahead)
        for begin, _ in _SPANS[live_in]:
            start = datetime.combine(day, begin, SHANGHAI)
            if start >= moment and _open_on(start, begin):
                return start
    raise ValueError(f"no session within 20 days of {moment}")


def sessions(day: date, hours: Hours) -> list[tuple[datetime, datetime]]:
    """The sessions that begin on that calendar day; one that begins in the evening may end on the next."""
    found: list[tuple[datetime, datetime]] = []
    for begin, _ in _SPANS[hours]:
        start = datetime.combine(day, begin, SHANGHAI)
        end = session_end(start, hours) if begin != _MIDNIGHT else None
        if end is not None:
            found.append((start, end))
    return found


def counter_window(moment: datetime, *, night: bool) -> datetime | None:
    """When the counter opened that is open at `moment`, or None: in the day, and in the evening before a night session.

    Counters settle in the late afternoon and come up again for the night; logins in between are refused.
    """
    now, day = moment.time(), moment.date()
    if _COUNTER_MORNING <= now < _COUNTER_AFTERNOON and is_trading_day(day):
        return datetime.combine(day, _COUNTER_MORNING, SHANGHAI)
    if not night:
        return None
    if now >= _COUNTER_EVENING and has_night(day):
        return datetime.combine(day, _COUNTER_EVENING, SHANGHAI)
    eve = day - timedelta(days=1)
    if now < _COUNTER_NIGHT and has_night(eve):
        return datetime.combine(eve, _COUNTER_EVENING, SHANGHAI)
    return None


def _open_on(moment: datetime, begin: time) -> bool:
    if begin >= _NIGHT_BEGINS:
        return has_night(moment.date())
    if begin == _MIDNIGHT:
        return has_night(moment.date() - timedelta(days=1))
    return is_trading_day(moment.date())
