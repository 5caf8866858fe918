"""When a product trades: trading hours laid on trading days, as real intervals."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from marketbus.domain.calendar import EVENING, MORNING, TradingCalendar
from marketbus.domain.instrument import Exchange
from marketbus.domain.tick import TickFlag
from marketbus.domain.times import NS, SHANGHAI, from_datetime, to_datetime
from marketbus.domain.trading_hours import Hours, Span, TradingHours

LATE = 600 * NS
"""A tick this much later than the end of its session is a replay (clocks differ by less, and no feed lags so far)."""
_CACHED = 4096
_CLOSING_SECOND = NS
"""A snapshot carries the closing second with its milliseconds: 15:00:00.500 still belongs to the session."""
_SEARCH = 16
"""Trading days within which a product trades again."""


class Phase(StrEnum):
    """What the market of a product does."""

    CLOSED = "closed"
    AUCTION = "auction"
    CONTINUOUS = "continuous"


_FLAGS = {Phase.CLOSED: int(TickFlag.OUT_OF_SESSION), Phase.AUCTION: int(TickFlag.AUCTION), Phase.CONTINUOUS: 0}


class TradingSession(NamedTuple):
    """One stretch of trading on real dates; `start` and `end` are ns UTC.

    It holds its closing second (ticks of 15:00:00.500 belong to it), unless the next one begins there.
    """

    start: int
    end: int
    phase: Phase
    trading_day: date

    @property
    def begins(self) -> datetime:
        """`start` in Asia/Shanghai."""
        return to_datetime(self.start)

    @property
    def ends(self) -> datetime:
        """`end` in Asia/Shanghai."""
        return to_datetime(self.end)


class Edge(StrEnum):
    """Which end of a session."""

    START = "start"
    END = "end"


class SessionEvent(NamedTuple):
    """A session or an auction begins or ends at `at`, ns UTC."""

    at: int
    edge: Edge
    session: TradingSession

    @property
    def time(self) -> datetime:
        """`at` in Asia/Shanghai."""
        return to_datetime(self.at)


def events(sessions: Iterable[TradingSession], after: int) -> Iterator[SessionEvent]:
    """The starts and ends after `after` (ns UTC) of sessions that are in order."""
    for session in sessions:
        if session.start > after:
            yield SessionEvent(session.start, Edge.START, session)
        if session.end > after:
            yield SessionEvent(session.end, Edge.END, session)


class Stretch(NamedTuple):
    """A time without a change of phase: from `start` until before `end`, ns UTC."""

    start: int
    end: int
    phase: Phase


class MarketCalendar:
    """Trading days and trading hours together. Pure: it is asked about instants and reads no clock."""

    def __init__(self, days: TradingCalendar, hours: TradingHours) -> None:
        self.days = days
        self.hours = hours
        self._sessions: dict[tuple[Exchange, str, date], tuple[TradingSession, ...]] = {}
        self._stretches: dict[tuple[Exchange, str], Stretch] = {}

    def knows(self, exchange: Exchange, product: str, trading_day: date) -> bool:
        """Whether the table has hours of the product for that trading day."""
        return self.hours.of(exchange, product, trading_day) is not None

    def sessions(self, exchange: Exchange, product: str, trading_day: date) -> tuple[TradingSession, ...]:
        """The sessions and auctions of a product that belong to a trading day, in order of time.

        The night part stands on the evening of the trading day before and is missing after a public holiday. Empty
        when that day is no trading day, or when we know no hours (`knows`).
        """
        key = (exchange, product, trading_day)
        found = self._sessions.get(key)
        if found is None:
            if len(self._sessions) > _CACHED:
                self._sessions.clear()
            hours = self.hours.of(exchange, product, trading_day)
            found = self._sessions[key] = () if hours is None else self._laid(hours, trading_day)
        return found

    def opening(self, exchanges: Iterable[Exchange], trading_day: date) -> tuple[TradingSession, ...]:
        """When anything trades on these exchanges, auctions included: sessions of all products, joined where they meet.

        Empty when that day is no trading day, or when we know no hours.
        """
        rows = dict.fromkeys(hours for exchange in exchanges for hours in self.hours.in_force(exchange, trading_day))
        joined: list[TradingSession] = []
        for session in sorted({each for hours in rows for each in self._laid(hours, trading_day)}):
            last = joined[-1] if joined else None
            if last is None or session.start > last.end:
                joined.append(session._replace(phase=Phase.CONTINUOUS))
            elif session.end > last.end:
                joined[-1] = last._replace(end=session.end)
        return tuple(joined)

    def phase(self, exchange: Exchange, product: str, instant: int) -> Phase | None:
        """What the product's market does at `instant` (ns UTC); None when we know no hours for it."""
        stretch = self.stretch(exchange, product, instant)
        return stretch and stretch.phase

    def flags(self, exchange: Exchange, product: str, instant: int, now: int) -> int:
        """The phase as bits of Tick.flags; 0 when we know no hours.

        A session that is over at `now`, the market's time, counts as closed: venues replay the last snapshot on login.
        """
        stretch = self.stretch(exchange, product, instant)
        if stretch is None:
            return 0
        return _FLAGS[Phase.CLOSED if stretch.end + LATE < now else stretch.phase]

    def stretch(self, exchange: Exchange, product: str, instant: int) -> Stretch | None:
        """The phase at `instant` (ns UTC) with since and until when it lasts; None when we know no hours.

        A session lasts until the end of its closing second: 15:00:01. The last answer for each product is remembered,
        so a tick costs one look-up and two comparisons.
        """
        known = self._stretches.get((exchange, product))
        if known is not None and known.start <= instant < known.end:
            return known
        trading_day = self.days.trading_day_of(instant)
        if not self.knows(exchange, product, trading_day):
            return None
        found = _stretch(self._around(exchange, product, trading_day), instant)
        self._stretches[exchange, product] = found
        return found

    def coming(self, exchange: Exchange, product: str, after: int) -> Iterator[TradingSession]:
        """Sessions and auctions not over at `after` (ns UTC), for ever; ends when the product trades no more."""
        return self._from_day_to_day(after, lambda day: self.sessions(exchange, product, day))

    def coming_openings(self, exchanges: Iterable[Exchange], after: int) -> Iterator[TradingSession]:
        """As `coming`, of `opening`."""
        exchanges = tuple(exchanges)
        return self._from_day_to_day(after, lambda day: self.opening(exchanges, day))

    def next_opening(self, exchanges: Iterable[Exchange], after: int) -> TradingSession | None:
        """The first time after `after` (ns UTC) at which these exchanges begin to trade again."""
        return next((each for each in self.coming_openings(exchanges, after) if each.start > after), None)

    def _from_day_to_day(
        self, after: int, sessions_of: Callable[[date], Sequence[TradingSession]]
    ) -> Iterator[TradingSession]:
        day = self.days.trading_day_of(after)
        empty = 0
        while empty < _SEARCH:
            sessions = sessions_of(day)
            empty = 0 if sessions else empty + 1
            yield from (session for session in sessions if session.end > after)
            day = self.days.next(day)

    def _laid(self, hours: Hours, trading_day: date) -> tuple[TradingSession, ...]:
        if not self.days.is_trading_day(trading_day):
            return ()
        eve = self.days.previous(trading_day)
        night = self.days.has_night(eve)
        laid: list[TradingSession] = []
        for phase, spans in ((Phase.AUCTION, hours.auctions), (Phase.CONTINUOUS, hours.sessions)):
            for span in spans:
                start, end = span
                if start >= EVENING or start < MORNING:
                    if night:
                        laid.append(_session(eve if start >= EVENING else _after(eve), span, phase, trading_day))
                elif end > start:
                    laid.append(_session(trading_day, span, phase, trading_day))
        return tuple(sorted(laid))

    def _around(self, exchange: Exchange, product: str, trading_day: date) -> Sequence[TradingSession]:
        """The day's sessions with those before and after."""
        before, after = (
            next(filter(None, (self.sessions(exchange, product, walk(trading_day, n)) for n in range(1, _SEARCH))), ())
            for walk in (self.days.previous, self.days.next)
        )
        return (*before, *self.sessions(exchange, product, trading_day), *after)


def _stretch(sessions: Sequence[TradingSession], instant: int) -> Stretch:
    at = bisect_right(sessions, instant, key=lambda session: session.start)
    following = sessions[at].start if at < len(sessions) else None
    if at == 0:
        return Stretch(instant, instant + 1 if following is None else following, Phase.CLOSED)
    session = sessions[at - 1]
    end = session.end + _CLOSING_SECOND
    if following is not None and following < end:
        end = following
    if instant < end:
        return Stretch(session.start, end, session.phase)
    return Stretch(end, instant + 1 if following is None else following, Phase.CLOSED)


def _session(day: date, span: Span, phase: Phase, trading_day: date) -> TradingSession:
    start, end = span
    last = _after(day) if end <= start else day
    begins, ends = (datetime.combine(on, clock, SHANGHAI) for on, clock in ((day, start), (last, end)))
    return TradingSession(from_datetime(begins), from_datetime(ends), phase, trading_day)


def _after(day: date) -> date:
    return day + timedelta(days=1)
