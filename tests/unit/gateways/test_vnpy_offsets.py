"""Offset conversion, step by step beside the OffsetConverter of the installed vnpy."""

from itertools import product
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from vnpy.trader.constant import Exchange as VnpyExchange
from vnpy.trader.constant import Product as VnpyProduct
from vnpy.trader.converter import OffsetConverter
from vnpy.trader.object import ContractData

from marketbus.domain.instrument import Exchange
from marketbus.domain.offset_conversion import OffsetMode, convert
from marketbus.domain.offset_counts import OffsetCounts
from marketbus.domain.order import Order, OrderState
from marketbus.domain.order_request import OrderRequest
from marketbus.domain.order_terms import Direction, Offset, OrderType
from marketbus.domain.position import Position
from marketbus.domain.trade import Trade
from marketbus.vnpy_types.trading import order_request_to_vnpy, order_to_vnpy, position_to_vnpy, trade_to_vnpy

SIDES = st.sampled_from([Direction.LONG, Direction.SHORT])
CLOSING = st.sampled_from([Offset.CLOSE, Offset.CLOSETODAY, Offset.CLOSEYESTERDAY])
WISHES = (Offset.OPEN, Offset.CLOSE, Offset.CLOSETODAY)
LOTS = st.integers(1, 5).map(float)


class Oms:
    """What the converter asks of vnpy's engine."""

    def __init__(self, exchange: Exchange) -> None:
        self.contract = ContractData(
            "ctp", "x1", VnpyExchange(exchange.value), "x", VnpyProduct.FUTURES, size=10, pricetick=1
        )

    def get_contract(self, _: str) -> ContractData:
        return self.contract


class Beside(RuleBasedStateMachine):
    """The same positions, orders and trades to both; the same orders come out, in every mode, at any moment."""

    @initialize(exchange=st.sampled_from([Exchange.SHFE, Exchange.INE, Exchange.DCE, Exchange.CZCE, Exchange.CFFEX]))
    def begin(self, exchange: Exchange) -> None:
        self.exchange = exchange
        oms: Any = Oms(exchange)
        self.theirs = OffsetConverter(oms)
        self.ours = OffsetCounts(exchange)
        self.orders: dict[str, Order] = {}
        self.count = 0

    @rule(direction=SIDES, today=st.integers(0, 4), yesterday=st.integers(0, 4))
    def position(self, direction: Direction, today: int, yesterday: int) -> None:
        held = Position("ctp", "a", "x1", self.exchange, direction, float(today + yesterday), float(yesterday))
        self.ours.position(held)
        self.theirs.update_position(position_to_vnpy(held))

    @rule(direction=SIDES, offset=CLOSING | st.just(Offset.OPEN) | st.just(Offset.NONE), volume=LOTS)
    def order(self, direction: Direction, offset: Offset, volume: float) -> None:
        self.count += 1
        self.change(self.make(str(self.count), direction, offset, volume, 0.0, OrderState.SENT))

    @precondition(lambda self: bool(self.orders))
    @rule(data=st.data(), state=st.sampled_from(OrderState))
    def progress(self, data: st.DataObject, state: OrderState) -> None:
        order = self.orders[data.draw(st.sampled_from(sorted(self.orders)))]
        traded = data.draw(st.integers(int(order.traded), int(order.volume)))
        self.change(self.make(order.client_order_id, order.direction, order.offset, order.volume, float(traded), state))

    @rule(direction=SIDES, offset=CLOSING | st.just(Offset.OPEN), volume=LOTS)
    def trade(self, direction: Direction, offset: Offset, volume: float) -> None:
        side = self.ours.closed_by(direction)
        if offset.closes:  # a venue fills no close of what is not there
            by_day = self.exchange in (Exchange.SHFE, Exchange.INE)
            there = side.today + side.yesterday
            if offset is Offset.CLOSETODAY:
                there = side.today
            elif offset is Offset.CLOSEYESTERDAY or by_day:
                there = side.yesterday
            volume = min(volume, there)
        if not volume:
            return
        self.count += 1
        fill = Trade("ctp", "a", "x1", self.exchange, str(self.count), "1", direction, offset, 100.0, volume)
        self.ours.trade(fill)
        self.theirs.update_trade(trade_to_vnpy(fill))

    @rule(volume=LOTS)
    def wish(self, volume: float) -> None:
        for mode, direction, offset in product(OffsetMode, (Direction.LONG, Direction.SHORT), WISHES):
            request = OrderRequest("x1", self.exchange, direction, OrderType.LIMIT, volume, 100.0, offset)
            ours = [(leg.offset.name, leg.volume) for leg in convert(request, self.ours, mode)]
            theirs = self.theirs.convert_order_request(
                order_request_to_vnpy(request), lock=mode is OffsetMode.LOCK, net=mode is OffsetMode.NET
            )
            assert ours == [(each.offset.name, each.volume) for each in theirs]

    def make(
        self, name: str, direction: Direction, offset: Offset, volume: float, traded: float, state: OrderState
    ) -> Order:
        kind = OrderType.LIMIT
        return Order("ctp", "a", "x1", self.exchange, name, direction, offset, kind, 100.0, volume, traded, state)

    def change(self, order: Order) -> None:
        self.orders[order.client_order_id] = order
        self.ours.order(order)
        self.theirs.update_order(order_to_vnpy(order))


Beside.TestCase.settings = settings(max_examples=100, stateful_step_count=30)
TestBesideVnpy = Beside.TestCase
