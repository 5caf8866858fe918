"""Bars of the past, cut from its prices session by session."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from marketbus.lab.exchange import Floats, Ints
from marketbus.lab.tws.contract import NEW_YORK, Contract
from marketbus.lab.tws.level1 import sizes
from marketbus.lab.tws.messages.history import Bar
from marketbus.lab.tws.past import Past, sessions

DAY_S = 86_400
BAR_SIZES = {
    **{f"{n} secs": n for n in (1, 5, 10, 15, 30)},
    "1 min": 60,
    **{f"{n} mins": 60 * n for n in (2, 3, 5, 10, 15, 20, 30)},
    "1 hour": 3600,
    **{f"{n} hours": 3600 * n for n in (2, 3, 4, 8)},
    "1 day": DAY_S,
}
"""Seconds by name. Source: TWS API reference, "Historical Bar Sizes"; weeks and months are not played."""
WITHOUT_VOLUME = frozenset({"MIDPOINT", "BID", "ASK", "BID_ASK"})
SHOWN = WITHOUT_VOLUME | {"TRADES", "ADJUSTED_LAST", "AGGTRADES"}
MOST = 20_000
_SAMPLES = 4
"""Prices looked at in a bar's smallest stretch: its open, high, low and close."""


class Unclear(Exception):
    """A request for history that means nothing; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """`end` exclusive; `epoch`: dates as Unix seconds."""

    contract: Contract
    begin: datetime
    end: datetime
    size: int
    show: str
    regular: bool
    epoch: bool


def begin_of(end: datetime, duration: str, contract: Contract) -> datetime:
    """Where a duration such as "3600 S", "2 D", "1 W" begins; days are trading days, from their first minute."""
    number, _, unit = duration.partition(" ")
    if not number.isdigit() or not int(number) or unit not in {"S", "D", "W", "M", "Y"}:
        raise Unclear(f"Historical data request for invalid duration '{duration}'")
    count = int(number)
    if unit == "S":
        return end - timedelta(seconds=count)
    if unit != "D":
        return end - timedelta(days=count * {"W": 7, "M": 30, "Y": 365}[unit])
    zone = ZoneInfo(contract.time_zone)
    last = end.astimezone(zone).date() + timedelta(days=1)
    found = sessions(contract, last - timedelta(days=2 * count + 10), last, regular=False)
    return [span for _, span in found if span[0] < end][-count][0]


def cut(request: Request, past: Past, close: float) -> list[Bar]:
    """The bars of every session in reach; raises Unclear when they are too many."""
    zone = ZoneInfo(request.contract.time_zone)
    first, last = request.begin.astimezone(zone).date(), request.end.astimezone(zone).date() + timedelta(days=1)
    bars: list[Bar] = []
    for day, (opens, closes) in sessions(request.contract, first, last, regular=request.regular):
        begin, end = max(opens, request.begin), min(closes, request.end)
        if request.size == DAY_S:
            begin = opens if request.begin <= opens < request.end else end
        span = int(begin.timestamp()), int(end.timestamp())
        if span[0] < span[1]:
            bars += _of_session(request, past, close, day, span)
        if len(bars) > MOST:
            raise Unclear(f"more than {MOST} bars")
    return bars


def _of_session(request: Request, past: Past, close: float, day: date, span: tuple[int, int]) -> list[Bar]:
    begin, end = span
    unit = min(request.size, 60)
    begin -= begin % unit
    starts = np.arange(begin, end, unit)
    samples = (starts[:, None] + np.arange(_SAMPLES) * unit // _SAMPLES).ravel()
    prices = past.prices(request.contract, close, samples).reshape(-1, _SAMPLES)
    volumes = past.volumes(request.contract, starts)
    # Cut at the bar's own grid; days are one bar.
    keys = np.zeros(len(starts), np.int64) if request.size == DAY_S else starts // request.size
    edges = np.flatnonzero(np.diff(keys, prepend=keys[0] - 1))
    return [
        _bar(request, day, starts[group], prices[group], volumes[group])
        for group in (slice(a, b) for a, b in zip(edges, [*edges[1:], len(starts)], strict=True))
    ]


def _bar(request: Request, day: date, starts: Ints, prices: Floats, volumes: Ints) -> Bar:
    contract = request.contract
    shift = {"BID": -float(contract.tick), "ASK": float(contract.tick)}.get(request.show, 0.0)
    opened, high, low, closed = (
        str(round(float(price) + shift, 6)) for price in (prices[0, 0], prices.max(), prices.min(), prices[-1, -1])
    )
    date_text = f"{day:%Y%m%d}" if request.size == DAY_S else date_of(int(starts[0]), request)
    if request.show in WITHOUT_VOLUME or not contract.traded:
        return Bar(date_text, opened, high, low, closed, "-1", "-1", -1)
    average = str(round(float(np.average(prices.mean(axis=1), weights=volumes)), 6))
    volume = sizes(contract)(int(volumes.sum()))
    return Bar(date_text, opened, high, low, closed, volume, average, int(volumes.sum()))


def date_of(second: int, request: Request) -> str:
    """As a bar's date is written: Unix seconds, or the exchange's time with its zone."""
    if request.epoch:
        return str(second)
    zone = request.contract.time_zone
    return f"{datetime.fromtimestamp(second, ZoneInfo(zone)):%Y%m%d %H:%M:%S} {zone}"


def moment(text: str, now: datetime) -> datetime:
    """yyyymmdd-HH:MM:SS is UTC; yyyymmdd HH:MM:SS with or without a zone's name, New York without; empty is now."""
    words = text.split()
    try:
        if not words:
            return now
        if len(words) == 1:
            return datetime.strptime(words[0], "%Y%m%d-%H:%M:%S" if "-" in words[0] else "%Y%m%d").replace(tzinfo=UTC)
        zone = ZoneInfo(words[2] if len(words) > 2 else NEW_YORK)
        return datetime.strptime(" ".join(words[:2]), "%Y%m%d %H:%M:%S").replace(tzinfo=zone)
    except (ValueError, KeyError):
        raise Unclear(f"The date, time, or time-zone entered is invalid: '{text}'") from None
