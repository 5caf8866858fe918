"""Orders and cancels of a day, counted by hand."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketbus.domain.journal_entry import Entry, EntryKind
from marketbus.domain.order_traffic import Message, Traffic, messages, traffic
from marketbus.domain.times import NS

SECOND = 1_795_400_000 * NS


def message(at: float, symbol: str = "rb2701.SHFE", *, cancel: bool = False, account: str = "main") -> Message:
    return Message(SECOND + int(at * NS), account, symbol, cancel)


def total(sent: list[Message]) -> Traffic:
    return traffic(sent)[0]


def test_an_account_its_exchanges_and_its_contracts_each_have_a_line() -> None:
    sent = [
        message(0.0),
        message(0.5, cancel=True),
        message(0.9, "IF2612.CFFEX"),
        message(1.2, cancel=True),
        message(5.0, "510050.SSE", account="stock"),
    ]
    assert traffic(sent) == [
        Traffic("main", "", "", orders=2, cancels=2, most_in_a_second=3, most_within_1s=3, busy_seconds=0),
        Traffic("main", "CFFEX", "", orders=1, cancels=0, most_in_a_second=1, most_within_1s=1, busy_seconds=0),
        Traffic("main", "CFFEX", "IF2612", orders=1, cancels=0, most_in_a_second=1, most_within_1s=1, busy_seconds=0),
        Traffic("main", "SHFE", "", orders=1, cancels=2, most_in_a_second=2, most_within_1s=2, busy_seconds=0),
        Traffic("main", "SHFE", "rb2701", orders=1, cancels=2, most_in_a_second=2, most_within_1s=2, busy_seconds=0),
        Traffic("stock", "", "", orders=1, cancels=0, most_in_a_second=1, most_within_1s=1, busy_seconds=0),
        Traffic("stock", "SSE", "", orders=1, cancels=0, most_in_a_second=1, most_within_1s=1, busy_seconds=0),
        Traffic("stock", "SSE", "510050", orders=1, cancels=0, most_in_a_second=1, most_within_1s=1, busy_seconds=0),
    ]
    assert traffic([]) == []


@pytest.mark.parametrize(
    ("times", "in_a_second", "within_1s", "busy"),
    [
        ([0.0] * 9, 9, 9, 0),
        ([0.0] * 10, 10, 10, 1),
        ([0.0] * 10 + [1.0] * 10 + [3.0] * 25, 25, 25, 3),
        ([0.9] * 6 + [1.1] * 6, 6, 12, 0),  # a burst across the stroke of the clock
        ([0.0] * 5 + [1.0] * 5, 5, 5, 0),  # exactly 1 s apart is not within it
        ([0.25] * 5 + [1.249999999] * 5, 5, 10, 0),
    ],
)
def test_seconds_are_counted_by_the_clock_and_by_the_distance(
    times: list[float], in_a_second: int, within_1s: int, busy: int
) -> None:
    found = total([message(at, cancel=number % 3 == 0) for number, at in enumerate(times)])
    assert (found.most_in_a_second, found.most_within_1s, found.busy_seconds) == (in_a_second, within_1s, busy)


@given(st.lists(st.integers(0, 3 * NS), min_size=1))
def test_the_figures_are_those_of_counting_one_by_one(offsets: list[int]) -> None:
    sent = [Message(SECOND + offset, "main", "rb2701.SHFE", offset % 2 == 0) for offset in offsets]
    found = total(sent)
    assert found.most_within_1s == max(sum(0 <= other - one < NS for other in offsets) for one in offsets)
    seconds = Counter(offset // NS for offset in offsets)
    assert found.most_in_a_second == max(seconds.values())
    assert found.busy_seconds == len([second for second, count in seconds.items() if count >= 10])
    assert found.orders + found.cancels == len(offsets)


def entry(kind: EntryKind, order: str, at: int = 0, symbol: str = "") -> Entry:
    return Entry(kind=kind, time=at, account="main", client_order_id=order, vt_symbol=symbol)


def test_what_went_to_the_venue_counts_once_and_nothing_else_does() -> None:
    day = [
        entry(EntryKind.CLAIMED, "sent"),
        entry(EntryKind.NEW, "sent", symbol="rb2701.SHFE"),
        entry(EntryKind.SENT, "sent", at=1),
        entry(EntryKind.VENUE_EVENT, "sent"),
        entry(EntryKind.TRADE, "sent"),
        entry(EntryKind.CLAIMED, "denied"),
        entry(EntryKind.DENIED, "denied"),
        entry(EntryKind.NEW, "crashed", symbol="rb2701.SHFE"),
        entry(EntryKind.VENUE_EVENT, "crashed", at=2),
        entry(EntryKind.NEW, "lost"),
        entry(EntryKind.RESOLVED, "lost"),
        entry(EntryKind.ADOPTED, "another terminal's"),
        entry(EntryKind.TRADE, "another terminal's"),
        entry(EntryKind.CANCEL_REQUESTED, "sent", at=3, symbol="rb2701.SHFE"),
        entry(EntryKind.CANCEL_REQUESTED, "sent", at=4, symbol="rb2701.SHFE"),
    ]
    assert list(messages(day)) == [
        Message(1, "main", "rb2701.SHFE", cancel=False),
        Message(2, "main", "rb2701.SHFE", cancel=False),
        Message(3, "main", "rb2701.SHFE", cancel=True),
        Message(4, "main", "rb2701.SHFE", cancel=True),
    ]
