"""A day of 20,000 orders and cancels: counters, limits and journal right, and soon read again by the next worker."""

import time
from pathlib import Path

import msgspec
import pytest

from marketbus.adapters.journal import SqliteJournal
from marketbus.adapters.journal.reader import JournalReader, Wanted
from marketbus.adapters.journal.verify import verify
from marketbus.application.trading.restore import restored
from marketbus.domain.instrument import Exchange, Instrument
from marketbus.domain.order_traffic import messages, traffic
from marketbus.lab.trading.order import State
from tests.conftest import Measured
from tests.system import Span
from tests.unit.application.trading.lab_venue import SYMBOL
from tests.unit.application.trading.world import WIDE, World

AT_ONCE = 10
REREAD = 2.0
"""Seconds for the journal of the day."""
ONE = Instrument(SYMBOL, Exchange.SHFE)


@pytest.mark.row(10, "a day of 20,000 orders and cancels: counted, limited and soon re-read", once=True)
async def test_a_day_of_orders_and_cancels(tmp_path: Path, span: Span, measured: Measured) -> None:
    """Over the order desk, the real journal and the lab's matching engine, in virtual time."""
    count = span.count(250, 10_000)
    limits = msgspec.structs.replace(WIDE, orders_per_day=2 * count, max_open_orders=2 * AT_ONCE)
    world = World(tmp_path, limits)  # one contract, beyond what exchanges let pass
    await world.start()
    await world.ready()
    for first in range(0, count, AT_ONCE):
        ids = [f"o{number}" for number in range(first, first + AT_ONCE)]
        for order_id in ids:
            world.begin(world.trading.desk.send(world.request(order_id, 1)))
        await world.pass_(0.3)
        if first + AT_ONCE == count:
            kept = ids.pop()  # stands when the day's limit is reached
            assert world.state(kept) == "ACCEPTED"
        for order_id in ids:
            order = world.trading.ledger.book.get(order_id)
            assert order is not None
            world.begin(world.trading.desk.cancel_now(order, "li"))
        await world.pass_(0.7)
    assert sum(order.state is State.CANCELLED for order in world.venue.account.orders) == count - 1

    # One order more reaches the limit; the next one is denied, and a cancel is not.
    assert (await world.send("last", 1)).state == "ACCEPTED"
    denied = await world.send("denied", 1)
    assert (denied.denied_by, denied.ext) == ("orders_per_day", {"limit": 2 * count, "value": 2 * count + 1})
    await world.cancel("last")
    await world.cancel(f"o{count - 1}")
    flow = world.trading.ledger.risk.kept()
    sent = flow.exchanges["SHFE"]
    assert (sent.orders, sent.cancels, flow.cancels[ONE.vt_symbol]) == (count + 1, count + 1, count + 1)
    assert sent.peak == 2 * AT_ONCE - 1 or sent.peak >= AT_ONCE
    assert sent.bursts >= 2 * count // AT_ONCE - 2
    world.agree()

    verdict = verify(world.path)
    assert verdict.ok, verdict
    (whole, *_) = traffic(messages(each.entry for each in JournalReader(world.path).entries(Wanted())))
    assert (whole.orders, whole.cancels) == (count + 1, count + 1)
    measured("entries of the day", verdict.head.position, "entries")

    await world.kill_9()
    took = min([await _reread(world) for _ in range(3)])
    measured("the day's journal re-read", took)
    if span.soaking:
        assert took <= REREAD
    await world.start()
    while world.session.handle is None:  # it serves once the books are there
        await world.settle()
    again = world.trading.ledger.risk.kept()
    for exchange in (flow.exchanges["SHFE"], again.exchanges["SHFE"]):
        exchange.recent, exchange.unspent = [], 0  # of the last second, which is over
    assert again == flow
    assert len(world.trading.ledger.book) == count + 2
    await world.ready()
    world.agree()
    assert (await world.send("denied-2", 1)).denied_by == "orders_per_day"
    await world.kill_9()


async def _reread(world: World) -> float:
    """Seconds that the next worker takes for what it must know of the day."""
    journal = SqliteJournal(world.path, "ctp", clock=world.time)
    await journal.start()
    began = time.perf_counter()
    kept = await restored(journal, "main")
    took = time.perf_counter() - began
    assert kept.position == journal.head.position
    await journal.stop()
    return took
