"""Times as marketbus keeps them: integers, nanoseconds since 1970 UTC. Shown to people in Shanghai time."""

from datetime import UTC, date, datetime, timedelta, timezone

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China has had no daylight saving since 1992, so a fixed offset is exact and needs no time zone database."""

NS = 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_datetime(ns: int) -> datetime:
    """Nanoseconds UTC to an aware datetime in Shanghai time (microseconds; the last three digits are cut)."""
    return (_EPOCH + timedelta(microseconds=ns // 1000)).astimezone(SHANGHAI)


def from_datetime(moment: datetime) -> int:
    """An aware datetime to nanoseconds UTC, exact; a naive one is taken as Shanghai time."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=SHANGHAI)
    delta = moment - _EPOCH
    return ((delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds) * 1000


def yyyymmdd(day: date) -> int:
    """A date as the integer 20261121."""
    return day.year * 10_000 + day.month * 100 + day.day


def from_yyyymmdd(day: int) -> date:
    """The integer 20261121 as a date."""
    return date(day // 10_000, day // 100 % 100, day % 100)
