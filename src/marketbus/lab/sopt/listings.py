"""Options on funds as SSE and SZSE list them, and the funds themselves.

Source: both exchanges' contract specifications (codes, months, expiry on the fourth Wednesday, 10,000 units, tick
0.0001); prices are those of an ordinary day.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain, islice, zip_longest

from marketbus.lab.hours import Hours, is_trading_day
from marketbus.lab.instruments import Kind, Listing

UNITS = 10_000
"""Of the fund per option; an adjusted contract has another number."""
_ODD_UNITS = 10_237
_TICK = 0.0001
_STRIKES = 19
"""To each side of the middle: as many as every fund has room for."""


@dataclass(frozen=True, slots=True)
class Fund:
    """`step`: yuan between two strikes; `first`: its options' codes lie from here on."""

    exchange: str
    code: str
    name: str
    price: float
    step: float
    first: int


FUNDS = (
    Fund("SSE", "510050", "50ETF", 2.85, 0.05, 10_008_101),
    Fund("SZSE", "159915", "创业板ETF", 2.15, 0.05, 90_005_101),
    Fund("SSE", "510300", "300ETF", 4.65, 0.1, 10_010_101),
    Fund("SZSE", "159919", "沪深300ETF", 4.70, 0.1, 90_007_101),
    Fund("SSE", "510500", "500ETF", 7.10, 0.25, 10_012_101),
    Fund("SSE", "588000", "科创50", 1.35, 0.05, 10_014_101),
)
_ADJUSTED = FUNDS[0]
"""Has paid out: its first month has contracts with odd units besides the ordinary ones."""


def listings(today: date, limit: int) -> list[Listing]:
    """`limit` instruments: the funds first, then options of every fund from the middle strike outwards."""
    rows = zip_longest(*(_options(fund, today) for fund in FUNDS))
    options = (listing for row in rows for listing in row if listing is not None)
    return list(islice(chain((_fund(fund) for fund in FUNDS), options), limit))


def exchange_code(listing: Listing) -> str:
    """InstrumentCode: 510050C2612M02500, with A for an adjusted contract; a fund's is its number."""
    if listing.kind is not Kind.OPTION:
        return listing.symbol
    side = "C" if listing.call else "P"
    version = "M" if listing.multiplier == UNITS else "A"
    digits = 5 if listing.exchange == "SSE" else 6
    month = f"{listing.year % 100:02}{listing.month:02}"
    return f"{listing.underlying}{side}{month}{version}{round(listing.strike * 1000):0{digits}}"


def _fund(fund: Fund) -> Listing:
    return Listing(
        symbol=fund.code,
        exchange=fund.exchange,
        name=fund.name,
        product=fund.code,
        kind=Kind.FUND,
        multiplier=1,
        tick=0.001,
        base=fund.price,
        hours=Hours.STOCK_OPTION,
        year=2099,
        month=12,
        listed=date(2012, 5, 28),
        expires=date(2099, 12, 31),
    )


def _options(fund: Fund, today: date) -> Iterator[Listing]:
    for distance in chain((0,), (sign * n for n in range(1, _STRIKES + 1) for sign in (1, -1))):
        for number, (year, month) in enumerate(_months(today)):
            for units in (UNITS, _ODD_UNITS) if number == 0 and fund is _ADJUSTED else (UNITS,):
                for call in (True, False):
                    yield _option(fund, year, month, distance, units, call=call)


def _option(fund: Fund, year: int, month: int, distance: int, units: int, *, call: bool) -> Listing:
    adjusted = units != UNITS
    strike = round((round(fund.price / fund.step) + distance) * fund.step, 3)
    # A code means the same contract for as long as it is listed: no two months that are listed together share one.
    number = (month - 1) * 160 + adjusted * 80 + (distance + _STRIKES) * 2 + (not call)
    side = "购" if call else "沽"
    return Listing(
        symbol=str(fund.first + number),
        exchange=fund.exchange,
        name=f"{'XD' * adjusted}{fund.name}{side}{month}月{round(strike * 1000)}{'A' * adjusted}",
        product=f"{fund.code}_o",
        kind=Kind.OPTION,
        multiplier=units,
        tick=_TICK,
        base=round(max(0.0, fund.price - strike if call else strike - fund.price) + fund.price * 0.02, 4),
        hours=Hours.STOCK_OPTION,
        year=year,
        month=month,
        listed=_expiry(*_before(year, month, 8)) + timedelta(days=1),
        expires=_expiry(year, month),
        underlying=fund.code,
        strike=strike,
        call=call,
    )


def _months(today: date) -> list[tuple[int, int]]:
    """This month, the next, and the two quarter months after them; from the day after expiry one further."""
    ahead = [((today.year * 12 + today.month - 1 + n) // 12, (today.month - 1 + n) % 12 + 1) for n in range(13)]
    alive = [(year, month) for year, month in ahead if _expiry(year, month) >= today]
    return alive[:2] + [(year, month) for year, month in alive[2:] if month % 3 == 0][:2]


def _before(year: int, month: int, months: int) -> tuple[int, int]:
    at = year * 12 + month - 1 - months
    return at // 12, at % 12 + 1


def _expiry(year: int, month: int) -> date:
    """The fourth Wednesday, or the next trading day."""
    first = date(year, month, 1)
    day = first + timedelta(days=(2 - first.weekday()) % 7 + 21)
    while not is_trading_day(day):
        day += timedelta(days=1)
    return day
