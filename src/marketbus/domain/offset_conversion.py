"""Which orders a wish becomes: split by day, locking instead of closing, or net. As vnpy's OffsetConverter does it."""

from enum import StrEnum

import msgspec

from marketbus.domain.holding import splits_days
from marketbus.domain.offset_counts import OffsetCounts, SideCounts
from marketbus.domain.order_request import OrderRequest
from marketbus.domain.order_terms import Offset


class OffsetMode(StrEnum):
    """How a strategy wants its offsets."""

    PLAIN = "plain"
    """As asked; a close is split into today's and yesterday's lots where the exchange tells them apart."""
    LOCK = "lock"
    """Open against today's lots instead of closing them (平今 is dear); yesterday's are closed first."""
    NET = "net"
    """Close what there is, open the rest."""


class Leg(msgspec.Struct, frozen=True):
    """One of the orders to send; each needs an id of its own."""

    offset: Offset
    volume: float


def convert(request: OrderRequest, counts: OffsetCounts, mode: OffsetMode) -> list[Leg]:
    """The orders that fulfil the request, in the order they are sent; empty when there is too little to close."""
    side = counts.closed_by(request.direction)
    if mode is OffsetMode.LOCK:
        return _lock(request, counts, side)
    if mode is OffsetMode.NET:
        return _net(request, side)
    if splits_days(request.exchange) and request.offset is not Offset.OPEN:
        return _split(request, side)
    return [Leg(request.offset, request.volume)]


def _split(request: OrderRequest, side: SideCounts) -> list[Leg]:
    if request.volume > side.available:
        return []
    today = min(request.volume, side.today_available)
    return _some((Offset.CLOSETODAY, today), (Offset.CLOSEYESTERDAY, request.volume - today))


def _lock(request: OrderRequest, counts: OffsetCounts, side: SideCounts) -> list[Leg]:
    by_day = splits_days(counts.exchange)
    if side.today and not by_day:
        return [Leg(Offset.OPEN, request.volume)]
    close = min(request.volume, side.yesterday_available)
    return _some((Offset.CLOSEYESTERDAY if by_day else Offset.CLOSE, close), (Offset.OPEN, request.volume - close))


def _net(request: OrderRequest, side: SideCounts) -> list[Leg]:
    if not splits_days(request.exchange):
        close = min(request.volume, side.available)
        return _some((Offset.CLOSE, close), (Offset.OPEN, request.volume - close))
    today = min(request.volume, side.today_available)
    yesterday = min(request.volume - today, side.yesterday_available)
    rest = request.volume - today - yesterday
    return _some((Offset.CLOSETODAY, today), (Offset.CLOSEYESTERDAY, yesterday), (Offset.OPEN, rest))


def _some(*legs: tuple[Offset, float]) -> list[Leg]:
    return [Leg(offset, volume) for offset, volume in legs if volume > 0]
