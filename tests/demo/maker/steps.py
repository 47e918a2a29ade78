"""What the demo is told in: its texts, the steps of an agent, and the units that are put on the calendar."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.demo.truth import Planted

TEXTS = Path(__file__).with_name("texts")


def texts(name: str) -> dict[str, Any]:
    """The tables of `NAME.toml`, with tuples for arrays: what was invented, apart from the code that plays it."""
    frozen: dict[str, Any] = _frozen(tomllib.loads((TEXTS / f"{name}.toml").read_text(encoding="utf-8")))
    return frozen


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _frozen(item) for key, item in value.items()}
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


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


@dataclass(frozen=True)
class Unit:
    """Something to be written: `write(at)` puts it into the recorder that it was made for."""

    workflow: str
    failure: bool
    write: Callable[[datetime], list[Planted]]
