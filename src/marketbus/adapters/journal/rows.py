"""Entries as rows, and back."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from marketbus.adapters.journal.trouble import unavailable
from marketbus.domain.journal_entry import Entry, EntryKind, Recorded, fields_of, link
from marketbus.ports.journal import Cause

COLUMNS = (
    "position, time, trading_day, kind, account, client_order_id, vt_symbol, principal, host, strategy, trader, body, "
    "hash"
)
INSERT = f"INSERT INTO entry ({COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)"  # noqa: S608 (no input in it)

Row = tuple[str | int, ...]
_KINDS = {str(kind): kind for kind in EntryKind}
_LIMIT = 2**63


def check(entries: Sequence[Entry]) -> None:
    """Refuse what SQLite could not take, before it spoils the commit of others.

    Raises:
        ValueError: a text that is not Unicode, a number beyond 64 bits, one id claimed twice.
    """
    claimed: set[tuple[str, str]] = set()
    for entry in entries:
        link("", fields_of(0, entry))
        if not (-_LIMIT <= entry.time < _LIMIT and -_LIMIT <= entry.trading_day < _LIMIT):
            raise ValueError(f"time {entry.time}, trading day {entry.trading_day}: beyond 64 bits")
        if entry.kind is EntryKind.CLAIMED:
            key = (entry.account, entry.client_order_id)
            if key in claimed:
                raise ValueError(f"{key} is claimed twice in one append")
            claimed.add(key)


def chained(position: int, before: str, entries: Sequence[Entry]) -> list[Row]:
    """Rows that follow a head."""
    rows: list[Row] = []
    for number, entry in enumerate(entries, start=position + 1):
        fields = fields_of(number, entry)
        before = link(before, fields)
        rows.append((*fields, before))
    return rows


def recorded(row: Row, path: Path) -> Recorded:
    """The entry of a row.

    Raises:
        JournalUnavailable: its kind is none that we know.
    """
    position, time, day, kind, account, order, symbol, principal, host, strategy, trader, body, digest = row
    known = _KINDS.get(str(kind))
    if known is None:
        raise unavailable(Cause.CORRUPT, path, f"position {position} is of unknown kind {kind!r}")
    entry = Entry(
        kind=known,
        time=int(time),
        trading_day=int(day),
        account=str(account),
        client_order_id=str(order),
        vt_symbol=str(symbol),
        principal=str(principal),
        host=str(host),
        strategy=str(strategy),
        trader=str(trader),
        body=str(body),
    )
    return Recorded(int(position), str(digest), entry)


def claim(connection: sqlite3.Connection, path: Path, account: str, client_order_id: str) -> Recorded | None:
    """Who claimed an id."""
    row = connection.execute(
        f"SELECT {COLUMNS} FROM entry "  # noqa: S608 (no input in it)
        "WHERE kind = 'claimed' AND client_order_id = ? AND account = ?",
        (client_order_id, account),
    ).fetchone()
    return None if row is None else recorded(row, path)
