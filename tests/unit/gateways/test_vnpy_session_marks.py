"""What is remembered of a session is what the calendar says of every instant of it, and of those around."""

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st
from vnpy.trader.constant import Exchange as VnpyExchange

from marketbus.adapters.hours import cn_hours
from marketbus.domain.calendar import TradingCalendar
from marketbus.domain.instrument import Exchange
from marketbus.domain.market_calendar import LATE, MarketCalendar
from marketbus.domain.times import NS, SHANGHAI, from_datetime, yyyymmdd
from marketbus.domain.trading_hours import TradingHours
from marketbus.gateways.vnpy.session_marks import SessionMarks

MONDAY = from_datetime(datetime(2026, 11, 23, tzinfo=SHANGHAI))
WEEK = 7 * 86_400

MARKET = MarketCalendar(TradingCalendar(lambda _: False, lambda _: True), TradingHours(cn_hours()))


@given(st.lists(st.tuples(st.integers(0, WEEK), st.integers(-60, 2 * LATE // NS)), min_size=2, max_size=30))
def test_as_the_calendar_says(asked: list[tuple[int, int]]) -> None:
    known = SessionMarks(MARKET)
    for second, later in sorted(asked):
        instant = MONDAY + second * NS
        now = instant + later * NS
        day = yyyymmdd(MARKET.days.trading_day_of(instant))
        wanted = day, MARKET.flags(Exchange.SHFE, "rb", instant, now)
        assert known.marks("rb2701", VnpyExchange.SHFE, instant, now) == wanted
