"""When a Chinese futures or options tick happened: the venue's date and time fields, known quirks included."""

from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from marketbus.domain.calendar import EVENING, MORNING, TradingCalendar
from marketbus.domain.instrument import Exchange
from marketbus.domain.times import NS, SHANGHAI, from_datetime, to_datetime, yyyymmdd

AHEAD = 600 * NS
"""A tick further in the future than this carries a wrong date (exchange clocks and ours differ by seconds)."""
_DAY = timedelta(days=1)
_DAY_NS = 86_400 * NS
_OPTIONS = frozenset({Exchange.SSE, Exchange.SZSE})


class Stamp(NamedTuple):
    """Exchange time (ns UTC), trading day (yyyymmdd), and whether a date had to be inferred."""

    instant: int
    trading_day: int
    inferred: bool


class ExchangeTime:
    """Resolves the CTP family's UpdateTime, UpdateMillisec, ActionDay and TradingDay.

    At night SHFE, INE, CFFEX and GFEX give the calendar date as ActionDay and the next trading day as TradingDay;
    DCE gives the next trading day in both; CZCE gives the calendar date in both (users' reports, vnpy#1052, #2961).
    Options of SSE and SZSE are dated by TradingDay (vnpy_sopt 3.7.1 reads no ActionDay).

    Fronts replay the last snapshot on login, with the old time and often with the new day's dates: a time that still
    lies ahead was that of the last session that had it. Its trading day is the one that it was traded on.
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
        ahead = second > now + AHEAD
        if ahead:
            second, inferred = self._latest(second, now), True
        if ahead or second < now - AHEAD:  # of this moment the venue knows better: its holidays are never unknown
            day = yyyymmdd(self._calendar.trading_day_of(second))
        return Stamp(second + millisec * 1_000_000, day, inferred)

    def _second(
        self, exchange: Exchange, trading_day: str, action_day: str, update_time: str, now: int
    ) -> tuple[int, int, bool]:
        moment = datetime.strptime(update_time, "%H:%M:%S").time()
        night = moment >= EVENING or moment < MORNING
        action, trading = _day(action_day), _day(trading_day)
        if trading and exchange in _OPTIONS:
            action = trading
        elif trading and night and exchange is Exchange.DCE:
            action = self._night_of(trading, moment)
        second = self._latest(_at(to_datetime(now).date(), moment), now) if action is None else _at(action, moment)
        day = trading
        if day is None or (night and exchange is Exchange.CZCE):
            day = self._calendar.trading_day_of(second)
        return second, yyyymmdd(day), action is None or trading is None

    def _night_of(self, trading: date, moment: time) -> date | None:
        """The date of a time at night that belongs to a trading day; None when that day had no night."""
        eve = self._calendar.previous(trading)
        if not self._calendar.has_night(eve):
            return None
        return eve if moment >= EVENING else eve + _DAY

    def _latest(self, second: int, now: int) -> int:
        """The last instant of the same time of day that is not ahead.

        One of this moment is right whatever the calendar says (test environments trade on Sundays); an older one was
        on a day, or in a night, of trading.
        """
        second += (now + AHEAD - second) // _DAY_NS * _DAY_NS
        if second < now - AHEAD:
            while not self._trades(to_datetime(second)):
                second -= _DAY_NS
        return second

    def _trades(self, moment: datetime) -> bool:
        if moment.time() >= EVENING:
            return self._calendar.has_night(moment.date())
        if moment.time() < MORNING:
            return self._calendar.has_night(moment.date() - _DAY)
        return self._calendar.is_trading_day(moment.date())


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
