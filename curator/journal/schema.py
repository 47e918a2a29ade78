"""The journal's file: SQLite in WAL mode, readable by its owner only, with a version."""

import errno
import os
import sqlite3
from pathlib import Path

from curator.journal.locks import PATIENCE, exclusive
from curator.model.errors import ConfigError

VERSION = 1

_VERSION_1 = """
CREATE TABLE promotions (
    id TEXT PRIMARY KEY,
    scope TEXT NOT NULL,
    dataset TEXT NOT NULL,
    item_id TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    rule TEXT NOT NULL,
    reviewer TEXT NOT NULL,
    state TEXT NOT NULL,          -- draft, intent, answered, done
    owner TEXT,                   -- the process that works on it; null when it gave up
    started_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    item TEXT,                    -- scrubbed; gone when the promotion is done
    previous TEXT,                -- what stood there before the write
    answer TEXT,                  -- what the server answered
    receipt TEXT,
    decision TEXT,                -- the decision still to be shared; null when there is none
    entries TEXT NOT NULL DEFAULT '[]'
);
CREATE INDEX promotions_item ON promotions (item_id, updated_at);
CREATE INDEX promotions_dataset ON promotions (scope, dataset);
CREATE INDEX promotions_open ON promotions (scope, state) WHERE state <> 'done';
CREATE INDEX promotions_unshared ON promotions (scope) WHERE decision IS NOT NULL;
CREATE INDEX promotions_trace ON promotions (scope, trace_id);

CREATE TABLE drafts (
    scope TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    rule TEXT NOT NULL,
    case_name TEXT NOT NULL,
    saved_at TEXT NOT NULL,
    draft TEXT NOT NULL,
    PRIMARY KEY (scope, trace_id, rule, case_name)
);

CREATE TABLE decisions (
    scope TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    at TEXT NOT NULL,
    decision TEXT NOT NULL,
    PRIMARY KEY (scope, trace_id)
);

CREATE TABLE ledger (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    scope TEXT NOT NULL,
    at TEXT NOT NULL,
    action TEXT NOT NULL,
    batch TEXT NOT NULL,
    entry TEXT NOT NULL,          -- what was done, safe to publish
    restore TEXT NOT NULL,        -- what taking it back needs
    undoing TEXT,                 -- how it is being taken back; null before and after
    undone_by TEXT                -- the entry that took it back
);
CREATE INDEX ledger_scope ON ledger (scope, seq);
"""

_MIGRATIONS = {0: _VERSION_1}


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
            f"The journal {path} is in use: another process has held it for too long.",
            code="JOURNAL_LOCKED",
            remedy="Let the other curator finish, or end it; the file is not damaged, leave it where it is.",
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
    folder cannot be written, when others hold it for longer, or when a newer curator made the file.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # SQLite gives its -wal and -shm files the mode of the database, so the database is made private first.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
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
                remedy="Upgrade curator, or set CURATOR_STATE_DIR to another folder.",
            )
        while version < VERSION:
            for statement in _MIGRATIONS[version].split(";\n"):
                db.execute(statement)
            version += 1
        db.execute(f"PRAGMA user_version = {VERSION}")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # a full disk has ended it already
            db.execute("ROLLBACK")
        raise


def _version(db: sqlite3.Connection) -> int:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    return int(version)
