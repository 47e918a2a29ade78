"""Gathers an audit's evidence in few requests: one per 100 items, one per 200 source traces, a bounded rest.

The items come as a stream, so that a large dataset never stands in memory with its content: a batch is read, examined
and forgotten but for its lineage.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from curator.audit.values import ById, Evidence, ItemFacts, Progress, Promoted, Run, silent, trace_of
from curator.gateway import Experiment, Gateway
from curator.journal import Journal, last_approvals
from curator.model import Dataset, Observation, StoredItem, parse_text
from curator.model.errors import UsageError
from curator.model.lineage import APPROVALS, APPROVED_BY, APPROVED_VIA, REQUIRED_KEYS, SOURCE_SESSION_ID
from curator.rulebook import LoadedRule

BATCH = 25
"""Items that are examined together."""
PAGE = 100
"""Items of one request."""
SOURCES = 200
"""Source traces of one request, at least."""
REST = 20
"""Requests that an audit may cost beyond items and source traces."""
READS_BY_ID = 8
"""Items read one by one (receipts that the list does not hold, suspects of doubled rows)."""
RECORDED_LIMIT = 300
"""Up to this many items the recorded outputs are fetched too, to tell weak expectations."""

KEPT = frozenset(
    {
        *REQUIRED_KEYS,
        *(SOURCE_SESSION_ID, APPROVED_BY, APPROVED_VIA, APPROVALS),
        *("source_environment", "schema_fingerprint", "case", "risk"),
    }
)
"""Metadata that checks and reports look at; the rest is forgotten after the examination."""


class Batch(NamedTuple):
    """Items to examine, with the recorded outputs of their sources by item id."""

    items: tuple[StoredItem, ...]
    recorded: Mapping[str, Any]


class Budget:
    """How many requests an audit may cost; `deep` lifts the bound."""

    def __init__(self, gateway: Gateway, deep: bool) -> None:
        self._gateway = gateway
        self._began = gateway.requests
        self.deep = deep
        self.limit = REST

    @property
    def spent(self) -> int:
        """Requests so far."""
        return self._gateway.requests - self._began

    def grant(self, items: int, sources: int) -> None:
        """Sets the bound for a dataset of that size."""
        self.limit = math.ceil(items / PAGE) + math.ceil(sources / SOURCES) + REST

    def allows(self, requests: int = 1) -> bool:
        """Whether that many more may be spent on something that an audit can do without."""
        return self.deep or self.spent + requests <= self.limit


class Gathering:
    """One audit's reading: first the items as a stream of batches, then everything about them."""

    def __init__(
        self,
        gateway: Gateway,
        journal: Journal | None,
        dataset_name: str,
        rule: LoadedRule | None,
        *,
        at: datetime,
        version: datetime | None = None,
        deep: bool = False,
        progress: Progress = silent,
    ) -> None:
        """Reads the dataset itself.

        `version` audits the dataset as it was then. `deep` fetches recorded outputs and runs without the usual bounds.
        Raises UsageError (DATASET_UNKNOWN), GatewayError.
        """
        self._gateway, self._journal, self._rule = gateway, journal, rule
        self._at, self._version, self._progress = at, version, progress
        self._budget = Budget(gateway, deep)
        self._unreadable = gateway.unreadable
        dataset = gateway.dataset(dataset_name)
        if dataset is None:
            raise UsageError(f"Langfuse has no dataset named {dataset_name!r}.", code="DATASET_UNKNOWN")
        self.dataset = dataset
        self._items: list[StoredItem] = []
        self._roots: dict[str, Observation] = {}
        self._left_out: list[str] = []
        self._pages = gateway.items(dataset.name, version=version)
        self.total = self._pages.total_items
        self._with_outputs = rule is not None and bool(rule.rule.checks) and (deep or self.total <= RECORDED_LIMIT)

    def batches(self) -> Iterator[Batch]:
        """Every listed row once, with the recorded output of its source where that is affordable.

        Raises GatewayError.
        """
        page: list[StoredItem] = []
        for item in self._pages:
            page.append(item)
            if len(page) == PAGE:
                yield from self._batches_of(page)
                page = []
        yield from self._batches_of(page)

    def _batches_of(self, page: Sequence[StoredItem]) -> Iterator[Batch]:
        outputs = self._read_roots(page) if self._with_outputs else {}
        for start in range(0, len(page), BATCH):
            part = page[start : start + BATCH]
            recorded = {item.id: outputs[trace] for item in part if (trace := trace_of(item)) in outputs}
            yield Batch(tuple(part), recorded)
        self._items += [_slim(item) for item in page]
        self._progress("items", len(self._items), self.total)

    def _read_roots(self, items: Sequence[StoredItem]) -> dict[str, object]:
        """Remembers the roots of the items' sources and returns their outputs by trace id."""
        wanted = sorted({trace for item in items if (trace := trace_of(item))})
        outputs = {}
        for root in self._gateway.observations(trace_ids=wanted, roots_only=True, io=True):
            self._keep_root(root)
            if self._roots[root.trace_id].id == root.id and root.output is not None:
                outputs[root.trace_id] = parse_text(root.output)
        return outputs

    def _keep_root(self, root: Observation) -> None:
        known = self._roots.get(root.trace_id)
        if known is None or (root.start_time, root.id) < (known.start_time, known.id):
            # Inputs and outputs are personal and large: nothing later needs them.
            self._roots[root.trace_id] = root.model_copy(update={"input": None, "output": None, "metadata": {}})

    def evidence(self, facts: Mapping[str, ItemFacts]) -> Evidence:
        """The evidence, when all batches have been examined. Raises GatewayError."""
        sources = sorted({trace for item in self._items if (trace := trace_of(item))})
        self._budget.grant(len(self._items), len(sources))
        self._read_missing_roots(sources)
        promoted = promoted_items(self._journal, self.dataset.name)
        uncounted = self._uncounted()
        by_id = {} if self._version else self._by_id(uncounted, promoted)
        observations = self._observations()
        retention = self._retention()
        runs, runs_complete = runs_of(
            self._gateway, self.dataset, self._version or self._at, self._budget.allows, self._left_out
        )
        if self._gateway.unreadable > self._unreadable:
            self._left_out.append(f"{self._gateway.unreadable - self._unreadable} rows that cannot be read")
        if self._rule is not None and self._rule.rule.checks and not self._with_outputs:
            self._left_out.append("whether recorded failures pass the checks (many items; --deep looks)")
        if self._version is not None:
            self._left_out.append("the past of source traces, rule and dataset schemas: they are as of today")
            self._left_out.append("what became of the items since then (REC001, REC002, CON002)")
        return Evidence(
            dataset=self.dataset,
            at=self._at,
            version=self._version,
            items=tuple(self._items),
            uncounted=uncounted,
            by_id=by_id,
            sources=self._roots,
            source_observations=observations,
            retention_days=retention,
            rule=self._rule,
            promoted=promoted,
            has_journal=bool(promoted),
            runs=tuple(runs),
            runs_complete=runs_complete,
            facts=dict(facts),
            not_looked_at=tuple(self._left_out),
        )

    def _read_missing_roots(self, sources: Sequence[str]) -> None:
        if not self._with_outputs:
            for root in self._gateway.observations(trace_ids=sources, roots_only=True):
                self._keep_root(root)
                self._progress("source traces", len(self._roots), len(sources))
        missing = [trace for trace in sources if trace not in self._roots]
        if not self._budget.allows(math.ceil(len(missing) / SOURCES)):
            self._left_out.append(f"whether {len(missing)} traces without a root hold anything else (--deep looks)")
            return
        # A trace may have lost its root: then its first observation stands in.
        for observation in self._gateway.observations(trace_ids=missing):
            self._keep_root(observation)

    def _uncounted(self) -> int:
        """How many rows the server counts and does not show; 0 when the dataset changed while it was read."""
        unreadable = self._gateway.unreadable - self._unreadable
        # Doubled rows of an id count each and show once: the sum gives them away.
        surplus = self.total - len({item.id for item in self._items}) - unreadable
        if surplus == 0 or self._version is not None:
            return max(0, surplus)
        if self._gateway.items(self.dataset.name, limit=1).total_items != self.total:
            self._left_out.append("whether every item is there once: the dataset changed while it was read")
            return 0
        return max(0, surplus)

    def _by_id(self, uncounted: int, promoted: Collection[str]) -> dict[str, ById | None]:
        most = None if self._budget.deep else READS_BY_ID
        return read_one_by_one(
            self._gateway, self._items, promoted, uncounted=uncounted, most=most, left_out=self._left_out
        )

    def _observations(self) -> frozenset[str] | None:
        seen = {root.id for root in self._roots.values()}
        others = sorted(
            {
                item.source_observation_id
                for item in self._items
                if item.source_observation_id and item.source_trace_id in self._roots
            }
            - seen
        )
        if not self._budget.allows(math.ceil(len(others) / SOURCES)):
            self._left_out.append("whether source observations exist (--deep looks)")
            return None
        return frozenset(seen | {each.id for each in self._gateway.observations(ids=others)})

    def _retention(self) -> int | None:
        """Days that traces are kept: what the server says of the project, else the dataset's own metadata."""
        days = self._gateway.project().retention_days
        if days is None and isinstance(self.dataset.metadata, dict):
            noted = self.dataset.metadata.get("retention_days")
            days = noted if isinstance(noted, int) and not isinstance(noted, bool) and noted > 0 else None
        return days


def _slim(item: StoredItem) -> StoredItem:
    kept = {key: value for key, value in item.lineage.items() if key in KEPT}
    return item.model_copy(update={"input": None, "expected_output": None, "metadata": kept})


# ── what stands beside the items: runs, receipts, rows that no list shows ───────────────────────────────────────────


SINCE = timedelta(days=365)
"""How far back runs count; Langfuse's list needs a beginning."""
EXPERIMENTS = 100


def runs_of(
    gateway: Gateway, dataset: Dataset, until: datetime, allows: Callable[[int], bool], left_out: list[str]
) -> tuple[list[Run], bool]:
    """Runs that started in the year before `until`, latest first, and whether these are all.

    One request per 100 items of a run; a run that `allows` does not grant is left out and said. Raises GatewayError.
    """
    since = until - SINCE
    experiments: list[Experiment] = []
    complete = True
    for experiment in gateway.experiments(from_=since, to=until, dataset_id=dataset.id):
        if len(experiments) == EXPERIMENTS and not allows(1):
            complete = False
            break
        experiments.append(experiment)
    runs = []
    for experiment in experiments:
        if not allows(max(1, math.ceil(experiment.item_count / PAGE))):
            continue
        items = tuple(gateway.experiment_items(from_=since, experiment_id=experiment.id))
        runs.append(Run(experiment=experiment, items=items))
    if len(runs) < len(experiments):
        complete = False
        left_out.append(f"{len(experiments) - len(runs)} of {len(experiments)} runs (--deep looks at all)")
    return runs, complete


def promoted_items(journal: Journal | None, dataset: str) -> dict[str, Promoted]:
    """Item id → its newest good promotion; without items that curator itself took back, archived or erased."""
    found: dict[str, Promoted] = {}
    for item_id, each in last_approvals(journal, dataset).items() if journal is not None else ():
        answer = each.promotion.answer
        found[item_id] = Promoted(
            receipt=each.receipt,
            written=None if answer is None or each.restored_at is not None else answer.updated_at,
            touched=each.restored_at or each.receipt.at,
        )
    return found


def read_one_by_one(
    gateway: Gateway,
    items: Sequence[StoredItem],
    promoted: Collection[str],
    *,
    uncounted: int,
    most: int | None,
    left_out: list[str],
) -> dict[str, ById | None]:
    """Item id → what reading it by id shows, for `most` items at most (None: for all that it takes); None: not there.

    The list shows the newest row of a doubled id, reading by id an older one. When the server counts `uncounted` rows
    more than there are ids, items are read, the newest first, until these rows are found. Raises GatewayError.
    """
    dataset_id = items[0].dataset_id if items else None
    versions: dict[str, set[datetime]] = defaultdict(set)
    for item in items:
        versions[item.id].add(item.updated_at)
    absent = [item_id for item_id in promoted if item_id not in versions]
    found: dict[str, ById | None] = {}
    for item_id in absent[:most]:
        stored = gateway.item(item_id)
        here = stored is not None and dataset_id in (None, stored.dataset_id)
        found[item_id] = ById(status=stored.status, updated_at=stored.updated_at) if stored and here else None
    if len(found) < len(absent):
        left_out.append(
            f"{len(absent) - len(found)} of {len(absent)} promoted items that are not listed (--deep looks)"
        )
    missing = uncounted - sum(len(each) - 1 for each in versions.values())
    suspects = [item_id for item_id, each in versions.items() if len(each) == 1] if missing > 0 else []
    for position, item_id in enumerate(suspects):
        if missing <= 0:
            break
        if most is not None and len(found) >= most:
            left_out.append(f"{len(suspects) - position} items that may be current more than once (--deep looks)")
            break
        stored = gateway.item(item_id)
        found[item_id] = None if stored is None else ById(status=stored.status, updated_at=stored.updated_at)
        missing -= stored is not None and stored.updated_at < max(versions[item_id])
    return found
