"""The risk book of one account: judges an order, counts it and reserves for it in one step, before it is sent."""

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from math import fsum

from msgspec.structs import replace

from marketbus.domain.account import Account
from marketbus.domain.contract import Contract
from marketbus.domain.holding import splits_days
from marketbus.domain.instrument import Exchange, Instrument, parse_instrument, product_code
from marketbus.domain.order import Order
from marketbus.domain.order_terms import Direction, Offset
from marketbus.domain.position import Position
from marketbus.domain.position_keeper import HoldingKey
from marketbus.domain.risk.flow import BURST, Flow, FlowState
from marketbus.domain.risk.flow_rules import cancel_limit, strictest_cancels
from marketbus.domain.risk.limits import Limits, Tightening, tighten
from marketbus.domain.risk.report import CancelUse, ExchangeUse, Usage
from marketbus.domain.risk.reservations import Reservation, Reservations
from marketbus.domain.risk.rules import judge, judge_change, rest_of
from marketbus.domain.risk.situation import Closable, Market, Situation
from marketbus.domain.risk.size_rules import margin_of, notional
from marketbus.domain.risk.thresholds import Thresholds
from marketbus.domain.risk.verdict import Verdict
from marketbus.domain.times import NS, to_datetime, yyyymmdd

_Likeness = tuple[Instrument, Direction, Offset, str, float, float]


class RiskBook:
    """Asked from one thread. `kept` gives what must survive a restart; open orders come back through `follow`."""

    def __init__(self, limits: Limits, thresholds: Thresholds, kept: FlowState | None = None) -> None:
        self.limits = self.configured = limits
        self.flow = Flow(kept)
        self.reserved = Reservations()
        self._thresholds = thresholds
        self._positions: dict[HoldingKey, Position] = {}
        self._positions_known = False
        self._account: Account | None = None
        self._sent: deque[tuple[int, _Likeness]] = deque()
        self._alike: Counter[_Likeness] = Counter()

    def reserve(self, order: Order, market: Market, now: int) -> Verdict | None:
        """Judge a new order. None: it may be sent, is counted and reserved for. A verdict: nothing has changed."""
        return self.reserve_all((order,), market, now)

    def reserve_all(self, orders: Sequence[Order], market: Market, now: int) -> Verdict | None:
        """The same of orders that go together or not at all: a bracket, whose legs add nothing to its entry."""
        situations = [_with_more(self.situation(order, market, now), at) for at, order in enumerate(orders)]
        for order, situation in zip(orders, situations, strict=True):
            if (verdict := judge(self.limits, order, situation)) is not None:
                return verdict
        for order, situation in zip(orders, situations, strict=True):
            self._count(order, now, situation)
            self.reserved.put(
                Reservation(
                    order,
                    adds=situation.adds,
                    notional=(notional(order, situation) or 0.0) / order.volume,
                    margin=(margin_of(order, situation) or 0.0) / situation.adds if situation.adds else 0.0,
                )
            )
        return None

    def verdict(self, order: Order, market: Market, now: int) -> Verdict | None:
        """Judge a new order that is not sent: nothing changes."""
        return judge(self.limits, order, self.situation(order, market, now))

    def change(self, order: Order, changed: Order, market: Market, now: int) -> Verdict | None:
        """Judge other terms of an open order, `changed`. None: they may be asked for, and are counted; what they need
        is reserved with `follow`, once the order says that they are. A verdict: nothing has changed."""
        with self.reserved.without(order.client_order_id):
            situation = self.situation(rest_of(changed), market, now)
            verdict = judge_change(self.limits, order, changed, situation)
        if verdict is None:
            self._count(changed, now, situation)
        return verdict

    def cancel(self, order: Order, now: int, *, emergency: bool = False) -> Verdict | None:
        """Judge a cancel, and count it if it may be sent.

        The cancel of an order that raises a position always may, and any may in an `emergency` (kill switch).
        """
        situation = self.situation(order, Market(), now)
        if order.offset.closes and not emergency:
            limit = cancel_limit(self.limits, situation)
            if limit is not None and situation.cancels >= limit:
                return Verdict("cancels", limit, situation.cancels)
            limit = self.limits.orders_per_second
            if limit is not None and situation.per_second >= limit:
                return Verdict("orders_per_second", limit, situation.per_second + 1)
        self.flow.cancel(order.instrument, now, large=self.large(order), burst=_burst(situation))
        return None

    def large(self, order: Order) -> bool:
        """Whether the exchange calls the order's cancel a large one."""
        day = self.flow.state.trading_day
        abnormal = self._thresholds.abnormal(order.exchange, product_code(order.symbol), day)
        return abnormal is not None and abnormal.large_volume is not None and order.left >= abnormal.large_volume

    def burst(self, exchange: Exchange, trading_day: int) -> int:
        """How many orders and cancels within a second are an occasion to the exchange."""
        rule = self._thresholds.high_frequency(exchange, trading_day)
        return BURST if rule is None or rule.burst is None else rule.burst

    def follow(self, order: Order, contract: Contract | None = None) -> None:
        """An order as it stands now. One that is open and was not reserved (restart, another terminal) is from now."""
        if self.reserved.follow(order) or not order.is_active:
            return
        market = Market(contract)
        adds = 0.0 if order.offset.closes or order.parent else order.volume
        situation = Situation(order.updated, order.trading_day, market, adds)
        lots = order.volume
        value, needed = notional(order, situation) or 0.0, margin_of(order, situation) or 0.0
        self.reserved.put(Reservation(order, adds, value / lots, needed / lots))

    def positions(self, positions: Iterable[Position]) -> None:
        """All positions, such as after a complete query; what an order closes is checked from now on."""
        self._positions = {_key(each): each for each in positions}
        self._positions_known = True

    def position(self, position: Position) -> None:
        """One position that changed."""
        self._positions[_key(position)] = position

    def account(self, account: Account) -> None:
        """The funds, from the venue."""
        self._account = account
        self.reserved.funds_seen()
        limit = self.limits.max_daily_loss
        if limit is not None and -account.profit >= limit and account.profit < 0:
            self.flow.state.loss_stop = True

    def day(self, trading_day: int) -> None:
        """A trading day (yyyymmdd); a new one begins its counts at 0."""
        self.flow.day(trading_day)

    def tighten(self, asked: Tightening) -> Limits:
        """Make limits stricter, until the worker is started with its configuration again; gives those in force.

        Raises:
            BadRequest: a limit below 0.
            SymbolError: not a pattern.
        """
        self.limits = tighten(self.limits, asked)
        return self.limits

    def tightened(self) -> Tightening:
        """The limits that are stricter than configured."""
        now = {name: getattr(self.limits, name) for name in Tightening.__struct_fields__}
        return Tightening(**{name: value for name, value in now.items() if value != getattr(self.configured, name)})

    def kept(self) -> FlowState:
        """What must survive a restart."""
        return self.flow.kept()

    def situation(self, order: Order, market: Market, now: int) -> Situation:
        """The order's surroundings now."""
        instrument, exchange = order.instrument, order.exchange
        day = self.flow.state.trading_day or yyyymmdd(to_datetime(now).date())
        self._forget(now - round(self.limits.identical_within * NS))
        flow, account = self.flow.of(exchange), self._account
        reserved_margin = self.reserved.margin
        return Situation(
            now=now,
            trading_day=day,
            market=market,
            adds=self._adds(order),
            held=self._held(instrument, order.direction) + self.reserved.adding(instrument, order.direction),
            closable=self._closable(order),
            exposure=fsum(abs(each.position_cost) for each in self._positions.values()) + self.reserved.exposure,
            available=None if account is None else account.available - reserved_margin,
            open_orders=len(self.reserved),
            own=self.reserved.of(instrument),
            identical=self._alike[_likeness(order)],
            profit=None if account is None else account.profit,
            loss_stop=self.flow.state.loss_stop,
            per_second=self.flow.within_second(now),
            per_day=self.flow.actions,
            exchange_per_second=self.flow.within_second(now, exchange),
            exchange_per_day=flow.actions,
            exchange_unspent=self.flow.unspent(now, exchange),
            exchange_bursts=flow.bursts,
            cancels=self.flow.cancels(instrument),
            high_frequency=self._thresholds.high_frequency(exchange, day),
            abnormal=self._thresholds.abnormal(exchange, product_code(order.symbol), day),
        )

    def usage(self, now: int) -> tuple[Usage, ...]:
        """How much of the limits on the whole account is used."""
        limits, profit = self.limits, 0.0 if self._account is None else self._account.profit
        cost = fsum(abs(each.position_cost) for each in self._positions.values())
        most = max(self.flow.state.cancels.values(), default=0)
        exposure, second = cost + self.reserved.exposure, self.flow.within_second(now)
        return (
            Usage("max_exposure", limits.max_exposure, exposure, "max_exposure"),
            Usage("open_orders", limits.max_open_orders, len(self.reserved), "max_open_orders"),
            Usage("orders_per_second", limits.orders_per_second, second, "orders_per_second"),
            Usage("orders_per_day", limits.orders_per_day, self.flow.actions, "orders_per_day"),
            Usage("cancels", limits.cancels_per_contract, most, "cancels_per_contract"),
            Usage("daily_loss", limits.max_daily_loss, max(0.0, -profit), "max_daily_loss"),
        )

    def exchanges(self) -> tuple[ExchangeUse, ...]:
        """The day's figures beside what each exchange calls too many."""
        found: list[ExchangeUse] = []
        for name, flow in self.flow.figures():
            rule = self._thresholds.high_frequency(Exchange(name), self.flow.state.trading_day)
            theirs = (None,) * 4 if rule is None else (rule.per_second, rule.per_day, rule.burst, rule.bursts)
            found.append(ExchangeUse(Exchange(name), flow.orders, flow.cancels, flow.peak, flow.bursts, *theirs))
        return tuple(found)

    def cancels(self) -> tuple[CancelUse, ...]:
        """Of each contract that had any today."""
        state, found = self.flow.state, list[CancelUse]()
        for name, count in sorted(state.cancels.items()):
            symbol, exchange = parse_instrument(name)
            abnormal = self._thresholds.abnormal(exchange, product_code(symbol), state.trading_day)
            limit = strictest_cancels(self.limits, abnormal)
            found.append(CancelUse(name, count, state.large_cancels.get(name, 0), limit))
        return tuple(found)

    def _count(self, order: Order, now: int, situation: Situation) -> None:
        self.flow.order(order.instrument, now, _burst(situation))
        likeness = _likeness(order)
        self._sent.append((now, likeness))
        self._alike[likeness] += 1

    def _forget(self, until: int) -> None:
        while self._sent and self._sent[0][0] <= until:
            likeness = self._sent.popleft()[1]
            self._alike[likeness] -= 1
            if not self._alike[likeness]:
                del self._alike[likeness]

    def _held(self, instrument: Instrument, direction: Direction) -> float:
        """Lots on one side; a net position counts on the side it is on."""
        lots: list[float] = []
        for key, position in self._positions.items():
            if key.instrument == instrument and key.direction is direction:
                lots.append(position.volume)
            elif key.instrument == instrument and key.direction is Direction.NET:
                lots.append(max(0.0, position.volume if direction is Direction.LONG else -position.volume))
        return fsum(lots)

    def _adds(self, order: Order) -> float:
        if order.offset.closes or order.parent:
            return 0.0
        if order.offset is not Offset.NONE:
            return order.volume
        # On a net venue an order takes from the other side first; open orders there may have taken it already.
        other = self._held(order.instrument, order.direction.opposite)
        under_way = fsum(each.left for each in self.reserved.of(order.instrument) if each.direction is order.direction)
        return min(order.volume, max(0.0, order.volume - max(0.0, other - under_way)))

    def _closable(self, order: Order) -> Closable | None:
        if not order.offset.closes or not self._positions_known:
            return None
        key = HoldingKey(order.instrument, order.direction.opposite, order.hedge)
        held = self._positions.get(key)
        if held is None:
            net = self._positions.get(key._replace(direction=Direction.NET))
            if net is None:
                return Closable(0.0, 0.0, 0.0)
            there = max(0.0, net.volume if key.direction is Direction.LONG else -net.volume)
            return Closable(max(0.0, there - self.reserved.claimed(key)[1]), there, 0.0)
        today, rest = self.reserved.claimed(key)
        if not splits_days(order.exchange):
            return Closable(max(0.0, held.volume - rest), held.td_volume, held.yd_volume)
        td, yd = max(0.0, held.td_volume - today), max(0.0, held.yd_volume - rest)
        return Closable(td + yd, td, yd)


def _key(position: Position) -> HoldingKey:
    return HoldingKey(position.instrument, position.direction, position.hedge)


def _likeness(order: Order) -> _Likeness:
    return order.instrument, order.direction, order.offset, str(order.type), order.price, order.volume


def _with_more(situation: Situation, orders: int) -> Situation:
    """With so many other orders that go out at the same moment."""
    return replace(
        situation,
        open_orders=situation.open_orders + orders,
        per_second=situation.per_second + orders,
        per_day=situation.per_day + orders,
        exchange_per_second=situation.exchange_per_second + orders,
        exchange_per_day=situation.exchange_per_day + orders,
        exchange_unspent=situation.exchange_unspent + orders,
    )


def _burst(situation: Situation) -> int:
    rule = situation.high_frequency
    return BURST if rule is None or rule.burst is None else rule.burst
