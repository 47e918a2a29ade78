"""From a trace to its normal form: which observation says what, without counting twice what wrappers repeat."""

import re
from collections.abc import Collection, Sequence
from typing import Any

from curator.conversation import retrieved as found_texts
from curator.conversation.calls import calls_made
from curator.conversation.messages import last_user, messages_in
from curator.conversation.texts import FINAL_TOOLS, answer_in, question_in
from curator.conversation.values import Conversation, Message, Retrieved, Turn
from curator.conversation.view import AT_WORK, SIDES, View, inside_of
from curator.model.json import canonical
from curator.model.trace import Observation, Trace


def conversation_of(trace: Trace, observation_id: str | None = None, *, earlier: Sequence[Trace] = ()) -> Conversation:
    """What a person reads out of a trace: of its root, or of one observation (its input, its output, what is below it).

    Where the root holds nothing, the first and the last generation below it do. `earlier` are traces of the same
    session that began before this one. Raises KeyError for an observation that the trace does not have.
    """
    top = trace.root if observation_id is None else trace.observation(observation_id)
    view = View(top, inside_of(trace, top, everything=observation_id is None))
    history, user = _asked(view)
    answer = _answer(view)
    messages = _whole(view, history, answer)
    return Conversation(
        messages=tuple(messages),
        answer=answer,
        user_message=user,
        tool_calls=calls_made(view, messages),
        retrieved=_retrieved(view, messages),
        session=_turns(trace, earlier),
    )


def sessions_of(trace: Trace, traces: Collection[Trace]) -> tuple[Trace, ...]:
    """Those of the traces that belong to the same session and began earlier, oldest first."""
    session = trace.root.session_id
    same = [one for one in traces if session and one.id != trace.id and one.root.session_id == session]
    before = [one for one in same if one.root.start_time < trace.root.start_time]
    return tuple(sorted(before, key=lambda one: (one.root.start_time, one.id)))


SEARCH = re.compile(r"retriev|knowledge|vector|search", re.IGNORECASE)
"""Names of spans that find texts, where nobody said so by their type."""


def _asked(view: View) -> tuple[list[Message], str | None]:
    """What was said up to the question, and its text."""
    own = view.messages(view.top, "input")
    user = last_user(own or ())
    if own is not None and user is not None and len([one for one in own if one.role == "user"]) > 1:
        return list(own), user.text or None
    question = user.text if user is not None else question_in(view.value(view.top, "input"))
    below = next(
        (
            (one, found)
            for one in view.inside
            if one.id != view.top.id and (one.type == "GENERATION" or question is None)
            if (found := view.messages(one, "input")) is not None and last_user(found) is not None
        ),
        None,
    )
    if own is not None and user is not None:
        # Strands' agent is given the new message alone; its model gets those before, too.
        return (question and below and _joined(below[1], question)) or list(own), question or None
    if question is not None:
        if (prompt := messages_in(question)) and (user := last_user(prompt)):
            return list(prompt), user.text
        joined = _joined(below[1], question) if below is not None else None
        return joined or [Message(role="user", text=question)], question
    # LangGraph's output holds the question, too, when it was resumed after an interrupt.
    said = _latest(view, *below) if below is not None else view.messages(view.top, "output")
    if said and (user := last_user(said)):
        return list(said), user.text or None
    for one in sorted(view.inside, key=lambda one: one.type in AT_WORK):
        if (asked := question_in(view.value(one, "input"))) is not None:
            return [Message(role="user", text=asked)], asked
    return [], None


def _latest(view: View, one: Observation, said: tuple[Message, ...]) -> tuple[Message, ...]:
    """The last turn of a trace that holds several, as of a call: each below its own span, each with all turns before."""
    for later in view.generations:
        before, now = (
            [(each.role, each.text) for each in those if each.role in ("user", "assistant") and each.text]
            for those in (said, view.messages(later, "input") or ())
        )
        if later.parent_id != one.parent_id and now[: len(before)] == before and now[len(before) + 1 :]:
            user = last_user(view.messages(later, "input") or ())
            if user is not None and user.name is None and now[-1] == ("user", user.text):
                one, said = later, view.messages(later, "input") or ()
    return said


def _joined(messages: Sequence[Message], text: str) -> list[Message] | None:
    """The model's messages with the question as the program was asked it; None when they are about something else.

    A prompt template may stand around the question, as in CrewAI and DSPy: then the question replaces it.
    """
    folded = " ".join(text.split())
    at = next(
        (
            at
            for at in range(len(messages) - 1, -1, -1)
            if messages[at].role == "user" and folded in " ".join(messages[at].text.split())
        ),
        None,
    )
    if at is None:
        return None
    return [*messages[:at], messages[at].model_copy(update={"text": text})]


def _answer(view: View) -> Any:
    found = answer_in(view.value(view.top, "output"))
    if not isinstance(found, str) and (said := view.messages(view.top, "output")) and said[-1].role == "user":
        return None  # a graph that waits for a person
    if found is not None:
        return found
    ended = sorted(view.inside, key=lambda one: (one.end_time or one.start_time, one.start_time), reverse=True)
    models = [one for one in ended if one.type == "GENERATION" and not _only_calls(view, one)]
    for one in (*models, *(one for one in ended if one.type not in AT_WORK)):
        if (found := answer_in(view.value(one, "output"))) is not None:
            return found
    said = view.messages(view.top, "input")
    return said[-1].text or None if said and said[-1].role == "assistant" else None


def _only_calls(view: View, one: Observation) -> bool:
    found = view.messages(one, "output")
    return (
        bool(found)
        and not any(each.text for each in found or ())
        and not isinstance(answer_in(view.value(one, "output")), str)
    )


def _whole(view: View, history: list[Message], answer: Any) -> list[Message]:
    """The whole conversation: what was asked, the tool loop, the answer. The fullest record of it wins."""
    question = last_user(history)
    records: list[list[Message]] = []
    for one in view.inside:
        for side in SIDES:
            found = view.messages(one, side)
            if found and question is not None and (one.type == "GENERATION" or one.id == view.top.id):
                after = _after(found, question)
                if after is not None:
                    new = _new(view.messages(one, "output") or (), after, found) if side == "input" else []
                    records.append([*after, *new])
    loop = max(records, key=len, default=[])
    at_end = next((at for at in range(len(history) - 1, -1, -1) if history[at] is question), None)
    start = history if at_end is None else history[: at_end + 1]
    messages = [*start, *(loop or (history[at_end + 1 :] if at_end is not None else []))]
    messages = [one for one in messages if not _is_final_tool(one)]
    last = messages[-1] if messages and messages[-1].role == "assistant" else None
    if isinstance(answer, str) and not (last and last.text.strip() == answer.strip()):
        messages.append(Message(role="assistant", text=answer))
    return messages


def _is_final_tool(one: Message) -> bool:
    if one.role == "tool":
        return one.name in FINAL_TOOLS
    return (
        one.role == "assistant"
        and not one.text
        and bool(one.tool_calls)
        and all(c.name in FINAL_TOOLS for c in one.tool_calls)
    )


def _after(messages: Sequence[Message], question: Message) -> list[Message] | None:
    """What follows the question in a record that holds it."""
    folded = " ".join(question.text.split())
    for at in range(len(messages) - 1, -1, -1):
        if messages[at].role == "user" and folded in " ".join(messages[at].text.split()):
            # Whoever speaks as a user after the user is another agent, or the framework.
            return [
                one.model_copy(update={"role": "assistant" if one.name else "system"}) if one.role == "user" else one
                for one in messages[at + 1 :]
            ]
    return None


def _new(output: Sequence[Message], after: Sequence[Message], whole: Sequence[Message]) -> list[Message]:
    """The messages of an output that its input does not hold already (a graph's output repeats its input)."""
    known = {_key(one) for one in (*after, *whole)}
    return [one for one in output if one.role != "system" and _key(one) not in known]


def _key(one: Message) -> tuple[Any, ...]:
    return (one.role, one.text, tuple(canonical([call.name, call.arguments]) for call in one.tool_calls), one.call_id)


def _retrieved(view: View, messages: Sequence[Message]) -> tuple[Retrieved, ...]:
    """What was retrieved, from the retrievers, else from a field that is named so, else from the system prompt."""
    found: list[Retrieved] = []
    for one in view.inside:
        if one.type == "RETRIEVER":
            texts = found_texts.retrieved_in(view.value(one, "output")) or found_texts.in_metadata(one.metadata)
            found += [each for each in texts if each not in found]
    if not found:
        places = [
            (view.top, "input"),
            (view.top, "output"),
            *((one, side) for one in view.inside if one.type in ("CHAIN", "SPAN", "AGENT") for side in SIDES),
        ]
        searched = [one for one in view.inside if one.type == "SPAN" and SEARCH.search(one.name or "")]
        outputs = [view.value(one, "output") for one in searched]
        found = [text for each in outputs if not isinstance(each, str) for text in found_texts.retrieved_in(each)]
        found = found or next(
            (list(texts) for one, side in places if (texts := found_texts.in_fields(view.value(one, side)))), []
        )
    if not found:
        found = [each for one in messages if one.role == "system" for each in found_texts.in_prompt(one.text)]
    return tuple({each.text: each for each in reversed(found)}.values())[::-1]


def _turns(trace: Trace, earlier: Sequence[Trace]) -> tuple[Turn, ...]:
    turns = []
    for one in sessions_of(trace, earlier):
        found = conversation_of(one)
        turns.append(Turn(trace_id=one.id, user_message=found.user_message, answer=found.answer))
    return tuple(turns)
