"""How a recognizer's table of examples is checked."""

from collections.abc import Sequence

from curator.scrub.engine import Engine
from curator.scrub.entities import ENTITIES
from curator.scrub.locate import Located
from curator.scrub.places import resolve

THRESHOLD = 0.45


def found(engine: Engine, text: str, entity: str) -> list[str]:
    """The values of one entity that count at the default threshold, overlaps of other entities resolved."""
    (spans,) = engine.find([text])
    counting = [
        Located(s.start, s.end, s.entity, s.score, s.recognizer)
        for s in spans
        if ENTITIES[s.entity].default
        and ENTITIES[s.entity].kind != "suggestion"
        and s.score >= max(THRESHOLD, ENTITIES[s.entity].least)
    ]
    return [text[f.start : f.end] for f in resolve(text, counting) if f.entity == entity]


def marked(example: str) -> tuple[str, list[str]]:
    """`call [me] now` → the text without brackets, and what must be found in it."""
    values: list[str] = []
    text = ""
    rest = example
    while "⟦" in rest:
        before, _, rest = rest.partition("⟦")
        value, _, rest = rest.partition("⟧")
        text += before + value
        values.append(value)
    return text + rest, values


def check(engine: Engine, entity: str, hits: Sequence[str], misses: Sequence[str]) -> None:
    """Every hit gives exactly the values in ⟦⟧; no miss gives any."""
    wrong = []
    for example in hits:
        text, values = marked(example)
        assert values, f"a hit without a value: {example}"
        if (seen := found(engine, text, entity)) != values:
            wrong.append((text, values, seen))
    wrong += [(text, [], seen) for text in misses if (seen := found(engine, text, entity))]
    assert not wrong, "\n".join(f"{text!r}\n  wanted {values}\n  found  {seen}" for text, values, seen in wrong)
