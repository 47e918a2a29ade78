"""Runs as Langfuse has them, whoever made them, beside those that never got there: listed, found, read as our own are.

`runs` is cheap (one request per 100 experiments); `with_integrity` asks for the items of all of them in one sweep;
`find_run` is for one that somebody names.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from curator.experiments import baseline, integrity, results
from curator.experiments.checks.base import DataType
from curator.experiments.integrity import Seen
from curator.experiments.results import (
    Integrity,
    ItemRun,
    Repeat,
    Run,
    Score,
    TaskRecord,
    base_name,
    label_in,
    repeat_names,
)
from curator.experiments.versions import project_of, record
from curator.gateway import Experiment, ExperimentItem, Gateway
from curator.model.base import Value
from curator.model.errors import UsageError
from curator.model.item import Dataset, StoredItem
from curator.model.json import parse_text
from curator.model.rule import Rule
from curator.model.trace import Score as StoredScore

DEFAULT_LOOK_BACK = timedelta(days=90)
MOST_EXPERIMENTS = 2_000
"""How many experiments are looked through for a label."""


MOST_FILES = 200
"""How many result files a list reads, newest first."""
MOST_ITEMS = 3_000
"""How many rows a sweep asks for: 30 requests. Runs beyond are looked at one by one."""

Progress = Callable[[int, int], None]
"""Rows fetched so far, and about how many there are."""


class Listed(Value):
    """One run, its repeats and parts together, before its items were looked at."""

    reference: str
    """What `curator compare` and `gate` take for it."""
    label: str
    dataset: Dataset
    started_at: datetime
    items: int
    """Items of its largest repeat."""
    repeats: int
    parts: int
    """Experiments beyond one per repeat."""
    experiments: tuple[Experiment, ...]
    """Empty for a run that only this machine knows."""
    record: Run | None = None
    """curator's own result file."""
    file: Path | None = None

    def names(self) -> set[str | None]:
        """Run names and experiment ids, which are made for one run; a label is used again."""
        own = self.record.repeats if self.record is not None else ()
        there = {name for e in self.experiments for name in (e.name, e.id, base_name(e.name))}
        return there | {base_name(self.reference), *(r.run_name for r in own), *(r.experiment_id for r in own)}


def runs(gateway: Gateway, *, since: datetime, dataset: str | None = None) -> list[Listed]:
    """Every run of this project with activity since then, latest first. Raises GatewayError."""
    datasets = {d.id: d for d in gateway.datasets() if dataset in (None, d.name)}
    experiments = gateway.experiments(from_=since, fields=("metadata", "scores"))
    return [each for each in _listed(gateway, datasets, experiments, MOST_FILES) if each.started_at >= since]


def _listed(
    gateway: Gateway, datasets: Mapping[str, Dataset], experiments: Iterable[Experiment], most: int | None = None
) -> list[Listed]:
    """These experiments and this project's result files as runs over those datasets, latest first."""
    project = project_of(gateway)
    groups = {(group[0].dataset_id, base_name(group[0].name)): group for group in grouped(experiments)}
    files: dict[tuple[str | None, str], tuple[Run, Path]] = {}
    for path in list(results.run_files())[:most]:
        try:
            run = results.read_run(path)
        except UsageError:
            continue  # a broken file is no reason not to find the others; naming it says what is wrong with it
        if run.project in (None, project):
            files.setdefault((run.dataset_id, base_name(run.run_name)), (run, path))
    found = []
    for key in {**groups, **files}:
        if (dataset := datasets.get(key[0] or "")) is not None:
            record, file = files.get(key, (None, None))
            found.append(_one(dataset, groups.get(key, ()), record, file))
    return sorted(found, key=lambda each: each.started_at, reverse=True)


def _one(dataset: Dataset, group: Sequence[Experiment], record: Run | None, file: Path | None) -> Listed:
    first = min(group, key=lambda e: (e.start_time, e.name), default=None)
    sizes: dict[str, int] = {}
    for experiment in group:
        sizes[experiment.name] = sizes.get(experiment.name, 0) + experiment.item_count
    if first is None:
        assert record is not None
        starts = [repeat.started_at for repeat in record.repeats]
        label, name, started = record.label, record.run_name, min(starts, default=datetime.fromtimestamp(0, UTC))
        items, repeats = len(record.items), len(record.repeats)
    else:
        label, name, started = label_of(first), first.name, first.start_time
        items, repeats = max(sizes.values()), len(sizes)
    return Listed(
        reference=name,
        label=label,
        dataset=dataset,
        started_at=started,
        items=items,
        repeats=repeats,
        parts=len(group) - len(sizes),
        experiments=tuple(group),
        record=record,
        file=file,
    )


def with_integrity(
    gateway: Gateway, listed: Sequence[Listed], *, rules: Iterable[Rule] = (), progress: Progress | None = None
) -> dict[str, Run]:
    """Reference → the run with its integrity as the server shows it now, without outputs for runs of other tools.

    `rules` say which scores a dataset requires. A single run costs one request per 100 items; several are swept
    together, newest first, as far as MOST_ITEMS rows reach: those that lie beyond are left out. Raises GatewayError.
    """
    names = {e.name: each.reference for each in listed for e in each.experiments}
    rows: dict[tuple[str | None, str], list[ExperimentItem]] = {}
    reached = _sweep(gateway, listed, rows, progress) if names else None
    required = list(rules)

    @cache
    def items_at(dataset: str, moment: datetime) -> tuple[StoredItem, ...]:
        return tuple(gateway.items(dataset, version=moment))

    found = {}
    for each in listed:
        if reached is not None and each.started_at - integrity.CLOCK_MARGIN < reached:
            continue
        by_name = {e.name: rows.get((each.dataset.id, e.name), []) for e in each.experiments}
        run = each.record or assemble(gateway, each.dataset, each.experiments, by_name, items_at)
        found[each.reference] = _judged(run, by_name, required)
    return found


def _sweep(
    gateway: Gateway,
    listed: Sequence[Listed],
    rows: dict[tuple[str | None, str], list[ExperimentItem]],
    progress: Progress | None,
) -> datetime | None:
    """Fetches the rows of all runs; when it had to stop early, the time before which nothing was seen."""
    experiments = [e for each in listed for e in each.experiments]
    wanted = {(each.dataset.id, e.name) for each in listed for e in each.experiments}
    total = sum(e.item_count for e in experiments)
    options: dict[str, Any] = {}
    if len(wanted) == 1 and "," not in experiments[0].name:
        options = {"experiment_name": experiments[0].name, "dataset_id": listed[0].dataset.id}
    oldest = min(e.start_time for e in experiments) - integrity.CLOCK_MARGIN
    found = gateway.experiment_items(from_=oldest, fields=("dataset", "scores"), **options)
    for fetched, row in enumerate(found, 1):
        key = (row.dataset_id, row.experiment_name)
        if key in wanted:
            rows.setdefault(key, []).append(row)
        if progress is not None and fetched % 100 == 0:
            progress(fetched, max(total, fetched))
        if fetched >= MOST_ITEMS and not options:
            return row.start_time
    return None


def _judged(run: Run, rows: dict[str, list[ExperimentItem]], rules: Sequence[Rule]) -> Run:
    required = _required(run, rules)
    repeats = []
    for repeat in run.repeats:
        seen = integrity.seen_of(rows.get(repeat.run_name, ()))
        problems, _ = integrity.problems_in(run, repeat, seen, required)
        repeats.append(repeat.model_copy(update={"integrity": Integrity(ok=not problems, problems=tuple(problems))}))
    return run.model_copy(update={"repeats": tuple(repeats)})


def _required(run: Run, rules: Sequence[Rule]) -> set[str]:
    """Scores that the run's own rule requires; of a run without one, those of the rules that feed its dataset."""
    own = [rule for rule in rules if rule.rule == run.rule]
    feeding = own or [rule for rule in rules if rule.dataset.name == run.dataset and run.rule is None]
    return {score.name for rule in feeding for score in rule.gate.required}


def find_run(
    reference: str,
    gateway: Callable[[], Gateway],
    *,
    rule: Rule | None = None,
    deadline: float = integrity.DEFAULT_DEADLINE_SECONDS,
    since: datetime | None = None,
    tell: Callable[[str], None] = lambda said: None,
) -> Run:
    """The run that one reference names. All about it, and what is raised: `find_runs`."""
    return find_runs([reference], gateway, rule=rule, deadline=deadline, since=since, tell=tell)[0]


def find_runs(
    references: Sequence[str],
    gateway: Callable[[], Gateway],
    *,
    rule: Rule | None = None,
    deadline: float = integrity.DEFAULT_DEADLINE_SECONDS,
    since: datetime | None = None,
    tell: Callable[[str], None] = lambda said: None,
) -> list[Run]:
    """The runs that result or baseline files, run names, experiment ids or labels name.

    A file is read as it is, and `gateway` is not called. Everything else is looked up among the runs of this project,
    on the server and in result files alike: a run name or an experiment id first, then a label (or the name that an SDK
    run was given), which means its newest run; `tell` hears which one when there are several. A name of runs over
    several datasets is no answer unless the rule, or another reference, says which dataset. A run read from the server
    comes with its integrity.

    Raises UsageError (RUN_REFERENCE, RUN_UNKNOWN, RUN_AMBIGUOUS, RESULT_FILE, BASELINE_FILE), ConfigError without keys,
    GatewayError.
    """
    named = {reference: _named(reference, gateway, rule, since) for reference in references}
    datasets = [
        {found.dataset} if isinstance(found, Run) else {e.dataset.name for e in found} for found in named.values()
    ]
    shared = set.intersection(*datasets)
    chosen = []
    for reference in references:
        if isinstance(found := named[reference], Run):
            chosen.append(found)
            continue
        found = [e for e in found if e.dataset.name in shared] if len(shared) == 1 else found
        if len(names := sorted({each.dataset.name for each in found})) > 1:
            raise UsageError(f"{reference!r} names runs of several datasets: {', '.join(names)}.", code="RUN_AMBIGUOUS")
        if len(found) > 1:
            tell(f"{reference} names {len(found)} runs; the newest is meant: {found[0].reference}")
        chosen.append(found[0].record or _checked(gateway(), found[0], rule, deadline))
    return chosen


def _named(
    reference: str, gateway: Callable[[], Gateway], rule: Rule | None, since: datetime | None
) -> Run | list[Listed]:
    """The run in a file, else every run that the reference may mean, latest first. Raises as `find_runs`."""
    if not reference.strip():
        raise UsageError("An empty name names no run.", code="RUN_REFERENCE", remedy=_NAMES_A_RUN)
    path = Path(reference).expanduser()
    if path.suffix == ".json" or path.is_file():
        return baseline.read_any(path)
    opened = gateway()
    datasets = {d.id: d for d in opened.datasets() if rule is None or d.name == rule.dataset.name}
    there = _listed(opened, datasets, _experiments(opened, reference, since or datetime.now(UTC) - DEFAULT_LOOK_BACK))
    found = [each for each in there if reference in each.names()] or [
        each for each in there if reference in (each.label, label_in(each.reference))
    ]
    if found:
        return found
    where = f" over {rule.dataset.name}" if rule else ""
    raise UsageError(
        f"There is no run {reference!r}{where}, neither in Langfuse nor among this project's result files.",
        code="RUN_UNKNOWN",
        remedy=f"{_NAMES_A_RUN} Older experiments need --since.",
    )


def _checked(gateway: Gateway, chosen: Listed, rule: Rule | None, deadline: float) -> Run:
    """The run as the server has it, with its integrity."""
    required = [score.name for score in rule.gate.required] if rule else []
    run, seen = _load(gateway, chosen, rule)
    checked = integrity.verify(gateway, run, required=required, deadline=deadline, seen=seen)
    if any(repeat.integrity and repeat.integrity.waited for repeat in checked.repeats):  # scores arrived meanwhile
        run, seen = _load(gateway, chosen, rule)
        checked = integrity.verify(gateway, run, required=required, deadline=0.0, seen=seen)
    return checked


_NAMES_A_RUN = "Name a result file, a run name, an experiment id or a label; `curator runs` lists them."


def verify_again(
    gateway: Gateway, rule: Rule, run: Run, *, deadline: float = integrity.DEFAULT_DEADLINE_SECONDS
) -> Run:
    """The run with its integrity as the server shows it now. Raises GatewayError."""
    return integrity.verify(gateway, run, required=[score.name for score in rule.gate.required], deadline=deadline)


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


def _load(gateway: Gateway, chosen: Listed, rule: Rule | None) -> tuple[Run, dict[str, Seen]]:
    """The run, and what was seen under each of its names."""
    dataset = chosen.dataset
    started = min(experiment.start_time for experiment in chosen.experiments)
    names = list(dict.fromkeys(experiment.name for experiment in chosen.experiments))
    rows = integrity.rows(gateway, names, dataset.id, started, fields=("dataset", "scores", "io"))
    run = assemble(gateway, dataset, chosen.experiments, rows)
    if rule is not None and rule.gate.group_by:
        moment = run.dataset_version or started
        run = run.model_copy(update={"items": record(gateway.items(dataset.name, version=moment), rule.gate.group_by)})
    return run, {name: integrity.seen_of(those) for name, those in rows.items()}


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
    variables = {key: value for key, value in first.metadata.items() if key.partition(".")[0] != "curator"}
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
