"""Lots of today and yesterday per side, counted as vnpy's OffsetConverter counts them.

Source: vnpy.trader.converter.PositionHolding (4.5). It is not how lots are accounted for (see `holding`): a CLOSE takes
today's lots first here, on exchanges that do not tell the days apart. Users' strategies rely on it.
"""

from dataclasses import dataclass

from marketbus.domain.holding import splits_days
from marketbus.domain.instrument import Exchange
from marketbus.domain.order import Order
from marketbus.domain.order_terms import Direction, Offset
from marketbus.domain.position import Position
from marketbus.domain.trade import Trade


@dataclass(slots=True)
class SideCounts:
    """Lots of one side, and what open orders claim of them."""

    today: float = 0.0
    yesterday: float = 0.0
    today_frozen: float = 0.0
    yesterday_frozen: float = 0.0

    @property
    def today_available(self) -> float:
        """Of today's, unclaimed."""
        return self.today - self.today_frozen

    @property
    def yesterday_available(self) -> float:
        """Of yesterday's, unclaimed."""
        return self.yesterday - self.yesterday_frozen

    @property
    def available(self) -> float:
        """Unclaimed."""
        return (self.today + self.yesterday) - (self.today_frozen + self.yesterday_frozen)

    def cap(self) -> None:
        """Claims end with the lots."""
        self.today_frozen = min(self.today_frozen, self.today)
        self.yesterday_frozen = min(self.yesterday_frozen, self.yesterday)


class OffsetCounts:
    """Both sides of one instrument, following positions, orders and trades."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.long = SideCounts()
        self.short = SideCounts()
        self._active: dict[str, Order] = {}

    def closed_by(self, direction: Direction) -> SideCounts:
        """The side that an order in this direction closes."""
        return self.short if direction is Direction.LONG else self.long

    def position(self, position: Position) -> None:
        """The venue's word."""
        side = self.long if position.direction is Direction.LONG else self.short
        side.yesterday = position.yd_volume
        side.today = position.volume - position.yd_volume

    def order(self, order: Order) -> None:
        """An order as it stands now."""
        if order.is_active:
            self._active[order.client_order_id] = order
        else:
            self._active.pop(order.client_order_id, None)
        self._freeze()

    def trade(self, trade: Trade) -> None:
        """A fill."""
        if trade.offset is Offset.OPEN:
            (self.long if trade.direction is Direction.LONG else self.short).today += trade.volume
        elif trade.offset.closes:
            side = self.closed_by(trade.direction)
            by_day = splits_days(trade.exchange)
            if trade.offset is Offset.CLOSETODAY:
                side.today -= trade.volume
            elif trade.offset is Offset.CLOSEYESTERDAY or by_day:
                side.yesterday -= trade.volume
            else:
                side.today -= trade.volume
                if side.today < 0:
                    side.yesterday += side.today
                    side.today = 0.0
        self.long.cap()
        self.short.cap()

    def _freeze(self) -> None:
        for side in (self.long, self.short):
            side.today_frozen = side.yesterday_frozen = 0.0
        for order in self._active.values():
            if order.offset.closes:
                self._claim(self.closed_by(order.direction), order.offset, order.volume - order.traded)
        self.long.cap()
        self.short.cap()

    @staticmethod
    def _claim(side: SideCounts, offset: Offset, volume: float) -> None:
        if offset is Offset.CLOSEYESTERDAY:
            side.yesterday_frozen += volume
            return
        side.today_frozen += volume
        if offset is Offset.CLOSE and side.today_frozen > side.today:
            side.yesterday_frozen += side.today_frozen - side.today
            side.today_frozen = side.today
