"""Traces as other frameworks write them: what is read, and that `init` makes a rule whose draft is usable at once."""

import json
from functools import cache
from typing import Any

import pytest

from curator.conversation import conversation_of
from curator.draft.effectiveness import checked_answers
from curator.draft.first_rule import loaded_text, rule_text
from curator.draft.mapping import reshape
from curator.draft.propose import shapes_of
from curator.model import Trace
from tests.conversation.frameworks import ANSWER, LAST, PLUMBING, SYSTEM, TRACES
from tests.conversation.strangers import STRANGERS
from tests.conversation.test_conversation import read, trace_of

TRACES = TRACES | STRANGERS


def keys_in(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*(keys_in(each) for each in value.values()))
    return set().union(*(keys_in(each) for each in value)) if isinstance(value, list) else set()


parsed = cache(loaded_text)
"""Most traces lead to the same few rules."""


def made(name: str) -> Trace:
    return trace_of(*TRACES[name][0])


@pytest.mark.parametrize("name", TRACES)
def test_what_is_read(name: str) -> None:
    _, user, calls, retrieved = TRACES[name]
    assert read(made(name)) == {"user": user, "answer": ANSWER, "calls": calls, "retrieved": retrieved}
    assert LAST in str(conversation_of(made(name)).user_message)


@pytest.mark.parametrize("name", TRACES)
def test_the_first_rule_makes_a_usable_draft(name: str) -> None:
    trace = made(name)
    seen = shapes_of([trace], None, {}, [], ())
    loaded = parsed(rule_text(seen, "first"))
    terms = {"expected_output.must_mention": ["a new lamp"], "expected_output.must_not_mention": []}
    draft = reshape(trace, loaded, edits=terms)
    assert not [problem for problem in draft.problems if problem.blocking]
    assert LAST in json.dumps(draft.input, ensure_ascii=False)
    assert not keys_in(draft.input) & set(PLUMBING)
    assert SYSTEM not in json.dumps(draft.input)
    assert checked_answers(trace, draft, loaded)[0].verdict == "fails"


def test_turns_of_one_session_are_proposed_as_messages() -> None:
    turns = [
        made("observe-args").model_copy(update={"root": one.root.model_copy(update={"session_id": "s1"})})
        for one in (made("observe-args"), made("observe-args"))
    ]
    seen = shapes_of(turns, "ask", {"ask": 2}, [], ())
    assert [option.kind for option in seen.options] == ["messages", "query"]
    assert "session" in seen.options[0].why
