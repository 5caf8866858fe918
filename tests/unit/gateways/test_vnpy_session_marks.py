"""What is remembered of a session is what the calendar says of every instant of it, and of those around."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vnpy.trader.constant import Exchange as VnpyExchange

from marketbus.adapters.hours import cn_hours
from marketbus.domain.calendar import TradingCalendar
from marketbus.domain.instrument import Exchange
from marketbus.domain.market_calendar import LATE, MarketCalendar
from marketbus.domain.tick import TickFlag
from marketbus.domain.times import NS, SHANGHAI, from_datetime, yyyymmdd
from marketbus.domain.trading_hours import TradingHours
from marketbus.gateways.vnpy.session_marks import SessionMarks

MONDAY = from_datetime(datetime(2026, 11, 23, tzinfo=SHANGHAI))
WEEK = 7 * 86_400

MARKET = MarketCalendar(TradingCalendar(lambda _: False, lambda _: True), TradingHours(cn_hours()))


NO_HOURS = MarketCalendar(MARKET.days, TradingHours(()))
ASKED = st.lists(st.tuples(st.integers(0, WEEK), st.integers(-60, 2 * LATE // NS)), min_size=2, max_size=30)


@given(ASKED, st.sampled_from([MARKET, NO_HOURS]))
def test_as_the_calendar_says(asked: list[tuple[int, int]], market: MarketCalendar) -> None:
    known = SessionMarks(market)
    for second, later in sorted(asked):
        instant = MONDAY + second * NS
        now = instant + later * NS
        day = yyyymmdd(market.days.trading_day_of(instant))
        wanted = day, market.flags(Exchange.SHFE, "rb", instant, now)
        marks = known.marks("rb2701", VnpyExchange.SHFE, instant, now)
        assert (marks.trading_day, marks.flags) == wanted
        assert marks.start <= instant < marks.end
        assert marks.since <= now <= marks.until


def test_where_no_hours_are_known_it_is_asked_once_a_day() -> None:
    known = SessionMarks(NO_HOURS)
    first, evening = MONDAY + 9 * 3600 * NS, MONDAY + 18 * 3600 * NS
    marks = known.marks("BTCUSDT", VnpyExchange.GLOBAL, first, first + WEEK * NS)
    assert known.marks("BTCUSDT", VnpyExchange.GLOBAL, evening - 1, evening) is marks
    assert (marks.end, marks.trading_day, marks.flags) == (evening, 20261123, 0)
    assert known.marks("BTCUSDT", VnpyExchange.GLOBAL, evening, evening).trading_day == 20261124


@pytest.mark.parametrize(("hour", "later"), [(9.5, 0), (9.5, WEEK), (12, 0), (19, 0)], ids=str)
def test_replays_and_closed_hours_are_remembered_too(hour: float, later: int) -> None:
    known = SessionMarks(MARKET)
    instant = MONDAY + round(hour * 3600) * NS
    marks = known.marks("rb2701", VnpyExchange.SHFE, instant, instant + later * NS)
    assert known.marks("rb2701", VnpyExchange.SHFE, instant + NS, instant + (later + 1) * NS) is marks
    assert bool(marks.flags & TickFlag.OUT_OF_SESSION) == ((hour, later) != (9.5, 0))
