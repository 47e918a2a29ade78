"""DUP, IDN, REC, RUN: what items, receipts and runs say when they are held against each other."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime

from curator.audit.values import Evidence, Found, ItemFacts, Run, time_of
from curator.draft import Texts
from curator.model import StoredItem
from curator.model.lineage import REVIEWED_FAILURE, is_own_id
from curator.model.rule import GateScore

# ── DUP: items that are the same, nearly the same, or contradict each other ─────────────────────────────────────────


def oldest_first(evidence: Evidence) -> list[StoredItem]:
    """Each item once: those that say where they came from first, then by approval. Of two alike the first is right."""

    def rank(item: StoredItem) -> tuple[bool, float, str]:
        lineage = item.lineage
        approved = time_of(lineage.get("approved_at"))
        return not lineage.get("source"), approved.timestamp() if approved else math.inf, item.id

    return sorted(evidence.distinct(), key=rank)


def exact_duplicates(evidence: Evidence) -> Iterator[tuple[StoredItem, StoredItem]]:
    """(original, duplicate) for every item whose input and expected output an earlier one has too."""
    first: dict[tuple[str, str], StoredItem] = {}
    for item, input_, expected in _fingerprinted(evidence):
        original = first.setdefault((input_, expected), item)
        if original is not item:
            yield original, item


def contradictions(evidence: Evidence) -> Iterator[tuple[StoredItem, StoredItem]]:
    """(first, other) for every expectation that differs from the first one of the same input; each once."""
    by_input: dict[str, dict[str, StoredItem]] = defaultdict(dict)
    for item, input_, expected in _fingerprinted(evidence):
        known = by_input[input_]
        if known and expected not in known:
            yield next(iter(known.values())), item
        known.setdefault(expected, item)


def _fingerprinted(evidence: Evidence) -> Iterator[tuple[StoredItem, str, str]]:
    for item in oldest_first(evidence):
        facts = evidence.facts.get(item.id)
        if facts is not None and facts.input_fingerprint and facts.expected_fingerprint:
            yield item, facts.input_fingerprint, facts.expected_fingerprint


def exact_duplicate(evidence: Evidence) -> Iterator[Found]:
    for original, other in exact_duplicates(evidence):
        yield other.id, f"same input and expected output as {original.id}"


def near_duplicate(evidence: Evidence) -> Iterator[Found]:
    # An input that was there before is an exact duplicate or a contradiction.
    by_input: dict[str | None, ItemFacts] = {}
    for item in oldest_first(evidence):
        if (facts := evidence.facts.get(item.id)) is not None and facts.input_text:
            by_input.setdefault(facts.input_fingerprint, facts)
    distinct = list(by_input.values())
    for one, other, likeness in Texts([each.input_text for each in distinct]).near_pairs():
        yield distinct[other].item_id, f"its input is {100 * likeness:.0f} % like that of {distinct[one].item_id}"


def contradiction(evidence: Evidence) -> Iterator[Found]:
    for first, other in contradictions(evidence):
        yield other.id, f"same input as {first.id}, but another expected output: no candidate can satisfy both"


# ── IDN: ids that are not curator's own, or current more than once ──────────────────────────────────────────────────


def foreign_id(evidence: Evidence) -> Iterator[Found]:
    pinned = set(evidence.rule.rule.id.pin.values()) if evidence.rule else set()
    seeds = {seed.id for seed in evidence.rule.rule.seed} if evidence.rule else set()
    for item, lineage in evidence.ours():
        if item.id in pinned or item.id in seeds or lineage.get("source") != REVIEWED_FAILURE:
            continue
        trace_id = str(lineage.get("source_trace_id") or item.source_trace_id)
        case = str(lineage.get("case", "1"))
        if not is_own_id(item.id, evidence.dataset.name, trace_id, item.source_observation_id, case):
            yield item.id, "the id is neither derived from its source nor pinned by the rule"


def doubled_rows(evidence: Evidence) -> Iterator[Found]:
    # A page that shifts while it is read shows the very same row again: only different versions are several rows.
    versions: dict[str, set[datetime]] = defaultdict(set)
    for item in evidence.items:
        versions[item.id].add(item.updated_at)
    found = 0
    for item in evidence.distinct():
        rows = len(versions[item.id])
        by_id = evidence.by_id.get(item.id)
        if rows > 1:
            found += rows - 1
            yield item.id, f"{rows} rows of this id are current at once"
        elif by_id is not None and by_id.updated_at < item.updated_at:
            found += 1
            yield item.id, "the list shows a newer row of this id than reading it by id does"
    left = evidence.uncounted - found
    if left > 0:
        yield None, f"the server counts {left} more rows than ids: some ids are current more than once"


# ── REC: receipts and items that lack each other ────────────────────────────────────────────────────────────────────


def archived_receipt(evidence: Evidence) -> Iterator[Found]:
    listed = {item.id for item in evidence.items}
    for item_id in sorted(evidence.promoted.keys() - listed):
        stored = evidence.by_id.get(item_id)
        if stored is not None and stored.status == "ARCHIVED":
            yield item_id, "is ARCHIVED: no experiment runs it"


def receipt_without_item(evidence: Evidence) -> Iterator[Found]:
    listed = {item.id for item in evidence.items}
    for item_id in sorted(evidence.promoted.keys() - listed):
        if item_id in evidence.by_id and evidence.by_id[item_id] is None:
            yield item_id, "was promoted and verified, and does not exist any more"


def item_without_receipt(evidence: Evidence) -> Iterator[Found]:
    if not evidence.has_journal:
        return
    for item, lineage in evidence.ours():
        if lineage.get("curator_version") and item.id not in evidence.promoted:
            yield item.id, "says that curator wrote it, but this machine's journal holds no receipt"


# ── RUN: what experiments ran, and how ──────────────────────────────────────────────────────────────────────────────


MIN_RUNS = 2
"""One run alone says nothing about an item."""


def verdicts(evidence: Evidence) -> dict[str, list[bool]]:
    """Item id → passed or not, per run that scored it with every required score of the rule.

    Without a rule, every numeric or boolean score counts and must be at least 1. An errored item failed.
    """
    required: dict[str, GateScore] = {}
    if evidence.rule is not None:
        required = {score.name: score for score in evidence.rule.rule.gate.required}
    found: dict[str, list[bool]] = defaultdict(list)
    for run in evidence.runs:
        for each in run.items:
            if each.level == "ERROR":
                found[each.item_id].append(False)
                continue
            values = {s.name: float(s.value) for s in each.scores if isinstance(s.value, (int, float))}
            needed = required or {name: GateScore(name=name) for name in values}
            if needed and set(needed) <= set(values):
                found[each.item_id].append(all(score.met_by(values[name]) for name, score in needed.items()))
    listed = {item.id for item in evidence.items}
    return {item_id: outcomes for item_id, outcomes in sorted(found.items()) if item_id in listed}


def never_run(evidence: Evidence) -> Iterator[Found]:
    if not evidence.runs_complete:
        return
    ran = {each.item_id for run in evidence.runs for each in run.items}
    for item in evidence.distinct():
        if evidence.runs and item.id not in ran:
            yield item.id, f"is in none of the {len(evidence.runs)} runs"
    if not evidence.runs and evidence.items:
        yield None, "no experiment has ever run over this dataset"


def never_failed(evidence: Evidence) -> Iterator[Found]:
    for item_id, outcomes in verdicts(evidence).items():
        if len(outcomes) >= MIN_RUNS and all(outcomes):
            yield item_id, f"passed in all {len(outcomes)} runs: too weak, or the failure was never reproduced"


def always_fails(evidence: Evidence) -> Iterator[Found]:
    for item_id, outcomes in verdicts(evidence).items():
        if len(outcomes) >= MIN_RUNS and not any(outcomes):
            yield item_id, f"failed in all {len(outcomes)} runs"


def split_run(evidence: Evidence) -> Iterator[Found]:
    by_name: dict[str, list[Run]] = defaultdict(list)
    for run in evidence.runs:
        by_name[run.experiment.name].append(run)
    for name, parts in sorted(by_name.items()):
        item_sets = [{each.item_id for each in part.items} for part in parts]
        together = set().union(*item_sets) if item_sets else set()
        if len(parts) > 1 and sum(map(len, item_sets)) == len(together):
            sizes = " + ".join(str(len(s)) for s in sorted(item_sets, key=len))
            yield None, f"run {name!r} is split in {len(parts)} experiments with {sizes} items"


def incomplete_run(evidence: Evidence) -> Iterator[Found]:
    split = {name for name, count in Counter(run.experiment.name for run in evidence.runs).items() if count > 1}
    for run in evidence.runs:
        if run.experiment.name in split:
            continue
        ran = {each.item_id for each in run.items}
        # An upsert renews the time: these existed for certain, others perhaps too.
        due = {item.id for item in evidence.distinct() if item.created_at < run.experiment.start_time}
        if missing := len(due - ran):
            items = "an item" if missing == 1 else f"{missing} items"
            yield None, f"run {run.experiment.name!r} lacks {items} that existed when it started; it holds {len(ran)}"
