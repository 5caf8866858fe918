"""The journal on disk: SQLite, one file per worker."""

from marketbus.adapters.journal.journal import SqliteJournal

__all__ = ["SqliteJournal"]
