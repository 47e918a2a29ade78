"""One connection to the journal for all threads of a process; every change is a transaction of its own."""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from curator.journal.locks import PATIENCE
from curator.journal.schema import open_database, unusable

Row = sqlite3.Row
T = TypeVar("T")


class Database:
    """The journal's SQLite file, and the scope (Langfuse project) that this process works in."""

    def __init__(self, path: Path, scope: str, patience: float = PATIENCE) -> None:
        self.path = path
        self.scope = scope
        self.patience = patience
        self._db = open_database(path, patience)
        self._lock = threading.RLock()

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of a query. Raises ConfigError when the file cannot be read."""
        with self._lock, self._named():
            return self._db.execute(query, values).fetchall()

    def row(self, query: str, values: Sequence[Any] = ()) -> Row | None:
        """The first row of a query. Raises ConfigError."""
        with self._lock, self._named():
            row: Row | None = self._db.execute(query, values).fetchone()
            return row

    def read(self, convert: Callable[[Row], T], query: str, values: Sequence[Any] = ()) -> list[T]:
        """All rows of a query as values. Raises ConfigError, also for a row that is not what curator wrote."""
        try:
            return [convert(row) for row in self.rows(query, values)]
        except (ValueError, TypeError, KeyError, IndexError):
            raise unusable(self.path, "a line of it is damaged; it may be moved away") from None

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction: on disk at the end, without trace after an exception. Blocks of one thread may nest.

        Raises ConfigError when the file cannot be written (a full disk, a folder that became read-only).
        """
        with self._lock:
            if self._db.in_transaction:
                yield self._db
                return
            with self._named():
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    yield self._db
                    self._db.execute("COMMIT")
                except BaseException:
                    if self._db.in_transaction:  # a full disk has ended it already
                        self._db.execute("ROLLBACK")
                    raise

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise unusable(self.path, error) from None

    def compact(self) -> None:
        """Writes everything into the file itself and empties the log beside it, which still holds what is forgotten.

        While another process reads, that waits until the last one closes the file. Raises ConfigError.
        """
        with self._lock, self._named():
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

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
