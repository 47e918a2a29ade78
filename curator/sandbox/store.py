"""Where the sandbox keeps what it was sent: one SQLite file, one writer at a time, any number of readers."""

import queue
import secrets
import shutil
import sqlite3
import string
import tempfile
import threading
import tomllib
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from curator.sandbox.errors import SandboxProblem

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The current time with its zone."""
    return datetime.now(UTC)


def iso(moment: datetime) -> str:
    """Langfuse's way to write a time: UTC, milliseconds, `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def milliseconds(moment: datetime) -> int:
    """The moment as JavaScript's `getTime()`: since 1970."""
    return int(moment.timestamp() * 1000)


SCHEMA = Path(__file__).with_name("schema.sql").read_text(encoding="utf-8")
TABLES: dict[str, Any] = tomllib.loads(Path(__file__).with_name("tables.toml").read_text(encoding="utf-8"))
"""What Langfuse's server allows and says, as far as it is a table."""


def defaults(table: str) -> dict[str, Any]:
    """Every column that can be written, with what a row has when nothing was said about it."""
    with closing(sqlite3.connect(":memory:")) as db:
        db.executescript(SCHEMA)
        columns = db.execute(f"PRAGMA table_info({table})").fetchall()
        keys = [name for _, name, kind, _, _, key in columns if (kind, key) == ("INTEGER", 1)]
        return {
            name: db.execute(f"SELECT {given or 'NULL'}").fetchone()[0]
            for _, name, _, _, given, _ in columns
            if name not in keys
        }


def insert(db: sqlite3.Connection, table: str, *records: Mapping[str, Any], replace: bool = False) -> None:
    """Writes rows of the same columns; with `replace` each takes the place of the one with its id.

    Raises sqlite3.IntegrityError when what must be unique is there.
    """
    if records:
        columns = list(records[0])
        marks = ", ".join(f":{column}" for column in columns)
        how = "INSERT OR REPLACE" if replace else "INSERT"
        db.executemany(f"{how} INTO {table} ({', '.join(columns)}) VALUES ({marks})", records)


class Store:
    """A SQLite database that every resource module shares.

    `data` is a directory that survives restarts (`sandbox.sqlite3` inside it); without it the database is a temporary
    file that `close` removes. `schema` is SQL that may be repeated. Rows come back as `sqlite3.Row`.
    """

    def __init__(self, data: Path | None = None, schema: str = SCHEMA, clock: Clock = utc_now) -> None:
        self._clock = clock
        self._temporary = None if data else Path(tempfile.mkdtemp(prefix="curator-sandbox-"))
        directory = data or self._temporary
        assert directory is not None
        self.path = directory / "sandbox.sqlite3"
        self._lock = threading.RLock()
        with self.usable():
            directory.mkdir(parents=True, exist_ok=True)
            self._writer = self._connect()
        self._writing_thread: int | None = None
        self._readers: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()
        self._closed = False
        with self.usable():
            self._writer.executescript(schema)

    def now(self) -> datetime:
        """The sandbox's clock; tests and demo data can bring their own."""
        return self._clock()

    def now_ms(self) -> int:
        """The same in milliseconds since 1970."""
        return milliseconds(self._clock())

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A connection to read with. Inside `write` of the same thread it is the writer, and sees what was written."""
        if self._writing_thread == threading.get_ident():
            yield self._writer
            return
        try:
            db = self._readers.get_nowait()
        except queue.Empty:
            db = self._connect()
        try:
            yield db
        finally:
            if self._closed:
                db.close()
            else:
                self._readers.put(db)

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """The one writing connection in a transaction: committed at the end, rolled back on any exception.

        Nested calls of one thread join the outer transaction.
        """
        with self._lock:
            if self._writing_thread is not None:
                yield self._writer
                return
            self._writer.execute("BEGIN IMMEDIATE")
            self._writing_thread = threading.get_ident()
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:  # a full disk has ended it already
                    self._writer.execute("ROLLBACK")
                raise
            finally:
                self._writing_thread = None

    @contextmanager
    def usable(self) -> Iterator[None]:
        """Says in words when the folder or the file cannot be used. Raises SandboxProblem."""
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            why = error.strerror if isinstance(error, OSError) else error
            raise SandboxProblem(
                f"The sandbox cannot keep its data in {self.path}: {why}.",
                code="SANDBOX_DATA",
                remedy="Check the folder's permissions and free space, or name another one with --data.",
                exit_code=3,
            ) from None

    def close(self) -> None:
        """Close every connection; remove the database when it was temporary."""
        self._closed = True
        with self._lock:
            self._writer.close()
        while not self._readers.empty():
            self._readers.get_nowait().close()
        if self._temporary:
            shutil.rmtree(self._temporary, ignore_errors=True)

    def _connect(self) -> sqlite3.Connection:
        # A connection moves between threads but is used by one at a time, so sqlite3's own check is off.
        connection = sqlite3.connect(self.path, timeout=60, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        # Losing the last commits in a power cut is fine for kept data, and temporary data need no disk at all.
        connection.execute(f"PRAGMA synchronous = {'OFF' if self._temporary else 'NORMAL'}")
        connection.execute("PRAGMA temp_store = MEMORY")
        return connection


_BASE36 = string.digits + string.ascii_lowercase


def cuid(now: datetime) -> str:
    """A collision-resistant id (`c`, time, randomness: 25 characters), as datasets and annotation queues have."""
    stamp, digits = int(now.timestamp() * 1000), ""
    while stamp:
        stamp, rest = divmod(stamp, 36)
        digits = _BASE36[rest] + digits
    return "c" + digits.rjust(8, "0") + "".join(secrets.choice(_BASE36) for _ in range(16))


def uuid4() -> str:
    """A random UUID, as dataset items and scores have when the client names none."""
    return str(uuid.uuid4())
