"""The result file of a run: the canonical record, plain JSON, readable without Langfuse and without curator.

`{format, label, run_name, rule, dataset, dataset_version, task, variables, checks, environment, items: {id: …},
repeats: [{run_name, experiment_id, url, items: [{item_id, output, error, latency, cost, scores}], integrity}]}`.
"""

import json
import os
import re
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import JsonValue, ValidationError

from curator.config import state_folder
from curator.errors import UsageError
from curator.experiments.checks.base import DataType
from curator.lineage import slug
from curator.model.base import Value
from curator.model.draft import Problem

FORMAT = "curator-run/1"


class Score(Value):
    """One score of one output; `value` None with an `error` when the check could not say anything."""

    value: float | bool | str | None
    comment: str = ""
    data_type: DataType = "NUMERIC"
    error: str | None = None


class ItemRun(Value):
    """What one item gave in one run."""

    item_id: str
    output: JsonValue = None
    error: str | None = None
    """Why there is no output: the task raised, hung, or returned the wrong shape."""
    latency: float | None = None
    """Seconds."""
    cost: float | None = None
    """US dollars; as the task said, else as Langfuse computed it from the generations."""
    trace_id: str | None = None
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
    source: Literal["curator", "langfuse"] = "curator"
    """`langfuse` for a run that was read from the server, whoever made it."""
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
    judges: tuple[str, ...] = ()
    """Names of the scores that LLM judges gave: noisy."""
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

    def means(self) -> dict[str, float]:
        """Score name → mean over items and repeats; categories are left out."""
        found: dict[str, list[float]] = {}
        for repeat in self.repeats:
            for item in repeat.items:
                for name, score in item.scores.items():
                    if score.value is not None and not isinstance(score.value, str):
                        found.setdefault(name, []).append(float(score.value))
        return {name: sum(values) / len(values) for name, values in found.items()}


def runs_folder() -> Path:
    """Where result files go unless `--output` says otherwise."""
    return state_folder() / "runs"


def default_path(run: Run) -> Path:
    """`runs/<dataset>/<label>-<time>.json` in the state folder."""
    started = run.repeats[0].started_at if run.repeats else datetime.now().astimezone()
    return runs_folder() / slug(run.dataset) / f"{slug(run.label)}-{started:%Y%m%dT%H%M%S%f}.json"


def write(run: Run, path: Path) -> Path:
    """Writes the file whole or not at all, readable by its owner only. Raises UsageError (RESULT_WRITE)."""
    text = json.dumps(run.model_dump(mode="json"), ensure_ascii=False, indent=1) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".run-")
        with os.fdopen(handle, "w", encoding="utf-8", errors="surrogatepass") as file:
            file.write(text)
        os.replace(temporary, path)
    except OSError as error:
        raise UsageError(
            f"The result file {path} cannot be written: {error.strerror}.",
            code="RESULT_WRITE",
            remedy="Choose another place with --output.",
        ) from None
    return path


def read(path: Path) -> Run:
    """The run in a result file. Raises UsageError (RESULT_FILE) when it is none."""
    try:
        data: Any = json.loads(path.read_bytes())
        return Run.model_validate(data)
    except OSError as error:
        why = error.strerror or "it cannot be read"
    except ValidationError as error:
        first = error.errors()[0]
        why = f"{'.'.join(map(str, first['loc'])) or 'the file'}: {first['msg']}"
    except (ValueError, RecursionError):
        why = "it is not JSON"
    raise UsageError(
        f"{path} is no result file: {why}.", code="RESULT_FILE", remedy="`curator run` writes result files."
    )


def list_files(dataset: str | None = None) -> Iterator[Path]:
    """Result files in the state folder, newest first; of one dataset when given."""
    root = runs_folder() / slug(dataset) if dataset else runs_folder()
    files = [path for path in root.rglob("*.json") if path.is_file()] if root.is_dir() else []
    yield from sorted(files, key=_time_in_name, reverse=True)


def find(reference: str, dataset: str | None = None) -> tuple[Run, Path] | None:
    """The newest run with that label, run name or experiment id, or the run in that file; None when there is none."""
    path = Path(reference).expanduser()
    if path.suffix == ".json" or path.is_file():
        return read(path), path
    for candidate in list_files(dataset):
        run = read(candidate)
        ids = {repeat.experiment_id for repeat in run.repeats} | {repeat.run_name for repeat in run.repeats}
        if reference in (run.label, run.run_name) or reference in ids:
            return run, candidate
    return None


def _time_in_name(path: Path) -> str:
    match = re.search(r"\d{8}T\d+", path.name)
    return match.group() if match else ""
