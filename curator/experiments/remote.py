"""Runs as Langfuse has them, whoever made them: found by name, id or label, and read into the same shape as our own."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from curator.experiments import integrity
from curator.experiments.checks.base import DataType
from curator.experiments.results import DatasetItem, ItemRun, Repeat, Run, Score, TaskRecord
from curator.gateway import Experiment, ExperimentItem, Gateway
from curator.lineage import content_fingerprint
from curator.model.item import Dataset
from curator.model.json import parse_text
from curator.model.trace import Score as StoredScore

DEFAULT_LOOK_BACK = timedelta(days=90)
MOST_EXPERIMENTS = 2_000
"""How many experiments are looked through for a label."""
_REPEAT = re.compile(r" \((\d+) of (\d+)\)$")


def load(gateway: Gateway, reference: str, *, since: datetime | None = None) -> Run | None:
    """The newest run with that experiment name, experiment id or curator label; None when there is none.

    Repeats that curator made under one label come together. Raises GatewayError.
    """
    since = since or datetime.now(UTC) - DEFAULT_LOOK_BACK
    experiments = _find(gateway, reference, since)
    if not experiments:
        return None
    dataset = next((d for d in gateway.datasets() if d.id == experiments[0].dataset_id), None)
    if dataset is None:
        return None
    by_name: dict[str, list[Experiment]] = {}
    for experiment in experiments:
        by_name.setdefault(experiment.name, []).append(experiment)
    names = sorted(by_name, key=lambda name: (min(e.start_time for e in by_name[name]), name))
    rows = {name: _rows(gateway, by_name[name], dataset) for name in names}
    repeats = [_repeat(name, by_name[name], rows[name]) for name in names]
    version = next((row.item_version for name in names for row in rows[name] if row.item_version), None)
    return _run(gateway, dataset, version, experiments, repeats)


def _find(gateway: Gateway, reference: str, since: datetime) -> list[Experiment]:
    if "," not in reference:
        for found in (
            list(gateway.experiments(from_=since, names=[reference])),
            list(gateway.experiments(from_=since, ids=[reference])),
        ):
            if found:
                # A name can be used in several datasets: the newest use counts.
                return [each for each in found if each.dataset_id == found[0].dataset_id]
    labelled = []
    for number, experiment in enumerate(gateway.experiments(from_=since)):
        if number >= MOST_EXPERIMENTS:
            break
        if _own(experiment, "label") == reference or experiment.name == reference:
            labelled.append(experiment)
    if not labelled:
        return []
    newest = _base(labelled[0].name)
    return [e for e in labelled if _base(e.name) == newest and e.dataset_id == labelled[0].dataset_id]


def _rows(gateway: Gateway, experiments: Sequence[Experiment], dataset: Dataset) -> list[ExperimentItem]:
    name = experiments[0].name
    started = min(experiment.start_time for experiment in experiments)
    fields = ("dataset", "scores", "io")
    return list(integrity.rows(gateway, name, dataset.id, started, fields=fields))


def _repeat(name: str, experiments: Sequence[Experiment], rows: Iterable[ExperimentItem]) -> Repeat:
    newest: dict[str, ExperimentItem] = {}
    for row in sorted(rows, key=lambda row: row.start_time):
        newest[row.item_id] = row
    return Repeat(
        run_name=name,
        experiment_id=experiments[0].id,
        started_at=min(experiment.start_time for experiment in experiments),
        finished_at=max(experiment.end_time or experiment.start_time for experiment in experiments),
        items=tuple(_item(row) for row in newest.values()),
    )


def _item(row: ExperimentItem) -> ItemRun:
    errored = row.level == "ERROR"
    output: Any = parse_text(row.output) if isinstance(row.output, str) else row.output
    return ItemRun(
        item_id=row.item_id,
        output=None if errored else output,
        error="it errored (see its trace)" if errored else None,
        latency=(row.end_time - row.start_time).total_seconds() if row.end_time else None,
        trace_id=row.trace_id,
        # Newest first: the last one written under a name is the score that counts.
        scores={score.name: _score(score) for score in reversed(row.scores)},
    )


def _score(score: StoredScore) -> Score:
    kinds: dict[str, DataType] = {"BOOLEAN": "BOOLEAN", "CATEGORICAL": "CATEGORICAL"}
    return Score(value=score.value, comment=score.comment or "", data_type=kinds.get(score.data_type, "NUMERIC"))


def _run(
    gateway: Gateway,
    dataset: Dataset,
    version: datetime | None,
    experiments: Sequence[Experiment],
    repeats: Sequence[Repeat],
) -> Run:
    first = min(experiments, key=lambda experiment: experiment.start_time)
    # A run that does not name its version used the items as they were when it began.
    items = gateway.items(dataset.name, version=version or first.start_time)
    variables = {key: value for key, value in first.metadata.items() if not _is_own(key)}
    task, task_fingerprint = _own(first, "task"), _own(first, "task_fingerprint")
    return Run(
        label=_own(first, "label") or first.name,
        run_name=first.name,
        source="langfuse",
        rule=_own(first, "rule"),
        dataset=dataset.name,
        dataset_id=dataset.id,
        dataset_version=version,
        task=TaskRecord(name=task, fingerprint=task_fingerprint) if task and task_fingerprint else None,
        variables=variables,
        checks=_checks(first),
        items={
            item.id: DatasetItem(
                input=item.input, expected_output=item.expected_output, fingerprint=content_fingerprint(item)
            )
            for item in items
        },
        repeats=tuple(repeats),
    )


def _own(experiment: Experiment, key: str) -> str | None:
    """A value of curator's own metadata; the server returns nested objects under dotted keys."""
    nested = experiment.metadata.get("curator")
    value = nested.get(key) if isinstance(nested, dict) else experiment.metadata.get(f"curator.{key}")
    return value if isinstance(value, str) else None


def _checks(experiment: Experiment) -> dict[str, str]:
    nested = experiment.metadata.get("curator")
    if isinstance(nested, dict) and isinstance(nested.get("checks"), dict):
        return {str(name): str(value) for name, value in nested["checks"].items()}
    prefix = "curator.checks."
    return {key.removeprefix(prefix): str(v) for key, v in experiment.metadata.items() if key.startswith(prefix)}


def _is_own(key: str) -> bool:
    return key == "curator" or key.startswith("curator.")


def _base(name: str) -> str:
    return _REPEAT.sub("", name)
