"""What an agent of the demo did: a tree of steps, before it becomes rows of observations."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Step:
    """One step below a trace's root; `children` ran inside it."""

    type: str
    """AGENT, GENERATION, TOOL, RETRIEVER, EMBEDDING, GUARDRAIL, CHAIN or SPAN."""
    name: str
    input: Any = None
    output: Any = None
    model: str | None = None
    level: str = "DEFAULT"
    status: str | None = None
    """Langfuse's status message: why the level is not DEFAULT."""
    seconds: float | None = None
    """Fixed duration; drawn from the type's usual range when None."""
    prompt: str | None = None
    """Name of the managed prompt that a generation used."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    children: tuple["Step", ...] = ()


def chat(system: str, *turns: tuple[str, str]) -> list[dict[str, str]]:
    """The messages of a chat completion: the system prompt, then (role, content) turns."""
    return [{"role": "system", "content": system}, *({"role": role, "content": text} for role, text in turns)]


def reply(text: str) -> dict[str, str]:
    """The message that a chat completion answered with."""
    return {"role": "assistant", "content": text}
