"""The journal's file: SQLite in WAL mode, readable by its owner only, with a version."""

import contextlib
import errno
import os
import sqlite3
from pathlib import Path

from curator.journal.locks import PATIENCE, exclusive, require_locks
from curator.model.errors import ConfigError

VERSION = 1

SCHEMA = Path(__file__).with_name("schema.sql")
"""What makes an empty file one of version 1."""

# The primary result codes of a file system that does not cooperate: https://sqlite.org/rescode.html
_OF_THE_DISK = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_IOERR)


def unusable(path: Path, why: object) -> ConfigError:
    """The error of a journal that cannot be opened, read or written; `why` holds no text of an item.

    What cannot be mended by moving the file away (a lock, a full disk, missing rights) does not advise it: the file
    holds drafts and receipts.
    """
    code = getattr(why, "sqlite_errorcode", 0) & 0xFF  # the primary code
    number = getattr(why, "errno", None)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return ConfigError(
            f"The journal {path} is in use: another process has held it for too long.", code="JOURNAL_LOCKED"
        )
    remedy = "Move the damaged file away, or set CURATOR_STATE_DIR to another folder."
    if code == sqlite3.SQLITE_FULL or number in (errno.ENOSPC, errno.EDQUOT):
        why, remedy = "the disk is full", "Free some space and try again; nothing that was recorded is lost."
    elif number or code in _OF_THE_DISK:
        remedy = "Check the rights of the folder and its file system, or set CURATOR_STATE_DIR to another folder."
        why = getattr(why, "strerror", None) or why
    return ConfigError(f"The journal {path} cannot be used: {why}.", code="JOURNAL_UNUSABLE", remedy=remedy)


def open_database(path: Path, patience: float = PATIENCE) -> sqlite3.Connection:
    """Opens or creates the journal; brings an older one up to date. Folder 0700, files 0600.

    Several processes may do so at once; each waits `patience` seconds for the others. Raises ConfigError when the
    folder cannot be written or keeps no locks, when others hold it for longer, or when a newer curator made the file.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Before anything is written: SQLite takes a lock that the file system refuses for one that another process has.
        require_locks(path.parent / "locks")
        # SQLite gives its -wal and -shm files the mode of the database, so the database is made private first.
        # Only when it is missing: closing any handle of a file drops every lock that this process holds on it, those of
        # its other connections included (https://sqlite.org/howtocorrupt.html, 2.2).
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        os.chmod(path, 0o600)
        # SQLite does not wait when two processes switch a new file to WAL at once, so they take turns.
        with exclusive(path.parent / "locks" / "journal.lock", patience):
            db = sqlite3.connect(path, timeout=patience, isolation_level=None, check_same_thread=False)
            db.row_factory = sqlite3.Row
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")  # a receipt that was shown survives a power cut
            db.execute("PRAGMA secure_delete = ON")  # what is forgotten does not linger in free pages
            _migrate(db, path)
    except (OSError, sqlite3.Error) as error:
        raise unusable(path, error) from None
    return db


def _migrate(db: sqlite3.Connection, path: Path) -> None:
    if _version(db) == VERSION:
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        version = _version(db)  # another process may have done it meanwhile
        if version > VERSION:
            raise ConfigError(
                f"The journal {path} was written by a newer curator (format {version}, this one knows {VERSION}).",
                code="JOURNAL_NEWER",
            )
        for statement in SCHEMA.read_text(encoding="utf-8").split(";\n"):
            db.execute(statement)  # not as one script: that would end the transaction
        db.execute(f"PRAGMA user_version = {VERSION}")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # a full disk has ended it already
            db.execute("ROLLBACK")
        raise


def _version(db: sqlite3.Connection) -> int:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    return int(version)
