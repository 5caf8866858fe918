"""Orders and cancels as the exchanges count them of who trades by programme. Figures only: what is too much is data.

Futures exchanges ask, per account and trading day, how often 10 or more orders and cancels fell within one second
(reporting duty of 2025-10-09), and limit cancels per contract; stock exchanges ask for the most within one second and
the sum of the day (rules of 2025-07-07). How they cut seconds is not published, so both ways are given.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from marketbus.domain.journal_entry import Entry, EntryKind
from marketbus.domain.times import NS

BUSY = 10
"""Orders and cancels that make a second a busy one."""

_REACHED_THE_VENUE = (EntryKind.SENT, EntryKind.VENUE_EVENT, EntryKind.TRADE)


class Message(NamedTuple):
    """One order or cancel that went to the venue."""

    time: int
    """ns UTC"""
    account: str
    vt_symbol: str
    cancel: bool


class Traffic(msgspec.Struct, frozen=True):
    """Of an account; of one exchange, or of one contract, where they are named."""

    account: str
    exchange: str
    symbol: str
    orders: int
    cancels: int
    most_in_a_second: int
    """Orders and cancels in a second of the clock."""
    most_within_1s: int
    """Orders and cancels less than 1 s apart, wherever that second begins."""
    busy_seconds: int
    """Seconds of the clock with `BUSY` or more orders and cancels."""


def messages(entries: Iterable[Entry]) -> Iterator[Message]:
    """What we sent. An order counts once: when the SDK was called, or, after a crash, when the venue showed it.
    A modification counts as another.

    What was denied, and the orders of other terminals, do not count.
    """
    new: dict[tuple[str, str], Entry] = {}
    for entry in entries:
        key = (entry.account, entry.client_order_id)
        if entry.kind is EntryKind.NEW:
            new[key] = entry
        elif entry.kind in (EntryKind.CANCEL_REQUESTED, EntryKind.MODIFY_REQUESTED):
            cancel = entry.kind is EntryKind.CANCEL_REQUESTED
            yield Message(entry.time, entry.account, entry.vt_symbol, cancel=cancel)
        elif entry.kind in _REACHED_THE_VENUE and (order := new.pop(key, None)) is not None:
            yield Message(entry.time, entry.account, entry.vt_symbol or order.vt_symbol, cancel=False)


def traffic(sent: Iterable[Message]) -> list[Traffic]:
    """Per account, then per exchange, then per contract, in the order of their names."""
    groups: defaultdict[tuple[str, str, str], list[Message]] = defaultdict(list)
    for message in sent:
        symbol, _, exchange = message.vt_symbol.rpartition(".")
        for group in dict.fromkeys(((message.account, "", ""), (message.account, exchange, ""))):
            groups[group].append(message)
        if symbol:
            groups[message.account, exchange, symbol].append(message)
    return [_figures(group, groups[group]) for group in sorted(groups)]


def _figures(group: tuple[str, str, str], sent: list[Message]) -> Traffic:
    cancels = sum(message.cancel for message in sent)
    seconds = Counter(message.time // NS for message in sent)
    return Traffic(
        *group,
        orders=len(sent) - cancels,
        cancels=cancels,
        most_in_a_second=max(seconds.values()),
        most_within_1s=_most_within_1s(sorted(message.time for message in sent)),
        busy_seconds=sum(count >= BUSY for count in seconds.values()),
    )


def _most_within_1s(times: list[int]) -> int:
    most, window = 0, deque[int]()
    for time in times:
        window.append(time)
        while window[0] <= time - NS:
            window.popleft()
        most = max(most, len(window))
    return most
