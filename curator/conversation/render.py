"""A conversation as lines that a screen or a terminal can show."""

from collections.abc import Sequence
from typing import Literal

from curator.conversation.parts import as_text
from curator.conversation.values import Conversation, Message, ToolCall
from curator.model.base import Value

SHORT = 120
"""Characters of a call's arguments or result on its one line."""


class Line(Value):
    """One thing to show. Texts come from outside: whoever draws them makes them safe."""

    kind: Literal["message", "call", "result", "media", "retrieved", "turn"]
    label: str
    """Who or what: a role, `lookup_order(…)`, a media type, a document's id."""
    text: str
    """What stands beside the label on one line, or the whole text of a message."""
    more: str = ""
    """What opening the line shows; empty when there is nothing more."""


def lines_of(shown: Conversation | Sequence[Message], *, short: int = SHORT) -> list[Line]:
    """Messages in order, each tool call as one line that opens to its arguments and result; then the retrieved texts.

    `short`: characters of what stands on one line; more for who masks personal values first and cuts then.
    """
    if not isinstance(shown, Conversation):
        return _messages(shown, (), short)
    lines = [
        Line(
            kind="turn",
            label="earlier",
            text=_one_line(turn.user_message or "–", short),
            more=as_text(turn.answer) if turn.answer is not None else "",
        )
        for turn in shown.session
    ]
    lines += _messages(shown.messages, shown.tool_calls, short)
    return lines + [
        Line(kind="retrieved", label=each.id or "–", text=_one_line(each.text, short), more=each.text)
        for each in shown.retrieved
    ]


def _messages(messages: Sequence[Message], calls: Sequence[ToolCall], short: int) -> list[Line]:
    lines: list[Line] = []
    for one in messages:
        if one.role == "tool":
            lines.append(
                Line(kind="result", label=one.name or "result", text=_one_line(one.text, short), more=one.text)
            )
            continue
        if one.text or not (one.tool_calls or one.media):
            lines.append(Line(kind="message", label=one.role, text=one.text))
        lines += [Line(kind="media", label=each.kind, text=each.where or "inside the message") for each in one.media]
        lines += [call_line(call, short) for call in one.tool_calls]
    known = [(call.name, as_text(call.arguments)) for one in messages for call in one.tool_calls]
    return lines + [call_line(call, short) for call in calls if (call.name, as_text(call.arguments)) not in known]


def call_line(call: ToolCall, short: int = SHORT) -> Line:
    """A tool call as one line: `lookup_order(order_id="ORDER-1")`."""
    given = call.arguments
    inside = (
        ", ".join(f"{key}={as_text(value)}" for key, value in given.items())
        if isinstance(given, dict)
        else as_text(given or "")
    )
    more = [f"arguments: {as_text(given)}"] if given is not None else []
    more += [f"result: {as_text(call.result)}"] if call.result is not None else []
    return Line(kind="call", label=call.name, text=_one_line(f"({inside})", short), more="\n".join(more))


def _one_line(text: str, short: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= short else f"{line[: short - 1]}…"
