from datetime import date, datetime, time

import pytest

from marketbus.adapters.holidays import ChineseHolidays
from marketbus.adapters.hours import cn_hours, read_hours
from marketbus.domain.calendar import TradingCalendar
from marketbus.domain.instrument import Exchange
from marketbus.domain.market_calendar import MarketCalendar, Phase
from marketbus.domain.times import from_datetime
from marketbus.domain.trading_hours import TradingHours

DAY = date(2026, 3, 10)
DAYS = TradingCalendar(lambda _: False)
MARKET = MarketCalendar(DAYS, TradingHours(cn_hours()))


def phase(exchange: Exchange, product: str, clock: str) -> Phase | None:
    return MARKET.phase(exchange, product, from_datetime(datetime.combine(DAY, time.fromisoformat(clock))))


@pytest.mark.parametrize(
    ("exchange", "product", "night_end"),
    [
        (Exchange.SHFE, "rb", "23:00"), (Exchange.SHFE, "cu", "01:00"), (Exchange.SHFE, "au", "02:30"),
        (Exchange.SHFE, "cu_o", "01:00"), (Exchange.SHFE, "wr", None), (Exchange.SHFE, "ad", "01:00"),
        (Exchange.INE, "sc", "02:30"), (Exchange.INE, "bc", "01:00"), (Exchange.INE, "lu", "23:00"),
        (Exchange.INE, "ec", None), (Exchange.DCE, "m", "23:00"), (Exchange.DCE, "i", "23:00"),
        (Exchange.DCE, "lh", None), (Exchange.DCE, "lg", None), (Exchange.CZCE, "SA", "23:00"),
        (Exchange.CZCE, "SRC", "23:00"), (Exchange.CZCE, "AP", None), (Exchange.CZCE, "UR", None),
        (Exchange.GFEX, "si", None), (Exchange.GFEX, "lc_o", None), (Exchange.SHFE, "unheard-of", "23:00"),
    ],
)  # fmt: skip
def test_commodities_trade_by_day_and_some_by_night(exchange: Exchange, product: str, night_end: str | None) -> None:
    for clock, expected in [
        ("08:54", Phase.CLOSED), ("08:55", Phase.AUCTION), ("09:00", Phase.CONTINUOUS), ("10:15", Phase.CONTINUOUS),
        ("10:20", Phase.CLOSED), ("10:30", Phase.CONTINUOUS), ("12:00", Phase.CLOSED), ("13:30", Phase.CONTINUOUS),
        ("15:00", Phase.CONTINUOUS), ("15:01", Phase.CLOSED), ("20:54", Phase.CLOSED),
    ]:  # fmt: skip
        assert phase(exchange, product, clock) is expected, clock
    last = {None: 0, "23:00": 1, "01:00": 2, "02:30": 3}[night_end]
    for number, clock in enumerate(["20:55", "22:59", "00:59", "02:29"]):
        in_session = number <= last and last > 0
        assert (phase(exchange, product, clock) in (Phase.CONTINUOUS, Phase.AUCTION)) is in_session, clock
    assert phase(exchange, product, "02:31") is Phase.CLOSED


@pytest.mark.parametrize(("product", "end"), [("IF", "15:00"), ("IO", "15:00"), ("T", "15:15"), ("TL", "15:15")])
def test_financials_have_hours_of_their_own(product: str, end: str) -> None:
    assert phase(Exchange.CFFEX, product, "09:24") is Phase.CLOSED
    assert phase(Exchange.CFFEX, product, "09:25") is Phase.AUCTION
    assert phase(Exchange.CFFEX, product, "09:30") is Phase.CONTINUOUS
    assert phase(Exchange.CFFEX, product, "12:59") is Phase.CLOSED
    assert phase(Exchange.CFFEX, product, end) is Phase.CONTINUOUS
    assert phase(Exchange.CFFEX, product, "15:16") is Phase.CLOSED


def test_every_row_says_where_it_is_from_and_no_product_stands_twice() -> None:
    seen: set[tuple[Exchange, str]] = set()
    for row in cn_hours():
        assert row.source
        for product in row.products:
            assert (row.exchange, product.casefold()) not in seen
            seen.add((row.exchange, product.casefold()))
    assert {(exchange, "*") for exchange in ("SHFE", "INE", "DCE", "CZCE", "CFFEX", "GFEX")} <= seen


def test_a_wrong_table_names_the_place() -> None:
    with pytest.raises(ValueError, match="patern"):
        read_hours('sources = {a = "b"}\npatern = {}\nhours = []')
    with pytest.raises(ValueError, match="no pattern 'x'"):
        read_hours(
            'sources = {a = "b"}\npattern = {}\n'
            '[[hours]]\nexchange = "SHFE"\nproducts = ["rb"]\npattern = "x"\nsince = 2020-01-01\nsource = "a"'
        )


def test_holidays_are_chinas_and_unknown_years_are_reported_once() -> None:
    unknown: list[int] = []
    holidays = ChineseHolidays(unknown.append)
    calendar = TradingCalendar(holidays, holidays.knows)
    assert not calendar.is_trading_day(date(2025, 10, 1))  # National Day, a Wednesday
    assert not calendar.is_trading_day(date(2025, 9, 28))  # worked in lieu, a Sunday: exchanges are closed
    assert calendar.next(date(2025, 9, 30)) == date(2025, 10, 9)
    assert calendar.previous(date(2025, 2, 5)) == date(2025, 1, 27)  # Spring Festival
    assert unknown == []
    assert not calendar.is_trading_day(date(2090, 10, 2))  # a Monday: National Day has its date in the law
    assert calendar.is_trading_day(date(2090, 10, 5))
    assert unknown == [2090]
    assert not calendar.knows(2090)


def test_configured_holidays_cover_their_year_and_trading_days_take_one_back() -> None:
    unknown: list[int] = []
    holidays = ChineseHolidays(unknown.append, [date(2090, 10, 5)], [date(2090, 10, 3), date(2025, 10, 8)])
    calendar = TradingCalendar(holidays, holidays.knows)
    assert calendar.next(date(2090, 9, 29)) == date(2090, 10, 3)
    assert not calendar.is_trading_day(date(2090, 10, 5))
    assert calendar.is_trading_day(date(2025, 10, 8))
    assert calendar.knows(2090)
    assert unknown == []


def test_a_later_row_of_a_product_wins() -> None:
    notice = read_hours(
        'sources = {a = "b"}\npattern.short = { sessions = [["09:00", "11:30"]], auctions = [] }\n'
        '[[hours]]\nexchange = "SHFE"\nproducts = ["rb"]\npattern = "short"\nsince = 2020-05-06\nsource = "a"'
    )
    market = MarketCalendar(DAYS, TradingHours((*cn_hours(), *notice)))
    assert len(market.sessions(Exchange.SHFE, "rb", DAY)) == 1
    assert len(market.sessions(Exchange.SHFE, "hc", DAY)) == 6
