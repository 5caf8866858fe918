"""Exchange time, trading day and flags against `tests/golden/ticks.csv`."""

from datetime import datetime

import pytest

from marketbus.adapters.holidays import ChineseHolidays
from marketbus.adapters.hours import cn_hours
from marketbus.domain.calendar import TradingCalendar
from marketbus.domain.exchange_time import ExchangeTime
from marketbus.domain.instrument import Exchange
from marketbus.domain.market_calendar import MarketCalendar
from marketbus.domain.tick import TickFlag
from marketbus.domain.times import from_datetime, to_datetime
from marketbus.domain.trading_hours import TradingHours
from tests.golden import rows

ROWS = rows("ticks.csv")
FLAGS = {"OUT": TickFlag.OUT_OF_SESSION, "INF": TickFlag.DATE_INFERRED, "AUCTION": TickFlag.AUCTION, "-": TickFlag(0)}


def no_year_is_unknown(year: int) -> None:
    raise AssertionError(f"the golden tables reach into {year}")


def market() -> MarketCalendar:
    return MarketCalendar(TradingCalendar(ChineseHolidays(no_year_is_unknown)), TradingHours(cn_hours()))


def judged(row: dict[str, str], calendar: MarketCalendar, times: ExchangeTime) -> tuple[str, str, TickFlag]:
    exchange, now = Exchange(row["exchange"]), from_datetime(datetime.fromisoformat(row["now"]))
    stamp = times.resolve(exchange, row["trading"], row["action"], row["update"], int(row["ms"]), now)
    flags = TickFlag(calendar.flags(exchange, row["product"], stamp.instant, now))
    moment = to_datetime(stamp.instant).replace(tzinfo=None)
    return moment.isoformat(), str(stamp.trading_day), flags | FLAGS["INF" if stamp.inferred else "-"]


def expected(row: dict[str, str]) -> tuple[str, str, TickFlag]:
    flags = TickFlag(0)
    for word in row["flags"].split():
        flags |= FLAGS[word]
    return datetime.fromisoformat(row["time"]).isoformat(), row["day"], flags


def name(row: dict[str, str]) -> str:
    return f"{row['exchange']}-{row['now']}-{row['why']}"


@pytest.mark.parametrize("row", [row for row in ROWS if row["time"] != "refused"], ids=name)
def test_a_tick_is_dated_and_flagged_by_the_rules(row: dict[str, str]) -> None:
    calendar = market()
    assert judged(row, calendar, ExchangeTime(calendar.days)) == expected(row)


@pytest.mark.parametrize("row", [row for row in ROWS if row["time"] == "refused"], ids=name)
def test_an_impossible_time_is_refused(row: dict[str, str]) -> None:
    calendar = market()
    with pytest.raises(ValueError, match=r"time data|UpdateMillisec"):
        judged(row, calendar, ExchangeTime(calendar.days))


@pytest.mark.parametrize("backwards", [False, True])
def test_what_is_remembered_of_one_tick_does_not_spoil_the_next(backwards: bool) -> None:
    calendar = market()
    times = ExchangeTime(calendar.days)
    in_turn = [row for row in ROWS if row["time"] != "refused"]
    for row in reversed(in_turn) if backwards else in_turn:
        assert judged(row, calendar, times) == expected(row), row


def test_every_exchange_is_judged_by_day_at_the_login_and_where_it_has_one_at_night() -> None:
    for exchange in ("SHFE", "INE", "DCE", "CZCE", "CFFEX", "GFEX", "SSE", "SZSE"):
        of = [row for row in ROWS if row["exchange"] == exchange]
        assert any(row["flags"] == "-" for row in of)
        assert any(row["flags"].startswith("OUT") and "T08:45" in row["now"] for row in of)
        at_night = [row for row in of if row["update"] >= "21" and row["flags"] == "-"]
        assert bool(at_night) is (exchange in {"SHFE", "INE", "DCE", "CZCE"})
