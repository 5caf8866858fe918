"""A venue at the port, over the lab's counter: it delays, loses, doubles and reorders what it says."""

import asyncio
from collections import Counter as Count
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from random import Random

from marketbus.domain.account import Account
from marketbus.domain.instrument import Exchange, Instrument
from marketbus.domain.order import Order, OrderState
from marketbus.domain.order_events import CancelRefused, ModifyRefused, OrderReport, Refused
from marketbus.domain.order_terms import Direction, Offset, OrderType
from marketbus.domain.position import Position
from marketbus.domain.rates import Charge, MarginRates, Rates
from marketbus.domain.times import SHANGHAI, from_datetime
from marketbus.domain.trade import Trade
from marketbus.lab.trading import order as lab
from marketbus.lab.trading.counter import Counter
from marketbus.lab.trading.matching import Depth
from marketbus.lab.trading.position import Bucket
from marketbus.lab.trading.refusal import Refused as LabRefused
from marketbus.lab.trading.terms import Fee, Terms
from marketbus.ports.clock import Clock
from marketbus.ports.trading import BooksIncomplete, NotSent, TradingSink, VenueBooks, VenueEvent, VenueHoldings
from tests.unit.application.trading.lab_modify import modify

DAYS = [date(2026, 11, day) for day in (23, 24, 25, 26, 27, 30)]
SYMBOL = "rb2701"
PRICE = 3100


class Crash(BaseException):
    """The process dies here."""


class LabVenue:
    """Lives on while workers come and go. `at` is called at named steps, and may end the process."""

    def __init__(self, clock: Clock, sleep: Callable[[float], asyncio.Future[None]]) -> None:
        fee = Fee(Decimal("0.0001"))
        self.market = _Market()
        self._terms = {
            SYMBOL: Terms(
                SYMBOL, "SHFE", 10, Decimal(1), False, Decimal("0.12"), Decimal(0), fee, fee, fee,
                splits_days=True, market=None, tradable=True, expires=date(2027, 1, 15),
            )
        }  # fmt: skip
        self.counter = Counter(
            self.market,
            self,
            self._terms,
            Decimal(10_000_000),
            self._line,
        )
        self.account = self.counter.account("u")
        self.account.confirmed = True
        self.clock = clock
        self.sleep = sleep
        self.sink: TradingSink | None = None
        self.session = 0
        self.connected = False
        self.at: Callable[[str], None] = lambda _step: None
        self.inserts: Count[str] = Count()
        """How often the counter was asked for each of our ids."""
        self.sends: list[str] = []
        self.cancels: list[str] = []
        self.modifications: list[str] = []
        self.on_its_way: list[Callable[[], None]] = []
        """Between the counter and the exchange, while `held`."""
        self.held = False
        self.unheard: list[VenueEvent] = []
        """What was said and not delivered yet, while `mute`."""
        self.mute = False
        self.deaf_calls: set[str] = set()
        """Kinds of call (`send`, `cancel`, `modify`) that never return."""
        self.refuse_calls: set[str] = set()
        self.incomplete = 0
        """Queries that will break off."""
        self._refs = 0
        self.loss = 0.0
        """What the funds say was lost today."""
        self.asked_rates: list[Instrument] = []
        self.settled: dict[str, OrderReport] = {}
        """Orders of the days before, by their number, as each ended."""
        self._day_before: list[VenueEvent] = []

    @property
    def day(self) -> int:
        """yyyymmdd"""
        return int(f"{self.market.trading_day():%Y%m%d}")

    # What a test does to it.

    def attach(self, sink: TradingSink | None) -> None:
        """Another process listens, or none."""
        self.sink, self.connected = sink, False
        self.unheard.clear()

    def connect(self) -> None:
        self.session += 1
        self.connected = True
        self._refs = 0
        if self.sink is not None:
            self.sink.trading_ready(self.day)

    def disconnect(self) -> None:
        """What was under way to us is lost."""
        self.connected = False
        self.unheard.clear()
        if self.sink is not None:
            self.sink.trading_lost()

    def new_day(self, settlement: int) -> bool:
        """The session ends, the day is settled at that price; False when there are no more days."""
        ended = self.market.trading_day()
        if ended == DAYS[-1]:
            return False
        self.disconnect()
        self.on_its_way.clear()
        before, trades = self.account.orders, self.account.trades
        self.counter.new_day(ended, {SYMBOL: Decimal(settlement)}, self._terms, confirmed=True)
        self._day_before = [*map(self._report, before), *map(self._trade, trades)]
        self.settled |= {str(order.tag): self._report(order) for order in before}
        self.market.number += 1
        return True

    def arrive(self) -> None:
        """What is on its way to the exchange gets there."""
        waiting, self.on_its_way = self.on_its_way, []
        for act in waiting:
            act()

    def speak(self, random: Random | None = None) -> None:
        """Deliver what was kept back: in order, or shuffled, with some of it doubled."""
        said, self.unheard = self.unheard, []
        if random is not None:
            said += [event for event in said if random.random() < 0.3]
            random.shuffle(said)
        for event in said:
            self._hear(event)

    def replay(self) -> None:
        """The private flow from the day's beginning, as after a login with THST_TERT_RESTART; and what is left of the
        day before, which some counters tell once more.
        """
        for event in self._day_before:
            self._hear(event)
        for order in self.account.orders:
            self._hear(self._report(order))
        for trade in self.account.trades:
            self._hear(self._trade(trade))

    def fill(self, side: lab.Side, volume: int) -> int:
        """Somebody trades with our resting orders: `side` is theirs."""
        price = Decimal(PRICE - 500 if side is lab.Side.SELL else PRICE + 500)
        return self.counter.strike(SYMBOL, side, price, volume)

    def other_terminal(self, request: lab.Request) -> lab.Order | None:
        """An order that is none of ours."""
        try:
            return self.counter.insert(self.account, request, tag=f"9_{self.session}_{len(self.account.orders)}")
        except LabRefused:
            return None

    @property
    def live(self) -> list[lab.Order]:
        return [order for order in self.account.orders if order.live]

    # The port.

    def next_ref(self) -> str:
        if not self.connected:
            raise NotSent("no session")
        self._refs += 1
        return f"1_{self.session}_{self._refs}"

    async def send(self, order: Order) -> None:
        self._may("send", order)
        self.at("before the counter")
        self.sends.append(order.client_order_id)
        self.inserts[order.client_order_id] += 1
        request = lab.Request(
            order.symbol,
            lab.Side.BUY if order.direction is Direction.LONG else lab.Side.SELL,
            _OFFSETS[order.offset],
            int(order.volume),
            Decimal(int(order.price)),
        )
        try:
            self.counter.insert(self.account, request, tag=order.venue_ref)
        except LabRefused as error:
            self._say(Refused(order.client_order_id, self.clock.now(), 50, error.why.name))
        self.at("after the counter")
        if "send" in self.deaf_calls:
            await asyncio.Event().wait()
        await asyncio.sleep(0)

    async def cancel(self, order: Order) -> None:
        self._may("cancel", order)
        self.at("before the cancel")
        self.cancels.append(order.client_order_id)
        for each in self.account.orders:
            if each.tag == order.venue_ref or (each.venue_id and each.venue_id == order.venue_id):
                try:
                    self.counter.cancel(each, order.client_order_id)
                except LabRefused as error:
                    self._say(CancelRefused(order.client_order_id, self.clock.now(), 26, error.why.name))
                break
        else:
            self._say(CancelRefused(order.client_order_id, self.clock.now(), 25, "NO_ORDER"))
        self.at("after the cancel")
        if "cancel" in self.deaf_calls:
            await asyncio.Event().wait()

    async def send_bracket(self, orders: Sequence[Order]) -> None:
        """The entry; what waits for it is the venue's own matter and not played."""
        await self.send(orders[0])

    async def modify(self, order: Order) -> None:
        self._may("modify", order)
        self.at("before the modification")
        self.modifications.append(order.client_order_id)
        self._line(lambda: self._modify(order))
        self.at("after the modification")
        if "modify" in self.deaf_calls:
            await asyncio.Event().wait()

    def _modify(self, order: Order) -> None:
        for each in self.account.orders:
            if each.tag == order.venue_ref or (each.venue_id and each.venue_id == order.venue_id):
                try:
                    modify(self.counter, each, int(order.volume), Decimal(int(order.price)))
                except LabRefused as error:
                    self._say(ModifyRefused(order.client_order_id, self.clock.now(), 26, error.why.name))

    async def books(self, *, twice: bool = False) -> VenueBooks:
        session, asked = self.session, self.clock.now()
        orders = tuple(self._report(order, queried=True) for order in self.account.orders)
        await self._pause(session)
        trades = tuple(self._trade(trade) for trade in self.account.trades)
        await self._pause(session)
        positions = tuple(self.positions())
        await self._pause(session)
        account = self.funds()
        since = 0
        if twice:
            await self._pause(session)
            since, asked = asked, self.clock.now()
            orders = tuple(self._report(order, queried=True) for order in self.account.orders)
        self.at("books told")
        return VenueBooks(orders, trades, positions, account, self.day, asked, since)

    async def holdings(self) -> VenueHoldings:
        session = self.session
        positions = tuple(self.positions())
        await self._pause(session)
        account = self.funds()
        self.at("holdings told")
        return VenueHoldings(positions, account)

    async def rates(self, instruments: Sequence[Instrument]) -> dict[Instrument, Rates]:
        self.asked_rates += instruments
        charge = Charge(0.12)
        return {each: Rates(margin=MarginRates(charge, charge)) for each in instruments if each.symbol == SYMBOL}

    async def settlement(self, trading_day: int) -> str:
        return ""

    def positions(self) -> list[Position]:
        found: list[Position] = []
        for direction, side in ((Direction.LONG, lab.Side.BUY), (Direction.SHORT, lab.Side.SELL)):
            buckets = [each for key, each in self.account.buckets.items() if key[1] is side]
            if any(bucket.volume for bucket in buckets):
                found.append(_position(direction, buckets, self.day))
        return found

    def funds(self) -> Account:
        """As the account query tells them."""
        its = self.account
        return Account(
            gateway="ctp",
            account="main",
            balance=float(its.balance),
            available=float(its.available),
            frozen=float(its.frozen_margin + its.frozen_cash + its.frozen_fee),
            margin=float(its.margin),
            frozen_margin=float(its.frozen_margin),
            frozen_commission=float(its.frozen_fee),
            commission=float(its.fee),
            position_profit=float(its.position_profit),
            close_profit=float(its.close_profit) - self.loss,
            pre_balance=float(its.before),
            trading_day=self.day,
        )

    # The counter's listener.

    def order(self, order: lab.Order) -> None:
        self._say(self._report(order))

    def trade(self, trade: lab.Trade) -> None:
        self._say(self._trade(trade))

    def cancel_failed(self, order: lab.Order, tag: object) -> None:
        self._say(CancelRefused(str(tag), self.clock.now(), 26, "DONE"))

    def _line(self, act: Callable[[], None]) -> None:
        self.on_its_way.append(act)
        if not self.held:
            self.arrive()

    def _may(self, call: str, order: Order) -> None:
        if call in self.refuse_calls:
            raise NotSent("flow control", "-2")
        if not self.connected or (call == "send" and order.venue_ref.split("_")[1] != str(self.session)):
            raise NotSent("no session")

    def _say(self, event: VenueEvent) -> None:
        if not self.connected:
            return
        if self.mute:
            self.unheard.append(event)
        else:
            self._hear(event)

    def _hear(self, event: VenueEvent) -> None:
        if self.sink is not None and self.connected:
            self.sink.venue(event)

    async def _pause(self, session: int) -> None:
        await self.sleep(0.2)
        if self.incomplete:
            self.incomplete -= 1
            raise BooksIncomplete("broken off")
        if self.session != session or not self.connected:
            raise BooksIncomplete("no session")

    def _report(self, order: lab.Order, *, queried: bool = False) -> OrderReport:
        return OrderReport(
            gateway="ctp",
            account="main",
            symbol=order.terms.symbol,
            exchange=Exchange.SHFE,
            state=OrderState.REJECTED if order.rejected else _STATES[order.state],
            direction=Direction.LONG if order.request.side is lab.Side.BUY else Direction.SHORT,
            offset=_OFFSETS_BACK[order.request.offset],
            type=OrderType.LIMIT,
            price=float(order.request.price),
            volume=float(order.request.volume),
            traded=float(order.traded),
            venue_ref=str(order.tag),
            venue_id=order.venue_id,
            trading_day=self.day,
            datetime=from_datetime(order.inserted),
            received=self.clock.now(),
            queried=queried,
            terms=True,
        )

    def _trade(self, trade: lab.Trade) -> Trade:
        """As CTP tells it: by the exchange's number, which another day uses again."""
        return Trade(
            gateway="ctp",
            account="main",
            symbol=trade.order.terms.symbol,
            exchange=Exchange.SHFE,
            tradeid=trade.venue_id,
            client_order_id="",
            direction=Direction.LONG if trade.order.request.side is lab.Side.BUY else Direction.SHORT,
            offset=_OFFSETS_BACK[trade.order.request.offset],
            price=float(trade.price),
            volume=float(trade.volume),
            received=self.clock.now(),
            trading_day=self.day,
            venue_id=trade.order.venue_id,
            commission=float(trade.fee),
        )


class _Market:
    """Wide open: orders rest, unless they cross each other."""

    def __init__(self) -> None:
        self.number = 0
        """Of the day, from 0."""

    def depth(self, symbol: str) -> Depth:
        low, high = Decimal(PRICE - 1000), Decimal(PRICE + 1000)
        return Depth(1, Decimal(PRICE), 0, (), (), low, high)

    def last(self, symbol: str) -> Decimal:
        return Decimal(PRICE)

    def open(self, symbol: str) -> bool:
        return True

    def now(self) -> datetime:
        return datetime.combine(self.trading_day(), time(10), SHANGHAI)

    def trading_day(self) -> date:
        return DAYS[self.number]


def _position(direction: Direction, buckets: Sequence[Bucket], day: int) -> Position:
    volume = sum(bucket.volume for bucket in buckets)
    yesterday = sum(bucket.volume - bucket.today for bucket in buckets)
    cost, open_cost = (float(sum(getattr(each, what) for each in buckets)) for what in ("cost", "open_cost"))
    return Position(
        "ctp",
        "main",
        SYMBOL,
        Exchange.SHFE,
        direction,
        volume=float(volume),
        yd_volume=float(yesterday),
        frozen=float(sum(bucket.frozen for bucket in buckets)),
        price=cost / volume / 10 if volume else 0.0,
        open_price=open_cost / volume / 10 if volume else 0.0,
        open_cost=open_cost,
        position_cost=cost,
        trading_day=day,
    )


_OFFSETS = {
    Offset.OPEN: lab.Offset.OPEN,
    Offset.CLOSE: lab.Offset.CLOSE,
    Offset.CLOSETODAY: lab.Offset.CLOSE_TODAY,
    Offset.CLOSEYESTERDAY: lab.Offset.CLOSE_YESTERDAY,
}
_OFFSETS_BACK = {theirs: ours for ours, theirs in _OFFSETS.items()}
_STATES = {
    lab.State.SUBMITTED: OrderState.SENT,
    lab.State.QUEUEING: OrderState.ACCEPTED,
    lab.State.PARTIAL: OrderState.PARTIAL,
    lab.State.FILLED: OrderState.FILLED,
    lab.State.CANCELLED: OrderState.CANCELLED,
}
