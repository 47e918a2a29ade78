"""Local files that somebody named: read when regular and of a bounded size, written, or one sentence about why not."""

import os
import stat
import tempfile
from pathlib import Path

from curator.model.errors import UsageError

MEGABYTES = 50.0
"""Largest file that a command reads whole, unless it says otherwise."""


def read_bytes(path: Path, *, code: str, megabytes: float = MEGABYTES) -> bytes:
    """The content of a file. Raises UsageError of that code: it is missing, no regular file, or too large.

    A FIFO or a device would be waited for, or be read without end.
    """
    try:
        # Without O_NONBLOCK, opening a FIFO waits for a writer.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "the name cannot be one of a file"
        raise UsageError(f"{path} cannot be read: {why}.", code=code, remedy="Check the path and its rights.") from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)  # `fdopen` itself refuses a folder
        raise UsageError(
            f"{path} is no regular file.", code=code, remedy="Copy its content into a file, and name that."
        )
    with os.fdopen(handle, "rb") as file:
        try:
            content = file.read(int(megabytes * 1_000_000) + 1)
        except OSError as error:
            raise UsageError(
                f"{path} cannot be read: {error.strerror}.", code=code, remedy="Check the path and its disk."
            ) from None
    if len(content) > megabytes * 1_000_000:
        raise UsageError(
            f"{path} is larger than {megabytes:g} MB, the limit for a file of its kind.",
            code=code,
            remedy="Check the path, or split the file.",
        )
    return content


def read_text(path: Path, *, code: str, megabytes: float = MEGABYTES) -> str:
    """The text of a UTF-8 file, with or without a byte-order mark. Raises UsageError of that code, as `read_bytes`."""
    try:
        return read_bytes(path, code=code, megabytes=megabytes).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8 text.", code=code, remedy="Save it as UTF-8.") from None


def write_text(path: Path, text: str, *, code: str, remedy: str = "", append: bool = False) -> None:
    """Writes a UTF-8 file, or adds to it; makes its folder. Raises UsageError of that code when that cannot be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a" if append else "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.", code=code, remedy=remedy) from None


def write_private(path: Path, data: bytes) -> None:
    """Writes a file that only its owner can read, whole or not at all, whoever writes it besides. Raises OSError."""
    make_folder(path.parent)
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")  # 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(part, path)
    except OSError:
        Path(part).unlink(missing_ok=True)
        raise


def make_folder(folder: Path) -> None:
    """The folder and those on the way to it, closed to others: `parents=True` would leave those open. OSError."""
    for each in (*reversed(folder.parents), folder):
        each.mkdir(exist_ok=True, mode=0o700)
