"""The proposed rule loads as it is and finds failures in the very traces that it was proposed from."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from curator.draft.directions import SeenScore, direction, failure_types, seen_scores
from curator.draft.first_rule import loaded_text, rule_text
from curator.draft.mapping import reshape
from curator.draft.propose import Option, Shapes, by_workflow, sample_traces
from curator.draft.trials import Case, trial
from curator.gateway import Gateway
from curator.model import Score
from curator.model.errors import CuratorError
from curator.queue import Window, find_failures
from curator.rulebook import load_rule
from curator.sandbox.server import SandboxServer
from curator.scrub import Outgoing
from tests.promote.support import connection_of
from tests.queue.world import NOW, World


@pytest.mark.parametrize("name", ["order-status", "help-centre-rag", "support-conversation"])
def test_proposed_rule_works_on_its_traces(demo_gateway: Gateway, now: datetime, tmp_path: Path, name: str) -> None:
    seen, _ = sample_traces(demo_gateway, now=now, name=name)
    path = tmp_path / "rule.yaml"
    path.write_text(rule_text(seen, "proposed"))
    loaded = load_rule(path)
    window = Window(since=now - timedelta(days=14), until=now)
    found = find_failures(demo_gateway, [loaded.rule], window, now=now)
    there = [f for f in found.failures if not f.source_gone]
    assert there
    draft = reshape(demo_gateway.trace(there[0].trace_id), loaded, signals=there[0].signals)
    assert not [p for p in draft.problems if p.path and p.path.startswith("input")], draft.problems


def test_a_sample_costs_few_requests(demo_gateway: Gateway, now: datetime) -> None:
    before = demo_gateway.requests
    sample_traces(demo_gateway, now=now)
    assert demo_gateway.requests - before <= 14


def test_traces_of_experiments_are_not_read(tmp_path: Path) -> None:
    with SandboxServer() as server, Gateway(connection_of(server)) as gateway:
        world = World(server, gateway, tmp_path)
        world.trace("real", traceName="agent", input='{"query": "?"}')
        for n in range(3):
            world.trace(f"run-{n}", traceName="experiment", environment="sdk-experiment")
        world.load()
        assert sample_traces(gateway, now=NOW)[0].names == {"agent": 1}


@pytest.mark.parametrize(
    ("names", "workflows"),
    [
        ({"order-0001": 1, "order-0002": 1, "order-17": 1}, {"order-*": 3}),
        ({"GET /u/4f1c0a2e-7c1a-4a52-9d3c-0c7f6a7b8e90": 1, "GET /u/8": 2, "GET /u/12": 1}, {"GET /u/*": 4}),
        ({"step-1": 40, "step-2": 38, "step-3": 41}, {"step-1": 40, "step-2": 38, "step-3": 41}),
        ({"chat-v1": 1, "chat-v2": 1}, {"chat-v1": 1, "chat-v2": 1}),
        ({"11": 1, "12": 1, "13": 1}, {"11": 1, "12": 1, "13": 1}),
    ],
)  # fmt: skip
def test_names_that_hold_the_id_of_a_request_are_one_workflow(names: dict[str, int], workflows: dict[str, int]) -> None:
    assert by_workflow(names) == workflows


def test_a_rule_of_names_that_hold_an_id_and_of_named_arguments(tmp_path: Path) -> None:
    with SandboxServer() as server, Gateway(connection_of(server)) as gateway:
        world = World(server, gateway, tmp_path)
        for n in range(4):
            called = {"args": [], "kwargs": {"document": f"Invoice {n}", "schema": "v2"}}
            world.trace(
                f"t{n}", traceName=f"extract-{n:04}", name="extract", input=json.dumps(called), output='"12.50"'
            )
            world.score(f"t{n}", "exact_match", n % 2)
        world.trace("other", traceName="elsewhere", name="elsewhere", input="hi")
        world.load()
        seen, traces = sample_traces(gateway, now=NOW)
        loaded = loaded_text(rule_text(seen, "extract"))
        found = find_failures(gateway, [loaded.rule], Window(since=NOW - timedelta(days=14), until=NOW), now=NOW)
    assert loaded.rule.queue.filters.names == ("extract-*",)
    assert sorted(failure.trace_id for failure in found.failures) == ["t0", "t2"]
    one = next(trace for trace in traces if trace.id == "t2")
    assert reshape(one, loaded).input == {"document": "Invoice 2", "schema": "v2"}


def test_turns_in_traces_of_their_own_are_kept_together(tmp_path: Path) -> None:
    with SandboxServer() as server, Gateway(connection_of(server)) as gateway:
        world = World(server, gateway, tmp_path)
        for n, said in enumerate(("Order A-17, please", "It never arrived", "so what now?")):
            io = {"input": json.dumps({"message": said}), "output": json.dumps({"reply": "Hm."})}
            world.trace(f"turn-{n}", 3 - n, traceName="chat", name="chat", sessionId="one", **io)
        world.load()
        seen, _ = sample_traces(gateway, now=NOW)
        loaded = loaded_text(rule_text(seen, "chat"))
        last = gateway.trace("turn-2")
        draft = reshape(last, loaded, earlier=gateway.earlier_in_session(last))
    asked = [each["content"] for each in draft.input["messages"] if each["role"] == "user"]
    assert asked == ["Order A-17, please", "It never arrived", "so what now?"]


def test_a_correction_in_the_shape_of_the_output_fills_fields_and_offers_terms(tmp_path: Path) -> None:
    with SandboxServer() as server, Gateway(connection_of(server)) as gateway:
        world = World(server, gateway, tmp_path)
        answer = {"intent": "refund", "confidence": 0.9, "reply": "Refunded."}
        corrected = {"intent": "status", "reply": "It is late."}
        world.trace("one", traceName="triage", name="triage", input='{"ticket": "Order 1?"}', output=json.dumps(answer))
        world.score("one", "output", json.dumps(corrected), dataType="CORRECTION", source="ANNOTATION")
        world.load()
        seen, traces = sample_traces(gateway, now=NOW)
    loaded = loaded_text(rule_text(seen, "triage"))
    found = trial([Case(trace=traces[0])], loaded, Outgoing())
    draft = reshape(traces[0], loaded)
    assert draft.expected_output == {"intent": "status", "must_mention": ["late"], "must_not_mention": []}
    verdicts = {name: next(verdict for verdict, count in each.items() if count) for name, each in found.checks.items()}
    assert verdicts == {
        "intent_equals": "fails",
        "required_terms_present": "fails",
        "forbidden_terms_absent": "passes",
    }


def test_steps_that_were_tried_again_are_no_failures(tmp_path: Path) -> None:
    with SandboxServer() as server, Gateway(connection_of(server)) as gateway:
        world = World(server, gateway, tmp_path)
        for n in range(4):
            world.trace(f"t{n}", traceName="chat", name="chat", input="Where is it?", output="On its way.")
            if n:
                world.observation(
                    f"t{n}", f"t{n}-llm", level="ERROR", parentObservationId=f"t{n}-root", type="GENERATION"
                )
        world.score("t0", "thumbs", 0)
        world.load()
        text = rule_text(sample_traces(gateway, now=NOW)[0], "chat")
    assert [signal.level for signal in loaded_text(text).rule.queue.signals] == [None]
    assert "# - level: ERROR   # 3 of 4 traces" in text


def test_no_traces(demo_gateway: Gateway, now: datetime) -> None:
    with pytest.raises(CuratorError) as caught:
        sample_traces(demo_gateway, now=now, name="no such name")
    assert caught.value.code == "INIT_NO_TRACES"


def seen_of(kind: str = "query", **said: object) -> Shapes:
    option = Option.model_validate({"kind": kind, "shape": "{x}", "why": "so", "fits": 1})
    return Shapes.model_validate({"traces": 1, "name": None, "names": {}, "options": (option,)} | said)


@pytest.mark.parametrize(
    "odd",
    ['a"b', "x: y", "# no", "yes", "naïve — ключ", "it's", "{}", "\x1b[31m", "on", "😀", "a\u2028b"],
)
def test_odd_names_stay_data(odd: str) -> None:
    seen = seen_of(
        "object",
        name=odd,
        names={odd: 1},
        input_keys={odd: ("string", 1.0)},
        scores={odd: SeenScore(data_type="CATEGORICAL", count=1, categories=(odd,), bad=(odd,))},
        queues=(odd,),
        answer_key=odd,
        failure_types=(odd,),
    )
    text = rule_text(seen, "odd")
    rule = loaded_text(text).rule
    assert rule.queue.filters.names == (odd,)
    assert rule.queue.signals[0].score == odd
    assert rule.queue.signals[-2].annotation_queue == odd
    assert list(rule.input.fields) == [odd]
    assert "\\ud83d" not in text.lower()  # YAML knows no pairs of surrogates


@pytest.mark.parametrize("kind", ["messages", "query", "whole"])
def test_other_shapes_load(kind: str) -> None:
    assert loaded_text(rule_text(seen_of(kind, annotated=True), "shape")).rule.queue.signals[0].annotation


def test_what_people_wrote_in_their_own_words_is_offered_as_a_signal() -> None:
    """No condition fits free text, and without a word about it the rule would lose what people found."""
    said = {"value": "it never looked", "data_type": "TEXT", "source": "ANNOTATION", "timestamp": NOW}
    noted = Score.model_validate({"id": "s", "name": "open_coding", **said})
    option = Option(kind="query", shape="{query}", why="", fits=1)
    seen = Shapes(traces=1, name="chat", names={}, options=(option,), scores=seen_scores([noted]))
    text = rule_text(seen, "first")
    assert "    # - annotation: true   # open_coding holds people's own words; this counts every score" in text
    assert loaded_text(text)


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("user_feedback", "low"),
        ("user-feedback", "low"),
        ("helpful", "low"),
        ("hallucination", "high"),
        ("contains_pii", "high"),
        ("toxicity", "high"),
        ("isIncorrect", "high"),
        ("not_helpful", "high"),
        ("unhelpful", "high"),
        ("no_errors", "low"),
        ("latency_seconds", None),
        ("total_cost", None),
        ("verdict", None),
        ("noise_sensitivity", "high"),
        ("edit_distance", "high"),
        ("off_topic", "high"),
        ("topic_adherence", "low"),
        ("impoliteness", "high"),
        ("rougeL", "low"),
        ("Qualität der Antwort", "low"),
        ("falscheAuskunft", "high"),
        ("réussi", "low"),
        ("user-vote", "low"),
        ("risk_score", "high"),
    ],
)
def test_direction_of_a_score(name: str, bad: str | None) -> None:
    assert direction(name) == bad


@pytest.mark.parametrize(
    ("name", "values", "condition", "known"),
    [
        ("user-feedback", ["negative", "positive"], 'in: ["negative"]', True),
        ("failure_type", ["wrong_tool", "invented", "none"], 'in: ["invented", "wrong_tool"]', True),
        ("tone", ["formal", "casual"], 'in: ["casual", "formal"]', False),
    ],
)
def test_categories_that_mean_a_failure(name: str, values: list[str], condition: str, known: bool) -> None:
    scores = [
        Score(id=value, name=name, value=value, data_type="CATEGORICAL", source="ANNOTATION", timestamp=NOW)
        for value in values
    ]
    seen = seen_scores(scores)
    assert seen[name].condition() == condition
    assert (seen[name].bad is not None) is known
    assert failure_types(scores) == (("invented", "wrong_tool") if name == "failure_type" else ())


def test_what_nobody_can_know_is_a_comment() -> None:
    seen = seen_of(scores={"tone": SeenScore(data_type="NUMERIC", count=3, low=0.0, high=1.0)})
    text = rule_text(seen, "tone")
    assert "    # - {score: tone, below: 0.5}" in text
    assert not [signal for signal in loaded_text(text).rule.queue.signals if signal.score]


def world_of(server: SandboxServer, gateway: Gateway, folder: Path) -> World:
    world = World(server, gateway, folder)
    for at in range(3):
        trace = f"api-{at}"
        world.trace(trace, traceName="POST /chat", input=None, output=None)
        world.observation(
            trace,
            f"{trace}-g",
            type="GENERATION",
            parentObservationId=f"{trace}-root",
            isRootObservation=False,
            input=json.dumps([{"role": "system", "content": "Be kind."}, {"role": "user", "content": f"Dog {at}?"}]),
            output=json.dumps({"role": "assistant", "content": "Yes."}),
        )
    return world


def test_the_rule_of_traces_whose_root_is_empty(tmp_path: Path) -> None:
    with SandboxServer() as server, Gateway(connection_of(server)) as gateway:
        world_of(server, gateway, tmp_path).load()
        seen, traces = sample_traces(gateway, now=NOW, name="POST /chat")
        loaded = loaded_text(rule_text(seen, "chat"))
    assert seen.traces == 3
    assert sorted(str(reshape(trace, loaded).input) for trace in traces) == [
        f"{{'query': 'Dog {at}?'}}" for at in range(3)
    ]
    tried = trial([Case(trace=trace) for trace in traces], loaded, Outgoing())
    query, must_mention, _ = tried.fields
    assert (query.path, query.filled, query.of) == ("input.query", 3, 3)
    assert must_mention.silent == ("$.correction.must_mention", "$.correction_terms")
    assert tried.problems == {"NO_EXPECTATION": 3}
    assert tried.checks["required_terms_present"] == {"passes": 3}
