"""What is listed on a day: futures, options and combinations, named as each exchange names them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import chain, count, islice, zip_longest

from marketbus.lab.hours import Hours, is_trading_day
from marketbus.lab.products import INDEX_OPTION, PRODUCTS, Product


class Kind(StrEnum):
    """Product class."""

    FUTURE = "future"
    OPTION = "option"
    COMBINATION = "combination"
    FUND = "fund"


@dataclass(frozen=True, slots=True)
class Listing:
    """One listed instrument. `year`, `month`: delivery; `base`: an ordinary price in yuan; `strike` 0 if no option."""

    symbol: str
    exchange: str
    name: str
    product: str
    kind: Kind
    multiplier: int
    tick: float
    base: float
    hours: Hours
    year: int
    month: int
    listed: date
    expires: date
    underlying: str = ""
    strike: float = 0.0
    call: bool = True


def listings(today: date, limit: int) -> list[Listing]:
    """`limit` instruments on that trading day: every main contract first, then a mixture that grows by strikes."""
    futures = list(chain.from_iterable(zip_longest(*(list(_futures(product, today)) for product in PRODUCTS))))
    ordered = [future for future in futures if future is not None]
    mains = ordered[: len(PRODUCTS)]
    rest = chain.from_iterable(zip_longest(ordered[len(PRODUCTS) :], _combinations(ordered), _options(ordered, today)))
    return list(islice((listing for listing in chain(mains, rest) if listing is not None), limit))


def _futures(product: Product, today: date) -> Iterator[Listing]:
    for year, month in _months(product, today):
        yield Listing(
            symbol=product.code + _suffix(product.exchange, year, month),
            exchange=product.exchange,
            name=f"{product.name}{year % 100:02}{month:02}",
            product=product.code,
            kind=Kind.FUTURE,
            multiplier=product.multiplier,
            tick=product.tick,
            base=product.price,
            hours=product.hours,
            year=year,
            month=month,
            listed=date(year - 1, month, 16),
            expires=_expiry(product, year, month),
        )


def _months(product: Product, today: date) -> Iterator[tuple[int, int]]:
    ahead = ((today.year + (today.month - 1 + n) // 12, (today.month - 1 + n) % 12 + 1) for n in range(13))
    alive = [(y, m) for y, m in ahead if m in product.months and _expiry(product, y, m) >= today]
    if product.hours is Hours.INDEX:
        # This month, the next, and the two quarter months after: CFFEX lists four.
        listed = alive[:2] + [(y, m) for y, m in alive[2:] if m % 3 == 0][:2]
        return iter(sorted(listed, key=lambda month: _expiry(product, *month) < today + timedelta(days=7)))
    if product.hours is Hours.BOND:
        return iter(alive[:3])
    # A contract near its end trades little: the main one is at least two months away.
    return iter(sorted(alive, key=lambda month: month < _after(today, 2)))


def _after(day: date, months: int) -> tuple[int, int]:
    return day.year + (day.month - 1 + months) // 12, (day.month - 1 + months) % 12 + 1


def _expiry(product: Product, year: int, month: int) -> date:
    if product.exchange == "CFFEX":
        # Third Friday of the stock index, second of the bonds.
        first = date(year, month, 1)
        day = first + timedelta(days=(4 - first.weekday()) % 7 + (7 if product.hours is Hours.BOND else 14))
    else:
        day = date(year, month, 15)
    while not is_trading_day(day):
        day += timedelta(days=1)
    return day


def _suffix(exchange: str, year: int, month: int) -> str:
    # Zhengzhou writes one digit of the year.
    return f"{year % 10}{month:02}" if exchange == "CZCE" else f"{year % 100:02}{month:02}"


def _combinations(futures: list[Listing]) -> Iterator[Listing]:
    prefix = {"DCE": "SP", "CZCE": "SPD", "GFEX": "SP"}
    months: dict[str, list[Listing]] = {}
    for future in futures:
        if future.exchange in prefix:
            months.setdefault(future.product, []).append(future)
    for listed in months.values():
        near, far = sorted(listed, key=lambda leg: (leg.year, leg.month))[:2]
        yield Listing(
            symbol=f"{prefix[near.exchange]} {near.symbol}&{far.symbol}",
            exchange=near.exchange,
            name=f"{near.name}-{far.name}跨期",
            product=f"{near.product}&{far.product}",
            kind=Kind.COMBINATION,
            multiplier=near.multiplier,
            tick=near.tick,
            base=0.0,
            hours=near.hours,
            year=near.year,
            month=near.month,
            listed=near.listed,
            expires=near.expires,
            underlying=f"{near.symbol}&{far.symbol}",
        )


def _options(futures: list[Listing], today: date) -> Iterator[Listing]:
    """Strikes from the middle outwards, without end until they reach zero."""
    steps = {product.code: product.strike for product in PRODUCTS if product.strike}
    alive = [future for future in futures if _option_expiry(future, own=False) >= today]
    under = [(future, steps[future.product]) for future in alive if future.product in steps]
    index = [(future, INDEX_OPTION.strike) for future in _futures(INDEX_OPTION, today)]
    under = under[: len(steps)] + index + under[len(steps) :]
    for distance in chain((0,), (sign * n for n in count(1) for sign in (1, -1))):
        found = False
        for future, step in under:
            strike = (round(future.base / step) + distance) * step
            if strike > 0:
                found = True
                yield _option(future, strike, call=True)
                yield _option(future, strike, call=False)
        if not found and distance < -1_000:
            return


def _option(future: Listing, strike: float, *, call: bool) -> Listing:
    letter, name = ("C", "购") if call else ("P", "沽")
    text = f"{strike:g}" if strike < 1e6 else str(int(strike))
    dashed = future.exchange in {"DCE", "GFEX", "CFFEX"}
    # Zhengzhou names the two sides of an option product apart.
    product = {"CZCE": future.product + letter, "CFFEX": future.product}.get(future.exchange, future.product + "_o")
    own = future.product == INDEX_OPTION.code
    intrinsic = max(0.0, future.base - strike if call else strike - future.base)
    return Listing(
        symbol=f"{future.symbol}-{letter}-{text}" if dashed else f"{future.symbol}{letter}{text}",
        exchange=future.exchange,
        name=f"{future.name}{name}{text}",
        product=product,
        kind=Kind.OPTION,
        multiplier=future.multiplier,
        tick=future.tick / 2 if not own and future.tick >= 1 else future.tick,
        base=intrinsic + future.base * 0.02,
        hours=future.hours,
        year=future.year,
        month=future.month,
        listed=future.listed,
        expires=_option_expiry(future, own=own),
        underlying=future.symbol.replace("IO", "IF") if own else future.symbol,
        strike=strike,
        call=call,
    )


def _option_expiry(future: Listing, *, own: bool) -> date:
    """Options on goods end some two weeks before their future; those on an index with it."""
    return future.expires - timedelta(days=0 if own else 12)
