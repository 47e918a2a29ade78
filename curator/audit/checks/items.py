"""LIN, CON, SCH, PII, EXP, RUL: where one item comes from, and what stands in it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial

from curator.audit.values import Evidence, Found, time_of, trace_of
from curator.draft import schema_fingerprint
from curator.model import StoredItem
from curator.model.lineage import APPROVALS, APPROVED_BY, APPROVED_VIA, REQUIRED_KEYS, REVIEWED_FAILURE, fingerprint

# ── LIN: where an item comes from, and who approved it ──────────────────────────────────────────────────────────────


REVIEW_LAG = timedelta(days=14)
"""A trace is older than its review: retention may have taken it that much earlier than the approval lets one think."""


def gone_sources(evidence: Evidence) -> Iterator[tuple[StoredItem, str]]:
    """Items whose source trace has no observation, with the trace id."""
    for item in evidence.distinct():
        trace_id = trace_of(item)
        if trace_id is not None and trace_id not in evidence.sources:
            yield item, trace_id


def is_past_retention(evidence: Evidence, item: StoredItem) -> bool:
    """Whether the retention period explains that the source is gone.

    It does when the item was approved before the period began, give or take the time between a trace and its review.
    """
    approved = time_of(item.lineage.get("approved_at"))
    if not evidence.retention_days or approved is None:
        return False
    return evidence.at - approved > timedelta(days=evidence.retention_days) - REVIEW_LAG


def was_seen(evidence: Evidence, item: StoredItem) -> bool:
    """Whether something proves that the source once existed: a receipt, or the lineage that curator read from it."""
    return item.id in evidence.promoted or bool(item.lineage.get("curator_version"))


def lineage_missing(evidence: Evidence) -> Iterator[Found]:
    for item in evidence.distinct():
        if not item.lineage.get("source"):
            yield item.id, "nothing says why this item exists: its metadata names no source"


def lineage_incomplete(evidence: Evidence) -> Iterator[Found]:
    for item in evidence.distinct():
        lineage = item.lineage
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
    for item, lineage, rule in evidence.ruled():
        names, needed = lineage.get(APPROVALS), rule.lineage.approvals
        people = len(names) if isinstance(names, list) else 1 if lineage.get(APPROVED_BY) else 0
        if lineage.get("source") == REVIEWED_FAILURE and people < needed > 1:
            yield item.id, f"was approved by {people} of the {needed} people that the rule asks for"


# ── CON: what stands there is not what was approved, or not by today's rule ─────────────────────────────────────────


SHOWN = 8


def content(evidence: Evidence) -> Iterator[Found]:
    for item, facts in evidence.examined():
        approved = item.lineage.get("fingerprints")
        changed = [
            name
            for name, now in (("input", facts.input_fingerprint), ("expected_output", facts.expected_fingerprint))
            if isinstance(approved, dict) and now is not None and approved.get(name) not in (None, now)
        ]
        if changed or facts.content_changes:
            yield item.id, f"{' and '.join(changed) or 'content'} changed after approval{_named(facts.content_changes)}"


def lineage(evidence: Evidence) -> Iterator[Found]:
    for item, facts in evidence.examined():
        if facts.lineage_changes:
            yield item.id, f"lineage changed after approval{_named(facts.lineage_changes)}"


def _named(changes: Sequence[str]) -> str:
    more = f" and {len(changes) - SHOWN} more" if len(changes) > SHOWN else ""
    return f": {'; '.join(changes[:SHOWN])}{more}" if changes else ""


CLOCK_TOLERANCE = timedelta(seconds=5)
"""How far the server's clock may be ahead of this machine's before a write counts as a later one."""


def edited_outside(evidence: Evidence) -> Iterator[Found]:
    if evidence.version is not None:
        return
    for item in evidence.distinct():
        promoted = evidence.promoted.get(item.id)
        if promoted is None:
            continue
        # The server's own time of curator's write is exact; without a write only this machine's clock is known.
        latest = promoted.written or promoted.touched + CLOCK_TOLERANCE
        if item.updated_at > latest:
            yield item.id, f"written again at {item.updated_at:%Y-%m-%d %H:%M}, after curator had verified it"


def rule_older(evidence: Evidence) -> Iterator[Found]:
    for item, lineage, rule in evidence.ruled():
        version = lineage.get("rule_version")
        if lineage.get("rule") == rule.rule and isinstance(version, int) and version < rule.version:
            yield item.id, f"approved under version {version} of rule {rule.rule}, which is at version {rule.version}"


def schema_older(evidence: Evidence) -> Iterator[Found]:
    today = schema_fingerprint(evidence.rule) if evidence.rule is not None else None
    for item, lineage, rule in evidence.ruled():
        if lineage.get("rule") == rule.rule and lineage.get("schema_fingerprint") not in (None, today):
            yield item.id, "the rule's schemas are not those under which it was approved"


# ── SCH: content and schemas disagree ───────────────────────────────────────────────────────────────────────────────


def _schema(half: str, evidence: Evidence) -> Iterator[Found]:
    for item, facts in evidence.examined():
        for problem in facts.schema_problems:
            if problem.startswith(half):
                yield item.id, problem


input_schema = partial(_schema, "input")
expected_output_schema = partial(_schema, "expected_output")


def dataset_schema(evidence: Evidence) -> Iterator[Found]:
    if evidence.rule is None:
        return
    for name, at_server, of_rule in (
        ("input", evidence.dataset.input_schema, evidence.rule.input_schema),
        ("expected output", evidence.dataset.expected_output_schema, evidence.rule.expected_output_schema),
    ):
        if at_server is None:
            yield None, f"the dataset enforces no {name} schema, the rule has one"
        elif fingerprint(at_server) != fingerprint(of_rule):
            yield None, f"the dataset enforces another {name} schema than the rule"


# ── PII: personal values and secrets ────────────────────────────────────────────────────────────────────────────────


def personal_values(evidence: Evidence) -> Iterator[Found]:
    for item, facts in evidence.examined():
        if facts.unscrubbed:
            yield item.id, f"could not be scrubbed: {facts.unscrubbed}"
        if facts.personal:
            yield item.id, _finds(facts.personal)


def secrets(evidence: Evidence) -> Iterator[Found]:
    for item, facts in evidence.examined():
        if facts.secrets:
            yield item.id, _finds(facts.secrets)


def _finds(found: Mapping[str, int]) -> str:
    return f"the scrub of today finds {', '.join(f'{count} {entity}' for entity, count in sorted(found.items()))}"


# ── EXP: expectations that protect nothing ──────────────────────────────────────────────────────────────────────────


def empty_expectation(evidence: Evidence) -> Iterator[Found]:
    for item, facts in evidence.examined():
        if facts.empty_expectation:
            yield item.id, "the expected output demands nothing"


def weak_expectation(evidence: Evidence) -> Iterator[Found]:
    for item, facts in evidence.examined():
        if facts.recorded_passes and not facts.empty_expectation:
            yield item.id, "the failing output that it was made from passes every check of the rule"


# ── RUL: lineage in words that the rule does not know ───────────────────────────────────────────────────────────────


def failure_type_unknown(evidence: Evidence) -> Iterator[Found]:
    for item, lineage, rule in evidence.ruled():
        if lineage.get("failure_type") not in (None, *rule.lineage.failure_types):
            yield item.id, "its failure type is none of the rule's"


def rubric_unknown(evidence: Evidence) -> Iterator[Found]:
    for item, lineage, rule in evidence.ruled():
        if lineage.get("rubric") not in (None, rule.lineage.rubric):
            yield item.id, "was approved under another rubric than the rule's"


def reviewer_unknown(evidence: Evidence) -> Iterator[Found]:
    for item, lineage, rule in evidence.ruled():
        if rule.lineage.reviewers and lineage.get("reviewer") not in (None, *rule.lineage.reviewers):
            yield item.id, "was approved by somebody whom the rule does not name as a reviewer"
