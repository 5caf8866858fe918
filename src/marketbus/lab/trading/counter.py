"""The counter: checks orders, sends them to the venue, books what comes back; keeps its books whoever listens."""

from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from marketbus.lab.trading.account import Account
from marketbus.lab.trading.matching import Depth, Fill, Matching
from marketbus.lab.trading.order import Life, Order, PriceKind, Request, Side, State, Trade
from marketbus.lab.trading.refusal import Refusal, Refused, Veto
from marketbus.lab.trading.statement import statement
from marketbus.lab.trading.terms import MarketRest, Terms

MAX_LIMIT_VOLUME, MAX_MARKET_VOLUME = 500, 30
"""Lots of one order, as the contract records say."""


class Market(Protocol):
    """The venue's market as the counter needs it."""

    def depth(self, symbol: str) -> Depth:
        """As of the latest tick."""
        ...

    def last(self, symbol: str) -> Decimal:
        """The latest price."""
        ...

    def open(self, symbol: str) -> bool:
        """Whether it is in session."""
        ...

    def now(self) -> datetime:
        """The market's time, in Shanghai."""
        ...

    def trading_day(self) -> date:
        """The counter's."""
        ...


class Listener(Protocol):
    """Told of everything that happens, in order."""

    def order(self, order: Order) -> None:
        """Its state changed."""
        ...

    def trade(self, trade: Trade) -> None:
        """It got lots; its state was told before."""
        ...

    def cancel_failed(self, order: Order, tag: object) -> None:
        """The venue had no such order any more."""
        ...


Line = Callable[[Callable[[], None]], None]
"""The way to the venue: does what it is given, now or later, in order."""


def at_once(act: Callable[[], None]) -> None:
    """A line without length."""
    act()


class Counter:
    """All accounts of one broker on one venue. `money`: what a new account begins with, yuan."""

    def __init__(
        self, market: Market, listener: Listener, terms: dict[str, Terms], money: Decimal, line: Line = at_once
    ) -> None:
        self._market = market
        self._listener = listener
        self._money = money
        self._line = line
        self._matching: Matching[Order] = Matching()
        self._numbers = 0
        self._venue_ids: defaultdict[str, int] = defaultdict(int)
        self._trade_ids: defaultdict[str, int] = defaultdict(int)
        self.terms = terms
        self.accounts: dict[str, Account] = {}
        self.veto: Veto | None = None
        """While set, the venue refuses every order with it."""

    def account(self, user: str) -> Account:
        """That of a user, opened when there is none."""
        if user not in self.accounts:
            self.accounts[user] = Account(user, self._market.last, self._money)
        return self.accounts[user]

    def resting(self) -> set[str]:
        """Symbols with orders that wait at the venue."""
        return self._matching.resting()

    def bounds(self) -> dict[str, tuple[float, float]]:
        """Symbol → highest price bid, lowest asked by those orders; NaN for none. Ticks within change nothing."""
        return self._matching.bounds()

    def insert(self, account: Account, request: Request, tag: object = None) -> Order:
        """Takes an order and sends it to the venue; raises Refused, and then nothing has happened."""
        if not account.confirmed:
            raise Refused(Refusal.NOT_CONFIRMED)
        terms = self.terms.get(request.symbol)
        if terms is None:
            raise Refused(Refusal.NO_INSTRUMENT)
        _check(request, terms, self._market.trading_day())
        order = Order(self._numbers + 1, account, terms, request, self._market.now(), tag)
        order.limit = self._limit(request)
        account.freeze(order)
        self._numbers += 1
        account.orders.append(order)
        self._listener.order(order)
        self._line(lambda: self._arrive(order))
        return order

    def cancel(self, order: Order, tag: object = None) -> None:
        """Asks the venue to cancel; raises Refused when the counter knows that it cannot be."""
        if not order.live:
            raise Refused(Refusal.DONE)
        if order.cancelling:
            raise Refused(Refusal.CANCEL_PENDING)
        order.cancelling = True
        self._line(lambda: self._arrive_cancel(order, tag))

    def ticked(self, symbol: str, depth: Depth) -> None:
        """The market moved."""
        self._book(self._matching.move(symbol, depth))

    def strike(self, symbol: str, side: Side, price: Decimal, volume: int) -> int:
        """Somebody else's order arrives; returns how many lots of our resting orders it filled."""
        fills = self._matching.strike(symbol, side, price, volume)
        self._book(fills)
        return sum(fill.volume for fill in fills)

    def new_day(self, ended: date, settled: dict[str, Decimal], terms: dict[str, Terms], *, confirmed: bool) -> None:
        """Settles the day that ended at those prices and begins the next: no orders, no flows, new numbers.

        `confirmed`: nobody has to confirm the settlement.
        """
        self._matching.clear()
        for account in self.accounts.values():
            for order in account.orders:
                if order.live:
                    order.state = State.CANCELLED
                    account.release(order, order.rest)
            account.statements[ended] = statement(account, ended, settled)
            account.settle(settled.__getitem__, terms, confirmed)
        self.terms = terms
        self._venue_ids.clear()
        self._trade_ids.clear()

    def _limit(self, request: Request) -> Decimal:
        if request.kind is PriceKind.LIMIT:
            return request.price
        depth = self._market.depth(request.symbol)
        return depth.upper if request.side is Side.BUY else depth.lower

    def _arrive(self, order: Order) -> None:
        if not order.live:  # the day ended on its way
            return
        depth = self._market.depth(order.terms.symbol)
        veto = self.veto or self._veto(order, depth)
        if veto is not None:
            order.rejected, order.veto = True, veto
            self._end(order)
            return
        exchange = order.terms.exchange
        self._venue_ids[exchange] += 1
        order.venue_id = _numbered(exchange, self._venue_ids[exchange])
        fills = self._matching.enter(order, depth)
        self._book(fills)
        if not order.rest:
            return
        if order.request.life is Life.IMMEDIATE or not _stays(order, fills):
            self._end(order)
            return
        self._matching.rest(order)
        if not fills:
            order.state = State.QUEUEING
            self._listener.order(order)

    def _arrive_cancel(self, order: Order, tag: object) -> None:
        order.cancelling = False
        if order.live:
            self._matching.remove(order)
            self._end(order)
        else:
            self._listener.cancel_failed(order, tag)

    def _veto(self, order: Order, depth: Depth) -> Veto | None:
        if not self._market.open(order.terms.symbol):
            return Veto.CLOSED
        if order.request.kind is not PriceKind.LIMIT:
            return None
        price = order.request.price
        if price > depth.upper:
            return Veto.ABOVE_LIMIT
        if price < depth.lower:
            return Veto.BELOW_LIMIT
        return Veto.PRICE_GRID if price % order.terms.tick else None

    def _end(self, order: Order) -> None:
        order.state = State.CANCELLED
        order.done_at = self._market.now()
        order.account.release(order, order.rest)
        self._listener.order(order)

    def _book(self, fills: list[Fill[Order]]) -> None:
        for fill in fills:
            exchange = fill.order.terms.exchange
            self._trade_ids[exchange] += 1
            venue_id = _numbered(exchange, self._trade_ids[exchange])
            for order in (fill.order, fill.against):
                if order is not None:
                    self._fill(order, venue_id, fill.price, fill.volume)

    def _fill(self, order: Order, venue_id: str, price: Decimal, volume: int) -> None:
        now = self._market.now()
        fee, profit = order.account.fill(order, venue_id, price, volume, self._market.trading_day())
        order.traded += volume
        order.state = State.PARTIAL if order.rest else State.FILLED
        if not order.rest:
            order.done_at = now
            self._matching.remove(order)
        trade = Trade(venue_id, order, price, volume, now, fee, profit)
        order.trades.append(trade)
        order.account.trades.append(trade)
        self._listener.order(order)
        self._listener.trade(trade)


def _check(request: Request, terms: Terms, day: date) -> None:
    if not terms.tradable:
        raise Refused(Refusal.NOT_PLAYED)
    if terms.expires < day:
        raise Refused(Refusal.NOT_TRADING)
    most = MAX_LIMIT_VOLUME if request.kind is PriceKind.LIMIT else MAX_MARKET_VOLUME
    if not 1 <= request.volume <= most or not 0 <= request.minimum <= request.volume:
        raise Refused(Refusal.FIELD)
    if request.kind is not PriceKind.LIMIT and terms.market is None:
        raise Refused(Refusal.PRICE_KIND)
    if request.kind is PriceKind.FIVE_LEVELS and terms.exchange != "CFFEX":
        raise Refused(Refusal.PRICE_KIND)


def _stays(order: Order, fills: list[Fill[Order]]) -> bool:
    """Whether the rest waits; sets the limit it waits at."""
    rest = {
        PriceKind.LIMIT: MarketRest.AT_DAY_LIMIT,  # its own limit, that is
        PriceKind.MARKET: order.terms.market,
        PriceKind.FIVE_LEVELS: MarketRest.AT_LAST_FILL,
    }[order.request.kind]
    if rest is MarketRest.AT_LAST_FILL and fills:
        order.limit = fills[-1].price
        return True
    return rest is MarketRest.AT_DAY_LIMIT


def _numbered(exchange: str, number: int) -> str:
    # As the exchanges write them: Zhengzhou a bare number of the day's millions, the others right-aligned in 12.
    return str(20_260_000 + number) if exchange == "CZCE" else f"{number:>12}"
