"""Locks that die with their process: one writer per item id, and proof that a process is still at work.

They lie on small files beside the journal. The kernel drops them when a process ends, however it ends, so a kill leaves
nothing to clean up. They hold between threads too, because every taker opens the file anew.
"""

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
        lock = FileLock(path, mode=0o600, thread_local=False)
        lock.acquire(timeout=patience, poll_interval=_POLL_SECONDS)
    except Timeout:
        raise Busy from None
    except (OSError, NotImplementedError) as error:  # the latter where flock is missing, as on some of NFS
        why = getattr(error, "strerror", None) or "its file system has no locks"
        raise ConfigError(f"The lock {path} cannot be taken: {why}.", code="JOURNAL_UNUSABLE") from None
    return lock
