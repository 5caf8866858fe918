"""The books of an account as its journal tells them: all that a worker knows when it starts."""

from collections.abc import Iterable

import msgspec

from marketbus.application.trading.notes import Note, note_of
from marketbus.domain.journal_entry import EntryKind, Recorded
from marketbus.domain.order import Order
from marketbus.domain.risk.flow import Flow, FlowState
from marketbus.domain.trade import Trade
from marketbus.ports.journal import OrderJournal


class Kept(msgspec.Struct):
    """What the journal holds of one account."""

    orders: dict[str, Order]
    """By client_order_id, each as it stood last."""
    trades: dict[str, list[Trade]]
    """By client_order_id."""
    flow: FlowState
    """What was sent on the last trading day."""
    position: int = 0
    """Of the last entry that was read."""
    killed: Note | None = None
    """The kill that nobody released."""


async def restored(journal: OrderJournal, account: str) -> Kept:
    """Read the trading day of the last reconciliation, and what came after it: older orders were settled by then.

    Raises:
        JournalUnavailable: it cannot be read.
    """
    kept = Kept({}, {}, FlowState())
    last = await journal.latest(account, EntryKind.RECONCILED)
    since = 0 if last is None else await journal.before_day(last.entry.trading_day)
    flow = Flow()
    async for page in journal.events(since, account):
        for note in notes_of(page):
            _keep(kept, flow, note)
        kept.position = page[-1].position
    kept.flow = flow.kept()
    switch = await journal.latest(account, EntryKind.KILL, EntryKind.RELEASE)
    if switch is not None and switch.entry.kind is EntryKind.KILL:
        kept.killed = note_of(switch)
    return kept


async def recalled(journal: OrderJournal, account: str, client_order_id: str) -> tuple[Order, list[Trade]] | None:
    """One order, however old; None when the id is free.

    Raises:
        JournalUnavailable: it cannot be read.
    """
    kept = Kept({}, {}, FlowState())
    for note in notes_of(await journal.order(account, client_order_id)):
        _keep(kept, Flow(), note)
    order = kept.orders.get(client_order_id)
    return None if order is None else (order, kept.trades.get(client_order_id, []))


def notes_of(entries: Iterable[Recorded]) -> Iterable[Note]:
    """The entries about orders and accounts; those of the journal itself are passed over."""
    return (note_of(each) for each in entries if each.entry.kind not in _OF_THE_JOURNAL)


def _keep(kept: Kept, flow: Flow, note: Note) -> None:
    order = note.order
    flow.day(note.trading_day)
    if note.facts.get("loss_stop"):
        flow.state.loss_stop = True
    if order is None:
        return
    if note.kind is EntryKind.NEW:
        flow.order(order.instrument, note.time)
    elif note.kind is EntryKind.CANCEL_REQUESTED:
        flow.cancel(order.instrument, note.time)
    kept.orders[order.client_order_id] = order
    if note.trade is not None:
        kept.trades.setdefault(order.client_order_id, []).append(note.trade)


_OF_THE_JOURNAL = frozenset({EntryKind.STARTED, EntryKind.RESUMED, EntryKind.HEAD_ANNOUNCED})
