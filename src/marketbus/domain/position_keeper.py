"""The positions of one account, kept from its trades and open orders between the venue's own answers."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import msgspec

from marketbus.domain.frozen import frozen
from marketbus.domain.holding import Closing, Holding, Lot
from marketbus.domain.instrument import Instrument
from marketbus.domain.order import Order
from marketbus.domain.order_terms import Direction, HedgeFlag, Offset
from marketbus.domain.position import Position
from marketbus.domain.rates import Rates
from marketbus.domain.trade import Trade, TradeKey

SizeOf = Callable[[Instrument], float]
RatesOf = Callable[[Instrument], Rates]


class HoldingKey(NamedTuple):
    """One position: exchanges keep sides and hedge flags apart."""

    instrument: Instrument
    direction: Direction
    hedge: HedgeFlag


class Booked(msgspec.Struct, frozen=True):
    """What a trade did."""

    keys: tuple[HoldingKey, ...] = ()
    """Positions it changed; none when it was counted before."""
    profit: float = 0.0
    """Realised, mark to market, before commission."""
    profit_since_open: float = 0.0
    commission: float | None = None
    """None where the rates are not known."""
    missing: float = 0.0
    """Lots it closed that we did not have: query the positions."""


class _Side:
    """One position's lots and what happened to it today."""

    def __init__(self) -> None:
        self.holding = Holding()
        self.close_profit = 0.0
        self.commission = 0.0
        self.net = False
        self.margin_per_lot = 0.0
        """As the venue said last; counts while its rates are not known."""


class PositionKeeper:
    """Positions by instrument, side and hedge flag. Trades count once, by their key.

    `size_of` gives the contract's multiplier, `rates_of` what is known of its rates.
    """

    def __init__(self, gateway: str, account: str, size_of: SizeOf, rates_of: RatesOf) -> None:
        self._gateway, self._account = gateway, account
        self._size_of, self._rates_of = size_of, rates_of
        self._sides: dict[HoldingKey, _Side] = {}
        self._counted: set[TradeKey] = set()
        self._closing: dict[HoldingKey, dict[str, Order]] = {}
        self._marks: dict[Instrument, float] = {}
        self._trading_day = 0

    def load(self, positions: Iterable[Position], counted: Iterable[TradeKey], trading_day: int) -> None:
        """Take the venue's complete answer in place of what was kept; `counted` are the trades it contains already."""
        self._sides.clear()
        self._counted = set(counted)
        self._trading_day = trading_day
        for position in positions:
            if not position.volume:
                continue
            net = position.direction is Direction.NET
            direction = position.direction
            if net:
                direction = Direction.LONG if position.volume > 0 else Direction.SHORT
            side = self._side(HoldingKey(position.instrument, direction, position.hedge))
            side.net = net
            side.close_profit, side.commission = position.close_profit, position.commission
            side.holding = Holding(_lots(position))
            side.margin_per_lot = position.margin / abs(position.volume)

    def trade(self, trade: Trade) -> Booked:
        """Count a trade; the second time it changes nothing."""
        if trade.key in self._counted or 0 < trade.trading_day < self._trading_day:
            return Booked()  # a replay of an earlier day's: its lots came with that day's positions
        self._counted.add(trade.key)
        own = HoldingKey(trade.instrument, trade.direction, trade.hedge)
        other = own._replace(direction=trade.direction.opposite)
        if trade.offset.closes:
            return self._close(trade, other, trade.volume)
        if trade.offset is Offset.NONE:
            held = self._side(other).holding.volume
            closed = self._close(trade, other, min(trade.volume, held)) if held else Booked(commission=0.0)
            rest = trade.volume - held
            self._side(own).net = self._side(other).net = True
            return _both(closed, self._open(trade, own, rest)) if rest > 0 else closed
        return self._open(trade, own, trade.volume)

    def order(self, order: Order) -> HoldingKey | None:
        """Follow a close order, whose open lots freeze the position it closes; gives back that position's key."""
        if not order.offset.closes:
            return None
        key = HoldingKey(order.instrument, order.direction.opposite, order.hedge)
        orders = self._closing.setdefault(key, {})
        if order.is_active:
            orders[order.client_order_id] = order
        elif orders.pop(order.client_order_id, None) is None:
            return None
        return key

    def mark(self, instrument: Instrument, price: float) -> None:
        """The price to reckon open profit with."""
        self._marks[instrument] = price

    def roll(self, trading_day: int, settlement: Callable[[Instrument], float | None]) -> None:
        """A new trading day: today's lots are yesterday's, the day's profit and commission begin at 0."""
        self._trading_day = trading_day
        self._closing.clear()
        for key, side in self._sides.items():
            side.holding.roll(settlement(key.instrument))
            side.close_profit = side.commission = 0.0

    def position(self, key: HoldingKey, updated: int = 0) -> Position:
        """One position as it stands; volume 0 when there is none. A net one is the same from either side."""
        key, side = self._told(key)
        holding, size = side.holding, self._size_of(key.instrument)
        volume = holding.volume
        claimed = frozen(holding, self._closing.get(key, {}).values())
        cost, open_cost = holding.position_cost(size), holding.open_cost(size)
        sign = 1 if key.direction is Direction.LONG else -1
        last = self._marks.get(key.instrument)
        margin = self._rates_of(key.instrument).margin
        charge = None if margin is None else (margin.long if sign > 0 else margin.short)
        per_lot = size * volume
        return Position(
            gateway=self._gateway,
            account=self._account,
            symbol=key.instrument.symbol,
            exchange=key.instrument.exchange,
            direction=Direction.NET if side.net else key.direction,
            volume=sign * volume if side.net else volume,
            yd_volume=sign * holding.yd_volume if side.net else holding.yd_volume,
            frozen=claimed.volume,
            price=cost / per_lot if per_lot else 0.0,
            pnl=sign * (last * per_lot - cost) if last is not None and volume else 0.0,
            yd_frozen=claimed.yesterday,
            open_price=open_cost / per_lot if per_lot else 0.0,
            open_cost=open_cost,
            position_cost=cost,
            margin=side.margin_per_lot * volume if charge is None else charge.of(cost, volume),
            close_profit=side.close_profit,
            commission=side.commission,
            hedge=key.hedge,
            trading_day=self._trading_day,
            updated=updated,
        )

    def positions(self, updated: int = 0) -> list[Position]:
        """Every position held, or traded today."""
        told = dict.fromkeys(
            self._told(key)[0]
            for key, side in self._sides.items()
            if side.holding.volume or side.close_profit or side.commission
        )
        return [self.position(key, updated) for key in told]

    def lots(self, key: HoldingKey) -> tuple[Lot, ...]:
        """The lots of one position, the oldest first."""
        side = self._sides.get(key)
        return () if side is None else side.holding.lots

    def _told(self, key: HoldingKey) -> tuple[HoldingKey, _Side]:
        """The side that a position is told from. A net one's has the lots; what was earned on both is told with it."""
        if key.direction is Direction.NET:
            key = key._replace(direction=Direction.LONG)
        side = self._sides.get(key)
        other = self._sides.get(key._replace(direction=key.direction.opposite))
        if not any(each is not None and each.net for each in (side, other)):
            return key, side or _Side()
        long = key._replace(direction=Direction.LONG)
        short = key._replace(direction=Direction.SHORT)
        short_side = self._sides.get(short) or _Side()
        key = short if short_side.holding.volume else long
        both = _Side()
        both.net = True
        for each in (side, other):
            if each is not None:
                both.close_profit += each.close_profit
                both.commission += each.commission
        own = self._sides.get(key) or _Side()
        both.holding, both.margin_per_lot = own.holding, own.margin_per_lot
        return key, both

    def _side(self, key: HoldingKey) -> _Side:
        return self._sides.setdefault(key, _Side())

    def _open(self, trade: Trade, key: HoldingKey, volume: float) -> Booked:
        side, size = self._side(key), self._size_of(trade.instrument)
        side.holding.open(volume, trade.price)
        commission = trade.commission
        rates = self._rates_of(trade.instrument).commission
        if commission is None and rates is not None:
            commission = rates.open.of(trade.price * size * volume, volume)
        side.commission += commission or 0.0
        return Booked((key,), commission=commission)

    def _close(self, trade: Trade, key: HoldingKey, volume: float) -> Booked:
        side, size = self._side(key), self._size_of(trade.instrument)
        closing = side.holding.close(volume, trade.offset, trade.exchange)
        sign = 1 if key.direction is Direction.LONG else -1
        profit = closing.profit(trade.price, sign, size)
        commission = trade.commission
        if commission is None:
            commission = self._closing_commission(trade, closing, volume)
        side.close_profit += profit
        side.commission += commission or 0.0
        since_open = closing.profit_since_open(trade.price, sign, size)
        return Booked((key,), profit, since_open, commission, closing.missing)

    def _closing_commission(self, trade: Trade, closing: Closing, volume: float) -> float | None:
        rates = self._rates_of(trade.instrument).commission
        if rates is None:
            return None
        money = trade.price * self._size_of(trade.instrument)
        today = closing.today_volume
        if closing.missing and trade.offset is Offset.CLOSETODAY:
            today += closing.missing
        rest = volume - today
        return rates.close_today.of(money * today, today) + rates.close.of(money * rest, rest)


def _lots(position: Position) -> list[Lot]:
    volume = abs(position.volume)
    yd_volume = min(abs(position.yd_volume), volume)
    open_price = position.open_price or position.price
    lots = [Lot(yd_volume, open_price, position.price, today=False)] if yd_volume else []
    if volume - yd_volume:
        lots.append(Lot(volume - yd_volume, open_price, position.price, today=True))
    return lots


def _both(closed: Booked, opened: Booked) -> Booked:
    commission = None
    if closed.commission is not None and opened.commission is not None:
        commission = closed.commission + opened.commission
    return msgspec.structs.replace(closed, keys=closed.keys + opened.keys, commission=commission)
