"""What one item's content says by itself: the CPU work of an audit, done by any worker, without the server."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from curator.audit.values import ItemFacts, signal_names, trace_of
from curator.draft import apply_checks, text_of, validate
from curator.help.outcomes import CHANGED
from curator.model import StoredItem, Value
from curator.model.errors import CuratorError
from curator.model.lineage import FAILURE_TYPE, RANDOM_ID, content_fingerprint, fingerprint, is_own_id
from curator.model.rule import ScrubPolicy
from curator.promote import Approved, leftovers, looked_at, tampered
from curator.rulebook import LoadedRule

if TYPE_CHECKING:
    from curator.scrub import Scrubber


SECRET = "SECRET"
"""The scrub's entity for keys, tokens and passwords."""


OpenScrub = Callable[[], "Scrubber"]
"""Opens a scrub: a class or function at the top of its module, so that a worker elsewhere can import it."""


class Standards(Value):
    """What items are held against."""

    rule: LoadedRule | None
    policy: ScrubPolicy
    approved: dict[str, Approved] = {}
    """Item id → what a receipt of this machine, or a ledger, says was approved."""


def is_empty(expected: object) -> bool:
    """Whether an expectation demands nothing: null, or only empty texts, lists and objects."""
    if isinstance(expected, dict):
        return all(is_empty(value) for value in expected.values())
    if isinstance(expected, list):
        return all(is_empty(value) for value in expected)
    return expected is None or (isinstance(expected, str) and not expected.strip())


def examine(
    items: Sequence[StoredItem], recorded: Mapping[str, Any], standards: Standards, scrub: "Scrubber"
) -> list[ItemFacts]:
    """Facts of some items, in order; `recorded` maps item ids to the recorded outputs of their sources.

    An item that the scrub cannot look at says why.
    """
    # If one text of the batch cannot be read, each item is asked by itself below, and says so.
    with suppress(CuratorError):
        scrub.warm([looked_at(item) for item in items])
    return [_facts(item, recorded, standards, scrub) for item in items]


def unexamined(items: Sequence[StoredItem], standards: Standards, why: str) -> list[ItemFacts]:
    """What is said of items whose worker failed."""
    return [
        ItemFacts(item_id=item.id, unscrubbed=why, labels=withheld(foreign_labels(item, standards))) for item in items
    ]


def _facts(item: StoredItem, recorded: Mapping[str, Any], standards: Standards, scrub: "Scrubber") -> ItemFacts:
    facts = _bare_facts(item, recorded, standards)
    labels = foreign_labels(item, standards)
    if facts.unscrubbed is not None:
        return facts.model_copy(update={"labels": withheld(labels)})
    try:
        found = Counter(finding.entity for finding in leftovers(item, scrub, standards.policy, by_digest=True))
        problems = facts.schema_problems
        if problems:
            # A schema problem names keys of the item, and a key can be a personal value.
            named: Any = scrub.scrub_value(list(problems), ScrubPolicy()).value
            problems = tuple(named)
        shown = cleaned(labels, scrub, standards)
        facts = facts.model_copy(update=_changes(item, standards, scrub))
    except CuratorError as error:
        return facts.model_copy(
            update={
                "unscrubbed": getattr(error, "why", error.message),
                "schema_problems": _without_keys(facts),
                "labels": withheld(labels),
            }
        )
    secrets = {entity: count for entity, count in sorted(found.items()) if entity == SECRET}
    personal = {entity: count for entity, count in sorted(found.items()) if entity != SECRET}
    return facts.model_copy(
        update={"personal": personal, "secrets": secrets, "schema_problems": problems, "labels": shown}
    )


def _changes(item: StoredItem, standards: Standards, scrub: "Scrubber") -> dict[str, tuple[str, ...]]:
    """What of an item is not as it was approved, in content and in lineage. Seals of items that nobody here knows
    count too."""
    approved = standards.approved.get(item.id)
    problems, changes = tampered(item, approved, scrub, standards.policy)
    content = [str(each) for each in changes if each.path.startswith(("input", "expected_output"))]
    rest = [str(each) for each in changes if not each.path.startswith(("input", "expected_output"))]
    wrong = [each for each in problems if each.code == CHANGED.code]
    if wrong and not changes:
        known = approved is not None and bool(approved.fingerprint)
        by_content = known and approved is not None and approved.fingerprint != content_fingerprint(item)
        if by_content or any(each.path in ("input", "expected_output") for each in wrong):
            content = ["its fingerprint is another one"]
        else:
            rest = ["its digest is another one"]
    return {"content_changes": tuple(content), "lineage_changes": tuple(rest)}


def _bare_facts(item: StoredItem, recorded: Mapping[str, Any], standards: Standards) -> ItemFacts:
    """The facts that need no scrub; of a value that is too deep to walk, only that."""
    rule = standards.rule
    try:
        problems = validate(item.input, item.expected_output, rule) if rule is not None else []
        return ItemFacts(
            item_id=item.id,
            input_fingerprint=fingerprint(item.input),
            expected_fingerprint=fingerprint(item.expected_output),
            input_text=text_of(item.input),
            schema_problems=tuple(problem.message for problem in problems),
            empty_expectation=is_empty(item.expected_output),
            recorded_passes=_recorded_passes(rule, item, recorded) if rule is not None else None,
        )
    except RecursionError:
        return ItemFacts(item_id=item.id, unscrubbed="it is nested too deep to be read")


def _without_keys(facts: ItemFacts) -> tuple[str, ...]:
    """The schema problems of an item that cannot be scrubbed: only which half is wrong."""
    halves = ("input", "expected_output")
    return tuple(
        f"{half} violates the schema" for half in halves if any(p.startswith(half) for p in facts.schema_problems)
    )


def _recorded_passes(rule: LoadedRule, item: StoredItem, recorded: Mapping[str, Any]) -> bool | None:
    """Whether the recorded output passes every deterministic check of the rule; None when no check can be made."""
    if item.id not in recorded:
        return None
    found = apply_checks(rule, "recorded", recorded[item.id], item.input, item.expected_output, item.lineage)
    return None if found.verdict == "unchecked" else found.verdict == "passes"


# ── names from outside that a report would print: ids, failure types, signal names may hold personal values ─────────


def foreign_labels(item: StoredItem, standards: Standards) -> list[str]:
    """The names that an item brings into a report and that neither curator nor the rule has made."""
    trace_id, case = trace_of(item), str(item.lineage.get("case", "1"))
    own = trace_id is not None and case.isdigit()
    labels = (
        [] if own and is_own_id(item.id, item.dataset, trace_id or "", item.source_observation_id, case) else [item.id]
    )
    labels += [each for each in (trace_id, item.source_observation_id, item.says(FAILURE_TYPE)) if each is not None]
    labels += signal_names(item.lineage.get("signals"))
    rule = standards.rule.rule if standards.rule is not None else None
    known = {*rule.lineage.failure_types, *rule.id.pin.values(), *(seed.id for seed in rule.seed)} if rule else set()
    return [each for each in dict.fromkeys(labels) if each not in known and not RANDOM_ID.fullmatch(each)]


def cleaned(labels: Iterable[str], scrub: "Scrubber", standards: Standards) -> dict[str, str]:
    """Label → what a report may print instead, for those that hold personal values. Raises CuratorError."""
    wanted = list(labels)
    found: Any = scrub.scrub_value(wanted, standards.policy).value if wanted else []
    return {label: _marked(clean, label) for label, clean in zip(wanted, found, strict=True) if clean != label}


def withheld(labels: Iterable[str]) -> dict[str, str]:
    """Label → a digest, for labels that nobody could look at."""
    return {label: _marked("withheld", label) for label in labels}


def _marked(clean: str, label: str) -> str:
    """Still one name per label, so that whoever knows the label recognises it."""
    return f"{clean} (sha256 {fingerprint(label)[:8]})"
