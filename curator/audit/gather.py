"""Gathers an audit's evidence in few requests: one per 100 items, one per 200 source traces, a bounded rest."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import islice

from curator.audit.values import Evidence, Run
from curator.errors import CuratorError, UsageError
from curator.gateway import Gateway
from curator.journal import Journal
from curator.model import Dataset, Observation, Receipt, StoredItem
from curator.rulebook import LoadedRule

READS_BY_ID = 8
"""Items read one by one (receipts that the list does not hold, suspects of doubled rows)."""
RUN_PAGES = 8
"""Pages of run items that are looked at; 100 items each."""
RUNS_SINCE = timedelta(days=365)
RECORDED_LIMIT = 300
"""Up to this many sources the recorded outputs are fetched too, to tell weak expectations."""

Progress = Callable[[str, int, int], None]
"""(what, done, of how many)."""


class Gathered:
    """Evidence before the facts, and the recorded outputs that the facts need (in memory only)."""

    def __init__(self, evidence: Evidence, recorded: dict[str, object]) -> None:
        self.evidence = evidence
        self.recorded = recorded


def gather(
    gateway: Gateway,
    journal: Journal | None,
    dataset_name: str,
    rule: LoadedRule | None,
    *,
    at: datetime,
    version: datetime | None = None,
    deep: bool = False,
    progress: Progress = lambda what, done, total: None,
) -> Gathered:
    """Everything the checks look at, apart from the facts.

    `version` audits the dataset as it was then. `deep` fetches recorded outputs and runs without the usual bounds.
    Raises UsageError for an unknown dataset, GatewayError.
    """
    dataset = gateway.dataset(dataset_name)
    if dataset is None:
        raise UsageError(
            "Langfuse has no dataset of that name.",
            code="DATASET_UNKNOWN",
            remedy="`curator audit` without a name lists the datasets; `curator seed` creates the one of a rule.",
        )
    items, total = _items(gateway, dataset, version, progress)
    receipts, has_journal = _receipts(journal, dataset.name)
    left_out: list[str] = []
    by_id = _by_id(gateway, items, total, receipts, version, left_out)
    roots, recorded = _sources(gateway, items, rule, deep, left_out, progress)
    observations = _source_observations(gateway, items, roots)
    runs, runs_complete = _runs(gateway, dataset, at, deep, left_out)
    evidence = Evidence(
        dataset=dataset,
        at=at,
        version=version,
        items=tuple(items),
        total_items=total,
        by_id=by_id,
        sources=roots,
        source_observations=observations,
        retention_days=gateway.project().retention_days,
        rule=rule,
        receipts=receipts,
        has_journal=has_journal,
        runs=tuple(runs),
        runs_complete=runs_complete,
        not_looked_at=tuple(left_out),
    )
    return Gathered(evidence, recorded)


def trace_of(item: StoredItem) -> str | None:
    """The source trace id that Langfuse's own field names, else the one of the metadata."""
    named = item.source_trace_id
    if not named and isinstance(item.metadata, dict):
        named = item.metadata.get("source_trace_id")
    return named if isinstance(named, str) and named else None


def _items(
    gateway: Gateway, dataset: Dataset, version: datetime | None, progress: Progress
) -> tuple[list[StoredItem], int]:
    pages = gateway.items(dataset.name, version=version)
    total = pages.total_items
    items = []
    for item in pages:
        items.append(item)
        if len(items) % 100 == 0:
            progress("items", len(items), total)
    progress("items", len(items), total)
    return items, total


def _receipts(journal: Journal | None, dataset: str) -> tuple[dict[str, Receipt], bool]:
    """The newest receipt of each item that a promotion of this machine wrote or found."""
    if journal is None:
        return {}, False
    newest: dict[str, Receipt] = {}
    for promotion in journal.promotions.of_dataset(dataset):
        if promotion.receipt is not None and promotion.receipt.ok:
            newest[promotion.receipt.item_id] = promotion.receipt
    return newest, bool(newest)


def _by_id(
    gateway: Gateway,
    items: Sequence[StoredItem],
    total: int,
    receipts: dict[str, Receipt],
    version: datetime | None,
    left_out: list[str],
) -> dict[str, StoredItem | None]:
    if version is not None:
        return {}
    listed = Counter(item.id for item in items)
    doubled = [item_id for item_id, rows in listed.items() if rows > 1]
    absent = [item_id for item_id in receipts if item_id not in listed]
    # A surplus in the count means doubled rows that the pages do not show; recently written items are the suspects.
    suspects = [item_id for item_id in listed if total != len(items) and item_id not in doubled]
    wanted = [*doubled, *absent, *suspects]
    if len(wanted) > READS_BY_ID:
        left_out.append(f"{len(wanted) - READS_BY_ID} of {len(wanted)} items that should be read one by one")
    return {item_id: gateway.item(item_id) for item_id in wanted[:READS_BY_ID]}


def _sources(
    gateway: Gateway,
    items: Sequence[StoredItem],
    rule: LoadedRule | None,
    deep: bool,
    left_out: list[str],
    progress: Progress,
) -> tuple[dict[str, Observation], dict[str, object]]:
    from curator.model import parse_text

    trace_ids = sorted({trace_id for item in items if (trace_id := trace_of(item))})
    with_output = deep or len(trace_ids) <= RECORDED_LIMIT
    if not with_output and rule is not None and rule.rule.checks:
        left_out.append("whether recorded failures pass the checks (many sources; --deep looks)")
    roots: dict[str, Observation] = {}
    for root in gateway.observations(trace_ids=trace_ids, roots_only=True, io=with_output):
        known = roots.get(root.trace_id)
        if known is None or (root.start_time, root.id) < (known.start_time, known.id):
            roots[root.trace_id] = root
        progress("source traces", len(roots), len(trace_ids))
    recorded: dict[str, object] = {}
    if with_output:
        for item in items:
            root_of = roots.get(trace_of(item) or "")
            if root_of is not None and root_of.output is not None:
                recorded[item.id] = parse_text(root_of.output)
    # Inputs and outputs are personal and large: nothing later needs them.
    return {key: root.model_copy(update={"input": None, "output": None}) for key, root in roots.items()}, recorded


def _source_observations(
    gateway: Gateway, items: Sequence[StoredItem], roots: dict[str, Observation]
) -> frozenset[str]:
    seen = {root.id for root in roots.values()}
    others = {
        item.source_observation_id
        for item in items
        if item.source_observation_id and item.source_trace_id in roots and item.source_observation_id not in seen
    }
    seen |= {each.id for each in gateway.observations(ids=sorted(others))}
    return frozenset(seen)


def _runs(gateway: Gateway, dataset: Dataset, at: datetime, deep: bool, left_out: list[str]) -> tuple[list[Run], bool]:
    since = at - RUNS_SINCE
    budget = None if deep else RUN_PAGES * 100
    runs: list[Run] = []
    complete = True
    try:
        experiments = list(islice(gateway.experiments(from_=since, dataset_id=dataset.id), None if deep else 100))
        for experiment in experiments:
            if budget is not None and budget < experiment.item_count:
                complete = False
                continue
            items = tuple(gateway.experiment_items(from_=since, experiment_id=experiment.id))
            if budget is not None:
                budget -= max(100, len(items))
            runs.append(Run(experiment=experiment, items=items, complete=True))
    except CuratorError as error:
        if error.exit_code == 3:
            raise
        left_out.append(f"runs ({error.code})")
        return runs, False
    if not complete:
        left_out.append(f"{len(experiments) - len(runs)} of {len(experiments)} runs (--deep looks at all)")
    return runs, complete
