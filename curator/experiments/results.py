"""The result file of a run: the canonical record, plain JSON, readable without Langfuse and without curator.

`{format, label, run_name, rule, dataset, dataset_version, task, variables, checks, environment, items: {id: …},
repeats: [{run_name, experiment_id, url, items: [{item_id, output, error, latency, cost, scores}], integrity}]}`.
"""

import json
import re
import tomllib
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from functools import cache, lru_cache
from itertools import islice
from math import inf
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, JsonValue, ValidationError

from curator.config import state_folder
from curator.experiments.checks.base import DataType
from curator.model.base import Value
from curator.model.draft import Problem
from curator.model.errors import UsageError
from curator.model.files import read_bytes, write_private
from curator.model.lineage import slug

LISTED = 5
_STARTED = re.compile(r" - \d{4}-\d\d-\d\dT\d\d:\d\d[\d:.]*(Z|[+-]\d\d:?\d\d)?$")
_REPEAT = re.compile(r" \((\d{1,3}) of (\d{1,3})\)$")


class Score(Value):
    """One score of one output; `value` None with an `error` when the check could not say anything."""

    model_config = ConfigDict(allow_inf_nan=False)
    value: float | bool | str | None
    comment: str = ""
    data_type: DataType = "NUMERIC"
    error: str | None = None


class ItemRun(Value):
    """What one item gave in one run."""

    model_config = ConfigDict(allow_inf_nan=False)
    item_id: str
    output: JsonValue = None
    error: str | None = None
    """Why there is no output: the task raised, hung, or returned the wrong shape."""
    latency: float | None = None
    """Seconds."""
    cost: float | None = None
    """US dollars; as the task said, else as Langfuse computed it from the generations."""
    trace_id: str | None = None
    again: bool = False
    """An attempt before it was cut off by an interruption; Langfuse may show both."""
    scores: dict[str, Score] = {}


class Integrity(Value):
    """Whether a run is whole, on the server too. `problems` say what is missing."""

    ok: bool
    problems: tuple[Problem, ...] = ()
    waited: float = 0.0
    """Seconds that late scores and items were waited for."""


class Repeat(Value):
    """One pass over the dataset: one Langfuse experiment."""

    run_name: str
    experiment_id: str | None
    url: str | None = None
    started_at: datetime
    finished_at: datetime
    items: tuple[ItemRun, ...]
    integrity: Integrity | None = None
    """None when the server was not asked."""

    def by_item(self) -> dict[str, ItemRun]:
        """Item id → its run."""
        return {item.item_id: item for item in self.items}


class DatasetItem(Value):
    """The item as it was in the dataset version of the run."""

    input: JsonValue
    expected_output: JsonValue = None
    fingerprint: str
    """sha256 over input and expected output: equal fingerprints are the same case."""
    group: str | None = None
    """What it shares its fate with: the session it came from, or what the rule groups by."""


class TaskRecord(Value):
    """What was run."""

    name: str
    fingerprint: str


class Run(Value):
    """A run: one candidate over one dataset version, once or several times."""

    format: Literal["curator-run/1"] = "curator-run/1"
    label: str
    run_name: str
    """The name in Langfuse (of the first repeat)."""
    source: Literal["curator", "langfuse", "approved"] = "curator"
    """`langfuse` for a run that was read from the server, whoever made it; `approved` for a baseline file."""
    project: str | None = None
    """Host and id of the Langfuse project that it was recorded in."""
    rule: str | None = None
    rule_version: int | None = None
    dataset: str
    dataset_id: str | None = None
    dataset_version: datetime | None = None
    """The point in time whose items were used; None when a run made by another tool did not say."""
    task: TaskRecord | None = None
    variables: dict[str, JsonValue] = {}
    """What distinguishes this candidate: prompt label, model, agent version …"""
    checks: dict[str, str] = {}
    """Check name → fingerprint of the check."""
    pass_fail: tuple[str, ...] = ()
    """Names of the scores that can only be 1 or 0: those of the built-in checks."""
    judges: tuple[str, ...] = ()
    """Names of the scores that LLM judges gave: noisy."""
    scales: dict[str, tuple[float, float]] = {}
    """Worst and best value of each graded score whose check says so."""
    environment: dict[str, str] = {}
    complete: bool = True
    """False when the run was interrupted."""
    items: dict[str, DatasetItem]
    repeats: tuple[Repeat, ...]

    def score_names(self) -> list[str]:
        """The names of all scores, in the order in which they first occur."""
        return list(dict.fromkeys(n for repeat in self.repeats for item in repeat.items for n in item.scores))

    def errors(self) -> list[tuple[str, str]]:
        """`(item id, reason)` of every errored item of every repeat."""
        return [(item.item_id, item.error) for repeat in self.repeats for item in repeat.items if item.error]

    def numbers(self, name: str) -> list[float] | None:
        """Every value of a score; None for a category."""
        found = [score.value for r in self.repeats for item in r.items if (score := item.scores.get(name))]
        values = [value for value in found if value is not None]
        return None if any(isinstance(v, str) for v in values) else [float(value) for value in values]

    def is_pass_fail(self, name: str) -> bool:
        """Whether the score can only be 1 or 0; of a score that nobody declared: whether it was never anything else."""
        return name in self.pass_fail or (name not in self.scales and {*(self.numbers(name) or ())} <= {0.0, 1.0})

    def worst(self, name: str) -> float | None:
        """What an errored item counts as: the scale's worst; None when nobody knows the scale."""
        return 0.0 if self.is_pass_fail(name) else self.scales.get(name, (None,))[0]

    def table(self, name: str, items: Sequence[str], *, errored: float | None) -> list[list[float | None]]:
        """The score as items × repeats; `errored` stands for an item that errored, None for a score that is missing.

        A value outside the declared scale is none: one of 20 among passes and failures would make up for 19 failures.
        """
        by_repeat = [repeat.by_item() for repeat in self.repeats]
        within = (0.0, 1.0) if name in self.pass_fail else self.scales.get(name, (-inf, inf))
        return [[_number(each.get(item), name, errored, within) for each in by_repeat] for item in items]

    def means(self, items: Sequence[str] | None = None) -> dict[str, float]:
        """Score name → mean over items and repeats; categories are left out, errored items have the scale's worst."""
        found: dict[str, float] = {}
        for name in self.score_names():
            if self.numbers(name):
                table = self.table(name, list(self.items) if items is None else items, errored=self.worst(name))
                values = [value for row in table for value in row if value is not None]
                if values:
                    found[name] = sum(values) / len(values)
        return found


def _number(item: ItemRun | None, name: str, errored: float | None, within: tuple[float, float]) -> float | None:
    if item is None or item.error:
        return None if item is None else errored
    value = score.value if (score := item.scores.get(name)) else None
    return None if value is None or isinstance(value, str) or not within[0] <= value <= within[1] else float(value)


# ── what is wrong with one ──────────────────────────────────────────────────────────────────────────────────────────


@cache
def flaws() -> dict[str, dict[str, Any]]:
    """Code → `{remedy, blocking, words}` of whatever may be wrong with runs and what is made of them."""
    return tomllib.loads(Path(__file__).with_name("flaws.toml").read_text(encoding="utf-8"))


def flaw(code: str, message: str, *, remedy: str | None = None, blocking: bool | None = None) -> Problem:
    """The problem of that code, with the remedy and the weight that `flaws.toml` gives it unless they are given."""
    row = flaws()[code]
    return Problem(
        code=code,
        message=message,
        remedy=row.get("remedy", "") if remedy is None else remedy,
        blocking=row.get("blocking", True) if blocking is None else blocking,
    )


def some(ids: Sequence[str]) -> str:
    """The first ids by name, and how many more there are."""
    shown = ", ".join(sorted(ids)[:LISTED])
    return f"{shown} and {len(ids) - LISTED} more" if len(ids) > LISTED else shown


# ── names: unique, because Langfuse joins experiments of one name; repeats of a run say which they are ──────────────


def run_name(label: str, started: datetime, number: int, repeat: int) -> str:
    """`label - 2026-11-22T16:10:00.123456Z`, with ` (2 of 4)` for repeats."""
    name = f"{label} - {started.isoformat().replace('+00:00', 'Z')}"
    return f"{name} ({number} of {repeat})" if repeat > 1 else name


def base_name(name: str) -> str:
    """The name that all repeats of a run share."""
    return _REPEAT.sub("", name)


def label_in(name: str) -> str:
    """The name that a run was given: run names of curator and of Langfuse's SDK add when it started."""
    return _STARTED.sub("", base_name(name))


def repeat_names(name: str) -> list[str]:
    """The names of all repeats of the run that one of them bears; of any other name, that name alone."""
    match = _REPEAT.search(name)
    if match is None or not 1 < int(match[2]) <= 100:
        return [name]
    return [f"{base_name(name)} ({number} of {match[2]})" for number in range(1, int(match[2]) + 1)]


# ── files ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def runs_folder() -> Path:
    """Where result files go unless `--output` says otherwise."""
    return state_folder() / "runs"


def default_path(dataset: str, label: str, started: datetime) -> Path:
    """`runs/<dataset>/<label>-<time>.json` in the state folder."""
    return runs_folder() / slug(dataset) / f"{slug(label)}-{started:%Y%m%dT%H%M%S%f}.json"


def write_run(run: Run, path: Path) -> Path:
    """Writes the file whole or not at all, readable by its owner only. Raises UsageError (RESULT_WRITE)."""
    text = json.dumps(run.model_dump(mode="json"), ensure_ascii=False, indent=1) + "\n"
    try:
        write_private(path, text.encode("utf-8", "surrogatepass"))
    except OSError as error:
        raise unwritable(path, error) from None
    return path


def unwritable(path: Path, error: OSError) -> UsageError:
    """The result file cannot be written."""
    return UsageError(f"The result file {path} cannot be written: {error.strerror}.", code="RESULT_WRITE")


def read_run(path: Path) -> Run:
    """The run in a result file. Raises UsageError (RESULT_FILE) when it is none."""
    try:
        data: Any = json.loads(read_bytes(path, code="RESULT_FILE"))
        run = Run.model_validate(data)
        if (why := _contradiction(run)) is None:
            return run
    except ValidationError as error:
        first = error.errors()[0]
        why = f"{'.'.join(map(str, first['loc'])) or 'the file'}: {first['msg']}"
    except (ValueError, RecursionError):
        why = "it is not JSON"
    raise UsageError(f"{path} is no result file: {why}.", code="RESULT_FILE")


def _contradiction(run: Run) -> str | None:
    """Why a file can be no record of a run: what it says twice or of nothing would count as something else."""
    ids = [each.experiment_id for each in run.repeats if each.experiment_id]
    for repeat in run.repeats:
        items = [each.item_id for each in repeat.items]
        if len(set(items)) < len(items) or not set(items) <= run.items.keys():
            return f"{repeat.run_name} holds an item twice, or one that is not among the items"
    if any(not low < high for low, high in run.scales.values()):
        return "a scale names its worst value first, then its best"
    return "it holds one experiment twice" if len(set(ids)) < len(ids) else None


def run_files(dataset: str | None = None) -> Iterator[Path]:
    """Result files in the state folder, newest first; of one dataset when given."""
    root = runs_folder() / slug(dataset) if dataset else runs_folder()
    files = [path for path in root.rglob("*.json") if path.is_file()] if root.is_dir() else []
    yield from sorted(files, key=_time_in_name, reverse=True)


LOOKED_BACK = 20
"""Result files of a dataset in which an item's history is looked for."""


def history(dataset: str, item_ids: Collection[str]) -> dict[str, str]:
    """Item → what this machine's newest runs say of it: `passes since run X`, `fails since run X`.

    An item passes a run when it does in every repeat, by every score that can only be 1 or 0, judges left out. Items
    that no run of this machine scored are left out. Asks no server.
    """
    found: dict[str, tuple[bool, str]] = {}
    settled: set[str] = set()
    for path in islice(run_files(dataset), LOOKED_BACK) if item_ids else ():
        with suppress(UsageError, OSError):
            label, passed = _passed(path, path.stat().st_mtime_ns)
            for item_id in (passed.keys() & set(item_ids)) - settled:
                if item_id in found and found[item_id][0] != passed[item_id]:
                    settled.add(item_id)
                else:
                    found[item_id] = passed[item_id], label
    return {item: f"{'passes' if passes else 'fails'} since run {label}" for item, (passes, label) in found.items()}


@lru_cache(maxsize=4 * LOOKED_BACK)
def _passed(path: Path, _: int) -> tuple[str, dict[str, bool]]:
    """A file's label, and item → whether it passed; read once per version of the file."""
    run, found = read_run(path), dict[str, bool]()
    names = [name for name in run.score_names() if run.is_pass_fail(name) and name not in run.judges]
    for item in (item for repeat in run.repeats for item in repeat.items):
        values = [score.value for name in names if (score := item.scores.get(name)) and score.value is not None]
        if item.error or values:
            found[item.item_id] = found.get(item.item_id, True) and not item.error and all(values)
    return run.label, found


def _time_in_name(path: Path) -> str:
    match = re.search(r"\d{8}T\d+", path.name)
    return match.group() if match else ""
