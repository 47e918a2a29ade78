"""Puts replacements into texts, and texts back into the JSON value that they came from."""

import json
from collections.abc import Mapping, Sequence

from curator.model import Json
from curator.scrub.errors import NotScrubbed
from curator.scrub.locate import Located
from curator.scrub.walk import Steps


def replaced(text: str, edits: Sequence[tuple[Located, str]]) -> str:
    """`text` with each finding's stretch replaced; findings do not overlap and come in order."""
    parts = []
    position = 0
    for item, replacement in edits:
        parts += [text[position : item.start], escaped(replacement, item)]
        position = item.end
    parts.append(text[position:])
    return "".join(parts)


def escaped(replacement: str, item: Located) -> str:
    """A replacement as it must stand inside JSON that stands inside text."""
    depth = item.depth
    if item.quote:
        replacement = json.dumps(replacement, ensure_ascii=False)
        depth -= 1
    for _ in range(depth):
        replacement = json.dumps(replacement, ensure_ascii=False)[1:-1]
    return replacement


def rebuild(value: object, texts: Mapping[Steps, str], keys: Mapping[Steps, str], base: Steps = ()) -> Json:
    """A copy of `value` with new texts and new dict keys, both by the steps that led to them.

    Raises NotScrubbed when two keys of one object become the same.
    """
    if base in texts:
        return texts[base]
    if isinstance(value, dict):
        result: dict[str, Json] = {}
        for key, child in value.items():
            here = (*base, key)
            name = keys.get(here, key)
            if name in result:
                raise NotScrubbed("two keys of one object hold the same personal value")
            result[name] = rebuild(child, texts, keys, here)
        return result
    if isinstance(value, list | tuple):
        return [rebuild(child, texts, keys, (*base, i)) for i, child in enumerate(value)]
    if value is None or isinstance(value, str | int | float):
        return value
    raise NotScrubbed(f"a value of type {type(value).__name__} is not JSON")
