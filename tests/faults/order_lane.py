"""One account on one instrument and the worker that trades it. The worker dies; venue, bus and disk stay."""

import asyncio
import contextlib
import signal
import sqlite3
import time
from collections.abc import Generator
from contextlib import contextmanager
from decimal import Decimal
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
from marketbus.lab.ctp_family import frame
from marketbus.ports.journal import JournalUnavailable
from marketbus.wire import codec, subjects
from tests.system import Process, System, eventually, symbol
from tests.system.nursery import Forked, Nursery
from tests.system.stepping import stop
from tests.system.trader import WAIT, Trader

WIDE: dict[str, Any] = {
    "max_order_volume": 1e6, "max_order_notional": 1e12, "max_position": 1e6, "max_exposure": 1e12,
    "max_open_orders": 10_000, "max_price_age": 1e6, "orders_per_second": 10_000, "orders_per_day": 1_000_000,
    "cancels_per_contract": 1_000_000, "max_identical": 1_000, "max_daily_loss": 1e12, "high_frequency": True,
}  # fmt: skip
"""Limits that stand in nobody's way."""
SLOTS = 40
"""Prices that the orders of a lane are spread over: fewer than lie between a price limit and the market."""
STATES = {"submitted": "SENT", "queueing": "ACCEPTED", "partial": "PARTIAL", "filled": "FILLED"}


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


class Lane:
    """Every order has a price and a volume of its own, by which the venue's books tell whose it is."""

    def __init__(
        self, system: System, client: Client, number: int, vt_symbol: str, nursery: Nursery | None = None
    ) -> None:
        """`nursery`: where workers come from; None: each is a fresh interpreter."""
        self.system = system
        self._nursery = nursery
        self.lab = system.lab
        self.name = f"{system.kind}{number}"
        self.user = f"{number:06}"
        self.vt_symbol = vt_symbol
        self.trader = Trader(client, self.name)
        self.asked: dict[str, dict[str, Any]] = {}
        """By client_order_id: what an order asked for."""
        self.status: GatewayStatus | None = None
        self.hung = False
        keys = {"trading": True, "setting": {"用户名": self.user}, "risk": WIDE}
        self._config = system.config(f"{self.name}.toml", **{self.name: system.gateway(vt_symbol, **keys)})
        self.journal = paths.journal_file(system.folder / "state", self.name)
        depth = self.lab.call(lambda lab: lab.terminal._venue.depth(symbol(vt_symbol)))  # pyright: ignore[reportPrivateUsage]
        self._lower, self._upper = depth.lower, depth.upper
        self.lowest = float(depth.lower)
        self._tick = Decimal(str(self.lab.listings[symbol(vt_symbol)].tick))
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
        """SIGKILL, also to one that stands still."""
        self.worker.send(signal.SIGKILL)
        self.worker.wait()

    def hang_the_next_call(self) -> None:
        """The SDK's next call in this worker never returns."""
        data = frame.encode(frame.HANG, 1, None, None, last=True)
        self.hung = True

        def hang(lab: Any) -> None:
            for session, asked in lab._trading._users.items():
                if asked["UserID"] == self.user:
                    session.force(data)

        self.lab.call(hang)

    def heal(self) -> None:
        """No scripted faults for this account any more."""

        def clear(lab: Any) -> None:
            script = lab._trading.orders.script
            script.faults = [fault for fault in script.faults if fault.user != self.user]

        self.lab.call(clear)

    # Orders.

    def order(self, chance: Random) -> tuple[str, dict[str, Any]]:
        """The next order's id and the body of its request: it opens, or closes what is held."""
        number = len(self.asked)
        order_id, slot, volume = f"o{number}", number % SLOTS, 3 + number // SLOTS
        held = sum(each["volume"] - each["frozen"] for each in self.books()["positions"] if each["today"])
        if held > 2 * volume and chance.random() < 0.5:
            offset = "CLOSETODAY" if self.vt_symbol.endswith("SHFE") else "CLOSE"
            price, side = float(self._upper - slot * self._tick), "sell"
            terms: dict[str, Any] = {"direction": "short", "offset": offset}
        else:
            price, side = float(self._lower + slot * self._tick), "buy"
            terms = {"direction": "long", "offset": "open"}
        terms |= {"volume": volume, "price": price}
        self.asked[order_id] = terms
        self._tags[side, round(price, 6), volume] = order_id
        return order_id, Trader.request(self.vt_symbol, order_id, **terms)

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
        if each is None or each not in self.live():
            return 0
        sign = 1 if each["direction"] == "buy" else -1
        before = sum(
            other["volume"] - other["traded"]
            for other in self.live()
            if other["direction"] == each["direction"] and (other["price"] - each["price"]) * sign > 0
        )
        side = "sell" if sign > 0 else "buy"
        return self.lab.call(
            lambda lab: lab.terminal.strike(symbol(self.vt_symbol), side, before + volume, each["price"])
        )

    @staticmethod
    def valid() -> int:
        """ns UTC until which a request of now stands."""
        return time.time_ns() + WAIT

    # What is known of them.

    def books(self) -> dict[str, Any]:
        """The venue's own."""
        return self.lab.call(lambda lab: lab.terminal.books(self.user))

    def live(self) -> list[dict[str, Any]]:
        """Orders that stand at the venue."""
        return [each for each in self.books()["orders"] if each["state"] in ("submitted", "queueing", "partial")]

    def at_venue(self, order_id: str) -> dict[str, Any] | None:
        """As the venue has it."""
        return next((each for each in self.books()["orders"] if self._whose(each) == order_id), None)

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
        return Step.BETWEEN_FILLS if 0 < there["traded"] < there["volume"] else Step.ACCEPTED

    def reconciled(self) -> bool:
        """Whether the last worker came as far as that."""
        entries = JournalReader(self.journal).entries(Wanted(since=self._written))
        return any(each.entry.kind is EntryKind.RECONCILED for each in entries)

    async def agree(self) -> None:
        """Nothing twice at the venue, no orphan, and everybody has the same books."""
        venue = self.books()
        orders = {self._whose(each): each for each in venue["orders"]}
        assert len(orders) == len(venue["orders"]), f"sent twice: {venue['orders']}"
        last = ""
        deadline = time.monotonic() + 10
        while (problem := await self._differs(orders, venue)) and time.monotonic() < deadline:
            last = problem
            await asyncio.sleep(0.05)
        assert not problem, f"{self.name}: {last}"
        verdict = verify(self.journal)
        assert verdict.ok, verdict

    async def _differs(self, theirs: dict[str, dict[str, Any]], venue: dict[str, Any]) -> str:
        """The first difference between the venue's books and what is known on the bus."""
        ours: dict[str, Order] = {
            each.client_order_id: each for each in await self.trader.stream("orders", Order) if each.denied_by == ""
        }
        for order_id, each in theirs.items():
            mine = ours.pop(order_id, None)
            if mine is None or mine.external:
                return f"an orphan: {order_id} {each}"
            state = STATES.get(each["state"], "REJECTED" if each["rejected"] else "CANCELLED")
            if (str(mine.state), mine.traded) != (state, each["traded"]):
                return f"{order_id} is {mine.state} {mine.traded:g}, at the venue {state} {each['traded']}"
            if self.trader.told(order_id) != state:
                return f"the bus was told {self.trader.told(order_id)} of {order_id}, which is {state}"
        if ours:
            return f"not at the venue: {list(ours)}"
        written = self.journalled()
        for order_id, each in theirs.items():
            state = STATES.get(each["state"], "REJECTED" if each["rejected"] else "CANCELLED")
            if written[order_id] != (state, each["traded"]):
                return f"the journal ends with {written[order_id]} of {order_id}, at the venue {state} {each['traded']}"
        keys = {(each["trade_id"], each["order_sys_id"], each["volume"]) for each in venue["trades"]}
        for whose, trades in ("desk", await self.trader.stream("trades", Trade)), ("bus", self.trader.fills):
            if {(each.tradeid, each.venue_id, int(each.volume)) for each in trades} != keys:
                return f"fills of the {whose}: {len(trades)}, of the venue: {len(keys)}"
        held: dict[str, tuple[int, int, int]] = {}
        for each in venue["positions"]:
            volume, before, frozen = held.get(each["direction"], (0, 0, 0))
            held[each["direction"]] = volume + each["volume"], before + each["yesterday"], frozen + each["frozen"]
        mine_held = {
            each.direction.lower(): (int(each.volume), int(each.yd_volume), int(each.frozen))
            for each in await self.trader.stream("positions", Position)
            if each.volume
        }
        return "" if mine_held == held else f"positions {mine_held}, at the venue {held}"

    def journalled(self) -> dict[str, tuple[str, float]]:
        """Of every order: state and lots filled in the journal's last word."""
        found: dict[str, tuple[str, float]] = {}
        for note in notes_of(JournalReader(self.journal).entries(Wanted(account="main"))):
            if note.order is not None:
                found[note.order.client_order_id] = str(note.order.state), note.order.traded
        return found

    def _whose(self, order: dict[str, Any]) -> str:
        return self._tags[order["direction"], round(order["price"], 6), order["volume"]]
