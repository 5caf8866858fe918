"""A venue of three instruments whose book is what the test says, and a counter on it that writes down what it says."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from marketbus.lab.trading import Account, Counter, Offset, Order, Request, Side, Terms, Trade
from marketbus.lab.trading.matching import Depth, Level
from marketbus.lab.trading.terms import Fee, MarketRest

DAY = date(2026, 11, 20)
NEXT_DAY = date(2026, 11, 23)
RB, M, IF = "rb2701", "m2701", "IF2612"


def terms(symbol: str, exchange: str, multiplier: int, market: MarketRest | None, **changes: Any) -> Terms:
    values: dict[str, Any] = {
        "symbol": symbol,
        "exchange": exchange,
        "multiplier": multiplier,
        "tick": Decimal(1),
        "option": False,
        "margin": Decimal("0.1"),
        "written": Decimal(0),
        "open": Fee(lot=Decimal(1)),
        "close": Fee(lot=Decimal(2)),
        "close_today": Fee(lot=Decimal(3)),
        "splits_days": exchange == "SHFE",
        "market": market,
        "tradable": True,
        "expires": date(2027, 1, 15),
    }
    return Terms(**values | changes)


TERMS = {
    RB: terms(RB, "SHFE", 10, None),
    M: terms(M, "DCE", 10, MarketRest.AT_DAY_LIMIT),
    IF: terms(IF, "CFFEX", 300, MarketRest.CANCELLED),
}


class Table:
    """Every instrument at 100, bid 99 and asked 101 with 10 lots at each of five levels, until told otherwise."""

    def __init__(self, money: int = 1_000_000, users: tuple[str, ...] = ("one",)) -> None:
        self._depths = {symbol: book(100) for symbol in TERMS}
        self.closed = False
        self.day = DAY
        self.said: list[tuple[Any, ...]] = []
        self.counter = Counter(self, self, dict(TERMS), Decimal(money))
        for user in users:
            self.counter.account(user).confirmed = True

    @property
    def one(self) -> Account:
        return self.counter.account("one")

    def send(
        self, side: Side, volume: int, price: int, offset: Offset = Offset.OPEN, symbol: str = RB, **rest: Any
    ) -> Order:
        user = rest.pop("user", "one")
        request = Request(symbol, side, offset, volume, Decimal(price), **rest)
        return self.counter.insert(self.counter.account(user), request)

    def tick(self, depth: Depth, symbol: str = RB) -> None:
        self._depths[symbol] = depth
        self.counter.ticked(symbol, depth)

    def settle(self, price: int, *, confirmed: bool = True) -> None:
        ended, self.day = self.day, NEXT_DAY
        self.counter.new_day(ended, dict.fromkeys(TERMS, Decimal(price)), dict(TERMS), confirmed=confirmed)

    # The market's side.

    def depth(self, symbol: str) -> Depth:
        return self._depths[symbol]

    def last(self, symbol: str) -> Decimal:
        return self._depths[symbol].last

    def open(self, symbol: str) -> bool:
        return not self.closed

    def now(self) -> datetime:
        return datetime.fromisoformat("2026-11-20T09:30:00+08:00")

    def trading_day(self) -> date:
        return self.day

    # The listener's side.

    def order(self, order: Order) -> None:
        self.said.append((str(order.state), order.traded))

    def trade(self, trade: Trade) -> None:
        self.said.append(("trade", int(trade.price), trade.volume))

    def cancel_failed(self, order: Order, tag: object) -> None:
        self.said.append(("cancel failed", tag))


_numbers = iter(range(1, 1 << 60))


def book(last: int, *, spread: int = 1, size: int = 10, lots: int = 0) -> Depth:
    """Five levels of that size on both sides, `spread` away from the last price."""

    def levels(sign: int) -> tuple[Level, ...]:
        return tuple((Decimal(last + sign * (spread + depth)), size) for depth in range(5))

    return Depth(next(_numbers), Decimal(last), lots, levels(-1), levels(1), Decimal(50), Decimal(150))
