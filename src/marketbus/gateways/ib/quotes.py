"""Market data: one line at TWS per contract, whatever names it has here, and every message a tick.

An account has some 100 lines; asking twice would take two of them and leave one behind.
"""

from collections.abc import Callable

from ib_async.contract import Contract as IbContract

from marketbus.domain.instrument import Instrument
from marketbus.domain.message import Bilingual, reason
from marketbus.domain.status import Level
from marketbus.domain.tick import TickFlag
from marketbus.domain.times import NS
from marketbus.gateways.ib.catalogue import Entry
from marketbus.gateways.ib.connection import Connection
from marketbus.gateways.ib.depth import LEVELS, Depth, Misplaced
from marketbus.gateways.ib.depth import Level as BookLevel
from marketbus.gateways.ib.market_line import Feed, MarketLine, cancellation
from marketbus.gateways.ib.notices import COMPETING, DELAYED_SHOWN, NO_PERMISSION, PARTLY, hint, is_advice
from marketbus.gateways.ib.pacer import Urgency
from marketbus.gateways.ib.quote import DELAYED, LAST, PRICES, SIZES, TIMES, TRADES, BadValue, exact, rt_volume
from marketbus.gateways.ib.setting import Setting
from marketbus.ports.clock import Clock, MarketClock
from marketbus.ports.gateway import GatewaySink, Logged, SubscriptionAnswered

_DELAYED_TYPE = 3


class Quotes:
    """Implements heard.QuotesHeard; lives on the loop."""

    def __init__(
        self, setting: Setting, sink: GatewaySink, clock: Clock, market: MarketClock, *, simulated: bool
    ) -> None:
        self.competing: Callable[[str], None] = lambda words: None
        """Told when another session has the market data."""
        self.fed: Callable[[], None] = lambda: None
        """Told when it has them no more."""
        self._setting = setting
        self._sink = sink
        self._clock = clock
        self._market = market
        self._flags = int(TickFlag.SIMULATED) if simulated else 0
        self._connection: Connection | None = None
        self._lines: dict[tuple[int, str], MarketLine] = {}
        self._by_name: dict[Instrument, MarketLine] = {}
        self._by_number: dict[int, tuple[MarketLine, Feed]] = {}
        self._sent: set[int] = set()
        self._starved: set[tuple[int, str]] = set()
        """Lines whose data another session has."""
        self._delayed_type = False

    def begin(self, connection: Connection) -> None:
        """A connection, on which nothing is asked for yet."""
        self.forget()
        self._connection = connection
        self._delayed_type = False

    def forget(self) -> None:
        """TWS has lost what was asked for."""
        self._lines.clear()
        self._by_name.clear()
        self._by_number.clear()
        self._sent.clear()
        self._starved.clear()

    def subscribe(self, instrument: Instrument, entry: Entry) -> None:
        """Ask for a contract under one of its names; one that has its line already is acknowledged as it is."""
        line = self._lines.get(entry.line)
        fresh = line is None
        if line is None:
            line = self._lines[entry.line] = MarketLine(entry)
        line.names[instrument] = entry
        self._by_name[instrument] = line
        if fresh:
            self._ask(line)
        elif line.acknowledged:
            self._sink.event(SubscriptionAnswered(instrument, ok=True))

    @property
    def starved(self) -> bool:
        """Whether another session has the data of some lines."""
        return bool(self._starved)

    def unsubscribe(self, instrument: Instrument) -> None:
        """No more of it under this name; the last name gives the line back."""
        line = self._by_name.pop(instrument, None)
        if line is None:
            return
        line.names.pop(instrument, None)
        if not line.names:
            self._cancel(line)
            del self._lines[line.entry.line]

    def renew(self) -> None:
        """A farm is back: what it gave comes again only to those who ask."""
        for line in list(self._lines.values()):
            self._cancel(line)
            line.acknowledged = False
            self._ask(line)

    # What TWS says

    def price(self, number: int, kind: int, price: float, size: float) -> None:
        """See QuotesHeard."""
        line = self._line(number)
        if line is None or kind not in PRICES or line.has_better(kind):
            return
        try:
            if line.quote.price(kind, price, size):
                self._tell(line, kind, line.quote.trade_time if PRICES[kind] == LAST else 0)
        except BadValue as error:
            self._sink.reject("bad_price", self.symbol(number), str(error))

    def size(self, number: int, kind: int, size: float) -> None:
        """See QuotesHeard."""
        line = self._line(number)
        if line is None or kind not in SIZES or line.has_better(kind):
            return
        try:
            if line.quote.size(kind, size):
                self._tell(line, kind, line.quote.trade_time if kind in (5, 71, 8, 74) else 0)
        except BadValue as error:
            self._sink.reject("bad_size", self.symbol(number), str(error))

    def text(self, number: int, kind: int, text: str) -> None:
        """See QuotesHeard. A time belongs to the trade that follows."""
        line = self._line(number)
        if line is None:
            return
        try:
            if kind in TIMES:
                line.quote.delayed = line.quote.delayed or kind in DELAYED
                line.quote.trade_time = int(text) * NS or line.quote.trade_time
            elif kind in TRADES and not line.has_better(kind):
                line.quote.trade(rt_volume(text))
                self._tell(line, kind, line.quote.trade_time)
        except ValueError as error:
            self._sink.reject("bad_time" if kind in TIMES else "bad_trade", self.symbol(number), str(error))

    def data_type(self, number: int, kind: int) -> None:
        """See QuotesHeard."""
        line = self._line(number)
        if line is not None:
            line.quote.delayed = kind >= _DELAYED_TYPE

    def begun(self, number: int) -> None:
        """See QuotesHeard."""
        self._line(number)

    def rerouted(self, number: int, con_id: int, exchange: str) -> None:
        """See QuotesHeard."""
        line, feed = self._by_number.pop(number, (None, None))
        if line is not None and feed is Feed.LEVEL_1:
            line.contract = IbContract(conId=con_id, exchange=exchange)
            self._again(line)

    def depth(self, number: int, position: int, operation: int, side: int, price: float, size: float) -> None:
        """See QuotesHeard."""
        line, feed = self._by_number.get(number, (None, None))
        if line is None or feed is not Feed.DEPTH or line.quote.depth is None:
            return
        try:
            line.quote.depth.change(position, operation, side, price, exact(size))
        except Misplaced as error:
            self._sink.reject("bad_depth", self.symbol(number), str(error))
            return
        self._tell(line, 0, 0)

    def depth_reset(self, number: int) -> None:
        """See QuotesHeard."""
        line, _ = self._by_number.get(number, (None, None))
        if line is not None and line.quote.depth is not None:
            line.quote.depth.reset()

    def trade(self, number: int, time: int, price: float, size: float) -> None:
        """See QuotesHeard."""
        line, _ = self._by_number.get(number, (None, None))
        if line is not None:
            line.by_tick.add(Feed.TRADES)
            line.quote.last, line.quote.last_size = price, exact(size)
            line.quote.trade_time = time * NS
            self._tell(line, 0, time * NS)

    def quote(self, number: int, time: int, bid: float, ask: float, bid_size: float, ask_size: float) -> None:
        """See QuotesHeard."""
        line, _ = self._by_number.get(number, (None, None))
        if line is not None:
            line.by_tick.add(Feed.QUOTES)
            line.quote.bid = BookLevel(bid, exact(bid_size)) if bid_size > 0 else BookLevel(0.0, 0.0)
            line.quote.ask = BookLevel(ask, exact(ask_size)) if ask_size > 0 else BookLevel(0.0, 0.0)
            self._tell(line, 0, time * NS)

    def refused(self, number: int, code: int, words: str) -> bool:
        """See QuotesHeard."""
        line, feed = self._by_number.get(number, (None, None))
        if line is None or feed is None:
            return code == 300 or code in NO_PERMISSION  # of a request that was given back a moment ago
        if code == DELAYED_SHOWN:
            line.quote.delayed = True
        elif code == COMPETING:  # TWS keeps what was asked for, and gives nothing for it
            self._starved.add(line.entry.line)
            self.competing(words)
        elif feed is not Feed.LEVEL_1:
            if not is_advice(code):
                del self._by_number[number], line.numbers[feed]
                self._without(line, feed, code, words)
        elif code == PARTLY:
            if self._setting.delayed and not line.asked_delayed:
                self._cancel(line)
                self._refused(line, code, words)
        elif not is_advice(code):
            del self._by_number[number], line.numbers[feed]
            self._refused(line, code, words)
        return True

    def symbol(self, number: int) -> str:
        """See QuotesHeard."""
        line, _ = self._by_number.get(number, (None, None))
        return next(iter(line.names)).vt_symbol if line is not None and line.names else str(number)

    # Requests

    def _ask(self, line: MarketLine) -> None:
        contract = line.contract
        self._again(line)
        name = next(iter(line.names))
        if self._setting.takes(self._setting.depth, name):
            line.quote.depth = Depth()
            smart = contract.exchange == "SMART"
            rows = LEVELS * 4 if smart else LEVELS  # of all exchanges, several of a price
            self._request(line, Feed.DEPTH, lambda c, n: c.client.reqMktDepth(n, contract, rows, smart, []))
        if self._setting.takes(self._setting.tick_by_tick, name):
            for feed in (Feed.TRADES, Feed.QUOTES):
                self._request(
                    line, feed, lambda c, n, f=feed: c.client.reqTickByTickData(n, contract, f.value, 0, False)
                )

    def _request(self, line: MarketLine, feed: Feed, call: Callable[[Connection, int], None]) -> None:
        connection = self._connection
        if connection is None or not connection.open:
            return
        number = connection.number()
        line.numbers[feed] = number
        self._by_number[number] = (line, feed)

        def send() -> None:
            if number in self._by_number:  # not given back meanwhile
                self._sent.add(number)
                call(connection, number)

        connection.send(Urgency.DATA, lambda _: send())

    def _cancel(self, line: MarketLine) -> None:
        connection = self._connection
        for feed, number in line.numbers.items():
            self._by_number.pop(number, None)
            if connection is not None and connection.open:
                give_back = cancellation(feed, number, smart=line.entry.request.exchange == "SMART")
                connection.send(
                    Urgency.DATA, lambda client, n=number, call=give_back: call(client) if n in self._sent else None
                )
        line.numbers.clear()
        line.by_tick.clear()

    def _refused(self, line: MarketLine, code: int, words: str) -> None:
        if code in NO_PERMISSION and self._setting.delayed and not line.asked_delayed:
            line.asked_delayed = True
            connection = self._connection
            if not self._delayed_type and connection is not None:  # for all requests that follow: live, else delayed
                self._delayed_type = True
                connection.send(Urgency.DATA, lambda client: client.reqMarketDataType(_DELAYED_TYPE))
            self._again(line)
        elif code == 321 and line.generic:  # this kind of contract has no such ticks
            line.generic = ""
            self._again(line)
        else:
            why = reason(words, hint(code))
            for name in line.names:
                self._sink.event(SubscriptionAnswered(name, ok=False, code=code, message=str(why)))

    def _again(self, line: MarketLine) -> None:
        contract, generic = line.contract, line.generic
        self._request(line, Feed.LEVEL_1, lambda c, n: c.client.reqMktData(n, contract, generic, False, False, []))

    def _without(self, line: MarketLine, feed: Feed, code: int, words: str) -> None:
        """Level 1 goes on."""
        line.by_tick.discard(feed)
        if feed is Feed.DEPTH:
            line.quote.depth = None
        fields: dict[str, str | int | Bilingual] = {
            "symbol": next(iter(line.names)).vt_symbol, "feed": feed.value, "error": code, "words": words,
        }  # fmt: skip
        self._sink.event(Logged(Level.WARNING, "md.feed_refused", {**fields}))

    # Ticks

    def _line(self, number: int) -> MarketLine | None:
        """Of a message of level 1; the first one is TWS's word that it took the subscription."""
        line, _ = self._by_number.get(number, (None, None))
        if line is not None and not line.acknowledged:
            line.acknowledged = True
            for name in line.names:
                self._sink.event(SubscriptionAnswered(name, ok=True))
        return line

    def _tell(self, line: MarketLine, kind: int, given: int) -> None:
        quote, received = line.quote, self._clock.now()
        if self._starved:
            self._starved.clear()
            self.fed()
        if kind in DELAYED:
            quote.delayed = True
        instant, flag = quote.time(given, self._market.now())
        flags = self._flags | flag
        for entry in line.names.values():
            day = entry.hours.trading_day(instant)
            self._sink.tick(quote.tick(entry.contract, instant, received, day, flags))
        quote.was_told()
