"""Orders, the venue's words in any order, disconnects, deaths, day changes: at every quiet point our books are its."""

import asyncio
import tempfile
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from marketbus.domain.journal_entry import Entry
from marketbus.domain.order_request import ModifyRequest, OrderRequest
from marketbus.domain.order_terms import Direction, Offset
from marketbus.domain.times import NS
from marketbus.lab.trading import order as lab
from marketbus.lab.trading.position import Lot
from tests.unit.application.trading.lab_venue import PRICE, SYMBOL, Crash
from tests.unit.application.trading.world import World

STEPS = ("before the journal", "after the journal", "before the counter", "after the counter", "after the cancel",
         "before the modification", "after the modification")  # fmt: skip
SIDES = st.sampled_from(list(lab.Side))


class TradingMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.world = World(Path(self.folder.name))
        self.ids: list[str] = []
        self.dead = False
        self.asked: dict[str, OrderRequest] = {}

    def do(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def ask(self, work: Any) -> None:
        async def begin() -> None:
            self.world.begin(work)

        self.do(begin())

    @initialize(held=st.integers(0, 5))
    def begin(self, held: int) -> None:
        if held:
            account = self.world.venue.account
            lots = account.bucket(self.world.venue.counter.terms[SYMBOL], lab.Side.BUY, history=True)
            lots.open(Lot(date(2026, 11, 20), "old", Decimal(3000), Decimal(3000), held, today=False))
        self.do(self.world.start())
        self.do(self.world.ready())

    @rule(
        volume=st.integers(1, 5),
        direction=st.sampled_from([Direction.LONG, Direction.SHORT]),
        offset=st.sampled_from([Offset.OPEN, Offset.OPEN, Offset.CLOSETODAY, Offset.CLOSEYESTERDAY]),
        again=st.booleans(),
    )
    def send(self, volume: int, direction: Direction, offset: Offset, again: bool) -> None:
        order_id = f"o{len(self.ids)}"
        self.ids.append(order_id)
        price = float(PRICE - 100 if direction is Direction.LONG else PRICE + 100)
        request = self.asked[order_id] = self.world.request(order_id, volume, offset, direction=direction, price=price)
        for _ in range(1 + again):
            self.ask(self.world.trading.desk.send(request))
        self.do(self.world.settle())
        self.bury()

    @precondition(lambda self: bool(self.asked))
    @rule(data=st.data())
    def ask_again(self, data: st.DataObject) -> None:
        """Whoever did not hear the answer, on whatever day: an id names one order for ever."""
        request = self.asked[data.draw(st.sampled_from(sorted(self.asked)))]
        self.ask(
            self.world.trading.desk.send(msgspec.structs.replace(request, valid_until=self.world.time.ns + 5 * NS))
        )
        self.do(self.world.settle())
        self.bury()

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        live = [order.client_order_id for order in self.world.trading.ledger.book.active()]
        if live:
            order = self.world.trading.ledger.book.get(data.draw(st.sampled_from(live)))
            assert order is not None
            self.ask(self.world.trading.desk.cancel_now(order, "li"))
            self.do(self.world.settle())
            self.bury()

    @rule(data=st.data(), volume=st.integers(1, 7), nearer=st.integers(-50, 50))
    def modify(self, data: st.DataObject, volume: int, nearer: int) -> None:
        live = [order.client_order_id for order in self.world.trading.ledger.book.active()]
        if live:
            order = self.world.trading.ledger.book.get(data.draw(st.sampled_from(live)))
            assert order is not None
            price = float(PRICE - 100 if order.direction is Direction.LONG else PRICE + 100) + nearer
            until = self.world.time.ns + 5 * NS
            request = ModifyRequest(order.client_order_id, price, float(volume), valid_until=until)
            self.ask(self.world.trading.modifications.modify(request))
            self.do(self.world.settle())
            self.bury()

    @rule(side=SIDES, volume=st.integers(1, 6))
    def strike(self, side: lab.Side, volume: int) -> None:
        self.world.venue.fill(side, volume)
        self.do(self.world.settle())
        self.bury()

    @rule(side=SIDES)
    def other_terminal(self, side: lab.Side) -> None:
        price = Decimal(PRICE - 90 if side is lab.Side.BUY else PRICE + 90)
        self.world.venue.other_terminal(lab.Request(SYMBOL, side, lab.Offset.OPEN, 2, price))
        self.do(self.world.settle())

    @rule()
    def hold_or_let_go(self) -> None:
        self.world.venue.held = not self.world.venue.held
        if not self.world.venue.held:
            self.world.venue.arrive()
        self.do(self.world.settle())
        self.bury()

    @rule()
    def fall_silent(self) -> None:
        self.world.venue.mute = True

    @rule(seed=st.integers(0, 1000))
    def speak_out_of_order(self, seed: int) -> None:
        self.world.venue.mute = False
        self.world.venue.speak(Random(seed))
        self.do(self.world.settle())
        self.bury()

    @rule()
    def lose_what_was_said(self) -> None:
        self.world.venue.unheard.clear()

    @rule(replay=st.booleans(), incomplete=st.integers(0, 2), wait=st.sampled_from([0.0, 0.3, 5.0]))
    def reconnect(self, replay: bool, incomplete: int, wait: float) -> None:
        self.world.venue.disconnect()
        self.do(self.world.settle())
        self.world.venue.incomplete = incomplete
        self.world.venue.connect()
        if replay:
            self.world.venue.replay()
        self.do(self.world.pass_(wait))
        self.bury()

    @rule()
    def lose_the_session(self) -> None:
        self.world.venue.disconnect()
        self.do(self.world.settle())

    @rule(settlement=st.integers(PRICE - 50, PRICE + 50), quiet=st.booleans(), fresh=st.booleans())
    def day_ends(self, settlement: int, quiet: bool, fresh: bool) -> None:
        """With everything told, or in the middle of it; the next day finds this process, or a new one."""
        self.bury()
        if quiet:
            self.do(self.settle_all())
        known = {order.venue_ref: order.traded for order in self.world.trading.ledger.book}
        if not self.world.venue.new_day(settlement):
            return
        if quiet:
            self.world.told |= known
        self.do(self.world.settle())
        if fresh:
            self.die_now()
        else:
            self.world.venue.connect()
            self.do(self.world.settle())
            self.bury()

    @rule(step=st.sampled_from(STEPS), count=st.integers(1, 3))
    def die_at(self, step: str, count: int) -> None:
        """The process will die at a step that is still to come."""
        left = count

        def die(where: str, _entries: Sequence[Entry] = ()) -> None:
            nonlocal left
            left -= where == step
            if left == 0 and where == step:
                self.dead = True
                self.world.die()
                raise Crash(where)

        self.world.venue.at = self.world.journal.at = die

    @rule()
    def die_now(self) -> None:
        self.dead = True
        self.bury()

    @rule(seconds=st.sampled_from([0.1, 1.0, 6.0]))
    def wait(self, seconds: float) -> None:
        self.do(self.world.pass_(seconds))
        self.bury()

    @rule()
    def bus_goes_or_comes(self) -> None:
        self.world.bus.down = not self.world.bus.down

    @precondition(lambda self: bool(self.ids))
    @rule()
    def quiet(self) -> None:
        self.bury()
        self.do(self.settle_all())

    def bury(self) -> None:
        """A dead worker is replaced by one that knows the journal only."""
        if self.dead:
            self.dead = False
            self.do(self.world.kill_9())
            self.do(self.world.start())
            self.world.venue.connect()
            self.do(self.world.settle())

    async def settle_all(self) -> None:
        world, venue = self.world, self.world.venue
        world.venue.at = lambda _step: None
        world.journal.at = lambda _step, _entries: None
        venue.held = venue.mute = world.bus.down = False
        venue.arrive()
        venue.speak()
        if not venue.connected:
            venue.connect()
        await world.pass_(70)
        assert world.session.ready
        world.calm = True
        world.agree()
        world.calm = False
        book = world.trading.ledger.book
        assert {order.client_order_id for order in book if not order.external} <= set(self.ids), "an orphan"
        foreign = sum(1 for order in venue.account.orders if str(order.tag).startswith("9_"))
        assert sum(1 for order in book if order.external and order.trading_day == venue.day) == foreign
        assert world.trading.outbox.idle
        told = world.bus.orders()
        for order_id, order in told.items():
            known = book.get(order_id)  # one of an earlier day may be known to the bus only
            assert order.state is known.state if known is not None else order.state.is_final

    def teardown(self) -> None:
        if hasattr(self.world, "trading"):
            try:
                self.bury()
                self.do(self.settle_all())
            finally:
                self.do(self.world.kill_9())
        self.loop.close()
        self.folder.cleanup()
