"""The books of one account: orders, positions and risk move together, and every movement is noted."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec

from marketbus.application.trading.market_view import MarketView
from marketbus.application.trading.matching import by_attributes
from marketbus.application.trading.notes import Facts, Note
from marketbus.application.trading.outbox import Outbox
from marketbus.application.trading.steps import OrderSteps
from marketbus.domain.account import Account
from marketbus.domain.contract import Contract
from marketbus.domain.instrument import Instrument
from marketbus.domain.journal_entry import EntryKind
from marketbus.domain.order import Order, OrderState
from marketbus.domain.order_book import OrderBook
from marketbus.domain.order_events import CancelRefused, ModifyRefused, OrderReport, OwnEvent, Refused
from marketbus.domain.order_life import Change, Outcome
from marketbus.domain.position import Position
from marketbus.domain.position_keeper import HoldingKey, PositionKeeper
from marketbus.domain.rates import Rates
from marketbus.domain.risk.book import RiskBook
from marketbus.domain.status import Level
from marketbus.domain.trade import Trade
from marketbus.ports.clock import Clock
from marketbus.ports.log import Log
from marketbus.ports.trading import VenueBooks, VenueEvent


class Name(NamedTuple):
    """Whose books these are."""

    gateway: str
    account: str
    """The alias in the configuration."""


class Asker(NamedTuple):
    """Who asked for something, from where, and who stands for it."""

    principal: str = ""
    host: str = ""
    trader: str = ""


NOBODY = Asker()


class Ledger:
    """Owned by the loop. `doubt` is called when something only a complete query can settle was heard."""

    def __init__(
        self, name: Name, risk: RiskBook, outbox: Outbox, market: MarketView, *, clock: Clock, log: Log
    ) -> None:
        self.name = name
        self.risk = risk
        self.book = OrderBook()
        self.funds: Account | None = None
        self.trading_day = 0
        self.fills = 0
        """Fills counted so far."""
        self.misfits: Counter[str] = Counter()
        """Words of the venue that contradicted what was known, by what they were."""
        self.rates: dict[Instrument, Rates] = {}
        self.instruments: set[Instrument] = set()
        """Held or ordered on these days."""
        self.steps = OrderSteps()
        self.doubt: Callable[[], None] = lambda: None
        self._outbox = outbox
        self._market = market
        self._clock = clock
        self._log = log
        self._noted: dict[str, Order] = {}
        self._unspoken: set[str] = set()
        """Ids of this session's orders of which the venue has not spoken."""
        self._keeper = PositionKeeper(*name, self._size, lambda instrument: self.rates.get(instrument, Rates()))

    # What happened.

    def venue(self, event: VenueEvent) -> Order | None:
        """Take one word of the venue; gives the order it was about."""
        match event:
            case OrderReport():
                return self._report(event)
            case Trade():
                change = self.book.fill(event)
                if change.outcome is Outcome.UNMATCHED:
                    self.doubt()  # its order's report was lost, or is late
                self._take([change], EntryKind.VENUE_EVENT, event)
                return change.order
            case Refused() | CancelRefused() | ModifyRefused():
                if event.client_order_id not in self.book:
                    self.doubt()
                    return None
                return self.own(event, EntryKind.VENUE_EVENT)

    def own(self, event: OwnEvent, kind: EntryKind, facts: Facts | None = None, asker: Asker = NOBODY) -> Order:
        """Take what we did or know; the order is in the book."""
        changes = self.book.own(event)
        self._take(changes, kind, event, facts, asker)
        order = changes[0].order
        if order is None:
            raise LookupError(event.client_order_id)
        return order

    def adopted(self, order: Order, trades: Sequence[Trade] = ()) -> None:
        """Put an order as it stands, known from the journal."""
        self.book.restore(order, trades)
        self._noted[order.client_order_id] = order
        self._follow(order)

    def numbered(self, order: Order, venue_ref: str) -> Order:
        """The order with the session's number, by which the venue will speak of it."""
        order = msgspec.structs.replace(order, venue_ref=venue_ref)
        self.book.restore(order)
        self._unspoken.add(order.client_order_id)
        return order

    def noted(self, order: Order) -> None:
        """The order stands in the journal as it is here."""
        self._noted[order.client_order_id] = order
        self._follow(order)

    def take(self, books: VenueBooks, counted: Iterable[Trade]) -> Note:
        """Take the venue's positions and funds in place of ours; `counted`: trades that are in them already."""
        before = {self._key(each): each for each in self._keeper.positions()}
        self._keeper.load(books.positions, [trade.key for trade in counted], books.trading_day)
        now = self._clock.now()
        after = {self._key(each): each for each in self._keeper.positions(now)}
        for gone in before.keys() - after.keys():
            after[gone] = self._keeper.position(gone, now)
        self.risk.positions(after.values())
        self.instruments |= {key.instrument for key in after}
        changed = tuple(each for key, each in after.items() if key not in before or _lots(each) != _lots(before[key]))
        funds = books.account
        if funds is not None:
            self.risk.account(funds)
            if self.funds is not None and _same(funds, self.funds):
                funds = None
            else:
                self.funds = funds
        return Note(
            kind=EntryKind.RECONCILED,
            time=now,
            account=self.name.account,
            trading_day=self.trading_day,
            positions=changed,
            funds=funds,
        )

    def begin_session(self, trading_day: int) -> None:
        """A login, and the trading day that it told."""
        self._unspoken.clear()
        self.begin_day(trading_day)

    def begin_day(self, trading_day: int) -> None:
        """The venue's trading day; sessions of one day follow each other.

        With a later one the counts of the day begin anew, positions are yesterday's, and what was over by then is let
        go of: the journal keeps it. Orders that stood end with the first complete query, which does not have them.
        """
        before, self.trading_day = self.trading_day, trading_day
        self.risk.day(trading_day)
        self.book.close_day(trading_day)
        self._noted = {name: order for name, order in self._noted.items() if name in self.book}
        if 0 < before < trading_day:
            self._keeper.roll(trading_day, lambda _: None)  # at which prices, the venue's own books say in a moment
            self.instruments = {order.instrument for order in self.book}
            self._log.log(Level.INFO, "desk.new_day", day=trading_day, before=before)

    def contract(self, instrument: Instrument) -> Contract | None:
        """As the venue lists it."""
        return self._market.contract(instrument)

    def positions(self) -> list[Position]:
        """Every position held, or traded today, its profit at the last price."""
        for held in self._keeper.positions():
            last = self._market.market(held.instrument).last
            if last is not None:
                self._keeper.mark(held.instrument, last)
        return [
            msgspec.structs.replace(each, journal_position=self._outbox.written)
            for each in self._keeper.positions(self._clock.now())
        ]

    def note(self, kind: EntryKind, facts: Facts | None = None, principal: str = "") -> Note:
        """Something that is not about one order."""
        return Note(
            kind=kind,
            time=self._clock.now(),
            account=self.name.account,
            trading_day=self.trading_day,
            facts=facts or {},
            principal=principal,
        )

    def _report(self, report: OrderReport) -> Order | None:
        if report.trading_day > self.trading_day:
            self._redate(report.trading_day)
        changes = self.book.report(report)
        kind = EntryKind.VENUE_EVENT
        if changes[0].outcome is Outcome.UNMATCHED:
            if own := by_attributes(self.book.active(), report):
                changes = self.book.report(msgspec.structs.replace(report, client_order_id=own.client_order_id))
            else:
                kind = EntryKind.ADOPTED
                changes = self.book.adopt(report)
        self._take(changes, kind, report)
        order = changes[0].order
        if order is not None:
            self._unspoken.discard(order.client_order_id)
        return order

    def _redate(self, trading_day: int) -> None:
        """The day went on under a session that stands: what it sent and has no answer to is of that day, not of the
        one that its login told."""
        for order_id in self._unspoken:
            order = self.book.get(order_id)
            if order is not None and order.is_active and not order.venue_id:
                self.book.restore(msgspec.structs.replace(order, trading_day=trading_day))
        self.doubt()

    def _take(
        self,
        changes: Iterable[Change],
        kind: EntryKind,
        event: msgspec.Struct,
        facts: Facts | None = None,
        asker: Asker = NOBODY,
    ) -> None:
        for change in changes:
            if change.outcome is Outcome.MISFIT:
                self._misfit(change, type(event).__name__)
            if change.order is not None:
                self._note(change, change.order, kind, event, facts or {}, asker)

    def _note(
        self, change: Change, order: Order, kind: EntryKind, event: msgspec.Struct, facts: Facts, asker: Asker
    ) -> None:
        before = self._noted.get(order.client_order_id)
        if before == order and change.trade is None:
            return
        if before is not None and before.state is OrderState.UNKNOWN and kind is EntryKind.VENUE_EVENT:
            kind = EntryKind.RESOLVED
        if before is not None and not before.modify_sent and _terms(order) != _terms(before):
            self.doubt()  # not of our asking: somebody changed it at the venue, or old news came late
        self._noted[order.client_order_id] = order
        self.steps.moved(before, order)
        keys: set[HoldingKey] = set()
        if (key := self._follow(order)) is not None:
            keys.add(key)
        if change.trade is not None:
            kind = EntryKind.TRADE
            self.fills += 1
            booked = self._keeper.trade(change.trade)
            keys.update(booked.keys)
            if booked.missing:
                self.doubt()
        now = self._clock.now()
        positions = tuple(self._keeper.position(key, now) for key in keys)
        for position in positions:
            self.risk.position(position)
        self._outbox.put(
            Note(
                kind=kind,
                time=now,
                account=self.name.account,
                trading_day=self.trading_day,
                order=order,
                trade=change.trade,
                positions=positions,
                event=None if kind is EntryKind.TRADE else event,
                facts={**facts, "why": change.why} if change.why else facts,
                principal=asker.principal,
                host=asker.host,
                trader=asker.trader,
            )
        )

    def _follow(self, order: Order) -> HoldingKey | None:
        self.instruments.add(order.instrument)
        self.risk.follow(order, self._market.contract(order.instrument))
        return self._keeper.order(order)

    def _misfit(self, change: Change, what: str) -> None:
        self.misfits[what] += 1
        order = change.order
        if order is not None:
            self._log.log(Level.WARNING, "order.misfit", order=order.client_order_id, what=what, why=change.why)
        self.doubt()

    def _size(self, instrument: Instrument) -> float:
        contract = self._market.contract(instrument)
        return 1.0 if contract is None else contract.size

    @staticmethod
    def _key(position: Position) -> HoldingKey:
        return HoldingKey(position.instrument, position.direction, position.hedge)


def _lots(position: Position) -> tuple[float, float, float, float]:
    return position.volume, position.yd_volume, position.frozen, position.yd_frozen


def _terms(order: Order) -> tuple[float, float]:
    return order.price, order.volume


def _same(funds: Account, before: Account) -> bool:
    return msgspec.structs.replace(funds, updated=0, journal_position=0) == msgspec.structs.replace(
        before, updated=0, journal_position=0
    )
