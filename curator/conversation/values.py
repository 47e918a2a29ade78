"""The values of the normal form."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from curator.model.base import Value

Role = Literal["system", "user", "assistant", "tool"]
USER: Role = "user"
ASSISTANT: Role = "assistant"


class Media(Value):
    """A part of a message that is no text: an image, a sound, a file. It says what and where, and holds no bytes."""

    kind: str
    """A media type such as `image/png`, or the form's own word: `image_url`, `file`."""
    where: str = ""
    """Address, file name or Langfuse's media token; empty when the bytes stood in the message itself."""


class ToolCall(Value):
    """A tool that was called."""

    name: str
    arguments: Any = None
    """Parsed when it was JSON text."""
    result: Any = None
    """Parsed when it was JSON text; None when no result was recorded."""
    id: str | None = None


class Message(Value):
    """One message of a conversation."""

    role: Role
    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    media: tuple[Media, ...] = ()
    call_id: str | None = None
    """For role tool: the id of the call that this is the result of."""
    name: str | None = None
    """Name of the tool or of the speaker, where the form says it."""


class Retrieved(Value):
    """A text that was retrieved."""

    text: str
    id: str | None = None


class Turn(Value):
    """An earlier trace of the same session."""

    trace_id: str
    user_message: str | None
    answer: Any


class Conversation(Value):
    """What a person reads out of a trace, or of one observation of it."""

    messages: tuple[Message, ...] = ()
    """Everything that was said, the answer included."""
    answer: Any = None
    """The final text; an object when the program answers with one that holds no text of its own."""
    user_message: str | None = None
    """The last thing that the user said."""
    tool_calls: tuple[ToolCall, ...] = ()
    """The calls that were made for this answer, in order, with their results."""
    retrieved: tuple[Retrieved, ...] = ()
    session: tuple[Turn, ...] = ()
    """Earlier turns of the session, oldest first."""

    @property
    def asked(self) -> tuple[Message, ...]:
        """What the program was asked: messages of user and assistant up to the last user message, without tools.

        Earlier turns come from the session when the trace holds only its own.
        """
        last = max((at for at, one in enumerate(self.messages) if one.role == "user"), default=-1)
        own = tuple(
            one.model_copy(update={"tool_calls": ()})
            for one in self.messages[: last + 1]
            if one.role in ("user", "assistant") and (one.text or one.media)
        )
        if len([one for one in own if one.role == "user"]) > 1:
            return own
        before = [
            Message(role=role, text=said)
            for turn in self.session
            for role, said in ((USER, turn.user_message), (ASSISTANT, turn.answer))
            if isinstance(said, str) and said
        ]
        return (*before, *own)

    def document(self) -> dict[str, object]:
        """The parts as a rule's paths and `curator show --json` see them."""
        return {
            "conversation": [
                {"role": one.role, "text": one.text, "tool_calls": [_call(call) for call in one.tool_calls]}
                | ({"media": [each.model_dump() for each in one.media]} if one.media else {})
                for one in self.messages
            ],
            "messages": [{"role": one.role, "content": one.text} for one in self.asked],
            "user_message": self.user_message,
            "answer": self.answer,
            "tool_calls": [_call(call) | {"result": call.result} for call in self.tool_calls],
            "retrieved": [{"id": one.id, "text": one.text} for one in self.retrieved],
            "session": [one.model_dump() for one in self.session],
        }


def _call(call: ToolCall) -> dict[str, object]:
    return {"name": call.name, "arguments": call.arguments}


@cache
def _tables() -> dict[str, Any]:
    return tomllib.loads(files("curator.conversation").joinpath("words.toml").read_text("utf-8"))


def words(table: str) -> Any:
    """One table of `words.toml`: how frameworks name the parts of messages."""
    return _tables()[table]
