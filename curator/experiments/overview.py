"""Which runs there are, and how whole each is: those in Langfuse, whoever made them, and those that never got there.

`runs` is cheap (one request per 100 experiments); `look_at` asks for the items of all of them in one sweep.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from curator.experiments import integrity, remote, results
from curator.experiments.names import base_name
from curator.experiments.results import Integrity, Repeat, Run
from curator.gateway import Experiment, ExperimentItem, Gateway
from curator.model.base import Value
from curator.model.errors import UsageError
from curator.model.item import Dataset, StoredItem
from curator.model.rule import Rule

MOST_FILES = 200
"""How many result files are read, newest first."""
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


def runs(gateway: Gateway, *, since: datetime, dataset: str | None = None) -> list[Listed]:
    """Every run with activity since then, latest first. Raises GatewayError."""
    datasets = {d.id: d for d in gateway.datasets() if dataset in (None, d.name)}
    own = _result_files(since)
    found = []
    for group in remote.grouped(gateway.experiments(from_=since, fields=("metadata", "scores"))):
        known = datasets.get(group[0].dataset_id or "")
        if known is not None:
            record, file = own.pop((known.id, base_name(group[0].name)), (None, None))
            found.append(_listed(known, group, record, file))
    for (dataset_id, _), (record, file) in own.items():
        if dataset_id in datasets:
            found.append(_only_here(datasets[dataset_id], record, file))
    return sorted(found, key=lambda each: each.started_at, reverse=True)


def look_at(
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
        run = each.record or remote.assemble(gateway, each.dataset, each.experiments, by_name, items_at)
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
        problems, _ = integrity.judge(run, repeat, seen, required)
        repeats.append(repeat.model_copy(update={"integrity": Integrity(ok=not problems, problems=tuple(problems))}))
    return run.model_copy(update={"repeats": tuple(repeats)})


def _required(run: Run, rules: Sequence[Rule]) -> set[str]:
    """Scores that the run's own rule requires; of a run without one, those of the rules that feed its dataset."""
    own = [rule for rule in rules if rule.rule == run.rule]
    feeding = own or [rule for rule in rules if rule.dataset.name == run.dataset and run.rule is None]
    return {score.name for rule in feeding for score in rule.gate.required}


def _listed(dataset: Dataset, group: Sequence[Experiment], record: Run | None, file: Path | None) -> Listed:
    first = min(group, key=lambda e: (e.start_time, e.name))
    sizes: dict[str, int] = {}
    for experiment in group:
        sizes[experiment.name] = sizes.get(experiment.name, 0) + experiment.item_count
    return Listed(
        reference=first.name,
        label=remote.label_of(first),
        dataset=dataset,
        started_at=first.start_time,
        items=max(sizes.values()),
        repeats=len(sizes),
        parts=len(group) - len(sizes),
        experiments=tuple(group),
        record=record,
        file=file,
    )


def _only_here(dataset: Dataset, record: Run, file: Path) -> Listed:
    return Listed(
        reference=record.run_name,
        label=record.label,
        dataset=dataset,
        started_at=_started(record.repeats),
        items=len(record.items),
        repeats=len(record.repeats),
        parts=0,
        experiments=(),
        record=record,
        file=file,
    )


def _started(repeats: Sequence[Repeat]) -> datetime:
    return min((repeat.started_at for repeat in repeats), default=datetime.fromtimestamp(0, UTC))


def _result_files(since: datetime) -> dict[tuple[str | None, str], tuple[Run, Path]]:
    """(dataset id, base name) → run and file, of the newest result files; unreadable ones are left out."""
    found: dict[tuple[str | None, str], tuple[Run, Path]] = {}
    for path in list(results.list_files())[:MOST_FILES]:
        try:
            run = results.read(path)
        except UsageError:
            continue
        if _started(run.repeats) >= since:
            found.setdefault((run.dataset_id, base_name(run.run_name)), (run, path))
    return found
