"""The market calendar as a user asks it: symbols, dates and times as they are written."""

from collections.abc import AsyncGenerator, Callable, Iterator
from datetime import date, datetime

from marketbus.client.market_time import MarketTime
from marketbus.domain.errors import MarketBusError, SymbolError
from marketbus.domain.instrument import Exchange, parse_instrument, product_code
from marketbus.domain.market_calendar import MarketCalendar, Phase, SessionEvent, TradingSession, events
from marketbus.domain.times import NS, from_datetime, to_datetime

Day = date | str | int
"""A date, `2026-10-08`, or 20261008 as in `Tick.trading_day`."""
Moment = datetime | int
"""A datetime (a naive one is Shanghai's) or ns UTC as in `Tick.datetime`."""

_OLD = 86_400 * NS


class UnknownHours(MarketBusError):
    """We know no trading hours of this product."""

    code = "unknown_hours"


class Calendar:
    """Answers at once, without asking the bus. Where a day or a moment is left out, it is the market's present one."""

    def __init__(self, market: MarketCalendar, clock: Callable[[], int]) -> None:
        self.market = market
        """What computes; for questions that are not asked here."""
        self.clock = clock
        """The market's time, ns UTC."""

    def now(self) -> datetime:
        """The market's time, in Asia/Shanghai; a simulated venue's runs in its own."""
        return to_datetime(self.clock())

    def is_trading_day(self, day: Day | None = None) -> bool:
        """Whether the exchanges trade on that day."""
        return self.market.days.is_trading_day(self._date(day))

    def is_known(self, day: Day | None = None) -> bool:
        """Whether the holidays of that day's year are published; if not, answers about it are a guess."""
        return self.market.days.knows(self._date(day).year)

    def trading_day(self, at: Moment | None = None) -> date:
        """The trading day that a moment belongs to; evenings, weekends and holidays belong to the next one."""
        return self.market.days.trading_day_of(self._instant(at))

    def next(self, day: Day | None = None, n: int = 1) -> date:
        """The n-th trading day after a day."""
        return self.market.days.next(self._date(day), n)

    def previous(self, day: Day | None = None, n: int = 1) -> date:
        """The n-th trading day before a day."""
        return self.market.days.previous(self._date(day), n)

    def has_night(self, day: Day | None = None) -> bool:
        """Whether the futures market trades on the evening of that day (not before a public holiday)."""
        return self.market.days.has_night(self._date(day))

    def sessions(self, symbol: str, day: Day | None = None) -> tuple[TradingSession, ...]:
        """Sessions and auctions of a trading day, in order, the night of the evening before included.

        Args:
            symbol: `rb2701.SHFE`, a product `rb.SHFE`, or an exchange `SHFE`: when anything trades there.
            day: a trading day; of any other day there are none. Left out: the market's present one.

        Raises:
            SymbolError: `symbol` is none of these.
            UnknownHours: we know no hours for it.
        """
        trading_day = self.trading_day() if day is None else _date(day)
        exchange, product = self._known(symbol, self.market.days.latest(trading_day))
        if product is None:
            return self.market.opening([exchange], trading_day)
        return self.market.sessions(exchange, product, trading_day)

    def is_listed(self, symbol: str) -> bool:
        """Whether hours of this very product are known; if not, answers about it are the usual hours of its exchange.

        Raises:
            MarketBusError: as `sessions`.
        """
        exchange, product = self._known(symbol, self.trading_day())
        return product is None or self.market.hours.names(exchange, product)

    def phase(self, symbol: str, at: Moment | None = None) -> Phase:
        """What the market of `symbol` does: CLOSED, AUCTION or CONTINUOUS. Of an exchange: CONTINUOUS or CLOSED.

        Raises:
            MarketBusError: as `sessions`.
        """
        instant = self._instant(at)
        exchange, product = self._known(symbol, self.market.days.trading_day_of(instant))
        if product is None:
            session = next(self.market.coming_openings([exchange], instant), None)
            return Phase.CLOSED if session is None or session.start > instant else Phase.CONTINUOUS
        return self.market.phase(exchange, product, instant) or Phase.CLOSED

    def is_open(self, symbol: str, at: Moment | None = None) -> bool:
        """Whether `symbol` trades continuously (`phase` tells auctions).

        Raises:
            MarketBusError: as `sessions`.
        """
        return self.phase(symbol, at) is Phase.CONTINUOUS

    def next_events(self, symbol: str, after: Moment | None = None) -> Iterator[SessionEvent]:
        """Starts and ends of sessions and auctions after a moment, as far as the calendar reaches.

        Raises:
            MarketBusError: as `sessions`; BeyondCalendar where the calendar ends.
        """
        instant = self._instant(after)
        exchange, product = self._known(symbol, self.market.days.trading_day_of(instant))
        if product is None:
            return events(self.market.coming_openings([exchange], instant), instant)
        return events(self.market.coming(exchange, product, instant), instant)

    def _known(self, symbol: str, day: date) -> tuple[Exchange, str | None]:
        exchange = Exchange(symbol.strip())
        product = None
        if exchange is Exchange.UNKNOWN:
            try:
                instrument = parse_instrument(symbol)
            except SymbolError:
                raise SymbolError(f"{symbol!r} is no instrument", "such as rb2701.SHFE, rb.SHFE or SHFE") from None
            exchange, product = instrument.exchange, product_code(instrument.symbol)
        known = self.market.hours.in_force(exchange, day) if product is None else ()
        if not known and not (product is not None and self.market.knows(exchange, product, day)):
            raise UnknownHours(f"no trading hours are known of {symbol} on {day}", "add them: [calendar] hours_file")
        return exchange, product

    def _date(self, day: Day | None) -> date:
        return self.now().date() if day is None else _date(day)

    def _instant(self, at: Moment | None) -> int:
        if at is None:
            return self.clock()
        return from_datetime(at) if isinstance(at, datetime) else at


class LiveCalendar(Calendar):
    """A calendar that also waits for the market."""

    def __init__(self, market: MarketCalendar, time: MarketTime) -> None:
        super().__init__(market, time.now)
        self._time = time

    async def events(self, symbol: str) -> AsyncGenerator[SessionEvent, None]:
        """Starts and ends of sessions and auctions, each when the market's time reaches it.

        A simulated venue may set its clock: what it jumps over comes at once (if it is less than a day old), and after
        a jump back the same events come again.

        Raises:
            MarketBusError: as `sessions`, from the first step of the iteration.
        """
        while True:
            async for event in self._until_set_back(symbol):
                if self.clock() - event.at < _OLD:
                    yield event

    async def _until_set_back(self, symbol: str) -> AsyncGenerator[SessionEvent, None]:
        for event in self.next_events(symbol):
            if not await self._time.reach(event.at):
                return
            yield event


def _date(day: Day) -> date:
    if isinstance(day, datetime):
        return to_datetime(from_datetime(day)).date()
    if isinstance(day, date):
        return day
    return date.fromisoformat(str(day))
