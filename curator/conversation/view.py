"""The observations below a top one, and what each of them holds: values, messages, attributes; parsed once."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from curator.conversation.messages import last_user, messages_in, turns_in
from curator.conversation.parts import opened
from curator.conversation.texts import question_in
from curator.conversation.values import Message
from curator.model.json import parse_text
from curator.model.trace import Observation, Trace

SIDES = ("input", "output")
AT_WORK = ("TOOL", "RETRIEVER", "EMBEDDING", "EVALUATOR", "GUARDRAIL")
"""Types of observations that neither ask nor answer."""
ATTRIBUTES = {
    "input": re.compile(r"(?:^|[._])(?:input|input_data|request_data|prompt|call\.arguments)$"),
    "output": re.compile(r"(?:^|[._])(?:output|output_data|response_data|completion|call\.result)$"),
}
"""Span attributes that hold content where the server reads none: it leaves them in the metadata (Logfire, Haystack)."""


class View:
    """The observations below a top one, parsed once."""

    def __init__(self, top: Observation, inside: Sequence[Observation]) -> None:
        self.top, self.inside = top, inside
        self.parents = {one.id: one.parent_id for one in inside}
        self._parsed: dict[tuple[str, str], Any] = {}
        self._messages: dict[tuple[str, str], tuple[Message, ...] | None] = {}
        self.generations = [
            one
            for one in inside
            if one.type == "GENERATION" and any(self.value(one, side) is not None for side in SIDES)
        ]

    def value(self, one: Observation, side: str) -> Any:
        key = (one.id, side)
        if key not in self._parsed:
            raw = one.input if side == "input" else one.output
            value = parse_text(raw)
            if not (one.input or one.output):
                beside = (each for name, each in attributes(one).items() if ATTRIBUTES[side].search(name))
                value = next((opened(each) for each in beside if isinstance(each, (str, dict, list))), None)
            # A text of digits reads as a number, and was a text: what people and models say is text.
            self._parsed[key] = raw if value is not None and not isinstance(value, (dict, list, str)) else value
        return self._parsed[key]

    def messages(self, one: Observation, side: str) -> tuple[Message, ...] | None:
        key = (one.id, side)
        if key not in self._messages:
            value = self.value(one, side)
            found = messages_in(value)
            if found is None and side == "input":
                found = _with_history(value) or _within(value) or (_unsaid(value) if one in self.generations else None)
            self._messages[key] = found
        return self._messages[key]


def _unsaid(value: Any) -> tuple[Message, ...] | None:
    """A prompt of several texts of which nobody says who spoke, as Spring AI gives it: the last one asks."""
    texts = opened(value)
    if not isinstance(texts, list) or len(texts) < 2 or not all(isinstance(each, str) for each in texts):
        return None
    return Message(role="system", text="\n".join(texts[:-1])), Message(role="user", text=texts[-1])


def _with_history(value: Any) -> tuple[Message, ...] | None:
    """A question and the history before it: `{"args": ["text", [messages]]}`, `{"text": …, "earlier": [messages]}`."""
    if not isinstance(value, dict):
        return None
    given = value
    if isinstance(value.get("args"), list):
        kwargs = value.get("kwargs")
        given = dict(enumerate(value["args"])) | (kwargs if isinstance(kwargs, dict) else {})
    for key, each in given.items():
        history = (messages_in(each) or turns_in(each)) if isinstance(each, list) else None
        if history and history[-1].role == "assistant":
            args = [one for at, one in given.items() if isinstance(at, int) and at != key]
            rest = {name: one for name, one in given.items() if isinstance(name, str) and name != key}
            asked = question_in({"args": args, "kwargs": rest})
            return None if asked is None else (*history, Message(role="user", text=asked))
    return None


def _within(value: Any, depth: int = 0) -> tuple[Message, ...] | None:
    """Messages somewhere in an input: function arguments, a framework's own wrapper."""
    if depth > 4 or not isinstance(value, (dict, list)):
        return None
    for below in list(value.values() if isinstance(value, dict) else value)[:40]:
        below = opened(below)
        if isinstance(below, (dict, list)) or (isinstance(below, str) and "Message" in below[:40]):
            found = messages_in(below)
            if found is not None and last_user(found) is not None:
                return found
            if (deeper := _within(below, depth + 1)) is not None:
                return deeper
    return None


def several_roots(trace: Trace) -> tuple[Observation, ...]:
    """The roots of a trace that has more than one, in the order of their start; else nothing."""
    # A tool is no conversation of its own: a span above it was not exported.
    found = (one for one in trace.observations if one.is_root and one.type not in AT_WORK)
    roots = tuple(sorted(found, key=lambda one: (one.start_time, one.id)))
    return roots if len(roots) > 1 else ()


def inside_of(trace: Trace, top: Observation, *, everything: bool) -> list[Observation]:
    """What is below an observation, itself included, in the order of start; `everything`: but for the other roots."""
    ordered = sorted(trace.observations, key=lambda one: (one.start_time, one.id))
    if everything:
        others = {one.id for one in several_roots(trace)} - {top.id}
        return [one for one in ordered if not others & {one.id, *above(trace.parents, one)}]
    return [one for one in ordered if top.id in (one.id, *above(trace.parents, one))]


def above(parents: Mapping[str, str | None], one: Observation) -> Iterator[str]:
    """Ids of what is above an observation; a circle ends it."""
    seen, parent = {one.id}, one.parent_id
    while parent is not None and parent not in seen:
        seen.add(parent)
        yield parent
        parent = parents.get(parent)


def attributes(one: Observation) -> dict[str, Any]:
    """The span attributes among an observation's metadata, by name."""
    below = one.metadata.get("attributes")
    known = one.metadata | (below if isinstance(below, dict) else {})
    return {name.removeprefix("attributes."): each for name, each in known.items()}
