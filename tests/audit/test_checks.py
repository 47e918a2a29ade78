"""Each check by itself: one evidence that it must speak about, one that is as near as can be and that it must not."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from curator.audit.checks import CHECKS
from curator.audit.values import ById, Evidence
from curator.model.lineage import REQUIRED_KEYS, item_id
from curator.model.rule import PathPolicy
from tests.audit.support import (
    AT,
    DATASET,
    EXAMPLE_RULE,
    TRACE,
    another,
    found,
    make_dataset,
    make_evidence,
    make_item,
    make_run,
    promoted,
    root_of,
)

ITEM = make_item()
GONE: dict[str, Any] = {"sources": {}, "source_observations": frozenset()}
SHELTERED = {"retention_days": 90}


def aged(days: float, **metadata: Any) -> Any:
    return make_item(metadata={"approved_at": (AT - timedelta(days=days)).isoformat(), **metadata})


def with_rule(**changes: Any) -> Any:
    return EXAMPLE_RULE.model_copy(update={"rule": EXAMPLE_RULE.rule.model_copy(update=changes)})


def touched(seconds: float, **changes: Any) -> Evidence:
    """An item that was written so many seconds after its receipt."""
    item = make_item(updated_at=AT)
    known = promoted(item, written=None, touched=AT - timedelta(seconds=seconds))
    return make_evidence(item, promoted={item.id: known}, **changes)


def recorded(answer: str) -> Evidence:
    return make_evidence(ITEM, recorded={ITEM.id: {"outcome": "refuse", "answer": answer}})


def ran(*passes: bool) -> Evidence:
    runs = tuple(make_run(f"r{i}", [ITEM], passes=each) for i, each in enumerate(passes))
    return make_evidence(ITEM, runs=runs)


class Case(NamedTuple):
    hit: Evidence
    says: str
    """A part of the message."""
    near: Evidence
    on: str | None = ITEM.id
    """The item that is named; None for the dataset."""


OTHER = another("something else")
SECOND_ROW = ITEM.model_copy(update={"updated_at": ITEM.updated_at - timedelta(seconds=1)})
LATER_TWIN = another("twin", input=ITEM.input, metadata={"approved_at": AT.isoformat()})
CONTRADICTION = another(
    "contradiction",
    input=ITEM.input,
    expected_output={"outcome": "answer", "must_mention": ["yes"], "must_not_mention": []},
    metadata={"approved_at": AT.isoformat()},
)
NEARLY = another(
    "nearly",
    input={"question": "May I return an opened tin of paints?", "channel": "chat"},
    metadata={"approved_at": AT.isoformat()},
)
UNLIKE = another("unlike", input={"question": "Do I have to pay for a second delivery?", "channel": "chat"})
EMPTY = make_item(expected_output={"outcome": "  ", "must_mention": [], "must_not_mention": []})
PERSONAL = make_item(input={"question": "Write to ada@mail.example please", "channel": "chat"})
KEPT = make_item(
    input={"question": "Write to ada@mail.example please", "channel": "chat"},
    metadata={"scrub": {"replaced": {}, "kept": {"EMAIL_ADDRESS": 1}, "reasons": ["our own"], "model": None}},
)
LEAK = make_item(input={"question": "The key is ****", "channel": "chat"})


def secret_facts(count: int) -> Evidence:
    evidence = make_evidence(LEAK)
    facts = evidence.facts[LEAK.id].model_copy(update={"secrets": {"SECRET": count} if count else {}})
    return evidence.model_copy(update={"facts": {LEAK.id: facts}})


CASES: dict[str, Case] = {
    "LIN001": Case(make_evidence(make_item(metadata={"source": None})), "no source", make_evidence(ITEM)),
    "LIN002": Case(
        make_evidence(make_item(metadata={"rubric": None})),
        "lacks rubric",
        # What a rule seeds has no reviewer and no signals, and need not.
        make_evidence(make_item(metadata={"source": "rule-seed", "rubric": None, "signals": None})),
    ),
    "LIN003": Case(
        make_evidence(aged(91), **GONE, **SHELTERED),
        "retention of 90 days",
        make_evidence(aged(60), **GONE, **SHELTERED),
    ),
    "LIN004": Case(
        make_evidence(aged(60), **GONE, **SHELTERED),
        "gone before its time",
        # Approved a week too late for the retention period, and reviewed some days after it happened.
        make_evidence(aged(83), **GONE, **SHELTERED),
    ),
    "LIN005": Case(
        make_evidence(ITEM, source_observations=frozenset({"another one"})),
        "holds no observation",
        make_evidence(ITEM, **GONE),
    ),
    "LIN006": Case(
        make_evidence(ITEM, sources={TRACE: root_of(ITEM, session_id="returns-2")}),
        "source_session_id",
        make_evidence(
            make_item(metadata={"source_session_id": "whatsapp:<PHONE_NUMBER_1>"}),
            sources={TRACE: root_of(ITEM, session_id="whatsapp:+44 7700 900142")},
        ),
    ),
    "CON001": Case(
        make_evidence(make_item(metadata={"fingerprints": {"input": "0" * 64, "expected_output": "1" * 64}})),
        "input and expected_output changed",
        make_evidence(make_item(metadata={"fingerprints": None})),
    ),
    "LIN007": Case(
        make_evidence(make_item(metadata={"approved_via": "script"})),
        "approved by no person",
        make_evidence(make_item(metadata={"approved_via": "script", "approved_by": "ada"})),
    ),
    "CON005": Case(
        make_evidence(make_item(metadata={"digest": "0" * 64})),
        "lineage changed after approval",
        make_evidence(make_item(metadata={"digest": None})),
    ),
    "CON002": Case(touched(6), "written again", touched(4)),
    "CON003": Case(
        make_evidence(make_item(metadata={"rule_version": 2})),
        "version 2",
        make_evidence(make_item(metadata={"rule_version": 2, "rule": "another-rule"})),
    ),
    "CON004": Case(
        make_evidence(make_item(metadata={"schema_fingerprint": "0" * 64})),
        "schemas",
        make_evidence(make_item(metadata={"schema_fingerprint": None})),
    ),
    "SCH001": Case(
        make_evidence(make_item(input={"question": "?", "channel": "fax"})),
        "input.channel must be one of",
        make_evidence(make_item(expected_output={"must_mention": "no list", "must_not_mention": []})),
    ),
    "SCH002": Case(
        make_evidence(make_item(expected_output={"must_mention": "no list", "must_not_mention": []})),
        "expected_output.must_mention must be array",
        make_evidence(make_item(input={"question": "?", "channel": "fax"})),
    ),
    "SCH003": Case(
        make_evidence(ITEM, dataset=make_dataset(input_schema={"type": "object"})),
        "another input schema",
        make_evidence(ITEM, rule=None, dataset=make_dataset(input_schema={"type": "object"})),
        on=None,
    ),
    "PII001": Case(make_evidence(PERSONAL), "1 EMAIL_ADDRESS", make_evidence(KEPT)),
    "PII002": Case(secret_facts(1), "1 SECRET", secret_facts(0)),
    "DUP001": Case(
        make_evidence(ITEM, LATER_TWIN), f"as {ITEM.id}", make_evidence(ITEM, CONTRADICTION), on=LATER_TWIN.id
    ),
    "DUP002": Case(make_evidence(ITEM, NEARLY), "% like", make_evidence(ITEM, UNLIKE), on=NEARLY.id),
    "DUP003": Case(
        make_evidence(ITEM, CONTRADICTION), f"as {ITEM.id}", make_evidence(ITEM, LATER_TWIN), on=CONTRADICTION.id
    ),
    "IDN001": Case(
        make_evidence(make_item(id="by-hand")),
        "neither derived",
        make_evidence(
            make_item(id=item_id(DATASET, TRACE, ITEM.source_observation_id, "second"), metadata={"case": "second"})
        ),
        on="by-hand",
    ),
    "IDN002": Case(
        make_evidence(ITEM, SECOND_ROW, uncounted=1),
        "2 rows",
        make_evidence(ITEM, ITEM),  # a page that shifted while it was read
    ),
    "REC001": Case(
        make_evidence(
            OTHER, promoted={ITEM.id: promoted(ITEM)}, by_id={ITEM.id: ById(status="ARCHIVED", updated_at=AT)}
        ),
        "ARCHIVED",
        make_evidence(OTHER, promoted={}, by_id={ITEM.id: ById(status="ARCHIVED", updated_at=AT)}),
    ),
    "REC002": Case(
        make_evidence(OTHER, promoted={ITEM.id: promoted(ITEM)}, by_id={ITEM.id: None}),
        "does not exist any more",
        make_evidence(OTHER, promoted={ITEM.id: promoted(ITEM)}),  # nobody has looked
    ),
    "REC003": Case(
        make_evidence(ITEM, promoted={}),
        "no receipt",
        make_evidence(ITEM, promoted={}, has_journal=False),
    ),
    "EXP001": Case(
        make_evidence(EMPTY), "demands nothing", make_evidence(make_item(expected_output={"outcome": "answer"}))
    ),
    "EXP002": Case(
        recorded("We cannot take opened tins back."),
        "passes every check",
        recorded("We cannot take opened tins back, refund issued."),
    ),
    "RUN001": Case(
        make_evidence(ITEM, OTHER, runs=(make_run("r", [OTHER]),)),
        "none of the 1 runs",
        make_evidence(ITEM, OTHER, runs=(make_run("r", [OTHER]),), runs_complete=False),
    ),
    "RUN002": Case(ran(True, True), "passed in all 2", ran(True)),
    "RUN003": Case(ran(False, False), "failed in all 2", ran(False, True)),
    "RUN004": Case(
        make_evidence(ITEM, OTHER, runs=(make_run("same", [ITEM], id="a"), make_run("same", [OTHER], id="b"))),
        "split in 2 experiments with 1 + 1",
        # The same run repeated under one name: not disjoint.
        make_evidence(ITEM, OTHER, runs=(make_run("same", [ITEM, OTHER], id="a"), make_run("same", [OTHER], id="b"))),
        on=None,
    ),
    "RUN005": Case(
        make_evidence(ITEM, OTHER, runs=(make_run("r", [OTHER]),)),
        "lacks an item that existed",
        # Written after the run began: an upsert renews the time of creation.
        make_evidence(ITEM.model_copy(update={"created_at": AT}), OTHER, runs=(make_run("r", [OTHER]),)),
        on=None,
    ),
    "RUL001": Case(
        make_evidence(make_item(metadata={"failure_type": "odd"})),
        "failure type",
        make_evidence(make_item(metadata={"failure_type": None})),
    ),
    "RUL002": Case(
        make_evidence(make_item(metadata={"rubric": "returns-desk-v1"})),
        "another rubric",
        make_evidence(make_item(metadata={"rubric": None})),
    ),
    "RUL003": Case(
        make_evidence(make_item(metadata={"reviewer": "intern"})),
        "does not name",
        make_evidence(
            make_item(metadata={"reviewer": "intern"}),
            rule=with_rule(lineage=EXAMPLE_RULE.rule.lineage.model_copy(update={"reviewers": ()})),
        ),
    ),
}


def test_every_check_has_a_case() -> None:
    assert set(CASES) == {check.code for check in CHECKS}


@pytest.mark.parametrize("code", CASES)
def test_it_speaks_about_the_hit(code: str) -> None:
    case = CASES[code]
    said = found(code, case.hit)
    assert [item for item, _ in said] == [case.on]
    assert case.says in said[0][1]


@pytest.mark.parametrize("code", CASES)
def test_it_is_silent_about_the_near_miss(code: str) -> None:
    assert found(code, CASES[code].near) == []


@pytest.mark.parametrize("code", CASES)
def test_it_is_silent_about_a_clean_item(code: str) -> None:
    assert found(code, make_evidence(ITEM)) == []


@pytest.mark.parametrize("code", CASES)
def test_it_is_silent_about_an_empty_dataset(code: str) -> None:
    assert found(code, make_evidence(runs=())) == []


# What single checks have to tell apart beyond one near miss


@pytest.mark.parametrize("key", sorted(set(REQUIRED_KEYS) - {"source", "source_trace_id"}))
def test_each_required_key_is_named(key: str) -> None:
    assert found("LIN002", make_evidence(make_item(metadata={key: None}))) == [(ITEM.id, f"lineage lacks {key}")]


def test_a_promoted_item_without_any_source_trace_is_named() -> None:
    item = make_item(id="x", source_trace_id=None, metadata={"source_trace_id": None})
    assert found("LIN002", make_evidence(item)) == [("x", "lineage lacks source_trace_id")]


def test_metadata_that_is_no_object_is_no_lineage() -> None:
    for metadata in ("text", 3, ["a"]):
        item = make_item(metadata=metadata)
        assert [check.code for check in CHECKS if found(check.code, make_evidence(item))] == ["LIN001"]


def test_a_source_that_nobody_ever_saw_is_told_from_one_that_was_deleted() -> None:
    unseen = make_item(metadata={"curator_version": None})
    evidence = make_evidence(unseen, promoted={}, **GONE)
    assert "nothing shows that it ever was" in found("LIN004", evidence)[0][1]
    with_receipt = make_evidence(unseen, **GONE)
    assert "gone before its time" in found("LIN004", with_receipt)[0][1]


def test_without_a_retention_period_nothing_explains_a_gone_source() -> None:
    evidence = make_evidence(aged(4000), **GONE)
    assert found("LIN003", evidence) == []
    assert len(found("LIN004", evidence)) == 1


def test_two_names_for_the_source_are_named_once() -> None:
    item = make_item(metadata={"source_trace_id": "f" * 32})
    said = found("LIN006", make_evidence(item, sources={TRACE: root_of(item, session_id="returns-2")}))
    assert said == [(item.id, "metadata and Langfuse's own field name different source traces")]


def test_another_environment_is_another_source() -> None:
    said = found("LIN006", make_evidence(ITEM, sources={TRACE: root_of(ITEM, environment="staging")}))
    assert [message for _, message in said] == ["source_environment is not what the source trace says today"]


def test_what_the_rule_replaces_is_not_compared_with_the_source() -> None:
    paths = (PathPolicy(path="metadata.source_session_id", action="constant", constant="session"),)
    rule = with_rule(scrub=EXAMPLE_RULE.rule.scrub.model_copy(update={"paths": paths}))
    item = make_item(metadata={"source_session_id": "session"})
    assert found("LIN006", make_evidence(item, rule=rule)) == []


def test_the_servers_own_time_of_the_write_is_exact() -> None:
    item = make_item(updated_at=AT)
    moment = AT - timedelta(milliseconds=1)
    evidence = make_evidence(item, promoted={item.id: promoted(item, written=moment, touched=AT)})
    assert len(found("CON002", evidence)) == 1
    assert found("CON002", evidence.model_copy(update={"version": AT})) == []


def test_a_dataset_without_schemas_enforces_none() -> None:
    said = found("SCH003", make_evidence(dataset=make_dataset(input_schema=None, expected_output_schema=None)))
    assert [message for _, message in said] == [
        "the dataset enforces no input schema, the rule has one",
        "the dataset enforces no expected output schema, the rule has one",
    ]


def test_an_item_that_could_not_be_scrubbed_is_not_clean() -> None:
    evidence = make_evidence(ITEM)
    facts = evidence.facts[ITEM.id].model_copy(update={"unscrubbed": "it took longer than 30 seconds"})
    said = found("PII001", evidence.model_copy(update={"facts": {ITEM.id: facts}}))
    assert said == [(ITEM.id, "could not be scrubbed: it took longer than 30 seconds")]


def test_of_equal_items_the_first_approved_one_with_lineage_stays() -> None:
    by_hand = another("by hand", id="a-first-id", input=ITEM.input, metadata={"source": None, "approved_at": None})
    said = found("DUP001", make_evidence(LATER_TWIN, by_hand, ITEM))
    assert [item for item, _ in said] == [LATER_TWIN.id, "a-first-id"]


def test_each_contradicting_expectation_is_named_once() -> None:
    again = another("again", input=ITEM.input, expected_output=CONTRADICTION.expected_output)
    said = found("DUP003", make_evidence(ITEM, CONTRADICTION, again))
    assert len(said) == 1


def test_pinned_and_seeded_ids_are_ours() -> None:
    rule = with_rule(id=EXAMPLE_RULE.rule.id.model_copy(update={"pin": {TRACE: "pinned-on-purpose"}}))
    pinned = make_item(id="pinned-on-purpose")
    seeded = make_item(id="returns-window-v1")
    assert found("IDN001", make_evidence(pinned, seeded, rule=rule)) == []
    later = make_item(id=item_id(DATASET, TRACE, ITEM.source_observation_id, "1", 3))
    assert found("IDN001", make_evidence(later)) == []


def test_reading_by_id_tells_a_doubled_row_from_a_write_in_between() -> None:
    older = ById(status="ACTIVE", updated_at=ITEM.updated_at - timedelta(milliseconds=1))
    newer = ById(status="ACTIVE", updated_at=ITEM.updated_at + timedelta(milliseconds=1))
    assert [item for item, _ in found("IDN002", make_evidence(ITEM, by_id={ITEM.id: older}, uncounted=1))] == [ITEM.id]
    assert found("IDN002", make_evidence(ITEM, by_id={ITEM.id: newer})) == []


def test_rows_that_nobody_found_are_said_of_the_dataset() -> None:
    assert found("IDN002", make_evidence(ITEM, uncounted=3)) == [
        (None, "the server counts 3 more rows than ids: some ids are current more than once")
    ]


def test_a_dataset_that_was_never_run_says_so_once() -> None:
    assert found("RUN001", make_evidence(ITEM, OTHER, runs=())) == [
        (None, "no experiment has ever run over this dataset")
    ]


def test_an_errored_item_failed_and_a_missing_score_is_no_verdict() -> None:
    errored = make_run("errored", [ITEM], level="ERROR")
    assert len(found("RUN003", make_evidence(ITEM, runs=(make_run("r", [ITEM], passes=False), errored)))) == 1
    bare = make_run("bare", [ITEM])
    bare = bare.model_copy(update={"items": tuple(each.model_copy(update={"scores": ()}) for each in bare.items)})
    assert found("RUN002", make_evidence(ITEM, runs=(make_run("r", [ITEM]), bare))) == []


def test_without_a_rule_every_score_counts() -> None:
    runs = (make_run("a", [ITEM]), make_run("b", [ITEM]))
    assert len(found("RUN002", make_evidence(ITEM, runs=runs, rule=None))) == 1


def test_a_split_run_is_not_called_incomplete() -> None:
    runs = (make_run("same", [ITEM], id="a"), make_run("same", [OTHER], id="b"))
    assert found("RUN005", make_evidence(ITEM, OTHER, runs=runs)) == []


@pytest.mark.parametrize("rule", ["CON003", "CON004", "RUL001", "RUL002", "RUL003", "SCH001", "SCH002", "SCH003"])
def test_without_a_rule_what_needs_one_finds_nothing(rule: str) -> None:
    hit = CASES[rule].hit
    assert found(rule, make_evidence(*hit.items, rule=None, dataset=hit.dataset)) == []


def test_the_message_of_a_check_holds_no_text_of_the_item() -> None:
    marked = make_item(
        input={"question": "XYZZY text", "channel": "XYZZY channel", "XYZZY": 1},
        expected_output={"must_mention": "XYZZY", "must_not_mention": 3, "outcome": "XYZZY"},
        metadata={"failure_type": "t", "reviewer": "r", "rubric": "r"},
    )
    finders: list[Callable[[Evidence], Any]] = [check.find for check in CHECKS if check.code not in ("SCH001",)]
    said = [message for find in finders for _, message in find(make_evidence(marked, another("b")))]
    assert said
    assert not [message for message in said if "XYZZY" in message]


def test_items_with_fewer_approvals_than_the_rule_asks_are_named() -> None:
    lineage = EXAMPLE_RULE.rule.lineage.model_copy(update={"approvals": 2})
    one = make_item(metadata={"approved_via": "script", "approved_by": "ada"})
    for approvals, says in ((None, "by 1 of the 2"), (["ada"], "by 1 of the 2"), (["ada", "bo"], None)):
        item = one.model_copy(update={"metadata": one.metadata | {"approvals": approvals}})
        told = found("LIN007", make_evidence(item, rule=with_rule(lineage=lineage)))
        assert [says is not None and says in message for _, message in told] == [True] * bool(says)
    assert found("LIN007", make_evidence(one)) == []
