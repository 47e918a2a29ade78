"""Locks that die with their process: one writer per item id, and proof that a process is still at work.

They lie on small files beside the journal. The kernel drops them when a process ends, however it ends, so a kill leaves
nothing to clean up. They hold between threads too, because every taker opens the file anew.
"""

import errno
import hashlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from curator.model.errors import ConfigError

STRIPES = 256
"""Ids share this many lock files: the folder stays small, and two different ids rarely wait for each other."""
PATIENCE = 30.0
"""Seconds to wait for a process that uses the journal, unless the config says otherwise."""
_POLL_SECONDS = 0.02
# What flock answers where a file system has no locks, as some network file systems (man 2 flock, man 5 nfs).
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP)


class Busy(Exception):
    """Another thread or process of this machine held the lock for the whole patience."""


@contextmanager
def item_lock(folder: Path, item_id: str, patience: float) -> Iterator[None]:
    """Holds the right to write this id, on this machine, in this block. Raises Busy after `patience` seconds.

    A thread must not take a second one inside the block: two ids may share a file.
    """
    stripe = int.from_bytes(hashlib.sha256(item_id.encode()).digest()[:2]) % STRIPES
    with _held(folder / f"{stripe:02x}.lock", patience):
        yield


@contextmanager
def exclusive(path: Path, patience: float) -> Iterator[None]:
    """Holds the lock of a file in this block. Raises ConfigError when others need longer than `patience` seconds."""
    try:
        with _held(path, patience):
            yield
    except Busy:
        raise ConfigError(
            f"Another curator has held {path} for {patience:g} s (a stopped process?).", code="LIMIT_LOCK"
        ) from None


def require_locks(folder: Path) -> None:
    """Proves that locks in a folder exclude others, by asking twice for one. Raises ConfigError (STATE_NO_LOCKS).

    Some network file systems refuse every lock, others grant each to everybody: two curators would then write the same
    item at once, each sure to be alone.
    """
    probe = folder / "probe.lock"
    try:
        with _held(probe, 0):
            _require_lockf(probe)
            _taken(probe, 0).release()
    except Busy:  # what is held was refused to whoever asked next
        return
    raise _no_locks(folder, "it gives the same one to two")


def _require_lockf(path: Path) -> None:
    """The other kind of lock, which SQLite takes: one that is refused it waits for, as if another process had it."""
    import fcntl

    with path.open("r+b") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (
            OSError
        ) as error:  # on NFS the lock that is held above may be in the way of this one: then there are locks
            if error.errno in _NO_LOCKS:
                raise _no_locks(path.parent, str(error.strerror)) from None


class Owner:
    """This process's sign of life: a lock held as long as it lives."""

    def __init__(self, folder: Path, patience: float = PATIENCE) -> None:
        self.name = uuid.uuid4().hex
        self._path = folder / f"owner-{self.name}.lock"
        # One at a time: nobody may take a file for dead that is not locked yet.
        with exclusive(folder / "owners.lock", patience):
            for path in folder.glob("owner-*.lock"):
                is_alive(folder, path.stem.removeprefix("owner-"))
            self._lock = _taken(self._path, 0)

    def close(self) -> None:
        """Ends the life sign and leaves no file."""
        self._path.unlink(missing_ok=True)
        self._lock.release()


def is_alive(folder: Path, owner: str | None) -> bool:
    """Whether the process of that name still runs; forgets it when it does not."""
    path = folder / f"owner-{owner}.lock"
    if owner is None or not path.exists():
        return False
    try:
        with _held(path, 0):
            path.unlink(missing_ok=True)
            return False
    except Busy:
        return True


@contextmanager
def _held(path: Path, patience: float) -> Iterator[None]:
    lock = _taken(path, patience)
    try:
        yield
    finally:
        lock.release()


def _taken(path: Path, patience: float) -> BaseFileLock:
    """Raises Busy, and ConfigError where no lock can be made (a full disk, a file system without locks)."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Another thread may release what this one took: the sign of life is closed by whoever ends the process.
        # Nor may the library stand a mere file in for a lock that the file system refuses: that outlives a kill.
        lock = FileLock(path, mode=0o600, thread_local=False, fallback_to_soft=False)
        lock.acquire(timeout=patience, poll_interval=_POLL_SECONDS)
    except Timeout:
        raise Busy from None
    except OSError as error:
        if error.errno in _NO_LOCKS:
            raise _no_locks(path.parent, str(error.strerror)) from None
        raise ConfigError(f"The lock {path} cannot be taken: {error.strerror}.", code="JOURNAL_UNUSABLE") from None
    return lock


def _no_locks(folder: Path, why: str) -> ConfigError:
    words = f"The file system of {folder} keeps no locks ({why}), so two curators could write at once."
    return ConfigError(words, code="STATE_NO_LOCKS")
