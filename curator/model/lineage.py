"""Identity and lineage: stable ids, fingerprints, and the metadata that says why an item exists."""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import JsonValue

from curator import __version__
from curator.model import Item, Rule, ScrubbedDraft, Signal, StoredItem, canonical

# The first five are the keys of the order-status article and stay as they are.
SOURCE = "source"
SOURCE_TRACE_ID = "source_trace_id"
SOURCE_OBSERVATION_ID = "source_observation_id"
"""Only on an item of an observation that was reviewed by itself."""
SOURCE_SESSION_ID = "source_session_id"
FAILURE_TYPE = "failure_type"
RUBRIC = "rubric"
REVIEWED_FAILURE = "reviewed-failure"
"""The value of `source` on items that curator promoted."""

REQUIRED_KEYS = (
    SOURCE,
    SOURCE_TRACE_ID,
    FAILURE_TYPE,
    RUBRIC,
    "signals",
    "reviewer",
    "approved_at",
    "source_policy",
    "rule",
    "rule_version",
    "scrub",
    "fingerprints",
    "curator_version",
)
"""Lineage keys without which an item's origin cannot be told; the audit checks each."""

PREPARED_BY = "prepared_by"
"""Who or what made the draft that a person approved; absent when the approver made it."""
APPROVED_BY = "approved_by"
"""The person who approved: somebody at a terminal, or a reviewer whom config or environment name. A login name under
which a script runs is none."""
APPROVED_VIA = "approved_via"
"""`terminal`, `script` or `files` (a reviewed folder that was pushed back)."""

APPROVALS = "approvals"
"""The people who approved it, where the rule asks for several."""

DIGEST = "digest"
"""Metadata key of the digest over everything that was approved."""

RANDOM_ID = re.compile(r"[0-9a-f]{8,}(-[0-9a-f]{4,})*")
"""Ids that machines draw: hexadecimal digits, UUIDs."""

MAX_ID = 255
"""Langfuse refuses longer item ids."""


def slug(name: str) -> str:
    """A readable, URL-safe form of a dataset name: `a/b c` → `a-b-c`; at most 60 characters; never empty."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_name.lower()).strip("-")[:60].strip("-") or "item"


def item_id(dataset: str, trace_id: str, observation_id: str | None, case: str = "1", attempt: int = 1) -> str:
    """The deterministic id of an item: a function of dataset, source trace, source observation, case and attempt.

    `order-status-regression-4bf92f3577b3-1-9d1c0a2b7e44`: the dataset's slug, the head of the trace id, the case, and a
    digest over everything, because ids are unique per Langfuse *project*, across datasets. `attempt` counts up when an
    id is owned by another dataset or tombstoned. At most 255 characters of `[A-Za-z0-9._-]`.
    """
    whole = canonical([dataset, trace_id, observation_id, case, attempt])
    digest = hashlib.sha256(whole.encode()).hexdigest()[:12]
    head = re.sub(r"[^A-Za-z0-9]", "", trace_id)[:12] or "trace"
    readable_case = re.sub(r"[^A-Za-z0-9_-]+", "-", case).strip("-")[:40] or "case"
    return f"{slug(dataset)}-{head}-{readable_case}-{digest}"[:MAX_ID]


def is_own_id(
    value: str, dataset: str, trace_id: str, observation_id: str | None, case: str, attempts: int = 5
) -> bool:
    """Whether an id is the one that curator derives for that source (any of the first attempts)."""
    return any(value == item_id(dataset, trace_id, observation_id, case, n) for n in range(1, attempts + 1))


def reviewed_observation(item: Any) -> str | None:
    """The observation that was reviewed by itself and became this item; None for a whole trace."""
    found = item.metadata.get(SOURCE_OBSERVATION_ID) if isinstance(item.metadata, dict) else None
    return found if isinstance(found, str) else None


def fingerprint(value: object) -> str:
    """sha256 (hex) of the canonical JSON of a value."""
    return hashlib.sha256(canonical(value).encode("utf-8", "surrogatepass")).hexdigest()


def fingerprints(input: object, expected_output: object) -> dict[str, JsonValue]:
    """Those of what is approved, as lineage names them."""
    return {"input": fingerprint(input), "expected_output": fingerprint(expected_output)}


def draft_metadata(
    rule: Rule,
    *,
    trace_id: str,
    session_id: str | None,
    environment: str | None,
    signals: Sequence[Signal],
    failure_type: str | None,
    schema_fingerprint: str,
) -> dict[str, JsonValue]:
    """The lineage that is known before the scrub; it passes the scrub like everything else.

    `signals` is a list of `{kind, name, value, source, annotator, comment}` without empty entries.
    """
    metadata: dict[str, JsonValue] = {
        SOURCE: REVIEWED_FAILURE,
        SOURCE_TRACE_ID: trace_id,
        SOURCE_SESSION_ID: session_id,
        "source_environment": environment,
        FAILURE_TYPE: failure_type,
        RUBRIC: rule.lineage.rubric,
        "risk": rule.lineage.risk,
        "signals": [_signal(signal) for signal in signals],
        "source_policy": rule.lineage.source_policy,
        "rule": rule.rule,
        "rule_version": rule.version,
        "schema_fingerprint": schema_fingerprint,
    }
    return {key: value for key, value in metadata.items() if value is not None}


def to_item(scrubbed: ScrubbedDraft, *, reviewer: str, approved_at: datetime, attempt: int = 1) -> Item:
    """The item to write: the scrubbed content with the complete lineage.

    `attempt` > 1 takes the next deterministic id and says so in lineage. `approved_at` needs an offset.
    """
    draft = scrubbed.draft
    identity = draft.item_id
    if attempt > 1:
        identity = item_id(draft.dataset, draft.trace_id, draft.observation_id, draft.case, attempt)
    summary = scrubbed.summary
    metadata: dict[str, JsonValue] = {
        **scrubbed.metadata,
        # The trace id is Langfuse's own random id, never a personal value: lineage needs it whole.
        SOURCE_TRACE_ID: draft.trace_id,
        **({} if draft.reviewed_id is None else {SOURCE_OBSERVATION_ID: draft.reviewed_id}),
        "case": draft.case,
        "reviewer": reviewer,
        "approved_at": approved_at.isoformat(timespec="seconds"),
        "scrub": {
            "replaced": dict(sorted(summary.replaced.items())),
            "kept": dict(sorted(summary.kept.items())),
            **({"kept_at": {path: dict(kept) for path, kept in summary.kept_at.items()}} if summary.kept_at else {}),
            "reasons": list(summary.reasons),
            "model": summary.model,
        },
        "fingerprints": fingerprints(scrubbed.input, scrubbed.expected_output),
        "curator_version": __version__,
    }
    if attempt > 1:
        metadata["id_attempt"] = attempt
    return Item(
        id=identity,
        dataset=draft.dataset,
        input=scrubbed.input,
        expected_output=scrubbed.expected_output,
        metadata=metadata,
        source_trace_id=draft.trace_id,
        source_observation_id=draft.observation_id,
    )


def approval_digest(item: Item | StoredItem) -> str:
    """One sha256 over everything that was approved: id, dataset, status, source ids, content, all other metadata.

    Changing any field changes it. An item written by `sealed` holds it in its metadata, so that another machine can
    tell; who recomputes it after a change is found out by the receipt or by a ledger that a team keeps.
    """
    metadata = item.metadata
    if isinstance(metadata, dict):
        metadata = {key: value for key, value in metadata.items() if key != DIGEST}
    sources = [item.source_trace_id or None, item.source_observation_id or None]  # a cleared id is stored as ""
    return fingerprint([item.id, item.dataset, item.status, *sources, item.input, item.expected_output, metadata])


def sealed(item: Item) -> Item:
    """The item with its digest in its lineage; one without lineage (a rule's seed item) stays as it is."""
    if "fingerprints" not in item.metadata:
        return item
    return item.model_copy(update={"metadata": item.metadata | {DIGEST: approval_digest(item)}})


def content_fingerprint(item: Any) -> str:
    """One fingerprint over what a reviewer approved: input and expected output (of an Item or a StoredItem)."""
    return fingerprint([item.input, item.expected_output])


def _signal(signal: Signal) -> JsonValue:
    entry = {name: getattr(signal, name) for name in ("kind", "name", "value", "source", "annotator", "comment")}
    return {key: value for key, value in entry.items() if value is not None}
