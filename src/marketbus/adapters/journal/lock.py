"""One writer per journal: a second database beside it, held for as long as the process lives.

SQLite's own locks rather than flock: the same on every system, and gone with the process. The journal itself cannot be
held that way, since auditors read it while it is written.
"""

import contextlib
import os
import socket
import sqlite3
from pathlib import Path

from marketbus.adapters.journal.trouble import unavailable, understood
from marketbus.ports.journal import Cause


class WriterLock:
    """Held from `acquire` to `release`. One thread."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self._path = journal.with_name(journal.name + ".lock")
        self._held: sqlite3.Connection | None = None

    def acquire(self) -> None:
        """Take it, unless we have it already.

        Raises:
            JournalUnavailable: IN_USE, naming the process that has it; another cause when the file cannot be made.
        """
        if self._held is not None:
            return
        try:
            connection = sqlite3.connect(self._path, timeout=0.2, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            raise understood(error, self._path) from error
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("CREATE TABLE IF NOT EXISTS holder (pid INTEGER, host TEXT)")
            connection.execute("DELETE FROM holder")
            connection.execute("INSERT INTO holder VALUES (?, ?)", (os.getpid(), socket.gethostname()))
            connection.execute("COMMIT")
            connection.execute("BEGIN IMMEDIATE")  # others may read who we are, and no more
        except sqlite3.OperationalError as error:
            holder = self._holder(connection)
            connection.close()
            if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise understood(error, self._path) from error
            raise unavailable(Cause.IN_USE, self._journal, f"is written by another worker{holder}") from None
        except sqlite3.Error as error:
            connection.close()
            raise understood(error, self._path) from error
        self._held = connection

    def release(self) -> None:
        """Let go."""
        if self._held is not None:
            with contextlib.suppress(sqlite3.Error):
                self._held.execute("ROLLBACK")
            self._held.close()
            self._held = None

    @staticmethod
    def _holder(connection: sqlite3.Connection) -> str:
        with contextlib.suppress(sqlite3.Error):
            row = connection.execute("SELECT pid, host FROM holder").fetchone()
            if row is not None:
                return f", process {row[0]} on {row[1]}"
        return ""
