"""The writing thread of a journal: whatever waits while one commit runs goes into the next one."""

import os
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from marketbus.adapters.journal import rows, schema
from marketbus.adapters.journal.lock import WriterLock
from marketbus.adapters.journal.reader import head as last
from marketbus.adapters.journal.trouble import unavailable, understood
from marketbus.adapters.journal.verify import tail
from marketbus.domain.histogram import Histogram
from marketbus.domain.journal_entry import Entry, EntryKind, Head, body_of, genesis
from marketbus.ports.clock import Clock
from marketbus.ports.journal import AlreadyClaimed, Cause, JournalUnavailable

GROUP = 1000
"""Appends in one commit at most, so that none waits for a huge one."""
RETRY = 1.0
"""Seconds between two attempts while nothing can be written."""
PATIENCE = 1.0
"""Seconds that another program may hold the database."""

Outcome = list[int] | AlreadyClaimed
OnTrouble = Callable[[JournalUnavailable | None], None]


class _Request(NamedTuple):
    entries: Sequence[Entry]
    done: "Future[list[int]]"


class _Gap(msgspec.Struct, frozen=True):
    """Body of a RESUMED entry."""

    since: int
    """ns UTC"""
    cause: str
    refused: int
    """Entries whose append failed."""


class JournalWriter:
    """Owns the file while the process lives. `append` may be called from any thread."""

    def __init__(self, path: Path, gateway: str, clock: Clock, host: str, on_trouble: OnTrouble) -> None:
        """`on_trouble` is called in the writing thread, when trouble begins, changes its cause, or ends (None)."""
        self._path = path
        self._wal = path.with_name(path.name + "-wal")
        self._gateway = gateway
        self._clock = clock
        self._host = host
        self._on_trouble = on_trouble
        self._lock = WriterLock(path)
        self._connection: sqlite3.Connection | None = None
        self._files: dict[Path, tuple[int, int]] = {}
        self._queue: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._known = False
        """Whether `head` was read from the file."""
        self._since = 0
        self._refused = 0
        self.commits = Histogram()
        self.head = Head(0, genesis(gateway))
        self.trouble: JournalUnavailable | None = unavailable(Cause.CLOSED, path, "is not open yet")
        self.tried = threading.Event()
        """Set after the first attempt to open."""

    def start(self) -> None:
        """Begin; `tried` is set when the file was opened, or could not be."""
        self._thread.start()

    def append(self, entries: Sequence[Entry]) -> "Future[list[int]]":
        """Queue entries. The future gives their positions, or raises what `ports.journal` says."""
        rows.check(entries)
        request = _Request(tuple(entries), Future())
        with self._gate:
            if self._closed:
                raise unavailable(Cause.CLOSED, self._path, "is closed")
            self._queue.put(request)
        return request.done

    @property
    def waiting(self) -> int:
        """Appends that no commit has taken yet."""
        return self._queue.qsize()

    def bytes(self) -> int:
        """Size of the file and of its write-ahead log."""
        size = 0
        for path in (self._path, self._wal):
            with suppress(OSError):
                size += path.stat().st_size
        return size

    def stop(self) -> None:
        """Write what waits, then close. Blocks."""
        with self._gate:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        if self._thread.ident is not None:
            self._thread.join()
        else:
            self._end([])

    def _run(self) -> None:
        batch: list[_Request] | None = []
        try:
            while batch is not None:
                self._attempt(batch)
                self.tried.set()
                batch = self._next()
        finally:  # whatever ended it, nobody waits for ever
            self._end(batch or [])
            if batch is not None:  # not asked to
                self._on_trouble(self.trouble)

    def _next(self) -> list[_Request] | None:
        """What waits; nothing when it is time to try again; None at the end."""
        batch: list[_Request] = []
        try:
            request = self._queue.get(timeout=None if self.trouble is None else RETRY)
            while request is not None:
                if request.done.set_running_or_notify_cancel():
                    batch.append(request)
                if len(batch) == GROUP:
                    return batch
                request = self._queue.get_nowait()
        except queue.Empty:
            return batch
        if batch:
            self._queue.put(None)  # the end comes after what waits
            return batch
        return None

    def _attempt(self, batch: list[_Request]) -> None:
        if not batch and self.trouble is None:
            return
        began = time.perf_counter()
        try:
            outcomes = self._commit(batch)
        except (sqlite3.Error, OSError, JournalUnavailable) as error:
            trouble = understood(error, self._path)
            self._fail(trouble, sum(len(request.entries) for request in batch))
            for request in batch:
                request.done.set_exception(trouble)
            return
        self.commits.add(time.perf_counter() - began)
        self._works()
        for request, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, AlreadyClaimed):
                request.done.set_exception(outcome)
            else:
                request.done.set_result(outcome)

    def _commit(self, batch: list[_Request]) -> list[Outcome]:
        self._same_files()
        connection = self._connection or self._open()
        position, digest = self.head.position, self.head.hash
        connection.execute("BEGIN IMMEDIATE")
        outcomes: list[Outcome] = []
        for entries in ([self._resumed()] if self._since else [], *(request.entries for request in batch)):
            taken = self._taken(connection, entries)
            made = [] if taken else rows.chained(position, digest, entries)
            connection.executemany(rows.INSERT, made)
            if made:
                position, digest = int(made[-1][0]), str(made[-1][-1])
            outcomes.append(taken or [int(row[0]) for row in made])
        connection.execute("COMMIT")
        self.head = Head(position, digest)
        self._note_files()
        return outcomes[1:]

    def _taken(self, connection: sqlite3.Connection, entries: Sequence[Entry]) -> AlreadyClaimed | None:
        for entry in entries:
            if entry.kind is EntryKind.CLAIMED:
                there = rows.claim(connection, self._path, entry.account, entry.client_order_id)
                if there is not None:
                    return AlreadyClaimed(there)
        return None

    def _resumed(self) -> Entry:
        cause = self.trouble.cause if self.trouble is not None else Cause.FAILED
        gap = _Gap(self._since, cause, self._refused)
        return Entry(kind=EntryKind.RESUMED, time=self._clock.now(), host=self._host, body=body_of(gap))

    def _open(self) -> sqlite3.Connection:
        """The file; one that we have written before must still be there and hold what we wrote."""
        if not self._known:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        elif not self._path.exists():
            raise unavailable(Cause.REPLACED, self._path, "is gone")
        self._lock.acquire()
        connection = sqlite3.connect(self._path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
        try:
            self._look_through(connection)
        except BaseException:
            connection.close()
            raise
        self._known = True
        self._connection = connection
        self._note_files()
        return connection

    def _look_through(self, connection: sqlite3.Connection) -> None:
        schema.prepare(connection, self._path, self._gateway)
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode != "wal":
            raise unavailable(Cause.FAILED, self._path, f"cannot use WAL ({mode}): is it on a network disk?")
        connection.execute("PRAGMA synchronous = FULL")
        tail(connection, self._path, self._gateway)
        if self._known and self.head.position:
            row = connection.execute("SELECT hash FROM entry WHERE position = ?", (self.head.position,)).fetchone()
            if row != (self.head.hash,):
                raise unavailable(Cause.REPLACED, self._path, f"lost position {self.head.position}")
        self.head = last(connection, self._gateway)

    def _note_files(self) -> None:
        for path in (self._path, self._wal):
            if path not in self._files:
                with suppress(FileNotFoundError):  # the WAL comes with the first write
                    self._files[path] = _identity(path)

    def _same_files(self) -> None:
        """SQLite writes on into files that were deleted; nobody would find that again."""
        for path, identity in self._files.items():
            try:
                found = _identity(path)
            except FileNotFoundError:
                found = None
            if found != identity:
                raise unavailable(Cause.REPLACED, path, "was deleted or replaced under the worker")

    def _fail(self, trouble: JournalUnavailable, refused: int) -> None:
        self._refused += refused
        self._since = self._since or self._clock.now()
        new = self.trouble is None or self.trouble.cause is not trouble.cause
        self.trouble = trouble
        self._close()
        if new:
            self._on_trouble(trouble)

    def _works(self) -> None:
        self.trouble = None
        if self._since:
            self._since = self._refused = 0
            self._on_trouble(None)

    def _close(self) -> None:
        """A connection that failed is not trusted again: the next attempt opens another and reads the head anew."""
        if self._connection is not None:
            with suppress(sqlite3.Error):
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
            if self._trouble_is(Cause.REPLACED):
                with suppress(sqlite3.Error):  # what stands in a deleted WAL is brought home
                    self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._connection.close()
            self._connection = None
        self._files.clear()

    def _trouble_is(self, cause: Cause) -> bool:
        return self.trouble is not None and self.trouble.cause is cause

    def _end(self, batch: list[_Request]) -> None:
        with self._gate:
            self._closed = True
        self.trouble = unavailable(Cause.CLOSED, self._path, "is closed")
        with suppress(queue.Empty):
            while True:
                request = self._queue.get_nowait()
                if request is not None and request.done.set_running_or_notify_cancel():
                    batch.append(request)
        for request in batch:
            if not request.done.done():
                request.done.set_exception(self.trouble)
        self._close()
        self._lock.release()
        self.tried.set()


def _identity(path: Path) -> tuple[int, int]:
    found = os.stat(path)  # noqa: PTH116 (each commit: no Path in between)
    return found.st_dev, found.st_ino
