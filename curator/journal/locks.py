"""Locks that die with their process: one writer per item id, and proof that a process is still at work.

They are `flock`s on small files beside the journal. The kernel drops them when a process ends, however it ends, so a
kill leaves nothing to clean up. They hold between threads too, because every taker opens the file anew.
"""

import fcntl
import hashlib
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STRIPES = 256
"""Ids share this many lock files: the folder stays small, and two different ids rarely wait for each other."""

_POLL_SECONDS = 0.02


class Busy(Exception):
    """Another thread or process of this machine held the lock for the whole patience."""


@contextmanager
def item_lock(folder: Path, item_id: str, patience: float) -> Iterator[None]:
    """Holds the right to write this id, on this machine, in this block. Raises Busy after `patience` seconds.

    A thread must not take a second one inside the block: two ids may share a file.
    """
    stripe = int.from_bytes(hashlib.sha256(item_id.encode()).digest()[:2]) % STRIPES
    handle = _open(folder / f"{stripe:02x}.lock")
    try:
        deadline = time.monotonic() + patience
        while not _try(handle):
            if time.monotonic() >= deadline:
                raise Busy
            time.sleep(_POLL_SECONDS)
        yield
    finally:
        os.close(handle)


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Holds the lock of a file in this block, however long the others need."""
    handle = _open(path)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


class Owner:
    """This process's sign of life: a lock held as long as it lives."""

    def __init__(self, folder: Path) -> None:
        self.name = uuid.uuid4().hex
        self._path = folder / f"owner-{self.name}.lock"
        # One at a time: nobody may take a file for dead that is not locked yet.
        with exclusive(folder / "owners.lock"):
            for path in folder.glob("owner-*.lock"):
                is_alive(folder, path.stem.removeprefix("owner-"))
            self._handle = _open(self._path)
            fcntl.flock(self._handle, fcntl.LOCK_EX)

    def close(self) -> None:
        """Ends the life sign and leaves no file."""
        self._path.unlink(missing_ok=True)
        os.close(self._handle)


def is_alive(folder: Path, owner: str | None) -> bool:
    """Whether the process of that name still runs; forgets it when it does not."""
    path = folder / f"owner-{owner}.lock"
    if owner is None or not path.exists():
        return False
    handle = _open(path)
    try:
        if not _try(handle):
            return True
        path.unlink(missing_ok=True)
        return False
    finally:
        os.close(handle)


def _open(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _try(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
