"""When a Chinese futures tick happened: the venue's date and time fields, known quirks included, to one instant."""

from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from marketbus.domain.calendar import TradingCalendar
from marketbus.domain.instrument import Exchange
from marketbus.domain.times import NS, SHANGHAI, from_datetime, to_datetime, yyyymmdd

NIGHT_FROM = time(18)
NIGHT_UNTIL = time(6)
AHEAD = 600 * NS
"""A tick further in the future than this carries a wrong date (exchange clocks and ours differ by seconds)."""


class Stamp(NamedTuple):
    """Exchange time (ns UTC), trading day (yyyymmdd), and whether a date had to be inferred."""

    instant: int
    trading_day: int
    inferred: bool


class ExchangeTime:
    """Resolves the CTP family's UpdateTime, UpdateMillisec, ActionDay and TradingDay.

    At night SHFE, INE, CFFEX and GFEX give the calendar date as ActionDay and the next trading day as TradingDay;
    DCE gives the next trading day in both; CZCE gives the calendar date in both (users' reports, vnpy#1052, #2961).
    """

    def __init__(self, calendar: TradingCalendar) -> None:
        self._calendar = calendar
        self._stamps: dict[tuple[Exchange, str, str, str], tuple[int, int, bool]] = {}

    def resolve(
        self, exchange: Exchange, trading_day: str, action_day: str, update_time: str, millisec: int, now: int
    ) -> Stamp:
        """The instant of a tick; `now` is the market's clock, ns UTC.

        Raises:
            ValueError: UpdateTime is no time of day, or the milliseconds are not in 0..999.
        """
        if not 0 <= millisec <= 999:
            raise ValueError(f"UpdateMillisec {millisec}")
        key = (exchange, trading_day, action_day, update_time)
        known = self._stamps.get(key)
        if known is None:
            if len(self._stamps) > 4096:
                self._stamps.clear()
            known = self._second(exchange, trading_day, action_day, update_time, now)
            if not known[2]:  # what was inferred from the clock holds for this moment only
                self._stamps[key] = known
        second, day, inferred = known
        if second > now + AHEAD:
            second, inferred = _latest(second, now), True
            day = yyyymmdd(self._calendar.trading_day_of(second))
        return Stamp(second + millisec * 1_000_000, day, inferred)

    def _second(
        self, exchange: Exchange, trading_day: str, action_day: str, update_time: str, now: int
    ) -> tuple[int, int, bool]:
        moment = datetime.strptime(update_time, "%H:%M:%S").time()
        night = moment >= NIGHT_FROM or moment < NIGHT_UNTIL
        action, trading = _day(action_day), _day(trading_day)
        inferred = False
        if trading and night and exchange is Exchange.DCE:
            eve = self._calendar.previous(trading)
            action = eve if moment >= NIGHT_FROM else eve + timedelta(days=1)
        if action is None:
            inferred = True
            action = to_datetime(_latest(_at(to_datetime(now).date(), moment), now)).date()
        instant = _at(action, moment)
        if trading is None or (night and exchange is Exchange.CZCE):
            inferred = inferred or trading is None
            trading = self._calendar.trading_day_of(instant)
        return instant, yyyymmdd(trading), inferred


def _day(text: str) -> date | None:
    if len(text) != 8 or not (text.isascii() and text.isdigit()):
        return None
    try:
        day = date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None
    return day if 1992 <= day.year < 2100 else None


def _at(day: date, moment: time) -> int:
    return from_datetime(datetime.combine(day, moment, SHANGHAI))


def _latest(second: int, now: int) -> int:
    """The last instant of the same time of day that is not in the future."""
    day = 86_400 * NS
    return second + (now + AHEAD - second) // day * day
