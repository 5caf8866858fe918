"""Whether a journal is what was written: the hash chain, row by row."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec

from marketbus.adapters.journal import schema
from marketbus.adapters.journal.reader import PAGE, opened
from marketbus.adapters.journal.rows import COLUMNS, Row
from marketbus.adapters.journal.trouble import unavailable
from marketbus.domain.journal_entry import Head, genesis, link
from marketbus.ports.journal import Cause, JournalUnavailable

TAIL = 1000
"""Rows at the end that a worker looks at before it goes on writing."""


class Verdict(msgspec.Struct, frozen=True):
    """What `verify` found. `head` is the last good entry; `problem` empty when all is well."""

    path: str
    gateway: str
    head: Head
    problem: str = ""
    """Names the first broken row, and what is wrong with it."""

    @property
    def ok(self) -> bool:
        """Nothing is wrong."""
        return not self.problem


class _Broken(Exception):
    pass


def verify(path: Path) -> Verdict:
    """Walk the whole chain, in pages, then look at the triggers and have SQLite check its own structures.

    That entries are missing at the end shows only beside a head that was noted elsewhere.
    """
    gateway, good = "", Head(0, "")
    try:
        with opened(path) as connection:
            gateway = schema.gateway(connection, path)
        good = Head(0, genesis(gateway))
        while True:
            before = good
            with opened(path) as connection:
                for each in _walk(connection, before, PAGE):
                    good = each
            if good == before:
                break
        with opened(path) as connection:
            schema.whole(connection, path)
            found = connection.execute("PRAGMA integrity_check(1)").fetchone()
            if found != ("ok",):
                return Verdict(str(path), gateway, good, f"SQLite: {found[0]}")
    except _Broken as error:
        return Verdict(str(path), gateway, good, str(error))
    except JournalUnavailable as error:
        return Verdict(str(path), gateway, good, error.message)
    return Verdict(str(path), gateway, good)


def tail(connection: sqlite3.Connection, path: Path, gateway: str) -> None:
    """The last rows' chain.

    Raises:
        JournalUnavailable: CORRUPT, naming the first broken row.
    """
    try:
        row = connection.execute(
            "SELECT position, hash FROM entry ORDER BY position DESC LIMIT 1 OFFSET ?", (TAIL,)
        ).fetchone()
        for _ in _walk(connection, Head(0, genesis(gateway)) if row is None else Head(row[0], row[1]), TAIL + 1):
            pass
    except _Broken as error:
        raise unavailable(Cause.CORRUPT, path, str(error)) from None


def _walk(connection: sqlite3.Connection, before: Head, limit: int) -> Iterator[Head]:
    """Each good entry after `before`.

    Raises:
        _Broken: the next one is missing, changed or unreadable.
    """
    connection.text_factory = _text
    try:
        for row in connection.execute(
            f"SELECT {COLUMNS} FROM entry WHERE position > ? ORDER BY position LIMIT ?",  # noqa: S608 (no input in it)
            (before.position, limit),
        ):
            before = _next(before, row)
            yield before
    except sqlite3.Error as error:
        raise _Broken(f"position {before.position + 1} cannot be read: {error}") from None
    finally:
        connection.text_factory = str


def _next(before: Head, row: Row) -> Head:
    position, digest = int(row[0]), str(row[-1])
    if position != before.position + 1:
        raise _Broken(f"position {before.position + 1} is missing")
    if link(before.hash, row[:-1]) != digest:
        raise _Broken(f"position {position} is not what was written: it does not fit its hash")
    return Head(position, digest)


def _text(data: bytes) -> str:
    """Bytes that are no UTF-8 fail on the hash, not before."""
    return data.decode(errors="replace")
