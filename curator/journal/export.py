"""The ledger as a text file that git can diff: one JSON object per line, sorted, stable; reviewers' files merge."""

import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from curator.journal.ledger import LedgerEntry
from curator.model.errors import UsageError
from curator.model.files import read_text


def lines_of(entries: Iterable[LedgerEntry]) -> list[str]:
    """One line per entry, oldest first, keys sorted, empty fields left out. The same entries give the same lines."""
    unique = {entry.id: entry for entry in entries}
    ordered = sorted(unique.values(), key=lambda entry: (entry.at, entry.id))
    return [_line(entry) for entry in ordered]


def read_ledger(path: Path) -> list[LedgerEntry]:
    """The entries of an exported file; none when there is no file. Raises UsageError that names the line."""
    if not path.exists():
        return []
    text = read_text(path, code="LEDGER_FILE")
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            found.append(LedgerEntry.model_validate_json(line))
        except ValidationError:
            raise UsageError(f"{path}:{number} is not a line of a ledger.", code="LEDGER_LINE") from None
    return found


def export_ledger(path: Path, entries: Iterable[LedgerEntry]) -> int:
    """Adds entries to a file, which is written whole or not at all; returns how many lines it has now.

    Lines that are there already stay, so that several reviewers can export into one file under git. Raises UsageError.
    """
    lines = lines_of([*read_ledger(path), *entries])
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # A file of its own name, not a temporary one: those are 0600, and the umask says who may read an export.
        fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
        try:
            with fresh.open("x", encoding="utf-8", newline="\n") as file:
                file.writelines(f"{line}\n" for line in lines)
            if path.exists():
                shutil.copymode(path, fresh)
            os.replace(fresh, path)
        finally:
            fresh.unlink(missing_ok=True)
    except OSError as error:
        words = f"Cannot write {path}: {error.strerror}."
        raise UsageError(words, code="LEDGER_FILE", remedy="Choose another file.") from None
    return len(lines)


def _line(entry: LedgerEntry) -> str:
    fields = {key: value for key, value in entry.model_dump(mode="json").items() if value not in (None, "")}
    return json.dumps(fields, sort_keys=True, ensure_ascii=True, separators=(", ", ": "))
