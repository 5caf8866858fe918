"""The books of an account as its journal tells them: all that a worker knows when it starts."""

import asyncio
from collections.abc import Callable, Iterable
from functools import lru_cache

import msgspec

from marketbus.application.trading.notes import FACTS, ORDER_FIRST, Facts, Note, body_of, note_of, read
from marketbus.domain.instrument import Exchange, parse_instrument
from marketbus.domain.journal_entry import Entry, EntryKind, Recorded
from marketbus.domain.order import Order
from marketbus.domain.risk.flow import BURST, Flow, FlowState
from marketbus.domain.trade import Trade
from marketbus.ports.journal import OrderJournal

Burst = Callable[[Exchange, int], int]


class Kept(msgspec.Struct):
    """What the journal holds of one account."""

    orders: dict[str, Order]
    """By client_order_id, each as it stood last."""
    trades: dict[str, list[Trade]]
    """By client_order_id."""
    flow: FlowState
    """What was sent on the last trading day."""
    under_control: list[str] = []
    """Orders sent under a lease, by client_order_id."""
    position: int = 0
    """Of the last entry that was read."""
    killed: Note | None = None
    """The kill that nobody released."""
    controlled: set[str] = set()
    """Principals that held the lease when they sent one of the orders that still stand."""
    tightened: Note | None = None
    """The last change of limits."""


async def restored(journal: OrderJournal, account: str, burst: Burst = lambda _exchange, _day: BURST) -> Kept:
    """Read the trading day of the last reconciliation, and what came after it: older orders were settled by then.

    `burst`: how many orders and cancels within a second are an occasion to an exchange on a day.

    Raises:
        JournalUnavailable: it cannot be read.
    """
    kept, bodies = Kept({}, {}, FlowState()), dict[str, tuple[int, Entry]]()
    last = await journal.latest(account, EntryKind.RECONCILED)
    since = 0 if last is None else await journal.before_day(last.entry.trading_day)
    flow = Flow()
    async for page in journal.events(since, account):
        for recorded in page:
            if recorded.entry.kind not in _OF_THE_JOURNAL:
                _keep(kept, flow, bodies, recorded)
                _count(flow, recorded.entry, burst)
        kept.position = page[-1].position
        await asyncio.sleep(0)
    kept.orders = _orders(bodies)
    kept.flow = flow.kept()
    open_ones = (kept.orders[order_id] for order_id in kept.under_control if order_id in kept.orders)
    kept.controlled = {order.origin for order in open_ones if order.is_active}
    switch = await journal.latest(account, EntryKind.KILL, EntryKind.RELEASE)
    if switch is not None and switch.entry.kind is EntryKind.KILL:
        kept.killed = note_of(switch)
    changed = await journal.latest(account, EntryKind.RISK_CHANGED)
    kept.tightened = None if changed is None else note_of(changed)
    return kept


async def recalled(journal: OrderJournal, account: str, client_order_id: str) -> tuple[Order, list[Trade]] | None:
    """One order, however old; None when the id is free.

    Raises:
        JournalUnavailable: it cannot be read.
    """
    kept, bodies = Kept({}, {}, FlowState()), dict[str, tuple[int, Entry]]()
    for recorded in await journal.order(account, client_order_id):
        _keep(kept, Flow(), bodies, recorded)
    order = _orders(bodies).get(client_order_id)
    return None if order is None else (order, kept.trades.get(client_order_id, []))


def notes_of(entries: Iterable[Recorded]) -> Iterable[Note]:
    """The entries about orders and accounts; those of the journal itself are passed over."""
    return (note_of(each) for each in entries if each.entry.kind not in _OF_THE_JOURNAL)


def _keep(kept: Kept, flow: Flow, bodies: dict[str, tuple[int, Entry]], recorded: Recorded) -> None:
    """Of an order only the last state is read in the end: a day has several of each of its orders."""
    entry = recorded.entry
    flow.day(entry.trading_day)
    if entry.kind is EntryKind.RECONCILED and note_of(recorded).facts.get("loss_stop"):
        flow.state.loss_stop = True
    if not entry.body.startswith(ORDER_FIRST):
        return
    if entry.kind is EntryKind.NEW and FACTS in entry.body and note_of(recorded).facts.get("control"):
        kept.under_control.append(entry.client_order_id)
    bodies[entry.client_order_id] = (recorded.position, entry)
    if entry.kind is EntryKind.TRADE and (trade := read(Trade, body_of(entry).get("trade"))) is not None:
        trade = msgspec.structs.replace(trade, journal_position=recorded.position)
        kept.trades.setdefault(entry.client_order_id, []).append(trade)


def _count(flow: Flow, entry: Entry, burst: Burst) -> None:
    """As the risk book counted it then."""
    if entry.kind not in _COUNTED:
        return
    instrument = _instrument(entry.vt_symbol)
    many = burst(instrument.exchange, entry.trading_day)
    if entry.kind is not EntryKind.CANCEL_REQUESTED:
        flow.order(instrument, entry.time, many)
    else:
        facts = msgspec.json.decode(body_of(entry).get("facts", b"{}"), type=Facts)
        flow.cancel(instrument, entry.time, large=bool(facts.get("large")), burst=many)


def _orders(bodies: dict[str, tuple[int, Entry]]) -> dict[str, Order]:
    read_back = ((position, read(Order, body_of(entry).get("order"))) for position, entry in bodies.values())
    orders = (msgspec.structs.replace(order, journal_position=at) for at, order in read_back if order is not None)
    return {order.client_order_id: order for order in orders}


_COUNTED = frozenset({EntryKind.NEW, EntryKind.MODIFY_REQUESTED, EntryKind.CANCEL_REQUESTED})
_instrument = lru_cache(maxsize=4096)(parse_instrument)
_OF_THE_JOURNAL = frozenset({EntryKind.STARTED, EntryKind.RESUMED, EntryKind.HEAD_ANNOUNCED})
