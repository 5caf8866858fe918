"""A worker's trading over a real journal and the lab's counter; it dies and starts again at will, in virtual time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec
import pytest

from marketbus.adapters.journal import SqliteJournal
from marketbus.application.trading.ledger import Name
from marketbus.application.trading.session import TradingSession
from marketbus.application.trading.trading import Trading
from marketbus.domain.contract import Contract, Product
from marketbus.domain.errors import BusUnavailable, MarketBusError
from marketbus.domain.instrument import Exchange, Instrument
from marketbus.domain.journal_entry import Entry, EntryKind, Head, Recorded, Standing
from marketbus.domain.order import Order
from marketbus.domain.order_request import CancelRequest, ModifyRequest, OrderRequest
from marketbus.domain.order_terms import Direction, Offset, OrderType
from marketbus.domain.position import Position
from marketbus.domain.risk.book import RiskBook
from marketbus.domain.risk.limits import Limits
from marketbus.domain.risk.situation import Market
from marketbus.domain.risk.thresholds import Thresholds
from marketbus.domain.times import NS
from marketbus.ports.journal import JournalUnavailable, OrderJournal
from marketbus.ports.trading_publisher import TradingPayload
from tests.unit.application.fakes import FakeLog
from tests.unit.application.trading.lab_venue import PRICE, SYMBOL, Crash, LabVenue

T = TypeVar("T")
NAME = Name("ctp", "main")
WIDE = Limits(
    max_order_volume=None, max_order_notional=None, max_position=None, max_exposure=None, max_open_orders=None,
    price_collar=None, max_price_age=None, orders_per_second=None, orders_per_day=None, cancels_per_contract=None,
    max_identical=None, max_daily_loss=None, min_days_to_expiry=None, only_in_hours=False, high_frequency=True,
)  # fmt: skip


class VirtualTime:
    """A clock that moves when told, and whoever sleeps by it."""

    def __init__(self) -> None:
        self.ns = 1_795_400_000 * NS
        self._sleeping: list[tuple[int, asyncio.Future[None]]] = []

    def now(self) -> int:
        return self.ns

    def monotonic(self) -> float:
        return self.ns / NS

    def sleep(self, seconds: float) -> "asyncio.Future[None]":
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleeping.append((self.ns + int(seconds * NS), done))
        return done

    async def pass_(self, seconds: float, settle: Callable[[], Awaitable[None]]) -> None:
        end = self.ns + int(seconds * NS)
        await settle()
        while True:
            self._sleeping = [each for each in self._sleeping if not each[1].done()]
            due = min((each for each in self._sleeping if each[0] <= end), key=lambda each: each[0], default=None)
            if due is None:
                break
            self.ns = max(self.ns, due[0])
            due[1].set_result(None)
            await settle()
        self.ns = end


class MortalJournal:
    """The real journal, until the process dies: then nothing is written and nobody hears an answer."""

    def __init__(self, journal: SqliteJournal) -> None:
        self.inner = journal
        self.at: Callable[[str, Sequence[Entry]], None] = lambda _step, _entries: None
        self.dead = False
        self.busy = 0

    @property
    def trouble(self) -> JournalUnavailable | None:
        return self.inner.trouble

    @property
    def writable(self) -> bool:
        return self.inner.writable

    @property
    def head(self) -> Head:
        return self.inner.head

    async def append(self, entries: Sequence[Entry]) -> Sequence[int]:
        self.at("before the journal", entries)
        positions = await self._until_dead(self.inner.append(entries))
        self.at("after the journal", entries)
        return positions

    async def events(self, since: int, account: str | None = None) -> AsyncIterator[Sequence[Recorded]]:
        self.busy += 1
        try:
            pages = [page async for page in self.inner.events(since, account)]
        finally:
            self.busy -= 1
        for page in pages:
            yield page

    async def order(self, account: str, client_order_id: str) -> Sequence[Recorded]:
        return await self._until_dead(self.inner.order(account, client_order_id))

    async def latest(self, account: str, *kinds: EntryKind) -> Recorded | None:
        return await self._until_dead(self.inner.latest(account, *kinds))

    async def before_day(self, trading_day: int) -> int:
        return await self._until_dead(self.inner.before_day(trading_day))

    async def standing(self, head: Head) -> Standing:
        return await self._until_dead(self.inner.standing(head))

    async def _until_dead(self, work: Awaitable[T]) -> T:
        if self.dead:
            if asyncio.iscoroutine(work):
                work.close()
            await asyncio.Event().wait()
        self.busy += 1
        try:
            answer = await work
        finally:
            self.busy -= 1
        if self.dead:
            await asyncio.Event().wait()
        return answer


class Bus:
    """What consumers heard; `down` while NATS is away."""

    def __init__(self) -> None:
        self.heard: list[TradingPayload] = []
        self.head: Head | None = None
        self.down = False

    async def tell(self, payloads: Sequence[TradingPayload]) -> None:
        self._up()
        self.heard += payloads

    async def last(self) -> Head | None:
        self._up()
        return self.head

    async def announce(self, head: Head) -> None:
        self._up()
        self.head = head

    def orders(self) -> dict[str, Order]:
        """Each order as a consumer knows it: the newest by the journal's position."""
        newest: dict[str, Order] = {}
        for order in self.heard:
            if isinstance(order, Order):
                known = newest.get(order.client_order_id)
                if known is None or order.journal_position >= known.journal_position:
                    newest[order.client_order_id] = order
        return newest

    def _up(self) -> None:
        if self.down:
            raise BusUnavailable("down")


class View:
    """`MarketView`: one contract, one price."""

    def contract(self, instrument: Instrument) -> Contract | None:
        if instrument.symbol != SYMBOL:
            return None
        return Contract("ctp", SYMBOL, Exchange.SHFE, "rb", Product.FUTURES, 10, 1)

    def market(self, instrument: Instrument) -> Market:
        return Market(self.contract(instrument), last=float(PRICE))


class World:
    """The venue, the disk and the bus outlive the worker."""

    def __init__(self, folder: Path, limits: Limits = WIDE) -> None:
        self.time = VirtualTime()
        self.venue = LabVenue(self.time, self.time.sleep)
        self.bus = Bus()
        self.log = FakeLog()
        self.path = folder / "journal.sqlite"
        self.limits = limits
        self.cancel_on_disconnect = False
        self.accept_journal = 0
        self.section = ""
        """What the configuration says of the limits."""
        self.calls: list[asyncio.Task[Any]] = []
        self.calm = False
        """Whether the books were asked for since anything moved."""
        self.told: dict[str, float] = {}
        """Lots filled of orders of days that were quiet when they ended, by the venue's number."""
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """A fresh process: it knows what the journal says."""
        inner = SqliteJournal(self.path, "ctp", clock=self.time)
        await inner.start()
        self.journal = MortalJournal(inner)
        journal: OrderJournal = self.journal
        self.session = TradingSession(asyncio.get_running_loop())
        risk = RiskBook(self.limits, Thresholds())
        self.trading = Trading(
            NAME, self.session, self.venue, journal, risk, View(), self.bus, self.bus,
            clock=self.time, log=self.log, sleep=self.time.sleep, limits_section=self.section,
            cancel_on_disconnect=self.cancel_on_disconnect, accept_journal=self.accept_journal,
        )  # fmt: skip
        self.venue.attach(self.session)
        self.venue.at = lambda _step: None
        self._running = asyncio.get_running_loop().create_task(self.trading.run())
        await self.settle()

    async def kill_9(self) -> None:
        """The process is gone: what was not on the disk is lost, what was on its way to the venue arrives."""
        self.die()
        tasks = [task for task in (*self.calls, self._running) if task is not None]
        for task in tasks:
            task.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(ended, BaseException):
                assert _was_meant(ended), repr(ended)
        self.calls.clear()
        self._running = None
        await self.journal.inner.stop()

    async def ended(self) -> None:
        """The end of the process that it chose itself; raises why."""
        running, self._running = self._running, None
        try:
            assert running is not None
            await running
        finally:
            await self.kill_9()

    def die(self) -> None:
        """From here on the process does nothing that anyone could see."""
        self.journal.dead = True
        self.venue.attach(None)

    async def ready(self) -> None:
        """Log in and reconcile."""
        self.venue.connect()
        await self.pass_(12)
        assert self.session.ready, self.session.state

    async def pass_(self, seconds: float) -> None:
        await self.time.pass_(seconds, self.settle)

    async def settle(self) -> None:
        """Until nobody does anything before time passes."""
        quiet = 0
        while quiet < 12:
            busy = self.journal.busy
            await asyncio.sleep(0.0005 if busy else 0)
            quiet = 0 if busy or self.journal.busy else quiet + 1

    def request(self, order_id: str, volume: int = 3, offset: Offset = Offset.OPEN, **changes: Any) -> OrderRequest:
        direction = Direction.LONG if offset is Offset.OPEN else Direction.SHORT
        fields: dict[str, Any] = {
            "symbol": SYMBOL,
            "exchange": Exchange.SHFE,
            "direction": direction,
            "type": OrderType.LIMIT,
            "volume": float(volume),
            "price": float(PRICE - 100 if direction is Direction.LONG else PRICE + 100),
            "offset": offset,
            "client_order_id": order_id,
            "gateway": "ctp",
            "account": "main",
            "origin": "li",
            "valid_until": self.time.ns + 5 * NS,
        }
        return OrderRequest(**(fields | changes))

    def begin(self, work: Any) -> "asyncio.Task[Any]":
        """A client's call that may never come back."""
        task = asyncio.get_running_loop().create_task(work)
        self.calls.append(task)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return task

    async def send(self, order_id: str, volume: int = 3, offset: Offset = Offset.OPEN, **changes: Any) -> Order:
        order = await self.trading.desk.send(self.request(order_id, volume, offset, **changes))
        await self.settle()
        return order

    async def modify(self, order_id: str, **terms: Any) -> Order:
        request = ModifyRequest(order_id, valid_until=self.time.ns + NS, origin="li", **terms)
        try:
            return await self.trading.modifications.modify(request)
        finally:
            await self.settle()

    async def cancel(self, order_id: str) -> Order:
        order = await self.trading.desk.cancel(CancelRequest(order_id, valid_until=self.time.ns + NS))
        await self.settle()
        return order

    def state(self, order_id: str) -> str:
        order = self.trading.ledger.book.get(order_id)
        return "" if order is None else order.state

    async def entries(self, order_id: str) -> list[str]:
        return [each.entry.kind for each in await self.journal.inner.order("main", order_id)]

    def agree(self) -> None:
        """At a quiet point: our books are the venue's, in every order, every lot and all funds."""
        ours = {
            order.venue_ref: (str(order.state), order.traded, order.price, order.volume)
            for order in self.trading.ledger.book
            if order.denied_by == "" and order.venue_ref and order.trading_day in (0, self.venue.day)
        }
        theirs = {
            report.venue_ref: (str(report.state), report.traded, report.price, report.volume)
            for report in (self.venue._report(order) for order in self.venue.account.orders)  # pyright: ignore[reportPrivateUsage]
        }
        refused = {ref for ref, (state, *_) in ours.items() if state == "REJECTED" and ref not in theirs}
        assert {ref: each for ref, each in ours.items() if ref not in refused} == theirs
        keys = ("direction", "volume", "yd_volume", "frozen")
        held = {each.direction: each for each in self.trading.ledger.positions() if each.volume}
        for other in (positions := self.venue.positions()):
            mine = held.pop(other.direction)
            assert [getattr(mine, key) for key in keys] == [getattr(other, key) for key in keys]
        assert not held, "lots that the venue does not have"
        twice = {order_id: count for order_id, count in self.venue.inserts.items() if count > 1}
        assert not twice, "sent twice"
        if self.calm:
            self._agree_in_money(positions)
        self._agree_on_days_before()

    def _agree_in_money(self, positions: Sequence[Position]) -> None:
        """What is only as new as the last complete query."""
        held = {each.direction: each for each in self.trading.ledger.positions()}
        for other in positions:
            mine = held[other.direction]
            costs = ("price", "open_cost", "position_cost")
            assert [getattr(mine, key) for key in costs] == pytest.approx([getattr(other, key) for key in costs])
        funds, theirs = self.trading.ledger.funds, self.venue.funds()
        assert funds is not None
        assert msgspec.structs.asdict(funds) == pytest.approx(msgspec.structs.asdict(theirs))

    def _agree_on_days_before(self) -> None:
        """Nothing of them is open; a fill that nobody told before its day was over is in the positions only."""
        for order in self.trading.ledger.book:
            if 0 < order.trading_day < self.venue.day:
                assert not order.is_active
                there = self.venue.settled.get(order.venue_ref)
                assert order.traded <= (0 if there is None else there.traded)
                assert order.venue_ref not in self.told or order.traded == self.told[order.venue_ref]


def _was_meant(error: BaseException) -> bool:
    """Whether a task may end so when its process dies, or its caller is told no."""
    if isinstance(error, BaseExceptionGroup):
        group = cast("BaseExceptionGroup[BaseException]", error)
        return all(_was_meant(each) for each in group.exceptions)
    return isinstance(error, Crash | asyncio.CancelledError | MarketBusError)
