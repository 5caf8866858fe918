"""An account's money and positions: what is frozen, in use, gained and paid adds up at every moment.

Source of the identities: the meaning CTP gives the fields of CThostFtdcTradingAccountField. Balance = money at the
day's beginning + deposits + profit closed + profit open + premiums - commission; Available = Balance - margin in use -
all that is frozen.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from marketbus.lab.trading.order import Offset, Order, Side, Trade
from marketbus.lab.trading.position import Bucket, Lot
from marketbus.lab.trading.refusal import Refusal, Refused
from marketbus.lab.trading.terms import Terms

_NIL = Decimal(0)

BucketKey = tuple[str, Side, bool]
"""Symbol, BUY for long, whether of history."""


@dataclass(slots=True, eq=False)
class Account:
    """`last`: the latest price of a symbol. Flows are those of the trading day."""

    user: str
    last: Callable[[str], Decimal]
    before: Decimal
    """The balance the day began with."""
    margin_before: Decimal = _NIL
    deposit: Decimal = _NIL
    fee: Decimal = _NIL
    close_profit: Decimal = _NIL
    premium: Decimal = _NIL
    """Received for options less paid for them."""
    frozen_margin: Decimal = _NIL
    frozen_cash: Decimal = _NIL
    frozen_fee: Decimal = _NIL
    confirmed: bool = False
    buckets: dict[BucketKey, Bucket] = field(default_factory=dict[BucketKey, Bucket])
    orders: list[Order] = field(default_factory=list[Order])
    trades: list[Trade] = field(default_factory=list[Trade])
    statements: dict[date, str] = field(default_factory=dict[date, str])

    @property
    def margin(self) -> Decimal:
        """In use."""
        return sum((bucket.margin for bucket in self.buckets.values()), _NIL)

    def margin_at(self, price: Callable[[str], Decimal]) -> Decimal:
        """What the lots held need once they are settled at those prices."""
        return sum(
            (
                bucket.margin_of(bucket.terms.turnover(price(symbol), bucket.volume), bucket.volume)
                for (symbol, *_), bucket in self.buckets.items()
            ),
            _NIL,
        )

    @property
    def position_profit(self) -> Decimal:
        """Of all lots held."""
        return sum((bucket.profit(self.last(symbol)) for (symbol, *_), bucket in self.buckets.items()), _NIL)

    @property
    def option_value(self) -> Decimal:
        """What the options held would bring, less what those sold would cost."""
        return sum(
            (
                bucket.side.sign * bucket.terms.turnover(self.last(symbol), bucket.volume)
                for (symbol, *_), bucket in self.buckets.items()
                if bucket.terms.option
            ),
            _NIL,
        )

    @property
    def balance(self) -> Decimal:
        """All that is there."""
        return self.before + self.deposit + self.close_profit + self.position_profit + self.premium - self.fee

    @property
    def available(self) -> Decimal:
        """What new orders may use."""
        return self.balance - self.margin - self.frozen_margin - self.frozen_cash - self.frozen_fee

    def bucket(self, terms: Terms, side: Side, *, history: bool) -> Bucket:
        """That of the instrument and side, made when there is none."""
        key = (terms.symbol, side, history)
        if key not in self.buckets:
            self.buckets[key] = Bucket(terms, side, history)
        return self.buckets[key]

    def freeze(self, order: Order) -> None:
        """Sets aside what the order may need; raises Refused when there is not enough, and nothing is set aside."""
        request, terms = order.request, order.terms
        turnover = terms.turnover(order.limit, 1)
        if request.offset is Offset.OPEN:
            order.frozen_fee = terms.open.of(turnover, 1)
            if terms.option and request.side is Side.BUY:
                order.frozen_cash = turnover
            elif terms.option:
                order.frozen_margin = terms.written
            else:
                order.frozen_margin = turnover * terms.margin
        else:
            closed = self._closed_by(order)
            if closed.volume - closed.frozen < request.volume:
                raise Refused(_too_few(order))
            order.frozen_fee = max(terms.close.of(turnover, 1), terms.close_today.of(turnover, 1))
            if terms.option and request.side is Side.BUY:
                order.frozen_cash = turnover
        needed = (order.frozen_margin + order.frozen_cash + order.frozen_fee) * request.volume
        # A close frees margin: counters let it pass when only its fee is missing.
        if request.offset is Offset.OPEN and needed > self.available:
            raise Refused(Refusal.MONEY)
        self._freeze(order, request.volume)

    def release(self, order: Order, volume: int) -> None:
        """Gives back what was set aside for that many lots."""
        self._freeze(order, -volume)

    def fill(self, order: Order, venue_id: str, price: Decimal, volume: int, day: date) -> tuple[Decimal, Decimal]:
        """Books lots of an order at a price; returns fee and profit in yuan."""
        self.release(order, volume)
        terms, side = order.terms, order.request.side
        turnover = terms.turnover(price, volume)
        if terms.option:
            self.premium -= turnover * side.sign
        if order.request.offset is Offset.OPEN:
            fee, profit = terms.open.of(turnover, volume), _NIL
            bucket = self.bucket(terms, side, history=False)
            bucket.open(Lot(day, venue_id, price, price, volume, today=True))
            bucket.open_volume += volume
            bucket.open_amount += turnover
        else:
            bucket = self._closed_by(order)
            fee, profit = _NIL, _NIL
            for lot, taken in bucket.close(volume, price):
                fee += terms.closing_fee(price, taken, today=lot.today)
                if not terms.option:
                    gained = terms.turnover(price - lot.basis, taken) * bucket.side.sign
                    lot.closed_profit += gained
                    profit += gained
            bucket.close_volume += volume
            bucket.close_amount += turnover
            bucket.close_profit += profit
        bucket.fee += fee
        self.fee += fee
        self.close_profit += profit
        return fee, profit

    def settle(self, prices: Callable[[str], Decimal], terms: dict[str, Terms], confirmed: bool) -> None:
        """Ends the day at those settlement prices: flows into the balance, today's lots become yesterday's.

        What is not listed any more (not in `terms`) is closed at its settlement price.
        """
        last, self.last = self.last, prices
        balance, margin = self.balance, self.margin_at(prices)
        for (symbol, *_), bucket in self.buckets.items():
            if symbol not in terms and bucket.terms.option:
                balance += bucket.terms.turnover(prices(symbol), bucket.volume) * bucket.side.sign
        held: dict[BucketKey, Bucket] = {}
        for (symbol, side, _), bucket in self.buckets.items():
            if not bucket.volume or symbol not in terms:
                continue
            key = (symbol, side, terms[symbol].splits_days)
            if key in held:
                held[key].take(bucket, prices(symbol))
            else:
                held[key] = bucket.settled(prices(symbol), terms[symbol])
        self.last = last
        self.before, self.margin_before, self.buckets = balance, margin, held
        self.deposit = self.fee = self.close_profit = self.premium = _NIL
        self.frozen_margin = self.frozen_cash = self.frozen_fee = _NIL
        self.confirmed = confirmed
        self.orders, self.trades = [], []

    def _freeze(self, order: Order, volume: int) -> None:
        self.frozen_margin += order.frozen_margin * volume
        self.frozen_cash += order.frozen_cash * volume
        self.frozen_fee += order.frozen_fee * volume
        if order.request.offset is not Offset.OPEN:
            self._closed_by(order).frozen += volume

    def _closed_by(self, order: Order) -> Bucket:
        history = order.terms.splits_days and order.request.offset is not Offset.CLOSE_TODAY
        return self.bucket(order.terms, order.request.side.other, history=history)


def _too_few(order: Order) -> Refusal:
    if not order.terms.splits_days:
        return Refusal.POSITION
    return Refusal.TODAY if order.request.offset is Offset.CLOSE_TODAY else Refusal.YESTERDAY
