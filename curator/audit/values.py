"""What an audit knows and says."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, Literal, NamedTuple

from curator.gateway.values import Experiment, ExperimentItem
from curator.model import Dataset, Observation, Receipt, Rule, StoredItem, Value
from curator.rulebook import LoadedRule

Severity = Literal["info", "warning", "error"]
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "error")


UNKNOWN = "unknown"
"""Stands in reports for what lineage does not say."""
BACKFILLED = "backfilled"
"""Lineage key: names the keys that were not recorded when the item was approved."""
RESCRUBBED = "rescrubbed_at"
"""Lineage key: when values were replaced after the approval; who did it, the ledger knows."""


class AuditFinding(Value):
    """One thing that is not as it should be. Holds ids, paths, names and counts; never text of an item."""

    code: str
    severity: Severity
    item_id: str | None
    """None for the dataset as a whole."""
    message: str
    remedy: str


class ItemFacts(Value):
    """What one item's content says by itself: found by CPU work, on any worker, without the server."""

    item_id: str
    input_fingerprint: str | None = None
    """None when the item could not be examined."""
    expected_fingerprint: str | None = None
    input_text: str = ""
    """The input's texts in one line, cut, for near-duplicates; never reported."""
    schema_problems: tuple[str, ...] = ()
    """`input.region must be one of eu, us`: paths and rules, never values."""
    personal: dict[str, int] = {}
    """Entity → count of personal values found today."""
    secrets: dict[str, int] = {}
    """Entity → count of secrets found today."""
    unscrubbed: str | None = None
    """Why the scrub could not look at it, or None."""
    empty_expectation: bool = False
    labels: dict[str, str] = {}
    """Names from outside (ids, failure types) that hold personal values → what a report may print instead."""
    content_changes: tuple[str, ...] = ()
    """What of input and expected output is not as a receipt or a ledger says it was approved: path, old and new value;
    new values with findings are named by their kind."""
    lineage_changes: tuple[str, ...] = ()
    """The same of metadata, source ids and dataset."""
    recorded_passes: bool | None = None
    """Whether the recorded failing output passes the rule's checks; None when it was not looked at."""


class Run(Value):
    """One experiment over the dataset, with all its items."""

    experiment: Experiment
    items: tuple[ExperimentItem, ...]


class ById(Value):
    """What reading an item by its id showed."""

    status: str
    updated_at: datetime


class Promoted(Value):
    """What this machine's journal knows of an item that it promoted."""

    receipt: Receipt
    """The newest receipt whose verdict was good and that was not taken back."""
    written: datetime | None = None
    """The server's time of the write behind it; None when the item was found as it should be."""
    touched: datetime
    """This machine's time of the receipt, or of the undo that brought this state back."""


class Evidence(Value):
    """Everything that the checks look at, gathered once. Checks are pure functions of it."""

    dataset: Dataset
    at: datetime
    """The time of the audit."""
    version: datetime | None
    """The state of the dataset that is audited; None for now."""
    items: tuple[StoredItem, ...]
    """As listed: active items, newest first, without input and expected output (see `facts`); an id may occur twice."""
    uncounted: int = 0
    """How many rows the server counts and does not show: ids with several current rows."""
    by_id: dict[str, ById | None] = {}
    """Items that were read by id: those of receipts that the list does not hold, and suspects of doubled rows."""
    sources: dict[str, Observation] = {}
    """Source trace id → its root observation, without input and output."""
    source_observations: frozenset[str] | None = frozenset()
    """Ids of source observations that were seen; None when nobody looked."""
    retention_days: int | None = None
    rule: LoadedRule | None = None
    promoted: dict[str, Promoted] = {}
    """Item id → what this machine's journal knows of it."""
    has_journal: bool = False
    """False when this machine holds no receipt of the dataset at all: then receipts prove nothing."""
    runs: tuple[Run, ...] = ()
    runs_complete: bool = True
    """False when not every run could be looked at within the budget."""
    facts: dict[str, ItemFacts] = {}
    not_looked_at: tuple[str, ...] = ()
    """In words: what the audit left out and why."""
    requests: int = 0
    """HTTP requests that the evidence cost."""

    @property
    def moment(self) -> datetime:
        """The time as of which the dataset is judged."""
        return self.version or self.at

    def ours(self) -> Iterator[tuple[StoredItem, Mapping[str, Any]]]:
        """The items that say where they came from, with their lineage; once per id."""
        for item in self.distinct():
            if item.lineage.get("source") and trace_of(item):
                yield item, item.lineage

    def ruled(self) -> Iterator[tuple[StoredItem, Mapping[str, Any], Rule]]:
        """The same with the rule that they are held against; none without a rule."""
        if self.rule is not None:
            yield from ((item, lineage, self.rule.rule) for item, lineage in self.ours())

    def examined(self) -> Iterator[tuple[StoredItem, ItemFacts]]:
        """The items whose content was looked at, with what it says; once per id."""
        yield from ((item, self.facts[item.id]) for item in self.distinct() if item.id in self.facts)

    def distinct(self) -> Iterator[StoredItem]:
        """Each id once: the first row that the list shows."""
        seen: set[str] = set()
        for item in self.items:
            if item.id not in seen:
                seen.add(item.id)
                yield item


def trace_of(item: StoredItem) -> str | None:
    """The source trace id that Langfuse's own field names, else the one of the metadata."""
    return item.source_trace_id or item.says("source_trace_id") or None


def time_of(value: object) -> datetime | None:
    """A time as lineage records it (ISO 8601 with offset); None for anything else."""
    try:
        time = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return time if time.tzinfo is not None else None


def signal_names(signals: object) -> list[str]:
    """Names of the signals that lineage records, each once."""
    if not isinstance(signals, list):
        return []
    return sorted({str(each.get("name")) for each in signals if isinstance(each, dict) and each.get("name")})


Found = tuple[str | None, str]
"""(item id or None for the dataset, message)."""


Finder = Callable[[Evidence], Iterator[Found]]
"""What a check finds: a pure function of the evidence."""


class AuditCheck(NamedTuple):
    """One check: a stable code with a help page, a severity, a remedy, and a pure function of the evidence."""

    code: str
    severity: Severity
    title: str
    remedy: str
    find: Finder


class Excuse(Value):
    """An item whose failure does not shut the gate, until a day."""

    item_id: str
    state: Literal["known", "quarantined"]
    until: date
    owner: str | None
    expired: bool

    def __str__(self) -> str:
        who = f", {self.owner} mends it" if self.owner else ""
        over = ": over, it shuts the gate again" if self.expired else ""
        return f"{self.item_id}: {self.state} until {self.until}{who}{over}"


class AuditReport(Value):
    """The result of an audit; deterministic for the same state of server, journal, rule and time."""

    dataset: str
    version: datetime | None
    at: datetime
    items: int
    rule: str | None
    findings: tuple[AuditFinding, ...]
    checks: tuple[str, ...]
    """Codes of the checks that were made."""
    not_looked_at: tuple[str, ...] = ()
    excused: tuple[Excuse, ...] = ()
    """Known and quarantined items; the others decide a release."""
    coverage: tuple[str, ...] = ()
    """When it was asked for: groups of recent failures that no item protects against, and items gone quiet."""
    failure_types: dict[str, int] = {}
    reviewers: dict[str, int] = {}
    signals: dict[str, int] = {}
    """Signal name → number of items that it brought here."""
    flows: dict[str, dict[str, int]] = {}
    """Signal name → failure type → number of items that came that way."""
    ages: dict[str, int] = {}
    """Age since approval in words → number of items."""
    requests: int = 0

    @property
    def summary(self) -> dict[str, int]:
        """Number of findings per severity."""
        return {s: sum(f.severity == s for f in self.findings) for s in SEVERITIES}

    def fails(self, at_least: Severity) -> bool:
        """Whether a finding of that severity or a worse one exists."""
        limit = SEVERITIES.index(at_least)
        return any(SEVERITIES.index(f.severity) >= limit for f in self.findings)


Progress = Callable[[str, int, int], None]
"""(what, done, of how many)."""


def silent(what: str, done: int, total: int) -> None:
    """The progress that nobody hears."""
