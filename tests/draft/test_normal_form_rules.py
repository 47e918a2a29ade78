"""Rules over the normal form: expressions, any JSON, one observation of several, plain corrections, no empty items."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from curator.draft.effectiveness import checked_answers
from curator.draft.mapping import document_of, reshape
from curator.draft.terms import terms_of_difference
from curator.model import Observation, Score, Trace
from curator.model.errors import UsageError
from curator.rulebook import LoadedRule, load_rule
from curator.rulebook.paths import find_all

NOW = datetime(2026, 11, 20, tzinfo=UTC)
TERMS = "{schema: {}, fields: {must_mention: {from: $.correction_terms, default: [x]}}}"
MESSAGES = [
    {"role": "system", "content": "Be kind."},
    {"role": "user", "content": "Hi there"},
    {"role": "assistant", "content": "Hello."},
    {"role": "user", "content": "Where is my lamp?"},
]


def observation(id_: str, input_: Any = None, output: Any = None, **said: Any) -> Observation:
    def raw(value: Any) -> str | None:
        return value if value is None or isinstance(value, str) else json.dumps(value)

    given = {"id": id_, "trace_id": "t", "is_root": "parent_id" not in said, "start_time": NOW, **said}
    return Observation(input=raw(input_), output=raw(output), **given)


def correction(value: str, observation_id: str | None = None, at: int = 0) -> Score:
    return Score(
        id=f"c-{observation_id}",
        name="output",
        value=value,
        data_type="CORRECTION",
        timestamp=NOW + timedelta(seconds=at),
        trace_id="t",
        observation_id=observation_id,
    )


def rule_of(tmp_path: Path, input_: str, expected: str = "", checks: str = "", head: str = "") -> LoadedRule:
    path = tmp_path / "r.yaml"
    path.write_text(
        "rule: r\ndataset: {name: r-regression}\nqueue: {signals: [{score: s, below: 0.5}]}\n"
        f"{head}\ninput: {input_}\n"
        f"expected_output: {expected or TERMS}\n"
        f"lineage: {{failure_types: [w], default_failure_type: w, rubric: v1}}\nchecks: [{checks}]\n"
    )
    return load_rule(path)


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("$.user_message", "Where is my lamp?"),
        ("$.answer", "It is lost."),
        ("$.input[?(@.role == 'user')][-1:].content", "Where is my lamp?"),
        ("$.input[?(@.role == 'user')][0].content", "Hi there"),
        ("input[?role=='user'].content | [-1]", "Where is my lamp?"),
        ("conversation[?role!='system'].{role: role, content: text} | [0]", {"role": "user", "content": "Hi there"}),
        ("join(' / ', conversation[?role=='user'].text)", "Hi there / Where is my lamp?"),
        ("$.observations[?(@.name == 'find')].output.call.arguments.q", "lamp"),
        ("from_json(observations[?name=='find'].output.call | [0].arguments).q", "lamp"),
    ],
)
def test_expressions(tmp_path: Path, expression: str, found: object) -> None:
    trace = Trace(
        id="t",
        observations=(
            observation("root", MESSAGES, {"role": "assistant", "content": "It is lost."}),
            observation("tool", {"q": 1}, {"call": {"arguments": '{"q": "lamp"}'}}, parent_id="root", name="find"),
        ),
    )
    loaded = rule_of(tmp_path, f"{{schema: {{}}, from: {json.dumps(expression)}}}")
    assert reshape(trace, loaded).input == found


def test_a_slice_after_a_filter_that_finds_nothing_does_not_fall_back() -> None:
    document = {"m": [{"role": "assistant", "content": "Hi there"}]}
    assert find_all("$.m[?(@.role == 'user')][-1:].content", document) == []


@pytest.mark.parametrize(
    ("shape", "made"),
    [
        ("{schema: {type: string}, from: $.user_message}", "Where is my lamp?"),
        ("{schema: {type: array}, from: $.messages}", MESSAGES[1:]),
        (
            "{schema: {}, fields: {who: {fields: {name: {value: Kim}}}, q: {from: $.user_message}}}",
            {"who": {"name": "Kim"}, "q": "Where is my lamp?"},
        ),
        ("{schema: {}, fields: {last: {from: '$.input[*].content', collect: last}}}", {"last": "Where is my lamp?"}),
        (
            "{schema: {}, fields: {all: {from: 'input[].content', collect: all, join: '|'}}}",
            {"all": "Be kind.|Hi there|Hello.|Where is my lamp?"},
        ),
    ],
)
def test_input_is_any_json(tmp_path: Path, shape: str, made: object) -> None:
    draft = reshape(Trace(id="t", observations=(observation("root", MESSAGES, "Lost."),)), rule_of(tmp_path, shape))
    assert draft.input == made
    assert not [problem for problem in draft.problems if problem.blocking]


def test_a_number_as_input_is_no_empty_item(tmp_path: Path) -> None:
    trace = Trace(id="t", observations=(observation("root", "123", "Lost."),))
    assert reshape(trace, rule_of(tmp_path, "{schema: {type: string}, from: $.user_message}")).input == "123"
    refused = reshape(trace, rule_of(tmp_path, "{schema: {}, fields: {q: {from: $.input.q, required: false}}}"))
    assert "NO_INPUT" in [problem.code for problem in refused.problems if problem.blocking]


@pytest.mark.parametrize(
    ("checks", "refused"),
    [
        ("", True),
        ("{name: t, type: required_terms_present}", True),
        ("{name: r, type: regex, pattern: x}", False),
        ("{name: r, type: regex, pattern: x}, {name: t, type: required_terms_present}", True),
    ],
)
def test_an_item_that_expects_nothing_is_refused(tmp_path: Path, checks: str, refused: bool) -> None:
    loaded = rule_of(
        tmp_path, "{schema: {}, from: $.user_message}", "{schema: {}, fields: {must_mention: {default: []}}}", checks
    )
    draft = reshape(Trace(id="t", observations=(observation("root", "Hello?", "Hi."),)), loaded)
    assert ("NO_EXPECTATION" in [problem.code for problem in draft.problems if problem.confirm]) is refused


STEP = "{schema: {}, fields: {text: {from: \"$.observations[?(@.name == 'sum')].input.text\"}}}"
SUMMARY = "{schema: {}, fields: {summary: {from: $.correction.summary}}}"


def steps(*scores: Score) -> Trace:
    return Trace(
        id="t",
        observations=(
            observation("root", {"job": 1}, {"done": 2}, type="AGENT"),
            observation("g1", {"text": "A 10, B 9"}, {"summary": "A is cheaper."}, parent_id="root", name="sum"),
            observation("g2", {"text": "C 3, D 5"}, {"summary": "D is lighter."}, parent_id="root", name="sum"),
        ),
        scores=scores,
    )


def test_each_reviewed_step_is_paired_with_its_own_correction(tmp_path: Path) -> None:
    trace = steps(correction('{"summary": "B"}', "g1"), correction('{"summary": "C"}', "g2", at=9))
    loaded = rule_of(
        tmp_path, STEP, SUMMARY, "{name: s, type: jsonpath_equals, path: $.summary, expected_path: $.summary}"
    )
    made = [reshape(trace, loaded, observation_id=one) for one in ("g1", "g2")]
    assert [(one.input, one.expected_output, one.observation_id) for one in made] == [
        ({"text": "A 10, B 9"}, {"summary": "B"}, "g1"),
        ({"text": "C 3, D 5"}, {"summary": "C"}, "g2"),
    ]
    assert len({one.item_id for one in made}) == 2
    assert [checked_answers(trace, one, loaded)[0].verdict for one in made] == ["fails", "fails"]
    whole = reshape(trace, loaded)
    assert "SEVERAL_CORRECTIONS" in [problem.code for problem in whole.problems if problem.blocking]


@pytest.mark.parametrize(
    ("source", "promoted"),
    [("root", "root"), ("{name: sum}", "g2"), ("{type: AGENT}", "root"), ("scored", "g1"), ("reviewed", "g1")],
)
def test_source_says_what_is_promoted(tmp_path: Path, source: str, promoted: str) -> None:
    loaded = rule_of(tmp_path, "{schema: {}, from: $.input}", head=f"source: {source}")
    given = "g1" if source in ("scored", "reviewed") else None
    assert reshape(steps(), loaded, observation_id=given).observation_id == promoted


def test_an_observation_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such observation"):
        reshape(steps(), rule_of(tmp_path, STEP), observation_id="gone")


@pytest.mark.parametrize(
    ("answer", "corrected", "terms"),
    [
        ("One year.", "Two years from the day of delivery.", ("Two years", "day", "delivery")),
        ("No.", "Yes, in five days.", ("five days",)),
        ("Costs 10 EUR.", "Costs 12,50 EUR.", ("12,50",)),
        ("Same.", "Same.", ()),
        (None, "In 30 days", ("30 days",)),
        ("x", {"a": 1}, ()),
    ],
)
def test_terms_of_a_plain_correction(answer: object, corrected: object, terms: tuple[str, ...]) -> None:
    assert terms_of_difference(answer, corrected) == terms


def test_a_plain_correction_fills_the_expectation_and_waits_for_a_person(tmp_path: Path) -> None:
    trace = Trace(
        id="t", observations=(observation("root", "How long?", "One year."),), scores=(correction("Two years."),)
    )
    loaded = rule_of(tmp_path, "{schema: {}, from: $.user_message}", checks="{name: t, type: required_terms_present}")
    draft = reshape(trace, loaded)
    assert draft.expected_output == {"must_mention": ["Two years"]}
    assert [problem.code for problem in draft.problems if problem.confirm] == ["UNCONFIRMED_TERMS"]
    assert [one.verdict for one in checked_answers(trace, draft, loaded)] == ["fails", "passes"]
    chosen = reshape(trace, loaded, edits={"expected_output.must_mention": ["Two years"]})
    assert not chosen.problems


def test_the_third_turn_of_a_session_holds_the_turns_before(tmp_path: Path) -> None:
    def turn(at: int) -> Trace:
        said = {"session_id": "s", "trace_id": f"t{at}", "start_time": NOW + timedelta(minutes=at)}
        return Trace(id=f"t{at}", observations=(observation(f"o{at}", f"q{at}", f"a{at}", **said),))

    traces = [turn(at) for at in range(3)]
    loaded = rule_of(tmp_path, "{schema: {}, from: $.messages}")
    made = reshape(traces[2], loaded, earlier=traces[:2]).input
    assert (
        made
        == [
            {"role": role, "content": f"{letter}{at}"}
            for at in range(3)
            for role, letter in (("user", "q"), ("assistant", "a"))
        ][:5]
    )
    assert document_of(traces[2], earlier=traces[:2])["session"][0]["answer"] == "a0"  # type: ignore[index]


def test_the_checks_read_what_a_framework_wraps(tmp_path: Path) -> None:
    call = {"type": "ai", "content": "", "tool_calls": [{"name": "find", "args": {"q": "lamp", "n": 3}, "id": "1"}]}
    answer = {"type": "ai", "content": "It is lost.", "tool_calls": []}
    messages = [{"type": "human", "content": "Where?"}, call, answer]
    root = observation("root", {"messages": [["user", "Where?"]]}, {"messages": messages})
    expected = {
        "must_mention": ["lost"],
        "must_call": ["find"],
        "must_not_call": ["pay"],
        "tool_calls": [{"name": "find", "arguments": {"q": "bulb"}}],
    }
    loaded = rule_of(
        tmp_path,
        "{schema: {}, from: $.user_message}",
        f"{{schema: {{}}, value: {json.dumps(expected)}}}",
        "{name: terms, type: required_terms_present}, {name: called, type: tools_called}, "
        "{name: not, type: tools_not_called}, {name: order, type: tools_in_order}, {name: args, type: tool_arguments}",
    )
    trace = Trace(id="t", observations=(root,))
    (found,) = checked_answers(trace, reshape(trace, loaded), loaded)
    assert (found.verdict, found.checks) == ("fails", ("args",))
