"""The record of a run while it lasts: a line for each step, on disk before the next one begins, so that it can go on.

`FILE.json.part` beside the result file. Its first line is the run without its repeats; then come, each with its
`repeat`, `{run_name, started_at}`, `{begun: item id}`, `{item: …}`, `{item_id, check, scores}` and `{finished_at,
experiment_id, url}`. A crash or a full disk can cut only the last line, which is left out.
"""

import json
import os
import threading
from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from curator.experiments import results
from curator.experiments.results import ItemRun, Repeat, Run, Score
from curator.model.base import Value
from curator.model.errors import UsageError
from curator.model.files import make_folder, read_bytes
from curator.model.lineage import slug

SUFFIX = ".part"
_MOST_MEGABYTES = 1_000


class Begun(Value):
    """One repeat as far as it came."""

    run_name: str
    started_at: datetime
    items: dict[str, ItemRun] = {}
    """Those that are done: answered and checked by everything, or errored."""
    cut_off: frozenset[str] = frozenset()
    """Items that had begun and were not done."""
    finished_at: datetime | None = None
    experiment_id: str | None = None
    url: str | None = None


class Unfinished(Value):
    """An interrupted run."""

    run: Run
    """Without its repeats."""
    repeat: int
    """How many it was to have."""
    repeats: dict[int, Begun]


class Record:
    """Appends to the file of one run. Thread-safe."""

    def __init__(self, path: Path, before: Unfinished | None = None) -> None:
        """`path` is that of the result file to come; `before` is what its part holds already."""
        self.path = path
        self.before = before
        self.failed: UsageError | None = None
        """Why nothing can be kept any more: the run has to stop."""
        self._part = path.with_name(path.name + SUFFIX)
        self._lock = threading.Lock()
        self._file: int | None = None

    def open(self, run: Run, repeat: int) -> None:
        """Creates the file, or goes on with it. Raises UsageError (RESULT_WRITE)."""
        try:
            make_folder(self._part.parent)
            self._file = os.open(self._part, os.O_RDWR | os.O_CREAT | (0 if self.before else os.O_TRUNC), 0o600)
            whole = os.read(self._file, os.fstat(self._file).st_size).rfind(b"\n") + 1
            os.ftruncate(self._file, whole)
            os.lseek(self._file, 0, os.SEEK_END)
        except OSError as error:
            raise results.unwritable(self.path, error) from None
        if self.before is None:
            self.write(run=run.model_dump(mode="json"), repeats=repeat)

    def write(self, **step: Any) -> None:
        """Appends one step. Raises UsageError (RESULT_WRITE), now and for every later one."""
        line = json.dumps(step, ensure_ascii=True).encode() + b"\n"
        with self._lock:
            if self.failed is not None:
                raise self.failed
            if self._file is None:
                return
            end = os.lseek(self._file, 0, os.SEEK_CUR)
            try:
                while line:
                    line = line[os.write(self._file, line) :]
            except OSError as error:
                os.ftruncate(self._file, end)
                why = f"The results cannot be kept any more: {error.strerror}. What was done until then is kept."
                remedy = "Make room, then `curator run --resume` goes on from there."
                self.failed = UsageError(why, code="RESULT_WRITE", remedy=remedy)
                raise self.failed from None

    def close(self, *, done: bool = False) -> None:
        """Closes the file; removes it when the result file holds everything."""
        with self._lock:
            if self._file is not None:
                os.close(self._file)
                self._file = None
            if done:
                self._part.unlink(missing_ok=True)


def find(reference: str, rule: str, dataset: str, project: str) -> tuple[Unfinished, Path]:
    """The interrupted run in that file (the result file's name or its part); with "", the rule's newest one here.

    Gives the path of the result file, too. Raises UsageError (RUN_RESUME).
    """
    if reference:
        path = Path(reference).expanduser()
        path = path.with_name(path.name.removesuffix(SUFFIX))
        return read(path), path
    parts = (results.runs_folder() / slug(dataset)).glob(f"*{SUFFIX}")
    for part in sorted(parts, key=lambda each: each.stat().st_mtime, reverse=True):
        path = part.with_name(part.name.removesuffix(SUFFIX))
        found = read(path)
        if found.run.rule == rule and found.run.project in (None, project):
            return found, path
    raise _refused(f"There is no interrupted run of {rule} here.", "Start one with `curator run` without --resume.")


def read(path: Path) -> Unfinished:
    """The interrupted run whose result file would be `path`. Raises UsageError (RUN_RESUME)."""
    part = path.with_name(path.name + SUFFIX)
    if not part.is_file():
        raise _refused(
            f"{path} is no interrupted run: {part.name} is not beside it.", "A run that is done needs no --resume."
        )
    text = read_bytes(part, code="RUN_RESUME", megabytes=_MOST_MEGABYTES)
    lines = text[: text.rfind(b"\n") + 1].splitlines()
    try:
        first, *steps = [json.loads(line) for line in lines]
        run = Run.model_validate(first["run"])
        return Unfinished(run=run, repeat=first["repeats"], repeats=_repeats(steps, run.checks.keys()))
    except (ValueError, KeyError, TypeError, ValidationError, RecursionError):
        raise _refused(f"{part} cannot be read.", "Run it again without --resume.") from None


def changed(before: Run, now: Run) -> UsageError | None:
    """Why a run cannot go on: it would not be one candidate over one dataset version. None when it can."""
    facts = {
        "the project": (before.project or now.project, now.project),
        "the dataset": (before.dataset_id, now.dataset_id),
        "the items of its dataset version": (before.items, now.items),
        "the task": (before.task, now.task),
        "the checks": (before.checks, now.checks),
        "the rule's version": (before.rule_version, now.rule_version),
    }
    differ = [what for what, (then, present) in facts.items() if then != present]
    if not differ:
        return None
    return _refused(
        f"The run cannot go on: {' and '.join(differ)} changed since it was interrupted.",
        "Run it again from the start.",
    )


def _repeats(steps: Collection[Mapping[str, Any]], checks: Collection[str]) -> dict[int, Begun]:
    found: dict[int, dict[str, Any]] = {}
    for step in steps:
        each = found.setdefault(step["repeat"], {"items": {}, "checked": {}, "begun": set(), "facts": {}})
        if "begun" in step:
            each["begun"].add(step["begun"])
        elif "item" in step:
            item = ItemRun.model_validate(step["item"])
            each["items"][item.item_id], each["checked"][item.item_id] = item, set()
        elif "check" in step:
            item = each["items"][step["item_id"]]
            scores = {name: Score.model_validate(score) for name, score in step["scores"].items()}
            each["items"][item.item_id] = item.model_copy(update={"scores": item.scores | scores})
            each["checked"][item.item_id].add(step["check"])
        else:
            each["facts"] |= step
    repeats = {}
    for number, each in found.items():
        done = {i: item for i, item in each["items"].items() if item.error or each["checked"][i] >= set(checks)}
        facts = {name: value for name, value in each["facts"].items() if name != "repeat"}
        repeats[number] = Begun(items=done, cut_off=frozenset(each["begun"] - done.keys()), **facts)
    return repeats


def as_repeat(begun: Begun, items: Collection[ItemRun], finished_at: datetime) -> Repeat:
    """What `integrity` looks at: the repeat with these items."""
    return Repeat(
        run_name=begun.run_name,
        experiment_id=begun.experiment_id,
        url=begun.url,
        started_at=begun.started_at,
        finished_at=finished_at,
        items=tuple(items),
    )


def _refused(message: str, remedy: str) -> UsageError:
    return UsageError(message, code="RUN_RESUME", remedy=remedy)
