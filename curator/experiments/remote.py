"""Runs as Langfuse has them, whoever made them: found by name, id or label, and read into the same shape as our own."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from curator.experiments import integrity
from curator.experiments.checks.base import DataType
from curator.experiments.names import base_name, repeat_names
from curator.experiments.results import DatasetItem, ItemRun, Repeat, Run, Score, TaskRecord
from curator.gateway import Experiment, ExperimentItem, Gateway
from curator.model.item import Dataset, StoredItem
from curator.model.json import parse_text
from curator.model.lineage import content_fingerprint
from curator.model.trace import Score as StoredScore

DEFAULT_LOOK_BACK = timedelta(days=90)
MOST_EXPERIMENTS = 2_000
"""How many experiments are looked through for a label."""


class Loaded(NamedTuple):
    """A run that was read from the server, and the rows that it was made of."""

    run: Run
    rows: dict[str, list[ExperimentItem]]
    """Run name → rows."""


def load(gateway: Gateway, reference: str, *, since: datetime | None = None) -> Loaded | None:
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
    started = min(experiment.start_time for experiment in experiments)
    rows: dict[str, list[ExperimentItem]] = {experiment.name: [] for experiment in experiments}
    for row in integrity.rows(gateway, list(rows), dataset.id, started, fields=("dataset", "scores", "io")):
        rows[row.experiment_name].append(row)
    return Loaded(assemble(gateway, dataset, experiments, rows), rows)


def assemble(
    gateway: Gateway,
    dataset: Dataset,
    experiments: Sequence[Experiment],
    rows: Mapping[str, Sequence[ExperimentItem]],
    items_at: Callable[[str, datetime], Sequence[StoredItem]] | None = None,
) -> Run:
    """The run that these experiments (its repeats, and their parts) and the rows under each of their names make up.

    `items_at` gives the items of the dataset of that name at a time; the server is asked when it is not given. Raises
    GatewayError.
    """
    by_name: dict[str, list[Experiment]] = {}
    for experiment in experiments:
        by_name.setdefault(experiment.name, []).append(experiment)
    names = sorted(by_name, key=lambda name: (min(e.start_time for e in by_name[name]), name))
    repeats = [_repeat(name, by_name[name], rows.get(name, ())) for name in names]
    # The SDK writes the dataset's version beside every item; where each item has its own, the newest is the dataset's.
    version = max((row.item_version for name in names for row in rows.get(name, ()) if row.item_version), default=None)
    first = min(experiments, key=lambda experiment: experiment.start_time)
    # A run that does not name its version used the items as they were when it began.
    moment = version or first.start_time
    items = (
        items_at(dataset.name, moment) if items_at is not None else list(gateway.items(dataset.name, version=moment))
    )
    return _run(dataset, version, first, items, repeats)


def grouped(experiments: Iterable[Experiment]) -> list[list[Experiment]]:
    """Experiments by run: repeats and parts together, in the order in which a run first occurs."""
    runs: dict[tuple[str | None, str], list[Experiment]] = {}
    for experiment in experiments:
        runs.setdefault((experiment.dataset_id, base_name(experiment.name)), []).append(experiment)
    return list(runs.values())


def label_of(experiment: Experiment) -> str:
    """The candidate's name: curator's label, else the experiment's own name."""
    return _own(experiment, "label") or base_name(experiment.name)


def _find(gateway: Gateway, reference: str, since: datetime) -> list[Experiment]:
    if "," not in reference:
        found = list(gateway.experiments(from_=since, names=repeat_names(reference)))
        if found := found or list(gateway.experiments(from_=since, ids=[reference])):
            # A name can be used in several datasets: the newest use counts.
            return [each for each in found if each.dataset_id == found[0].dataset_id]
    labelled = []
    for number, experiment in enumerate(gateway.experiments(from_=since)):
        if number >= MOST_EXPERIMENTS:
            break
        if reference in (_own(experiment, "label"), experiment.name, base_name(experiment.name)):
            labelled.append(experiment)
    if not labelled:
        return []
    return grouped(labelled)[0]


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
    dataset: Dataset,
    version: datetime | None,
    first: Experiment,
    items: Iterable[StoredItem],
    repeats: Sequence[Repeat],
) -> Run:
    variables = {key: value for key, value in first.metadata.items() if not _is_own(key)}
    task, task_fingerprint = _own(first, "task"), _own(first, "task_fingerprint")
    return Run(
        label=label_of(first),
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
