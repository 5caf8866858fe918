"""Trading days and sessions against `tests/golden/`: the bus's own, and the simulated exchanges'."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import NamedTuple

import pytest

from marketbus.adapters.holidays import ChineseHolidays
from marketbus.adapters.hours import cn_hours
from marketbus.domain.calendar import TradingCalendar
from marketbus.domain.instrument import Exchange
from marketbus.domain.market_calendar import MarketCalendar, Phase
from marketbus.domain.trading_hours import TradingHours
from marketbus.lab import hours as lab
from marketbus.lab.products import PRODUCTS
from tests.golden import day, laid, rows

HOLIDAYS, DAYS, GROUPS = rows("holidays.csv"), rows("days.csv"), rows("sessions.csv")
TRADING = [row for row in DAYS if row["night_from"] != "closed"]


def no_year_is_unknown(year: int) -> None:
    raise AssertionError(f"the golden tables reach into {year}")


CALENDAR = TradingCalendar(ChineseHolidays(no_year_is_unknown))
MARKET = MarketCalendar(CALENDAR, TradingHours(cn_hours()))


EACH_GROUP_ON_EACH_DAY = [
    pytest.param(group, each, id=f"{group['exchange']}-{group['products'].split()[0]}-{each['trading_day']}")
    for group in GROUPS
    for each in TRADING
]


@pytest.mark.parametrize(("group", "row"), EACH_GROUP_ON_EACH_DAY)
def test_sessions(group: dict[str, str], row: dict[str, str]) -> None:
    continuous = laid(f"{group['night'].strip('-')} {group['day']}", row)
    auctions = laid(group["auctions"], row)
    for product in group["products"].split():
        sessions = MARKET.sessions(Exchange(group["exchange"]), product, day(row["trading_day"]))
        for phase, expected in ((Phase.CONTINUOUS, continuous), (Phase.AUCTION, auctions)):
            assert [
                (each.begins.replace(tzinfo=None), each.ends.replace(tzinfo=None))
                for each in sessions
                if each.phase is phase
            ] == expected


class Days(NamedTuple):
    """A calendar, ours or the lab's."""

    trades: Callable[[date], bool]
    next: Callable[[date], date]
    previous: Callable[[date], date]
    has_night: Callable[[date], bool]


def before_in_lab(of: date) -> date:
    return lab.latest_trading_day(of - timedelta(days=1))


OURS = Days(CALENDAR.is_trading_day, CALENDAR.next, CALENDAR.previous, CALENDAR.has_night)
ITS = Days(lab.is_trading_day, lab.next_trading_day, before_in_lab, lab.has_night)


@pytest.mark.parametrize(
    ("days", "holiday"),
    [pytest.param(OURS, holiday, id=f"bus-{holiday['holiday']}") for holiday in HOLIDAYS]
    + [  # the lab knows 2026 only
        pytest.param(ITS, holiday, id=f"lab-{holiday['holiday']}")
        for holiday in HOLIDAYS
        if holiday["first"] >= "2026-01-06"
    ],
)
def test_holidays(days: Days, holiday: dict[str, str]) -> None:
    eve, first = day(holiday["eve"]), day(holiday["first"])
    closed = [day(text) for text in f"{holiday['closed']} {holiday['worked']}".split()]
    assert not [each for each in closed if days.trades(each) or days.has_night(each)]
    assert (days.trades(eve), days.trades(first)) == (True, True)
    assert (days.next(eve), days.previous(first)) == (first, eve)
    assert not days.has_night(eve)
    assert days.has_night(days.previous(eve))
    assert days.has_night(first)


@pytest.mark.parametrize("row", DAYS, ids=lambda row: row["trading_day"])
def test_nights(row: dict[str, str]) -> None:
    today, night = day(row["trading_day"]), row["night_from"]
    if night == "closed":
        assert not CALENDAR.is_trading_day(today)
        assert not lab.is_trading_day(today)
        assert not MARKET.opening(list(Exchange), today)
        return
    eve = CALENDAR.previous(today)
    assert CALENDAR.has_night(eve) is lab.has_night(eve) is (night != "-")
    if night != "-":
        assert eve == day(night)


LAB = {
    (product.exchange, product.code): product.hours
    for product in PRODUCTS
    if product.exchange in {group["exchange"] for group in GROUPS}
}


@pytest.mark.parametrize(("group", "row"), EACH_GROUP_ON_EACH_DAY)
def test_the_simulated_exchanges_trade_when_the_real_ones_do(group: dict[str, str], row: dict[str, str]) -> None:
    """A second inside and outside of every edge."""
    second = timedelta(seconds=1)
    continuous = laid(f"{group['night'].strip('-')} {group['day']}", row)
    edges = {start for start, _ in continuous} | {end for _, end in continuous}
    for product in group["products"].split():
        hours = LAB.get((group["exchange"], product))
        if hours is None:
            continue  # the lab lists fewer products
        for start, end in continuous:
            for moment in (start, start + (end - start) / 2, end - second):
                local = moment.replace(tzinfo=lab.SHANGHAI)
                found = lab.session_end(local, hours)
                assert found is not None and found.replace(tzinfo=None) == end  # noqa: PT018
                assert lab.trading_day(local) == day(row["trading_day"])
        for edge in edges:
            for moment in (edge - second, edge):
                inside = any(start <= moment < end for start, end in continuous)
                assert (lab.session_end(moment.replace(tzinfo=lab.SHANGHAI), hours) is not None) is inside


def test_every_product_of_the_lab_is_judged() -> None:
    known = {(group["exchange"], product) for group in GROUPS for product in group["products"].split()}
    assert {where for where in LAB if where not in known} == set()
    assert len(LAB) > 40
