"""The journal of one worker: nothing about an order happens before it is written here."""

from collections.abc import AsyncIterator, Mapping, Sequence
from enum import StrEnum
from typing import Protocol

from marketbus.domain.errors import MarketBusError
from marketbus.domain.journal_entry import Entry, EntryKind, Head, Recorded, Standing
from marketbus.domain.message import Bilingual


class Cause(StrEnum):
    """Why a journal cannot be written, or read."""

    FULL = "full"
    READ_ONLY = "read_only"
    LOCKED = "locked"
    """Another program holds the database."""
    IN_USE = "in_use"
    """Another worker writes it."""
    CORRUPT = "corrupt"
    FAILED = "failed"
    """The disk or the system said no in another way."""
    FOREIGN = "foreign"
    """Not a journal, or another gateway's."""
    TOO_NEW = "too_new"
    """Written by a newer marketbus."""
    REPLACED = "replaced"
    """The file was deleted, replaced or cut under the worker."""
    CLOSED = "closed"
    """Not started yet, or stopped."""


WORDS: Mapping[Cause, Bilingual] = {
    Cause.FULL: Bilingual("the disk is full", "磁盘已满"),
    Cause.READ_ONLY: Bilingual("folder or file cannot be written", "目录或文件不可写"),
    Cause.LOCKED: Bilingual("another program holds the database", "数据库被其他程序锁住"),
    Cause.IN_USE: Bilingual("another worker writes it", "另一个工作进程正在写"),
    Cause.CORRUPT: Bilingual("it is damaged or was changed", "文件已损坏或被改动"),
    Cause.FAILED: Bilingual("the disk or the system refused", "磁盘或系统报错"),
    Cause.FOREIGN: Bilingual("it is not this gateway's journal", "不是本接口的日志"),
    Cause.TOO_NEW: Bilingual("a newer marketbus wrote it", "由更新版本的 marketbus 写成"),
    Cause.REPLACED: Bilingual("it was deleted or exchanged", "文件被删除或替换"),
    Cause.CLOSED: Bilingual("it is not open", "尚未打开"),
}
"""A cause in a sentence."""


class JournalUnavailable(MarketBusError):
    """The journal cannot be written, or read; `cause` in one word, `words` in a few, `path` of the file."""

    code = "journal"

    def __init__(self, cause: Cause, path: str, message: str, hint: str = "") -> None:
        super().__init__(f"{path}: {message}", hint)
        self.cause = cause
        self.path = path
        self.words = WORDS[cause]


class AlreadyClaimed(MarketBusError):
    """The client_order_id was claimed before; `there` is that claim."""

    code = "already_claimed"

    def __init__(self, there: Recorded) -> None:
        entry = there.entry
        super().__init__(f"client_order_id {entry.client_order_id!r} of {entry.account} is taken already")
        self.there = there


class OrderJournal(Protocol):
    """Append-only, in the order of positions. Used from the worker's loop; the disk is touched in other threads."""

    @property
    def trouble(self) -> JournalUnavailable | None:
        """Why the last write failed; None while the journal is writable. It is tried again by itself."""
        ...

    @property
    def writable(self) -> bool:
        """Whether there is no trouble: new orders are denied otherwise."""
        ...

    @property
    def head(self) -> Head:
        """The last entry on disk."""
        ...

    async def append(self, entries: Sequence[Entry]) -> Sequence[int]:
        """Write entries together, all or none, and return their positions once they are on the disk.

        An append that failed may still be found in the journal later: the disk can fail after it has written. One that
        is cancelled before its turn is not written.

        Raises:
            AlreadyClaimed: one of them claims a client_order_id that its account has used before, ever.
            JournalUnavailable: nothing can be written now.
            ValueError: a text that is not Unicode, a number beyond 64 bits, one id claimed twice.
        """
        ...

    def events(self, since: int, account: str | None = None) -> AsyncIterator[Sequence[Recorded]]:
        """Pages of the entries after a position, up to the head; of one account, or of all.

        Raises:
            JournalUnavailable: it cannot be read.
        """
        ...

    async def order(self, account: str, client_order_id: str) -> Sequence[Recorded]:
        """Everything about one order, its claim first; empty when the id is free."""
        ...

    async def latest(self, account: str, *kinds: EntryKind) -> Recorded | None:
        """The last entry of these kinds, such as kill or release."""
        ...

    async def before_day(self, trading_day: int) -> int:
        """The position to give `events` for everything from the first entry of a trading day on; the head if none."""
        ...

    async def standing(self, head: Head) -> Standing:
        """This journal beside a head that was announced elsewhere."""
        ...
