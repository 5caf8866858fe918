"""Rows of IB's answers about the past as bars and ticks. What cannot be a market's value never leaves here."""

from collections.abc import Callable, Iterable
from datetime import datetime
from math import isfinite

from ib_async.objects import BarData, HistoricalTickBidAsk, HistoricalTickLast

from marketbus.domain.bar import Bar, Interval
from marketbus.domain.tick import Tick, TickFlag
from marketbus.domain.times import NS, SHANGHAI, from_datetime, yyyymmdd
from marketbus.gateways.ib.catalogue import Entry
from marketbus.gateways.ib.quote import exact

Reject = Callable[[str, str], None]
"""Hears what is wrong (one word) and the row."""
_SANE = 1e15
_HOUR = 3600 * NS


def bars_of(
    rows: Iterable[BarData],
    entry: Entry,
    interval: Interval,
    span: tuple[int, int],
    now: int,
    flags: int,
    reject: Reject,
) -> list[Bar]:
    """Those that begin within the span and are over, each once, in time's order."""
    begin, end = span
    found: dict[int, Bar] = {}
    for row in rows:
        try:
            bar = _bar(row, entry, interval, flags)
        except ValueError as error:
            reject("bad_bar", str(error))
            continue
        if begin <= bar.datetime < end and _over(bar, entry, now):
            found[bar.datetime] = bar
    return [found[instant] for instant in sorted(found)]


def _bar(row: BarData, entry: Entry, interval: Interval, flags: int) -> Bar:
    date = str(row.date)
    prices = (row.open, row.high, row.low, row.close)
    if not all(isfinite(price) and abs(price) < _SANE for price in prices) or row.high < row.low:
        raise ValueError(f"prices {prices} at {date}")
    if set(prices) == {-1.0} and row.volume <= 0:  # what TWS writes for none
        raise ValueError(f"no prices at {date}")
    if interval.intraday:
        instant = int(date) * NS  # formatDate 2: seconds since 1970 UTC
        day = entry.hours.trading_day(instant)
    else:
        midnight = datetime.strptime(date, "%Y%m%d").replace(tzinfo=SHANGHAI)
        instant, day = from_datetime(midnight), yyyymmdd(midnight)
    volume = _amount(row.volume)
    average = row.average if isfinite(row.average) and row.average not in (-1.0, 0.0) else 0.0
    return Bar(
        gateway=entry.contract.gateway,
        symbol=entry.contract.symbol,
        exchange=entry.contract.exchange,
        datetime=instant,
        interval=interval,
        trading_day=day,
        flags=flags,
        volume=volume,
        turnover=exact(volume * average * entry.contract.size),
        open_price=row.open,
        high_price=row.high,
        low_price=row.low,
        close_price=row.close,
    )


def _over(bar: Bar, entry: Entry, now: int) -> bool:
    """Whether nothing can be added to it any more.

    Up to an hour bars end where the clock does, also those that begin with a session, at half past.
    """
    if not bar.interval.intraday:
        return bar.trading_day < entry.hours.trading_day(now)
    step = bar.interval.seconds * NS
    ends = bar.datetime - bar.datetime % step + step if step <= _HOUR else bar.datetime + step
    return ends <= now


def trade_of(row: HistoricalTickLast, entry: Entry, received: int, flags: int) -> Tick:
    """One trade. Raises ValueError."""
    if not isfinite(row.price) or abs(row.price) >= _SANE or not isfinite(row.size) or row.size < 0:
        raise ValueError(f"price {row.price}, size {row.size}")
    said = row.tickAttribLast
    extra: dict[str, str | int | float | bool | None] = {
        key: value
        for key, value in (
            ("exchange", row.exchange),
            ("conditions", row.specialConditions),
            ("past_limit", said.pastLimit),
            ("unreported", said.unreported),
        )
        if value
    }
    instant = from_datetime(row.time)
    return Tick(
        gateway=entry.contract.gateway,
        symbol=entry.contract.symbol,
        exchange=entry.contract.exchange,
        datetime=instant,
        received=received,
        trading_day=entry.hours.trading_day(instant),
        flags=flags,
        name=entry.contract.name,
        last_price=row.price,
        last_volume=exact(row.size),
        extra=extra or None,
    )


def quote_of(row: HistoricalTickBidAsk, entry: Entry, received: int, flags: int) -> Tick:
    """One best bid and ask. Raises ValueError."""
    values = (row.priceBid, row.priceAsk, row.sizeBid, row.sizeAsk)
    if not all(isfinite(value) and abs(value) < _SANE for value in values):
        raise ValueError(f"quote {values}")
    bid, bids = (row.priceBid, exact(row.sizeBid)) if row.sizeBid > 0 else (0.0, 0.0)
    ask, asks = (row.priceAsk, exact(row.sizeAsk)) if row.sizeAsk > 0 else (0.0, 0.0)
    flags |= TickFlag.NO_LAST
    if bids and asks and bid >= ask:
        flags |= TickFlag.CROSSED
    instant = from_datetime(row.time)
    return Tick(
        gateway=entry.contract.gateway,
        symbol=entry.contract.symbol,
        exchange=entry.contract.exchange,
        datetime=instant,
        received=received,
        trading_day=entry.hours.trading_day(instant),
        flags=int(flags),
        name=entry.contract.name,
        bid_price_1=bid,
        ask_price_1=ask,
        bid_volume_1=bids,
        ask_volume_1=asks,
    )


def _amount(value: float) -> float:
    """-1 is TWS's word for none."""
    return exact(value) if isfinite(value) and 0 < value < _SANE else 0.0
