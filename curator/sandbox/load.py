"""Loads saved observations, scores and reviews from `.jsonl` and `.jsonl.gz` files, streamed."""

import gzip
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from curator.model.errors import UsageError
from curator.sandbox import observation_record, score_record
from curator.sandbox.load_reviews import TABLES
from curator.sandbox.load_rows import convert
from curator.sandbox.load_values import BadRow
from curator.sandbox.store import Store

BATCH = 1000
SHOWN_BAD_LINES = 20


@dataclass(frozen=True)
class BadLine:
    """A line that was skipped: its file, its number (from 1) and why, without its content."""

    file: str
    line: int
    reason: str


@dataclass
class LoadReport:
    """What a load did so far. `bad` holds the first 20 bad lines, `bad_total` counts them all.

    `reviews` counts annotation queues, their items, comments and score configs.
    """

    observations: int = 0
    scores: int = 0
    reviews: int = 0
    lines: int = 0
    bad_total: int = 0
    bad: list[BadLine] = field(default_factory=list)

    def skip(self, line: BadLine) -> None:
        """Count a bad line."""
        self.bad_total += 1
        if len(self.bad) < SHOWN_BAD_LINES:
            self.bad.append(line)


Progress = Callable[[LoadReport, float], None]


def load_files(
    store: Store, files: Iterable[Path], progress: Progress | None = None, *, batch: int = BATCH
) -> LoadReport:
    """Read the files into the store and return what was read.

    Bad lines are skipped and reported. `progress` is called after every `batch` lines with the report so far and the
    share of all bytes that has been read (0 to 1). Memory holds one batch. A row replaces what has the same id.
    Raises UsageError when a file is missing or no gzip despite its name.
    """
    paths = [Path(file) for file in files]
    total = sum(_size(path) for path in paths) or 1
    report = LoadReport()
    done = 0
    for path in paths:
        for lines, position in _batches(path, batch):
            with store.write() as db:
                _write(db, path.name, lines, report)
            if progress:
                progress(report, min(1.0, (done + position) / total))
        done += _size(path)
    with store.write() as db:
        db.execute("PRAGMA optimize")
    return report


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        raise UsageError(
            f"{path.name} cannot be read.", code="SANDBOX_LOAD", remedy="Name an existing .jsonl or .jsonl.gz file."
        ) from None


def _batches(path: Path, size: int) -> Iterator[tuple[list[tuple[int, bytes]], int]]:
    """Numbered lines in batches, each with the position reached in the (packed) file."""
    try:
        with path.open("rb") as file:
            lines = gzip.GzipFile(fileobj=file) if path.suffix == ".gz" else file
            held: list[tuple[int, bytes]] = []
            for number, line in enumerate(lines, start=1):
                held.append((number, line))
                if len(held) == size:
                    yield held, file.tell()
                    held = []
            yield held, file.tell()
    except (gzip.BadGzipFile, EOFError):
        raise UsageError(
            f"{path.name} is no complete gzip file.", code="SANDBOX_LOAD", remedy="Fetch it again, or unpack it first."
        ) from None
    except OSError:
        raise UsageError(
            f"{path.name} cannot be read.", code="SANDBOX_LOAD", remedy="Name an existing .jsonl or .jsonl.gz file."
        ) from None


def _write(db: sqlite3.Connection, name: str, lines: list[tuple[int, bytes]], report: LoadReport) -> None:
    observations: list[dict[str, Any]] = []
    scores: dict[str, dict[str, Any]] = {}
    for number, line in lines:
        report.lines += 1
        if not line.strip():
            continue
        try:
            kind, record = convert(_parse(line))
        except BadRow as problem:
            report.skip(BadLine(name, number, str(problem)))
            continue
        if kind == "observation":
            observations.append(record)
        elif kind == "score":
            scores[record["id"]] = record
            report.scores += 1
        else:
            _replace(db, TABLES[kind], record)
            report.reviews += 1
    observation_record.insert(db, observations)
    score_record.load(db, scores.values())
    report.observations += len(observations)


def _replace(db: sqlite3.Connection, table: str, record: dict[str, Any]) -> None:
    columns = ", ".join(record)
    values = ", ".join(f":{column}" for column in record)
    db.execute(f"INSERT OR REPLACE INTO {table} ({columns}) VALUES ({values})", record)


def _parse(line: bytes) -> Any:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        raise BadRow("not UTF-8") from None
    try:
        return json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        raise BadRow("not JSON") from None
