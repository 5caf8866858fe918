"""What SQLite and the system say, as a cause and what to do."""

import sqlite3
from pathlib import Path

from marketbus.ports.journal import Cause, JournalUnavailable

HINTS = {
    Cause.FULL: "make room on the disk; writing goes on by itself",
    Cause.READ_ONLY: "check the mount and the rights of the folder; writing goes on by itself",
    Cause.LOCKED: "another program holds the database: close it",
    Cause.IN_USE: "stop the other worker, or give this one a name of its own",
    Cause.CORRUPT: "see `marketbus audit --verify`; keep the file, it is evidence",
    Cause.FAILED: "check the disk; writing goes on by itself",
    Cause.FOREIGN: "give each gateway its own folder",
    Cause.TOO_NEW: "use the newer marketbus",
    Cause.REPLACED: "put the journal back as it was, then start the worker again",
}

_CAUSES = {
    sqlite3.SQLITE_FULL: Cause.FULL,
    sqlite3.SQLITE_READONLY: Cause.READ_ONLY,
    sqlite3.SQLITE_PERM: Cause.READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: Cause.READ_ONLY,
    sqlite3.SQLITE_BUSY: Cause.LOCKED,
    sqlite3.SQLITE_LOCKED: Cause.LOCKED,
    sqlite3.SQLITE_CORRUPT: Cause.CORRUPT,
    sqlite3.SQLITE_NOTADB: Cause.CORRUPT,
    sqlite3.SQLITE_CONSTRAINT: Cause.CORRUPT,  # our own rows always fit the table
}


def unavailable(cause: Cause, path: Path, message: str) -> JournalUnavailable:
    """The error of a cause, with its usual hint."""
    return JournalUnavailable(cause, str(path), message, HINTS.get(cause, ""))


def understood(error: Exception, path: Path) -> JournalUnavailable:
    """What went wrong, from SQLite's or the system's own error."""
    if isinstance(error, JournalUnavailable):
        return error
    if isinstance(error, OSError):
        cause = Cause.READ_ONLY if isinstance(error, PermissionError) else Cause.FAILED
        return unavailable(cause, path, error.strerror or str(error))
    code: int | None = getattr(error, "sqlite_errorcode", None)  # missing where Python itself raised
    cause = Cause.CORRUPT if code is None else _CAUSES.get(code & 0xFF, Cause.FAILED)
    return unavailable(cause, path, str(error))
