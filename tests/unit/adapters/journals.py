"""Journals and entries for tests."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from hypothesis import strategies as st

from marketbus.adapters.clock import SystemClock
from marketbus.adapters.journal import SqliteJournal
from marketbus.domain.journal_entry import Entry, EntryKind, Recorded
from marketbus.ports.journal import JournalUnavailable

GATEWAY = "ctp-main"
TIME = 1_795_400_000_000_000_000


def entry(number: int = 0, kind: EntryKind = EntryKind.NEW, account: str = "main") -> Entry:
    """Of order o<number>."""
    return Entry(
        kind=kind,
        time=TIME + number,
        trading_day=20261123,
        account=account,
        client_order_id=f"o{number}",
        vt_symbol="rb2701.SHFE",
        principal="li",
        host="desk-7",
        strategy="grid",
        trader="wang",
        body=f'{{"volume":{number},"说明":"平今"}}',
    )


def entries() -> st.SearchStrategy[Entry]:
    """Anything that an entry can hold, but claims."""
    number = st.integers(-(2**63), 2**63 - 1)
    return st.builds(
        Entry,
        kind=st.sampled_from([kind for kind in EntryKind if kind is not EntryKind.CLAIMED]),
        time=number,
        trading_day=number,
        account=st.sampled_from(["", "main", "hedge"]),
        client_order_id=st.sampled_from(["", "o1", "o2"]),
        vt_symbol=_text(),
        principal=_text(),
        host=_text(),
        strategy=_text(),
        trader=_text(),
        body=_text(),
    )


def _text() -> st.SearchStrategy[str]:
    return st.text(max_size=8)


@asynccontextmanager
async def opened(path: Path, gateway: str = GATEWAY) -> AsyncGenerator[SqliteJournal]:
    """A journal, started; stopped at the end."""
    journal = SqliteJournal(path, gateway, clock=SystemClock(), host="test")
    await journal.start()
    try:
        yield journal
    finally:
        await journal.stop()


async def refused(journal: SqliteJournal, *given: Entry) -> JournalUnavailable:
    """What an append is refused with."""
    try:
        await journal.append(given)
    except JournalUnavailable as error:
        return error
    raise AssertionError("it was written")


async def everything(journal: SqliteJournal, since: int = 0, account: str | None = None) -> Sequence[Recorded]:
    """All pages in one."""
    return [each async for page in journal.events(since, account) for each in page]
