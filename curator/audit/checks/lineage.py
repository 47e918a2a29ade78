"""LIN: where an item comes from, and who approved it."""

from collections.abc import Iterator

from curator.audit.sources import gone_sources, is_past_retention, was_seen
from curator.audit.values import AuditCheck, Evidence, Found, trace_of
from curator.model.lineage import APPROVED_BY, APPROVED_VIA, REQUIRED_KEYS, REVIEWED_FAILURE


def lineage_missing(evidence: Evidence) -> Iterator[Found]:
    for item in evidence.distinct():
        if not evidence.lineage(item).get("source"):
            yield item.id, "nothing says why this item exists: its metadata names no source"


def lineage_incomplete(evidence: Evidence) -> Iterator[Found]:
    for item in evidence.distinct():
        lineage = evidence.lineage(item)
        # Seed items are written by a rule, not by a review: they have no reviewer and no signals.
        if lineage.get("source") != REVIEWED_FAILURE:
            continue
        missing = [key for key in REQUIRED_KEYS if lineage.get(key) is None]
        if missing:
            yield item.id, f"lineage lacks {', '.join(missing)}"


def source_expired(evidence: Evidence) -> Iterator[Found]:
    for item, trace_id in gone_sources(evidence):
        if is_past_retention(evidence, item):
            yield (
                item.id,
                f"source trace {trace_id} is gone, as the retention of {evidence.retention_days} days explains",
            )


def source_missing(evidence: Evidence) -> Iterator[Found]:
    for item, trace_id in gone_sources(evidence):
        if is_past_retention(evidence, item):
            continue
        if was_seen(evidence, item):
            yield item.id, f"source trace {trace_id} was there when the item was approved and is gone before its time"
        else:
            yield item.id, f"source trace {trace_id} is not in this project, and nothing shows that it ever was"


def source_observation_missing(evidence: Evidence) -> Iterator[Found]:
    seen = evidence.source_observations
    for item in evidence.distinct() if seen is not None else ():
        observation_id, trace_id = item.source_observation_id, item.source_trace_id
        if observation_id and trace_id in evidence.sources and seen is not None and observation_id not in seen:
            yield item.id, f"trace {trace_id} exists but holds no observation {observation_id}"


def source_elsewhere(evidence: Evidence) -> Iterator[Found]:
    paths = evidence.rule.rule.scrub.paths if evidence.rule is not None else ()
    treated = {path.path.rpartition(".")[2] for path in paths}
    for item, lineage in evidence.ours():
        if item.source_trace_id and lineage.get("source_trace_id") not in (None, item.source_trace_id):
            yield item.id, "metadata and Langfuse's own field name different source traces"
            continue
        root = evidence.sources.get(trace_of(item) or "")
        if root is None:
            continue
        for key, actual in (("source_session_id", root.session_id), ("source_environment", root.environment)):
            recorded = lineage.get(key)
            # A session id that held a personal value was replaced by the scrub: nothing to compare.
            replaced = not isinstance(recorded, str) or "<" in recorded or key in treated
            if not replaced and recorded != (actual or ""):
                yield item.id, f"{key} is not what the source trace says today"


def no_person(evidence: Evidence) -> Iterator[Found]:
    for item, lineage in evidence.ours():
        # Items of a curator that did not record it say nothing either way.
        if APPROVED_VIA in lineage and not lineage.get(APPROVED_BY):
            yield item.id, f"was approved by no person, only by way of a {lineage[APPROVED_VIA]}"


CHECKS = (
    AuditCheck(
        code="LIN001",
        severity="error",
        title="no lineage",
        remedy="Find out where the case came from and adopt it (`curator audit DATASET --fix adopt`), or archive it.",
        look=lineage_missing,
    ),
    AuditCheck(
        code="LIN002",
        severity="warning",
        title="lineage is incomplete",
        remedy="Backfill it from the source trace (`curator audit DATASET --fix backfill`).",
        look=lineage_incomplete,
    ),
    AuditCheck(
        code="LIN003",
        severity="info",
        title="source trace is past retention",
        remedy="Nothing: this is what retention is for. The lineage metadata is now the only record; keep it.",
        look=source_expired,
    ),
    AuditCheck(
        code="LIN004",
        severity="error",
        title="source trace does not exist",
        remedy="Deleted on request? Then the item may have to go too (`curator erase`). Else check trace"
        " id and project.",
        look=source_missing,
    ),
    AuditCheck(
        code="LIN005",
        severity="warning",
        title="source observation does not exist",
        remedy="Check the observation id; promote the case again from the trace if it matters.",
        look=source_observation_missing,
    ),
    AuditCheck(
        code="LIN006",
        severity="error",
        title="source is not the one recorded",
        remedy="Compare the trace with the recorded session and environment; correct the lineage or archive the item.",
        look=source_elsewhere,
    ),
    AuditCheck(
        code="LIN007",
        severity="warning",
        title="no person approved it",
        remedy="Have somebody look at it and promote it again in `curator` or at a terminal.",
        look=no_person,
    ),
)
