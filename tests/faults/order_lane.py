"""One account on one instrument and the worker that trades it. The worker dies; venue, bus and disk stay."""

import asyncio
import contextlib
import signal
import sqlite3
import time
from collections.abc import Generator, Set
from contextlib import contextmanager
from enum import StrEnum
from random import Random
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg

from marketbus import GatewayStatus
from marketbus.adapters.journal.reader import JournalReader, Wanted
from marketbus.adapters.journal.verify import verify
from marketbus.application.trading.restore import notes_of
from marketbus.apps import paths, worker_environment
from marketbus.domain.journal_entry import EntryKind
from marketbus.domain.order import Order
from marketbus.domain.position import Position
from marketbus.domain.trade import Trade
from marketbus.ports.journal import JournalUnavailable
from marketbus.wire import codec, subjects
from tests.faults.counter_account import CounterAccount
from tests.faults.tws_account import TwsAccount
from tests.faults.venue_account import Fill, VenueAccount, VenueOrder
from tests.system import Process, System, eventually
from tests.system.nursery import Forked, Nursery
from tests.system.stepping import stop
from tests.system.trader import WAIT, Trader

WIDE: dict[str, Any] = {
    "max_order_volume": 1e6, "max_order_notional": 1e12, "max_position": 1e6, "max_exposure": 1e12,
    "max_open_orders": 10_000, "max_price_age": 1e6, "orders_per_second": 10_000, "orders_per_day": 1_000_000,
    "cancels_per_contract": 1_000_000, "max_identical": 1_000, "max_daily_loss": 1e12, "high_frequency": True,
    "price_collar": 1.0,
}  # fmt: skip
"""Limits that stand in nobody's way."""
SLOTS = 40
"""Prices that the orders of a lane are spread over: fewer than lie between a price limit and the market."""


class Step(StrEnum):
    """Where an order was when its worker died, by what the journal and the venue had of it."""

    BEFORE_JOURNAL = "before the journal"
    AFTER_JOURNAL = "after the journal"
    INSIDE_CALL = "inside the SDK call"
    ON_THE_WAY = "on the way to the venue"
    ACCEPTED = "after the venue accepted"
    BETWEEN_FILLS = "between partial fills"
    DURING_CANCEL = "during the cancel"
    RECONCILING = "during reconciliation"


def venue_account(system: System, number: int, vt_symbol: str) -> VenueAccount:
    """One account on one instrument of the system's venue."""
    return (CounterAccount if system.kind.family else TwsAccount)(system, number, vt_symbol)


class Lane:
    """Every order has a price and a volume of its own, by which the venue's books tell whose it is."""

    def __init__(
        self, system: System, client: Client, number: int, vt_symbol: str, nursery: Nursery | None = None
    ) -> None:
        """`nursery`: where workers come from; None: each is a fresh interpreter."""
        self.system = system
        self._nursery = nursery
        self.venue = venue_account(system, number, vt_symbol)
        self.name = f"{system.kind}{number}"
        self.vt_symbol = vt_symbol
        self.trader = Trader(client, self.name)
        self.asked: dict[str, dict[str, Any]] = {}
        """By client_order_id: what an order asked for."""
        self.status: GatewayStatus | None = None
        self.hung = False
        # What the test holds still must not be taken for an SDK that hangs.
        section = self.venue.section(risk=WIDE, call_timeout=60.0)
        self._config = system.config(f"{self.name}.toml", **{self.name: section})
        self.journal = paths.journal_file(system.folder / "state", self.name)
        self.lowest = float(self.venue.lower)
        self._tags: dict[tuple[str, float, int], str] = {}
        self.began = 0.0
        self._written = 0
        self.worker: Process | Forked

    async def open(self) -> None:
        """The first worker, READY."""

        async def status(message: Msg) -> None:
            self.status = codec.decode(GatewayStatus, message.data)

        await self.trader.listen()
        subject = subjects.status(self.name)
        await self.trader.client.subscribe(subject, cb=status)  # pyright: ignore[reportUnknownMemberType]
        await self.trader.client.flush()
        self.start()
        await self.until("READY", 30.0)

    # The worker.

    def start(self) -> None:
        """A fresh one."""
        self.began = time.monotonic()
        self.hung = False
        self._written = JournalReader(self.journal).head().position if self.journal.exists() else 0
        if self._nursery is None:
            self.worker = self.system.start(self._config, self.name)
            return
        log = self.system.logs.setdefault(f"worker-{self.name}", self.system.folder / f"worker-{self.name}.log")
        command = worker_environment.command(self.name, self._config, base=self.system.env)
        self.worker = self._nursery.start(command, log)

    async def until(self, state: str, within: float) -> float:
        """Seconds from its start until its trading session is so."""

        def look() -> bool:
            now = self.status
            return now is not None and now.pid == self.worker.pid and now.td.state == state

        await eventually(look, f"{self.name}: trading session {state}", within, every=0.01)
        return time.monotonic() - self.began

    def kill(self) -> None:
        """SIGKILL, also to one that stands still, or is dead already."""
        with contextlib.suppress(ProcessLookupError):
            self.worker.send(signal.SIGKILL)
        self.worker.wait()

    def stick_in_the_next_call(self) -> None:
        """The SDK's next call in this worker does not come to its end."""
        self.hung = self.venue.stick()

    # Orders.

    def order(self, chance: Random, *, crosses: bool = False, opens: bool = False) -> tuple[str, dict[str, Any]]:
        """Id and body of the next order's request: it opens, or closes what is held; `crosses`: at any price."""
        number = len(self.asked)
        order_id, slot, volume = f"o{number}", number % SLOTS, 3 + number // SLOTS
        if crosses:
            price, side = float(self.venue.upper - slot * self.venue.tick), "buy"
            terms: dict[str, Any] = {"direction": "long", "offset": "open"}
        elif not opens and self.venue.closable() > 2 * volume and chance.random() < 0.5:
            price, side = float(self.venue.upper - slot * self.venue.tick), "sell"
            terms = {"direction": "short", "offset": self.venue.closing()}
        else:
            price, side = float(self.venue.lower + slot * self.venue.tick), "buy"
            terms = {"direction": "long", "offset": "open"}
        terms |= {"volume": volume, "price": price}
        self.asked[order_id] = terms
        self._tags[side, round(price, 6), volume] = order_id
        return order_id, Trader.request(self.vt_symbol, order_id, **terms)

    def bracket(self, chance: Random) -> tuple[str, dict[str, Any]]:
        """The same of a bracket that opens."""
        order_id, body = self.order(chance, opens=True)
        number, volume = len(self.asked) - 1, body["volume"]
        take_profit = float(self.venue.upper - number % SLOTS * self.venue.tick)
        stop_loss = body["price"] - SLOTS * float(self.venue.tick)
        self._tags["sell", round(take_profit, 6), volume] = f"{order_id}.tp"
        self._tags["sell", round(stop_loss, 6), volume] = f"{order_id}.sl"
        return order_id, body | {"take_profit": take_profit, "stop_loss": stop_loss}

    def other_terms(self, order_id: str, chance: Random) -> dict[str, Any]:
        """The body of a modification, to terms that no order has from the start: a price nearer to the market, or more
        lots, which a close may not have."""
        asked, terms = self.asked[order_id], dict[str, Any]()
        side, sign = ("buy", 1) if asked["direction"] == "long" else ("sell", -1)
        more = sign > 0 and chance.random() < 0.7
        nearer = SLOTS if not more or chance.random() < 0.5 else 0
        terms["price"] = asked["price"] + nearer * sign * float(self.venue.tick)
        terms["volume"] = asked["volume"] + 100 * more
        self._tags[side, round(terms["price"], 6), terms["volume"]] = order_id
        return {"client_order_id": order_id, "valid_until": self.valid()} | terms

    async def tell(self, chance: Random) -> str:
        """Send an order and wait for nothing."""
        order_id, body = self.order(chance)
        await self.trader.tell("send_order", **body)
        return order_id

    async def tell_stopped(self, chance: Random) -> str:
        """The same while the worker stands still: it has the request, and has done nothing yet."""
        stop(self.worker.pid)
        return await self.tell(chance)

    async def standing(self, chance: Random) -> str:
        """Send an order; it stands at the venue, and the bus knows."""
        order_id, body = self.order(chance)
        answer = await self.trader.ask("send_order", **body)
        assert answer.get("state") in ("SENT", "ACCEPTED"), answer
        await self.trader.until(order_id, "ACCEPTED")
        return order_id

    def strike(self, order_id: str, volume: int) -> int:
        """Somebody meets this order, and those that come before it in the queue, with so many lots for it."""
        each = self.at_venue(order_id)
        if each is None or not each.live:
            return 0
        sign = 1 if each.side == "buy" else -1
        before = sum(
            other.volume - other.traded
            for other in self.live()
            if other.side == each.side and (other.price - each.price) * sign > 0
        )
        return self.venue.strike("sell" if sign > 0 else "buy", before + volume, each.price)

    @staticmethod
    def valid() -> int:
        """ns UTC until which a request of now stands."""
        return time.time_ns() + WAIT

    # What is known of them.

    def live(self) -> list[VenueOrder]:
        """Orders that stand at the venue."""
        return [each for each in self.venue.orders() if each.live]

    def at_venue(self, order_id: str) -> VenueOrder | None:
        """As the venue has it."""
        return next((each for each in self.venue.orders() if self._whose(each) == order_id), None)

    def kinds(self, order_id: str) -> list[EntryKind]:
        """What the journal says of it; nothing while the file cannot be read."""
        try:
            wanted = Wanted(client_order_id=order_id)
            return [each.entry.kind for each in JournalReader(self.journal).entries(wanted)]
        except JournalUnavailable:
            return []

    @contextmanager
    def journal_held(self) -> Generator[None]:
        """Another program holds the database: the worker's next commit waits."""
        other = sqlite3.connect(self.journal, isolation_level=None, timeout=1.0)
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            with contextlib.suppress(sqlite3.Error):
                other.execute("ROLLBACK")
            other.close()

    def step_of(self, order_id: str) -> Step:
        """Where the order was, judged when its worker is dead and nothing has happened since."""
        kinds, there = self.kinds(order_id), self.at_venue(order_id)
        if EntryKind.CLAIMED not in kinds:
            return Step.BEFORE_JOURNAL
        if EntryKind.CANCEL_REQUESTED in kinds:
            return Step.DURING_CANCEL
        if EntryKind.SENT not in kinds:
            return Step.INSIDE_CALL if self.hung or there is not None else Step.AFTER_JOURNAL
        if there is None:
            return Step.ON_THE_WAY
        return Step.BETWEEN_FILLS if 0 < there.traded < there.volume else Step.ACCEPTED

    def reconciled(self) -> bool:
        """Whether the last worker came as far as that."""
        entries = JournalReader(self.journal).entries(Wanted(since=self._written))
        return any(each.entry.kind is EntryKind.RECONCILED for each in entries)

    async def agree(self) -> None:
        """Nothing twice at the venue, no orphan, and everybody has the same books.

        The venue is looked at each time: what the desk takes back, such as half a bracket, is there a moment later.
        """
        deadline = time.monotonic() + 10
        while True:
            told = self.venue.orders()
            orders, fills = {self._whose(each): each for each in told}, self.venue.fills()
            assert len(orders) == len(told), f"sent twice: {told}"
            problem = await self._differs(orders, fills)
            if not problem or time.monotonic() > deadline:
                break
            await asyncio.sleep(0.05)
        assert not problem, f"{self.name}: {problem}"
        verdict = verify(self.journal)
        assert verdict.ok, verdict

    async def _differs(self, theirs: dict[str, VenueOrder], fills: Set[Fill]) -> str:
        """The first difference between the venue's books and what is known on the bus."""
        ours: dict[str, Order] = {
            each.client_order_id: each for each in await self.trader.stream("orders", Order) if each.denied_by == ""
        }
        for order_id, each in theirs.items():
            mine = ours.pop(order_id, None)
            if mine is None or mine.external:
                return f"an orphan: {order_id} {each}"
            if (str(mine.state), mine.traded) != (each.state, each.traded):
                return f"{order_id} is {mine.state} {mine.traded:g}, at the venue {each.state} {each.traded}"
            if (round(mine.price, 6), mine.volume, mine.modify_sent) != (round(each.price, 6), each.volume, 0):
                return f"{order_id} is {mine.volume:g} at {mine.price}, under way {mine.modify_sent}: {each}"
            if self.trader.told(order_id) != each.state:
                return f"the bus was told {self.trader.told(order_id)} of {order_id}, which is {each.state}"
        if ours:
            return f"not at the venue: {list(ours)}"
        written = self.journalled()
        for order_id, each in theirs.items():
            if written[order_id] != (each.state, each.traded):
                return f"the journal ends with {written[order_id]} of {order_id}, the venue with {each}"
        for whose, trades in ("desk", await self.trader.stream("trades", Trade)), ("bus", self.trader.fills):
            if {(each.tradeid, each.venue_id, int(each.volume)) for each in trades} != fills:
                return f"fills of the {whose}: {len(trades)}, of the venue: {len(fills)}"
        mine_held = self.venue.held_by(await self.trader.stream("positions", Position))
        held = self.venue.held()
        return "" if mine_held == held else f"positions {mine_held}, at the venue {held}"

    def journalled(self) -> dict[str, tuple[str, float]]:
        """Of every order: state and lots filled in the journal's last word."""
        found: dict[str, tuple[str, float]] = {}
        for note in notes_of(JournalReader(self.journal).entries(Wanted(account="main"))):
            if note.order is not None:
                found[note.order.client_order_id] = str(note.order.state), note.order.traded
        return found

    def _whose(self, order: VenueOrder) -> str:
        return self._tags[order.side, round(order.price, 6), order.volume]
