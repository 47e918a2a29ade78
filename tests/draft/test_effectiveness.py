"""Weak cases are caught before they are written: on values, and at the command line against a server."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from curator.cli.main import cli
from curator.config import Settings
from curator.draft import effectiveness, likeness
from curator.gateway import Gateway
from curator.model import Draft, Item, Observation, Score, ScrubbedDraft, ScrubSummary, StoredItem, Trace
from curator.model.rule import CheckSpec
from curator.rulebook import LoadedRule, find_rule, shipped_rules
from curator.sandbox.server import SandboxServer
from tests.demo.truth import DemoData

pytestmark = pytest.mark.usefixtures("lasting_workers")

AT = datetime(2026, 11, 22, tzinfo=UTC)
RULE = "order-status-regression"
ANSWER = {"outcome": "answer", "answer": "Your order is on its way."}


@pytest.fixture(scope="module")
def loaded() -> LoadedRule:
    return find_rule(str(shipped_rules() / "order-status-regression.yaml"), Settings())


def trace(output: object, correction: object = None) -> Trace:
    root = Observation(
        id="o", trace_id="t", type="AGENT", start_time=AT, is_root=True, output=json.dumps(output), input="{}"
    )
    score = Score(
        id="s", name="output", value=json.dumps(correction), data_type="CORRECTION", source="ANNOTATION", timestamp=AT
    )
    return Trace(id="t", observations=(root,), scores=(score,) if correction is not None else ())


def draft(expected: object, query: str = "Where is my order?") -> Draft:
    return Draft(
        trace_id="t",
        observation_id="o",
        dataset="d",
        rule=RULE,
        item_id="mine",
        input={"query": query},
        expected_output=expected,  # type: ignore[arg-type]
        metadata={},
    )


def said(loaded: LoadedRule, one: Trace, expected: object) -> tuple[dict[str, str], set[str]]:
    """Verdict per answer, and the codes of the doubts."""
    mine = draft(expected)
    found = effectiveness.checked_answers(one, mine, loaded)
    return {j.answer: j.verdict for j in found}, {p.code for p in effectiveness.doubts_of_answers(mine, found)}


BITES = {"outcome": "escalate", "must_mention": ["delayed"], "must_not_mention": []}
WEAK = {"outcome": "answer", "must_mention": ["order"], "must_not_mention": ["refund"]}


def test_a_case_that_the_recorded_answer_fails_protects(loaded: LoadedRule) -> None:
    found = effectiveness.checked_answers(trace(ANSWER), draft(BITES), loaded)
    assert found[0].checks == ("expected_outcome", "required_terms_present")
    assert found[0].good
    assert said(loaded, trace(ANSWER), BITES) == ({"recorded": "fails"}, set())


def test_a_case_that_it_passes_protects_nothing(loaded: LoadedRule) -> None:
    assert said(loaded, trace(ANSWER), WEAK) == ({"recorded": "passes"}, {"EXP002"})


def test_what_no_check_can_decide_is_no_proof(loaded: LoadedRule) -> None:
    """A check without a score counts as missing in a run, never as passed."""
    verdicts, codes = said(loaded, trace({"answer": "your order"}), WEAK)
    assert (verdicts, codes) == ({"recorded": "unclear"}, {"NOT_JUDGED"})


def test_a_correction_must_pass(loaded: LoadedRule) -> None:
    right = {"outcome": "escalate", "answer": "It is delayed; a colleague will call."}
    assert said(loaded, trace(ANSWER, right), BITES) == ({"recorded": "fails", "correction": "passes"}, set())
    wrong = {"answer": "It is late."}
    verdicts, codes = said(loaded, trace(ANSWER, wrong), BITES)
    assert verdicts["correction"] == "fails"
    assert codes == {"CORRECTION_FAILS"}
    sentence = "It is late."
    assert said(loaded, trace(ANSWER, sentence), BITES)[1] == {"CORRECTION_FAILS"}


def test_a_correction_may_be_the_expectation(loaded: LoadedRule) -> None:
    assert said(loaded, trace(ANSWER, BITES), BITES)[0]["correction"] == "expectation"


def test_judges_and_forbidden_python_are_not_asked(loaded: LoadedRule) -> None:
    check = {"name": "judge", "type": "python", "python": "nowhere.at_all:judge", "judge": True}
    plain = check | {"name": "own", "judge": False}
    checks = tuple(CheckSpec.model_validate(each) for each in (check, plain))
    rule = loaded.rule.model_copy(update={"checks": checks})
    found = effectiveness.checked_answers(trace(ANSWER), draft(BITES), loaded.model_copy(update={"rule": rule}))
    assert [j.verdict for j in found] == ["unchecked"]
    assert effectiveness.doubts_of_answers(draft(BITES), found) == []


def stored(item_id: str, query: str, expected: object, **more: object) -> StoredItem:
    fields = {"status": "ACTIVE", "dataset": "d", "dataset_id": "d", "created_at": AT, "updated_at": AT} | more
    return StoredItem.model_validate({"id": item_id, "input": {"query": query}, "expected_output": expected} | fields)


def scrubbed(one: Draft) -> ScrubbedDraft:
    return ScrubbedDraft(
        draft=one,
        input=one.input,
        expected_output=one.expected_output,
        metadata={},
        findings=(),
        summary=ScrubSummary(),
    )


QUERY = "Where is my order ORDER-924, which should have been here on Monday?"


def test_what_the_dataset_holds_already() -> None:
    mine = scrubbed(draft(BITES, QUERY))
    items = [
        stored("mine", QUERY, BITES),
        stored("double", QUERY, BITES),
        stored("other-way", QUERY, WEAK),
        stored("alike", QUERY.replace("Monday", "Tuesday"), WEAK),
        stored("again", "Hello, where is my order? It should be here since Monday.", WEAK),
        stored("far", "Can I have my money back?", BITES),
    ]
    found = likeness.similar_items(mine, items)
    assert {s.item_id: s.relation for s in found} == {
        "double": "duplicate",
        "other-way": "contradiction",
        "alike": "near",
    }
    assert [p.code for p in likeness.doubts_of_likeness(found)] == ["DUP001", "DUP003", "DUP002"]
    (again,) = likeness.similar_items(mine, items[4:])
    (doubt,) = likeness.doubts_of_likeness([again])
    assert (again.item_id, again.relation, doubt.code) == ("again", "alike", "SEEN_AGAIN")
    assert doubt.message == f"like again, promoted {likeness.ago(AT)}"
    assert not any(p.blocking for p in likeness.doubts_of_likeness(found))


def test_what_stands_under_the_id() -> None:
    mine = scrubbed(draft(BITES, QUERY))
    states = {
        "new": None,
        "same": stored("mine", QUERY, BITES),
        "changed": stored("mine", QUERY, WEAK),
        "archived": stored("mine", QUERY, BITES, status="ARCHIVED"),
        "elsewhere": stored("mine", QUERY, BITES, dataset="other"),
    }
    assert {likeness.under_id(mine, item).state: item for item in states.values()} == states


@pytest.fixture
def environment(demo_server: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in demo_server.environment().items():
        monkeypatch.setenv(name, value)


def run(*args: str) -> tuple[int, dict[str, object], str]:
    done = CliRunner().invoke(cli, [*args])
    return done.exit_code, json.loads(done.stdout) if "--json" in args else {}, done.stdout


def complete(demo: DemoData) -> str:
    """A failing order-status trace whose answer had the outcome `answer`."""
    return next(
        o["traceId"]
        for o in demo.observations
        if o.get("traceName") == "order-status"
        and o.get("isRootObservation")
        and '"outcome": "answer"' in str(o.get("output"))
        and any(t.trace_id == o["traceId"] and t.failure for t in demo.traces)
    )


@pytest.mark.usefixtures("environment")
def test_draft_and_promote_say_what_the_workbench_says(demo: DemoData, demo_gateway: Gateway) -> None:
    weak = (
        "--rules",
        RULE,
        "--failure-type=wrong_route",
        "--set=expected_output.outcome=answer",
        '--set=expected_output.must_mention=["e"]',
        '--set=expected_output.must_not_mention=["zzzz"]',
        "--set=input.region=eu",
        "--set=input.order_reference=ORDER-924",
    )
    one = complete(demo)
    code, document, _ = run("draft", one, *weak, "--json")
    assert code == 0, document
    assert document["protection"][0] == {  # type: ignore[index]
        "answer": "recorded",
        "verdict": "passes",
        "checks": ["expected_outcome", "required_terms_present", "forbidden_terms_absent"],
    }
    assert {"EXP002"} <= {p["code"] for p in document["problems"]}  # type: ignore[attr-defined]
    assert document["standing"] == "new"
    assert document["similar"] == []
    code, _, text = run("promote", one, *weak, "--dry-run")
    assert code == 0
    assert "this case protects nothing (curator explain EXP002)" in text
    assert demo_gateway.item(str(document["item_id"])) is None


@pytest.mark.usefixtures("environment")
def test_a_draft_teaches_the_rule_what_is_never_personal(demo: DemoData, tmp_path: Path) -> None:
    rule = tmp_path / "mine.yaml"
    rule.write_text((shipped_rules() / f"{RULE}.yaml").read_text("utf-8"), encoding="utf-8")
    names = {value.trace_id: value.value for value in demo.personal if value.type == "PERSON"}
    rooted = [o for o in demo.observations if o.get("isRootObservation") and o.get("traceName") == "order-status"]
    one = next(o["traceId"] for o in rooted if names.get(o["traceId"], "?!") in str(o.get("input")))
    _, document, _ = run("draft", one, "--rules", str(rule), "--json")
    person = next(f for f in document["findings"] if f["entity"] == "PERSON")  # type: ignore[attr-defined]
    _, after, _ = run("draft", one, "--rules", str(rule), "--never", person["id"], "--json")
    assert person["id"] not in {f["id"] for f in after["findings"]}  # type: ignore[attr-defined]
    [line] = (tmp_path / "mine.never-personal.txt").read_text("utf-8").splitlines()
    assert line in str(after["input"])
    code, _, _ = run("draft", one, "--rules", str(rule), "--never", "nothing")
    assert code != 0


def test_a_double_is_named_before_the_write(sandbox_environment: Gateway, demo: DemoData) -> None:
    gateway, one = sandbox_environment, complete(demo)
    _, document, _ = run("draft", one, "--rules", RULE, "--json")
    gateway.put_dataset(RULE)
    gateway.put_item(
        Item(
            id="double",
            dataset=RULE,
            input=document["input"],  # type: ignore[arg-type]
            expected_output=document["expected_output"],  # type: ignore[arg-type]
            metadata={},
        )
    )
    assert "double says the same" in run("draft", one, "--rules", RULE)[2]


@pytest.fixture
def sandbox_environment(demo: DemoData, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    """A sandbox that may be written to, as the environment's project."""
    from curator.sandbox.demo import seed_demo
    from tests.promote.support import connection_of

    with SandboxServer() as server:
        seed_demo(server.store, datetime.now(UTC))
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        with Gateway(connection_of(server)) as gateway:
            yield gateway
