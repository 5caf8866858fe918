"""The tables of a journal, their version, and the triggers that keep it append-only."""

import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path

from marketbus.adapters.journal.trouble import unavailable
from marketbus.ports.journal import Cause

APPLICATION = 0x6D62_6A6C
"""`PRAGMA application_id`, "mbjl": what tells a journal from other SQLite files."""
VERSION = 2
"""`PRAGMA user_version`. 2: kinds of entries about modifications."""

Migration = Callable[[sqlite3.Connection], None]
MIGRATIONS: Mapping[int, Migration] = {1: lambda _: None}
"""By the version that they start from, each one version up, inside one transaction. Rows written stay as they are."""

_OBJECTS = (
    """CREATE TABLE journal (gateway TEXT NOT NULL) STRICT""",
    """CREATE TABLE entry (
    position INTEGER PRIMARY KEY,
    time INTEGER NOT NULL,
    trading_day INTEGER NOT NULL,
    kind TEXT NOT NULL,
    account TEXT NOT NULL,
    client_order_id TEXT NOT NULL,
    vt_symbol TEXT NOT NULL,
    principal TEXT NOT NULL,
    host TEXT NOT NULL,
    strategy TEXT NOT NULL,
    trader TEXT NOT NULL,
    body TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT""",
    """CREATE UNIQUE INDEX one_claim ON entry (client_order_id, account) WHERE kind = 'claimed'""",
    """CREATE INDEX by_order ON entry (client_order_id, account) WHERE client_order_id <> ''""",
    """CREATE INDEX by_kind ON entry (kind, account)""",
    """CREATE INDEX by_day ON entry (trading_day)""",
    """CREATE INDEX by_time ON entry (time)""",
    """CREATE TRIGGER entry_stays BEFORE UPDATE ON entry
BEGIN SELECT raise(ABORT, 'the journal is append-only'); END""",
    """CREATE TRIGGER entry_is_kept BEFORE DELETE ON entry
BEGIN SELECT raise(ABORT, 'the journal is append-only'); END""",
    # INSERT OR REPLACE deletes without asking the trigger above; these come before it
    """CREATE TRIGGER entry_is_next BEFORE INSERT ON entry
WHEN new.position IS NOT (SELECT coalesce(max(position), 0) + 1 FROM entry)
BEGIN SELECT raise(ABORT, 'the journal is append-only: not the next position'); END""",
    """CREATE TRIGGER entry_claims_once BEFORE INSERT ON entry
WHEN new.kind = 'claimed' AND EXISTS (
    SELECT 1 FROM entry WHERE kind = 'claimed' AND client_order_id = new.client_order_id AND account = new.account)
BEGIN SELECT raise(ABORT, 'the journal is append-only: claimed before'); END""",
    """CREATE TRIGGER journal_stays BEFORE UPDATE ON journal
BEGIN SELECT raise(ABORT, 'the journal is append-only'); END""",
    """CREATE TRIGGER journal_is_kept BEFORE DELETE ON journal
BEGIN SELECT raise(ABORT, 'the journal is append-only'); END""",
    """CREATE TRIGGER journal_is_one BEFORE INSERT ON journal WHEN (SELECT count(*) FROM journal) > 0
BEGIN SELECT raise(ABORT, 'the journal is append-only'); END""",
)


def gateway(connection: sqlite3.Connection, path: Path, known: int = VERSION) -> str:
    """Whose journal it is.

    Raises:
        JournalUnavailable: FOREIGN, TOO_NEW, CORRUPT.
        sqlite3.Error: it cannot be read.
    """
    if connection.execute("PRAGMA application_id").fetchone() != (APPLICATION,):
        raise unavailable(Cause.FOREIGN, path, "is not a journal of marketbus")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > known:
        raise unavailable(Cause.TOO_NEW, path, f"has schema version {version}, this marketbus knows {known}")
    row = connection.execute("SELECT gateway FROM journal").fetchone()
    if row is None:
        raise unavailable(Cause.CORRUPT, path, "does not say whose journal it is")
    return row[0]


def whole(connection: sqlite3.Connection, path: Path) -> None:
    """Whether tables, indexes and triggers are as they were made.

    Raises:
        JournalUnavailable: CORRUPT, naming the first one that is not.
        sqlite3.Error: it cannot be read.
    """
    found = {sql for (sql,) in connection.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")}
    for sql in _OBJECTS:
        if sql not in found:
            raise unavailable(Cause.CORRUPT, path, f"{_name(sql)} is missing or was changed")


def prepare(
    connection: sqlite3.Connection,
    path: Path,
    name: str,
    migrations: Mapping[int, Migration] = MIGRATIONS,
    version: int = VERSION,
) -> None:
    """Make the tables in an empty file; bring those of an older version up to this one; refuse what is not ours.

    Raises:
        JournalUnavailable: FOREIGN, TOO_NEW, CORRUPT.
        sqlite3.Error: it cannot be read or written.
    """
    if _empty(connection):
        _transaction(connection, lambda: _create(connection, name))
    owner = gateway(connection, path, version)
    if owner != name:
        raise unavailable(Cause.FOREIGN, path, f"is the journal of gateway {owner}, not of {name}")
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    if found < version:
        _transaction(connection, lambda: _migrate(connection, found, version, migrations))
    whole(connection, path)


def _empty(connection: sqlite3.Connection) -> bool:
    (objects,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    return objects == 0 and connection.execute("PRAGMA application_id").fetchone() == (0,)


def _create(connection: sqlite3.Connection, name: str) -> None:
    for sql in _OBJECTS:
        connection.execute(sql)
    connection.execute("INSERT INTO journal (gateway) VALUES (?)", (name,))
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _migrate(connection: sqlite3.Connection, found: int, version: int, migrations: Mapping[int, Migration]) -> None:
    for number in range(found, version):
        migrations[number](connection)
    connection.execute(f"PRAGMA user_version = {version}")


def _transaction(connection: sqlite3.Connection, work: Callable[[], None]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        work()
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _name(sql: str) -> str:
    words = sql.replace("UNIQUE ", "").split()
    return f"{words[1].lower()} {words[2]}"
