"""One connection to the journal for all threads of a process; every change is a transaction of its own."""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from curator.journal.schema import open_database

Row = sqlite3.Row


class Database:
    """The journal's SQLite file, and the scope (Langfuse project) that this process works in."""

    def __init__(self, path: Path, scope: str) -> None:
        self.path = path
        self.scope = scope
        self._db = open_database(path)
        self._lock = threading.RLock()

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of a query."""
        with self._lock:
            return self._db.execute(query, values).fetchall()

    def row(self, query: str, values: Sequence[Any] = ()) -> Row | None:
        """The first row of a query."""
        with self._lock:
            row: Row | None = self._db.execute(query, values).fetchone()
            return row

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction: on disk at the end, without trace after an exception. Blocks of one thread may nest."""
        with self._lock:
            if self._db.in_transaction:
                yield self._db
                return
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                self._db.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Closes the file."""
        with self._lock:
            self._db.close()


def now() -> datetime:
    """The current time, with its offset."""
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    """A time as the journal keeps it: UTC, microseconds, sortable as text."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
