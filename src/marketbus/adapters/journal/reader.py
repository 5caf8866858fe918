"""Reading a journal: beside its worker or without one, never in its way."""

import sqlite3
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from marketbus.adapters.journal import schema
from marketbus.adapters.journal.rows import COLUMNS, Row, recorded
from marketbus.adapters.journal.trouble import unavailable, understood
from marketbus.domain.journal_entry import EntryKind, Head, Recorded, Standing, genesis
from marketbus.ports.journal import Cause

PAGE = 1000
"""Entries read at once: no read lasts long, so that SQLite can fold its WAL back."""
_NO_RIGHTS = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries; all of them, where nothing is said."""

    since: int = 0
    """After this position."""
    account: str | None = None
    client_order_id: str | None = None
    time: int | None = None
    """Not before, ns UTC."""
    trading_day: int | None = None


class JournalReader:
    """Opens the file for each page anew: nothing stays open. Methods raise JournalUnavailable."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def gateway(self) -> str:
        """Whose journal it is."""
        with opened(self.path) as connection:
            return schema.gateway(connection, self.path)

    def head(self) -> Head:
        """The last entry."""
        with opened(self.path) as connection:
            return head(connection, schema.gateway(connection, self.path))

    def page(self, wanted: Wanted) -> Sequence[Recorded]:
        """The first `PAGE` of the entries wanted, by position; empty when there are no more."""
        terms, values = _where(wanted)
        found = self._select(f"WHERE {' AND '.join(terms)} ORDER BY position LIMIT {PAGE}", values)
        return [recorded(row, self.path) for row in found]

    def entries(self, wanted: Wanted) -> Iterator[Recorded]:
        """All the entries wanted, page by page, up to the head."""
        if wanted.time is not None:
            wanted = msgspec.structs.replace(wanted, since=max(wanted.since, self._before(wanted.time)))
        while page := self.page(wanted):
            yield from page
            wanted = msgspec.structs.replace(wanted, since=page[-1].position)

    def latest(self, account: str, kinds: Sequence[EntryKind]) -> Recorded | None:
        """The last entry of these kinds."""
        found: list[Recorded] = []
        for kind in kinds:
            rows = self._select("WHERE kind = ? AND account = ? ORDER BY position DESC LIMIT 1", (kind.value, account))
            found += [recorded(row, self.path) for row in rows]
        return max(found, key=lambda each: each.position, default=None)

    def before_day(self, trading_day: int) -> int:
        """The position before the first entry of a trading day; the head's when there is none."""
        with opened(self.path) as connection:
            (first,) = connection.execute(
                "SELECT min(position) FROM entry WHERE trading_day = ?", (trading_day,)
            ).fetchone()
            return first - 1 if first is not None else _last(connection)[0]

    def standing(self, announced: Head) -> Standing:
        """This journal beside a head."""
        with opened(self.path) as connection:
            here = head(connection, schema.gateway(connection, self.path))
            if announced.position > here.position:
                return Standing.OLDER
            if announced.position == here.position:
                return Standing.SAME if announced.hash == here.hash else Standing.FORKED
            return (
                Standing.NEWER
                if _hash(connection, self.path, announced.position) == announced.hash
                else (Standing.FORKED)
            )

    def _before(self, time: int) -> int:
        """The position before the first entry that is not before a time; the head's when there is none."""
        with opened(self.path) as connection:
            (first,) = connection.execute(
                "SELECT min(position) FROM entry INDEXED BY by_time WHERE time >= ?", (time,)
            ).fetchone()
            return first - 1 if first is not None else _last(connection)[0]

    def _select(self, rest: str, values: Sequence[str | int]) -> list[Row]:
        with opened(self.path) as connection:
            return connection.execute(f"SELECT {COLUMNS} FROM entry {rest}", values).fetchall()  # noqa: S608 (fixed texts)


@contextmanager
def opened(path: Path) -> Generator[sqlite3.Connection]:
    """The database, read-only; what SQLite says becomes JournalUnavailable."""
    connection: sqlite3.Connection | None = None
    try:
        path.stat()
        connection = _connect(path)
        yield connection
    except FileNotFoundError as error:
        raise unavailable(Cause.REPLACED, path, "there is no journal") from error
    except (sqlite3.Error, OSError) as error:
        raise understood(error, path) from error
    finally:
        if connection is not None:
            connection.close()


def _connect(path: Path) -> sqlite3.Connection:
    """In a folder that cannot be written, SQLite must be told that nobody writes: without a WAL, nobody does."""
    uri = path.resolve().as_uri() + "?mode=ro"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=1.0)
    try:
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except sqlite3.OperationalError as error:
        connection.close()
        wal = path.with_name(path.name + "-wal")
        if error.sqlite_errorcode & 0xFF not in _NO_RIGHTS or (wal.exists() and wal.stat().st_size):
            raise
        return sqlite3.connect(uri + "&immutable=1", uri=True, isolation_level=None)
    except BaseException:
        connection.close()
        raise
    return connection


def head(connection: sqlite3.Connection, gateway: str) -> Head:
    """The last entry, or the genesis."""
    position, digest = _last(connection)
    return Head(position, digest or genesis(gateway))


def _last(connection: sqlite3.Connection) -> tuple[int, str]:
    row = connection.execute("SELECT position, hash FROM entry ORDER BY position DESC LIMIT 1").fetchone()
    return (0, "") if row is None else (row[0], row[1])


def _hash(connection: sqlite3.Connection, path: Path, position: int) -> str:
    if position == 0:
        return genesis(schema.gateway(connection, path))
    row = connection.execute("SELECT hash FROM entry WHERE position = ?", (position,)).fetchone()
    return "" if row is None else row[0]


def _where(wanted: Wanted) -> tuple[list[str], list[str | int]]:
    terms, values = ["position > ?"], list[str | int]([wanted.since])
    for term, value in (
        ("account = ?", wanted.account),
        ("client_order_id = ? AND client_order_id <> ''", wanted.client_order_id),  # the words of the partial index
        ("trading_day = ?", wanted.trading_day),
        ("time >= ?", wanted.time),  # entries need not rise in time
    ):
        if value is not None:
            terms.append(term)
            values.append(value)
    return terms, values
