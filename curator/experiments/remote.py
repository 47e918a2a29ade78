"""Runs as Langfuse has them, whoever made them: found by name, id or label, and read into the same shape as our own."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from curator.experiments import baseline, integrity, results
from curator.experiments.checks.base import DataType
from curator.experiments.integrity import Seen
from curator.experiments.names import base_name, label_in, repeat_names
from curator.experiments.results import ItemRun, Repeat, Run, Score, TaskRecord
from curator.experiments.versions import project_of, record
from curator.gateway import Experiment, ExperimentItem, Gateway
from curator.model.errors import UsageError
from curator.model.item import Dataset, StoredItem
from curator.model.json import parse_text
from curator.model.rule import Rule
from curator.model.trace import Score as StoredScore

DEFAULT_LOOK_BACK = timedelta(days=90)
MOST_EXPERIMENTS = 2_000
"""How many experiments are looked through for a label."""


class Candidate(NamedTuple):
    """A run that a reference may mean."""

    name: str
    dataset_id: str | None
    started: datetime
    exact: bool
    """Whether the reference is its run name or an experiment id, which are made for one run; a label is used again."""
    experiments: Sequence[Experiment] = ()
    record: Run | None = None
    """curator's own result file."""


def find_run(
    reference: str,
    gateway: Callable[[], Gateway],
    *,
    rule: Rule | None = None,
    deadline: float = integrity.DEFAULT_DEADLINE_SECONDS,
    since: datetime | None = None,
    tell: Callable[[str], None] = lambda said: None,
) -> Run:
    """The run that a result or baseline file, a run name, an experiment id or a label names.

    A file is read as it is, and `gateway` is not called. Everything else is looked up among the runs of this project,
    on the server and in result files alike: a run name or an experiment id first, then a label (or the name that an SDK
    run was given), which means its newest run; `tell` hears which one when there are several. Runs of several datasets
    are no answer unless the rule says which dataset. A run read from the server comes with its integrity.

    Raises UsageError (RUN_REFERENCE, RUN_UNKNOWN, RUN_AMBIGUOUS, RESULT_FILE, BASELINE_FILE), ConfigError without keys,
    GatewayError.
    """
    if not reference.strip():
        raise UsageError("An empty name names no run.", code="RUN_REFERENCE", remedy=_NAMES_A_RUN)
    path = Path(reference).expanduser()
    if path.suffix == ".json" or path.is_file():
        return baseline.read_any(path)
    opened = gateway()
    datasets = {d.id: d for d in opened.datasets() if rule is None or d.name == rule.dataset.name}
    found = _candidates(opened, reference, since or datetime.now(UTC) - DEFAULT_LOOK_BACK, set(datasets))
    if not found:
        where = f" over {rule.dataset.name}" if rule else ""
        raise UsageError(
            f"There is no run {reference!r}{where}, neither in Langfuse nor among this project's result files.",
            code="RUN_UNKNOWN",
            remedy=f"{_NAMES_A_RUN} Older experiments need --since.",
        )
    if len({each.dataset_id for each in found}) > 1:
        names = sorted(datasets[each.dataset_id].name for each in found if each.dataset_id)
        raise UsageError(
            f"{reference!r} names runs of several datasets: {', '.join(dict.fromkeys(names))}.",
            code="RUN_AMBIGUOUS",
            remedy="Say which one with --rules, or name the run by its result file or experiment id.",
        )
    chosen = max(found, key=lambda each: each.started)
    if len(found) > 1:
        tell(f"{reference} names {len(found)} runs; the newest is meant: {chosen.name}")
    if chosen.record is not None:
        return chosen.record
    required = [score.name for score in rule.gate.required] if rule else []
    dataset = datasets[chosen.dataset_id or ""]
    checked = _checked(opened, *_load(opened, dataset, chosen, rule), required, deadline)
    if any(repeat.integrity and repeat.integrity.waited for repeat in checked.repeats):
        # Scores arrived while it waited.
        checked = _checked(opened, *_load(opened, dataset, chosen, rule), required, 0.0)
    return checked


_NAMES_A_RUN = "Name a result file, a run name, an experiment id or a label; `curator runs` lists them."


def look_again(gateway: Gateway, rule: Rule, run: Run, *, deadline: float = integrity.DEFAULT_DEADLINE_SECONDS) -> Run:
    """The run with its integrity as the server shows it now. Raises GatewayError."""
    return integrity.check(gateway, run, required=[score.name for score in rule.gate.required], deadline=deadline)


def _candidates(gateway: Gateway, reference: str, since: datetime, datasets: Collection[str]) -> list[Candidate]:
    """Every run of these datasets that the reference may mean: those it names exactly, else those of that label."""
    project = project_of(gateway)
    found: dict[tuple[str | None, str], Candidate] = {}
    for group in grouped(_experiments(gateway, reference, since)):
        first = min(group, key=lambda each: (each.start_time, each.name))
        exact = reference in {base_name(first.name), *(e.name for e in group), *(e.id for e in group)}
        key = (first.dataset_id, base_name(first.name))
        found[key] = Candidate(first.name, first.dataset_id, first.start_time, exact, tuple(group))
    for path in results.list_files():
        try:
            run = results.read(path)
        except UsageError:
            continue  # a broken file is no reason not to find the others; naming it says what is wrong with it
        names = {base_name(run.run_name), *(r.run_name for r in run.repeats), *(r.experiment_id for r in run.repeats)}
        if run.project not in (None, project) or reference not in {run.label, label_in(run.run_name), *names}:
            continue
        key = (run.dataset_id, base_name(run.run_name))
        started = min((repeat.started_at for repeat in run.repeats), default=since)
        known = found.get(key, Candidate(run.run_name, run.dataset_id, started, reference in names))
        found[key] = known._replace(record=run)
    mine = [each for each in found.values() if each.dataset_id in datasets]
    return [each for each in mine if each.exact] or mine


def _experiments(gateway: Gateway, reference: str, since: datetime) -> list[Experiment]:
    if "," not in reference:
        found = list(gateway.experiments(from_=since, names=repeat_names(reference)))
        if found := found or list(gateway.experiments(from_=since, ids=[reference])):
            return found
    labelled = []
    for number, experiment in enumerate(gateway.experiments(from_=since)):
        if number >= MOST_EXPERIMENTS:
            break
        name = experiment.name
        if reference in (_own(experiment, "label"), name, base_name(name), label_in(name)):
            labelled.append(experiment)
    return labelled


def _load(gateway: Gateway, dataset: Dataset, chosen: Candidate, rule: Rule | None) -> tuple[Run, dict[str, Seen]]:
    """The run, and what was seen under each of its names."""
    started = min(experiment.start_time for experiment in chosen.experiments)
    rows: dict[str, list[ExperimentItem]] = {experiment.name: [] for experiment in chosen.experiments}
    for row in integrity.rows(gateway, list(rows), dataset.id, started, fields=("dataset", "scores", "io")):
        rows[row.experiment_name].append(row)
    run = assemble(gateway, dataset, chosen.experiments, rows)
    if rule is not None and rule.gate.group_by:
        moment = run.dataset_version or started
        run = run.model_copy(update={"items": record(gateway.items(dataset.name, version=moment), rule.gate.group_by)})
    return run, {name: integrity.seen_of(those) for name, those in rows.items()}


def _checked(gateway: Gateway, run: Run, seen: Mapping[str, Seen], required: Collection[str], deadline: float) -> Run:
    return integrity.check(gateway, run, required=required, deadline=deadline, seen=seen)


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
        items=record(items),
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
