"""From a trace to its normal form: which observation says what, without counting twice what wrappers repeat."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from curator.conversation import retrieved as found_texts
from curator.conversation.messages import last_user, messages_in, turns_in, with_results
from curator.conversation.parts import content_of, opened, snake
from curator.conversation.texts import FINAL_TOOLS, answer_in, question_in, tool_calls_in
from curator.conversation.values import Conversation, Message, Retrieved, Source, ToolCall, Turn
from curator.model.json import canonical, parse_text
from curator.model.trace import Observation, Trace


def conversation_of(trace: Trace, observation_id: str | None = None, *, earlier: Sequence[Trace] = ()) -> Conversation:
    """What a person reads out of a trace: of its root, or of one observation (its input, its output, what is below it).

    Where the root holds nothing, the first and the last generation below it do. `earlier` are traces of the same
    session that began before this one. Raises KeyError for an observation that the trace does not have.
    """
    top = trace.root if observation_id is None else trace.observation(observation_id)
    inside = _inside(trace, top, everything=observation_id is None)
    view = _View(top, inside)
    history, asked_at, user = _asked(view)
    answer, answered_at = _answer(view)
    messages, messages_at = _whole(view, history, asked_at, answer)
    calls = _tool_calls(view, messages)
    sources = {
        name: Source(observation_id=one.id, path=path)
        for name, place in (("messages", messages_at), ("user_message", asked_at), ("answer", answered_at))
        if place is not None
        for one, path in [place]
    }
    return Conversation(
        messages=tuple(messages),
        answer=answer,
        user_message=user,
        tool_calls=calls,
        retrieved=_retrieved(view, messages),
        session=_turns(trace, earlier),
        sources=sources,
    )


def several_roots(trace: Trace) -> tuple[Observation, ...]:
    """The roots of a trace that has more than one, in the order of their start; else nothing."""
    roots = tuple(sorted((one for one in trace.observations if one.is_root), key=lambda one: (one.start_time, one.id)))
    return roots if len(roots) > 1 else ()


def sessions_of(trace: Trace, traces: Collection[Trace]) -> tuple[Trace, ...]:
    """Those of the traces that belong to the same session and began earlier, oldest first."""
    session = trace.root.session_id
    same = [one for one in traces if session and one.id != trace.id and one.root.session_id == session]
    before = [one for one in same if one.root.start_time < trace.root.start_time]
    return tuple(sorted(before, key=lambda one: (one.root.start_time, one.id)))


Place = tuple[Observation, str]
SIDES = ("input", "output")
AT_WORK = ("TOOL", "RETRIEVER", "EMBEDDING", "EVALUATOR", "GUARDRAIL")
"""Types of observations that neither ask nor answer."""
WRAPPING = {"args", "kwargs", "inputs", "input_str", "tags", "metadata", "sanitize_inputs_outputs"}
"""Keys of a tool's input of which `kwargs` or `inputs` are the arguments."""
SEARCH = re.compile(r"retriev|knowledge|vector|search", re.IGNORECASE)
"""Names of spans that find texts, where nobody said so by their type."""


class _View:
    """The observations below a top one, parsed once."""

    def __init__(self, top: Observation, inside: Sequence[Observation]) -> None:
        self.top, self.inside = top, inside
        self.parents = {one.id: one.parent_id for one in inside}
        self._parsed: dict[tuple[str, str], Any] = {}
        self._messages: dict[tuple[str, str], tuple[Message, ...] | None] = {}
        self.generations = [one for one in inside if one.type == "GENERATION" and (one.input or one.output)]

    def value(self, one: Observation, side: str) -> Any:
        key = (one.id, side)
        if key not in self._parsed:
            raw = one.input if side == "input" else one.output
            value = parse_text(raw)
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


def _unsaid(value: Any) -> tuple[Message, ...] | None:
    """A prompt of several texts of which nobody says who spoke, as Spring AI gives it: the last one asks."""
    texts = opened(value)
    if not isinstance(texts, list) or len(texts) < 2 or not all(isinstance(each, str) for each in texts):
        return None
    return Message(role="system", text="\n".join(texts[:-1])), Message(role="user", text=texts[-1])


def _with_history(value: Any) -> tuple[Message, ...] | None:
    """A question and the history before it, as a function's arguments: `{"args": ["text", [messages]]}`."""
    args = value.get("args") if isinstance(value, dict) else None
    if not isinstance(args, list):
        return None
    histories = (messages_in(each) or turns_in(each) for each in args if isinstance(each, list))
    history = next((each for each in histories if each and each[-1].role == "assistant"), None)
    asked = question_in([each for each in args if isinstance(each, str)])
    if history is None or asked is None:
        return None
    return (*history, Message(role="user", text=asked[0]))


def _inside(trace: Trace, top: Observation, *, everything: bool) -> list[Observation]:
    ordered = sorted(trace.observations, key=lambda one: (one.start_time, one.id))
    if everything:
        others = {one.id for one in several_roots(trace)} - {top.id}
        return [one for one in ordered if not others & {one.id, *_above(trace.parents, one)}]
    return [one for one in ordered if top.id in (one.id, *_above(trace.parents, one))]


def _above(parents: Mapping[str, str | None], one: Observation) -> Iterator[str]:
    """Ids of what is above an observation; a circle ends it."""
    seen, parent = {one.id}, one.parent_id
    while parent is not None and parent not in seen:
        seen.add(parent)
        yield parent
        parent = parents.get(parent)


def _asked(view: _View) -> tuple[list[Message], Place | None, str | None]:
    """What was said up to the question, where the question stands, and its text."""
    own = view.messages(view.top, "input")
    if own is not None and (user := last_user(own)) is not None:
        return list(own), (view.top, "$.input"), user.text or None
    question = question_in(view.value(view.top, "input"))
    below = next(
        (
            (one, found)
            for one in view.inside
            if one.id != view.top.id and (one.type == "GENERATION" or question is None)
            if (found := view.messages(one, "input")) is not None and last_user(found) is not None
        ),
        None,
    )
    if question is not None:
        text, path = question
        if (prompt := messages_in(text)) and (user := last_user(prompt)):
            return list(prompt), (view.top, path), user.text
        history = [Message(role="user", text=text)]
        if below is not None:
            history = _joined(below[1], text) or history
        return history, (view.top, path), text
    if below is not None:
        below = _latest(view, *below)
        user = last_user(below[1])
        return list(below[1]), (below[0], "$.input"), user.text if user else None
    if (said := view.messages(view.top, "output")) and (user := last_user(said)):
        return list(said), (view.top, "$.output"), user.text or None  # LangGraph, resumed after an interrupt
    for one in sorted(view.inside, key=lambda one: one.type in AT_WORK):
        if (asked := question_in(view.value(one, "input"))) is not None:
            return [Message(role="user", text=asked[0])], (one, asked[1]), asked[0]
    return [], None, None


def _latest(view: _View, one: Observation, said: Sequence[Message]) -> tuple[Observation, Sequence[Message]]:
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
    return one, said


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


def _answer(view: _View) -> tuple[Any, Place | None]:
    found = answer_in(view.value(view.top, "output"))
    if found is not None:
        return found, (view.top, "$.output")
    ended = sorted(view.inside, key=lambda one: (one.end_time or one.start_time, one.start_time), reverse=True)
    models = [one for one in ended if one.type == "GENERATION" and not _only_calls(view, one)]
    for one in (*models, *(one for one in ended if one.type not in AT_WORK)):
        if (found := answer_in(view.value(one, "output"))) is not None:
            return found, (one, "$.output")
    said = view.messages(view.top, "input")
    if said and said[-1].role == "assistant" and said[-1].text:
        return said[-1].text, (view.top, "$.input")
    return None, None


def _only_calls(view: _View, one: Observation) -> bool:
    found = view.messages(one, "output")
    return (
        bool(found)
        and not any(each.text for each in found or ())
        and not isinstance(answer_in(view.value(one, "output")), str)
    )


def _whole(
    view: _View, history: list[Message], asked_at: Place | None, answer: Any
) -> tuple[list[Message], Place | None]:
    """The whole conversation: what was asked, the tool loop, the answer. The fullest record of it wins."""
    question = last_user(history)
    records: list[tuple[list[Message], Place]] = []
    for one in view.inside:
        for side in ("input", "output"):
            found = view.messages(one, side)
            if found and question is not None and (one.type == "GENERATION" or one.id == view.top.id):
                after = _after(found, question)
                if after is not None:
                    if side == "input":
                        after = [*after, *(_new(view.messages(one, "output") or (), after, found))]
                    records.append((after, (one, "$.input" if side == "input" else "$.output")))
    loop: list[Message] = []
    place = asked_at
    if records:
        loop, at = max(records, key=lambda record: len(record[0]))
        place = at if loop else asked_at
    at_end = next((at for at in range(len(history) - 1, -1, -1) if history[at] is question), None)
    start = history if at_end is None else history[: at_end + 1]
    messages = [*start, *(loop or (history[at_end + 1 :] if at_end is not None else []))]
    messages = [one for one in messages if not _is_final_tool(one)]
    last = messages[-1] if messages and messages[-1].role == "assistant" else None
    if isinstance(answer, str) and not (last and last.text.strip() == answer.strip()):
        messages.append(Message(role="assistant", text=answer))
    return messages, place


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
    return (one.role, one.text, tuple(_call_key(call) for call in one.tool_calls), one.call_id)


def _call_key(call: ToolCall) -> str:
    return canonical([call.name, call.arguments])


def _tool_calls(view: _View, messages: Sequence[Message]) -> tuple[ToolCall, ...]:
    """The calls made for this answer: those after the question, those of every generation, those of TOOL observations."""
    start = next((at for at in range(len(messages) - 1, -1, -1) if messages[at].role == "user"), -1)
    calls = list(with_results(messages[start + 1 :]))
    own = tool_calls_in(view.value(view.top, "output"))
    if own and not calls and None in (view.messages(view.top, side) for side in SIDES):
        calls = list(own)
    by_generation: dict[str, list[ToolCall]] = {}
    every: list[ToolCall] = []
    for one in view.generations:
        said = view.messages(one, "output") or ()
        if any(each.role == "user" for each in said):
            said = ()  # the whole history again: its calls are not all new
        made = [call for each in said if each.role == "assistant" for call in each.tool_calls]
        by_generation[one.id] = made
        every += _beyond(made, [call for above in _above(view.parents, one) for call in by_generation.get(above, ())])
    calls += _beyond(every, calls)
    worked: list[ToolCall] = []
    seen: dict[str, ToolCall] = {}
    for one in view.inside:
        if one.type != "TOOL" or one.id == view.top.id:
            continue
        call = _observed(view, one)
        around = [seen[above] for above in _above(view.parents, one) if above in seen and seen[above].name == call.name]
        if any(not call.arguments or call.arguments == each.arguments for each in around):
            continue  # the instrumented tool below a span around it
        seen[one.id] = call
        worked.append(call)
    calls = _filled(calls, worked)
    ends = FINAL_TOOLS | {call.name for call in calls if call.name == "finish" and not call.arguments}  # DSPy's ReAct
    return tuple(call for call in calls if call.name and snake(call.name).removesuffix("_tool") not in ends)


def _beyond(calls: Sequence[ToolCall], known: Sequence[ToolCall]) -> list[ToolCall]:
    """Those of the calls that are not among the known ones; each known one stands for one of them."""
    left = list(known)
    found = []
    for call in calls:
        same = next((each for each in left if _same(each, call)), None)
        if same is None:
            found.append(call)
        else:
            left.remove(same)
    return found


def _same(one: ToolCall, other: ToolCall) -> bool:
    if one.id is not None and other.id is not None:
        return one.id == other.id
    return _call_key(one) == _call_key(other)


def _filled(calls: list[ToolCall], worked: Sequence[ToolCall]) -> list[ToolCall]:
    """The calls with what the tools' own observations add: results, and calls that no message mentions."""
    free = list(range(len(calls)))
    for done in worked:
        at = next((at for at in free if _call_key(calls[at]) == _call_key(done)), None)
        if at is None:
            at = next(
                (
                    at
                    for at in free
                    if calls[at].name == done.name
                    and (done.arguments in (None, {}, "") or _held(calls[at].arguments, done.arguments))
                ),
                None,
            )
        if at is None and isinstance(done.arguments, dict) and done.arguments:
            # A span may bear the name of the tool's class or function: the same arguments are the same call.
            wanted = canonical(done.arguments)
            at = next((at for at in free if canonical(calls[at].arguments) == wanted and not calls[at].result), None)
        if at is None:
            calls.append(done)
            continue
        free.remove(at)
        if calls[at].result is None and done.result is not None:
            calls[at] = calls[at].model_copy(update={"result": done.result})
    return calls


def _held(arguments: Any, observed: Any) -> bool:
    """Whether an observation's input is the call's arguments with something of the framework around them."""
    return (
        isinstance(arguments, dict)
        and bool(arguments)
        and isinstance(observed, (dict, list))
        and all(canonical(value) in canonical(observed) for value in arguments.values())
    )


def _observed(view: _View, one: Observation) -> ToolCall:
    given, result = view.value(one, "input"), opened(view.value(one, "output"))
    if isinstance(given, dict) and isinstance(given.get("kwargs"), dict) and set(given) <= WRAPPING:
        given = given["kwargs"] or given.get("inputs") or ({"args": given["args"]} if given.get("args") else {})
    elif (found := messages_in(given)) and len(found) == 1 and found[0].role == "tool":
        given = opened(found[0].text)  # events of OpenTelemetry
    elif (
        isinstance(given, dict)
        and isinstance(inner := given.get("input", given.get("arguments")), (dict, str))
        and set(given) <= {"input", "arguments", "name", "tool_call_id"}
    ):
        given = opened(inner)
    if isinstance(given, str):
        given = _literal(given)
    return ToolCall(name=_tool_name(one), arguments=given, result=_unwrapped(result))


def _tool_name(one: Observation) -> str:
    """The tool's own name, as an instrumentation's attribute says it, else the span's without what stands before it."""
    below = one.metadata.get("attributes")
    known = one.metadata | (below if isinstance(below, dict) else {})
    for key in ("gen_ai.tool.name", "tool.name", "tool_name", "ai.toolCall.name"):
        if isinstance(said := known.get(key, known.get(f"attributes.{key}")), str) and said:
            return said
    if handed := re.match(r"handoff to (.+)", one.name or ""):
        return "transfer_to_" + re.sub(r"\W", "_", handed[1]).lower()  # as OpenAI's Agents SDK calls it elsewhere
    return re.sub(
        r"^(?:execute_tool|running tool:?|tool:|ai\.toolCall|tools/call) (?=\S)|\.(?:tool|__call__)$",
        "",
        one.name or "",
    ).strip("'")


def _literal(text: str) -> Any:
    """LangChain's handler writes a tool's arguments as a Python dict."""
    import ast

    if text[:1] != "{":
        return text
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


def _unwrapped(result: Any) -> Any:
    if isinstance(result, dict) and set(result) <= {"message", "id"} and isinstance(result.get("message"), str):
        content = content_of(result["message"])  # events of OpenTelemetry
        return opened(content.text) if content is not None else result
    found = messages_in(result)
    if found and len(found) == 1 and found[0].role == "tool":
        return opened(found[0].text)
    return result


def _retrieved(view: _View, messages: Sequence[Message]) -> tuple[Retrieved, ...]:
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
