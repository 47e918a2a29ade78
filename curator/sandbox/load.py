"""Loads saved observations, scores and reviews: lines of JSON (`.jsonl`, `.jsonl.gz`), streamed, what the web interface
downloads, a JSON array or one trace with its observations, and OTLP/JSON spans that never were in Langfuse."""

import gzip
import json
import sqlite3
import stat
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from curator.sandbox.errors import SandboxProblem
from curator.sandbox.fields import BadRow
from curator.sandbox.load_rows import convert, write_records
from curator.sandbox.otlp import BadExport, decode
from curator.sandbox.otlp_map import to_record
from curator.sandbox.store import Store

BATCH = 1000
SHOWN_BAD_LINES = 20
DOCUMENT_BYTES = 200_000_000
OF_THE_TRACE = {key: key for key in ("userId", "sessionId", "tags", "release", "environment")} | {"name": "traceName"}
"""What an export says once of the trace → how every observation of the API says it."""
SPANS = "resourceSpans"
"""Key of an OTLP/JSON export, as OpenTelemetry's collector writes them to files, one per line:
https://opentelemetry.io/docs/specs/otel/protocol/file-exporter/"""


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
    Raises SandboxProblem when a file is missing, no regular file, no gzip despite its name, or no whole document.
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
        found = path.stat()
    except OSError:
        raise _unreadable(path, "cannot be read") from None
    if not stat.S_ISREG(found.st_mode):
        raise _unreadable(path, "is no regular file")
    return found.st_size


def _unreadable(path: Path, why: str) -> SandboxProblem:
    return SandboxProblem(
        f"{path.name} {why}.", code="SANDBOX_LOAD", remedy="Name an existing .jsonl, .jsonl.gz or .json file."
    )


def _batches(path: Path, size: int) -> Iterator[tuple[list[tuple[int, Any]], int]]:
    """Numbered rows in batches, each with the position reached in the (packed) file; bytes are still to be parsed."""
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            lines: Iterable[bytes] = gzip.GzipFile(fileobj=file) if packed or path.suffix == ".gz" else file
            held: list[tuple[int, Any]] = []
            for number, line in enumerate(lines, start=1):
                if number == 1 and (path.suffix == ".json" or line.lstrip(b"\xef\xbb\xbf \t")[:1] == b"["):
                    yield list(enumerate(_document(path, line, lines), start=1)), file.tell()
                    return
                held.append((number, line))
                if len(held) == size:
                    yield held, file.tell()
                    held = []
            yield held, file.tell()
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise _unreadable(path, "is no complete gzip file") from None
    except OSError:
        raise _unreadable(path, "cannot be read") from None


def _document(path: Path, first: bytes, rest: Iterable[bytes]) -> list[Any]:
    """The rows of a file that is one JSON document. It is held in memory whole, so its size has a limit."""
    text = bytearray(first)
    for line in rest:
        text += line
        if len(text) > DOCUMENT_BYTES:
            raise _unreadable(
                path, f"is a JSON document of more than {DOCUMENT_BYTES // 1_000_000} MB: write it as lines"
            )
    try:
        value = json.loads(bytes(text).decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise _unreadable(path, "is no complete JSON document") from None
    return [row for each in (value if isinstance(value, list) else [value]) for row in _unfolded(each)]


def _unfolded(value: Any) -> Iterator[Any]:
    """A trace as the web interface downloads it, as the rows that it holds; anything else as it is."""
    if not isinstance(value, dict) or isinstance(value.get("subject"), dict) or SPANS in value:
        yield value
        return
    trace = value["trace"] if isinstance(value.get("trace"), dict) else value
    observations, scores = (
        found if isinstance(found := value.get(name, trace.get(name)), list) else []
        for name in ("observations", "scores")
    )
    about = {ours: trace[theirs] for theirs, ours in OF_THE_TRACE.items() if trace.get(theirs) is not None}
    if not observations:
        yield {name: one for name, one in trace.items() if name not in ("observations", "scores")}
    for one in observations:
        yield about | one if isinstance(one, dict) else one
    for one in scores:
        yield {"traceId": trace.get("id")} | one if isinstance(one, dict) else one


def _write(db: sqlite3.Connection, name: str, lines: list[tuple[int, Any]], report: LoadReport) -> None:
    records: list[tuple[str, dict[str, Any]]] = []
    for number, line in lines:
        report.lines += 1
        if isinstance(line, bytes) and not line.strip():
            continue
        try:
            records += _records(_parse(line) if isinstance(line, bytes) else line)
        except BadRow as problem:
            report.skip(BadLine(name, number, str(problem)))
    write_records(db, records)
    kinds = Counter(kind for kind, _ in records)
    report.observations += kinds["observation"]
    report.scores += kinds["score"]
    report.reviews += kinds.total() - kinds["observation"] - kinds["score"]


def _records(row: Any) -> list[tuple[str, dict[str, Any]]]:
    """What one row holds: itself, or the spans of an OTLP export, which are visible at once."""
    if not isinstance(row, dict) or SPANS not in row:
        return [convert(row)]
    try:
        spans = decode(json.dumps(row).encode(), "application/json", "")
    except BadExport as problem:
        raise BadRow(str(problem)) from None
    if not spans:
        raise BadRow("an OTLP export without spans")
    return [("observation", to_record(span, 0, 0)) for span in spans]


def _parse(line: bytes) -> Any:
    try:
        return json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise BadRow("not UTF-8") from None
    except (ValueError, RecursionError):
        raise BadRow("not JSON") from None
