"""Retrieved texts, in the forms in which retrievers and their callers give them.

The forms, framework by framework: `forms.md` beside this file.
"""

import re
from collections.abc import Mapping
from typing import Any

from curator.conversation import reprs
from curator.conversation.parts import DEEPEST, opened
from curator.conversation.values import Retrieved, words
from curator.model.json import parse_text

LISTS, TEXTS, IDS = words("retrieved").values()
FIELDS = frozenset(LISTS[:13]) | {"search_results"}
"""Keys that mean retrieved texts wherever they stand in an input or output."""
ATTRIBUTE = re.compile(
    r"(?:attributes\.)?(?:retrieval\.documents|reranker\.output_documents)\.(\d+)\.document\.(id|content)$"
)
HAYSTACK = re.compile(r"Document\(id=(\w+), content: ['\"](.*?)['\"](?:, [a-z_]+: .*)?\)$", re.DOTALL)
"""How a document of Haystack looks as text."""
MENTION = re.compile(
    r"(?im)^[^\n:]*\b(?:context|documents|passages|knowledge|sources)\b[^\n:]{0,40}:\s*(?P<text>\S.*)", re.DOTALL
)


def retrieved_in(value: Any, depth: int = 0) -> tuple[Retrieved, ...]:
    """The retrieved texts of a retriever's output, in order; nothing when it holds none in a known form."""
    if value is None or depth > DEEPEST:
        return ()
    if isinstance(value, str):
        inner = opened(value)
        if not isinstance(inner, str):
            return retrieved_in(inner, depth + 1)
        if reprs.is_object(value):
            return ()
        if written := HAYSTACK.match(value):
            return (Retrieved(id=written[1], text=written[2]),)
        shape = reprs.value_of(value)
        if shape is not None:
            return retrieved_in(reprs.plain(shape), depth + 1)
        return (Retrieved(text=value),) if value.strip() else ()
    if isinstance(value, list):
        return tuple(found for each in value for found in retrieved_in(each, depth + 1))
    if not isinstance(value, dict):
        return ()
    ids, texts = value.get("ids"), value.get("documents")
    if isinstance(ids, list) and isinstance(texts, list):
        return _columns(ids, texts)
    if (one := _document(value)) is not None:
        return (one,)
    for key in LISTS:
        below = value.get(key)
        if isinstance(below, (list, dict, str)) and below and (found := retrieved_in(below, depth + 1)):
            return found
    return ()


def _columns(ids: list[Any], texts: list[Any]) -> tuple[Retrieved, ...]:
    if ids and isinstance(ids[0], list):
        ids = [each for row in ids for each in row]
        texts = [each for row in texts if isinstance(row, list) for each in row]
    pairs = zip(ids, texts, strict=False)
    return tuple(Retrieved(id=str(identity), text=text) for identity, text in pairs if isinstance(text, str))


def _document(value: Mapping[str, Any]) -> Retrieved | None:
    if isinstance(value.get("kwargs"), dict) and isinstance(value.get("id"), list):  # LangChain's `lc` form
        value = value["kwargs"]
    metadata = value.get("metadata") if isinstance(value.get("metadata"), dict) else value.get("meta")
    metadata = metadata if isinstance(metadata, dict) else {}
    found = next(
        (str(place[key]) for place in (value, metadata) for key in IDS if isinstance(place.get(key), (str, int))), None
    )
    for place in (value, metadata):
        for key in TEXTS:
            below = place.get(key)
            if isinstance(below, str) and below.strip():
                return Retrieved(id=found, text=below)
            if (
                isinstance(below, list)
                and below
                and all(isinstance(each, dict) and isinstance(each.get("text"), str) for each in below)
            ):
                return Retrieved(id=found, text="\n".join(each["text"] for each in below))
            if isinstance(below, dict) and (inner := _document(below)) is not None:
                return inner if inner.id is not None else inner.model_copy(update={"id": found})
    return None


def in_metadata(metadata: Mapping[str, Any]) -> tuple[Retrieved, ...]:
    """Retrieved texts that OpenInference wrote as span attributes, which Langfuse keeps in the metadata."""
    found: dict[int, dict[str, str]] = {}
    for name, value in metadata.items():
        if match := ATTRIBUTE.match(name):
            found.setdefault(int(match[1]), {})[match[2]] = str(value)
    return tuple(
        Retrieved(id=each.get("id"), text=each["content"]) for _, each in sorted(found.items()) if each.get("content")
    )


def in_fields(value: Any, depth: int = 0) -> tuple[Retrieved, ...]:
    """Retrieved texts in a field of an input or output that is named so, such as `context`."""
    value = parse_text(value) if isinstance(value, str) else value
    if not isinstance(value, dict) or depth > 3:
        return ()
    for key in LISTS:
        if key in FIELDS and value.get(key) and (found := retrieved_in(value[key])):
            return found
    for below in value.values():
        if isinstance(below, dict) and (found := in_fields(below, depth + 1)):
            return found
    return ()


def in_prompt(text: str) -> tuple[Retrieved, ...]:
    """The context that a system message was filled with: what stands behind `… context …:`."""
    match = MENTION.search(text)
    if match is None:
        return ()
    ruled = re.search(r"^-{5,}\n(?P<text>.+?)\n-{5,}", text, re.DOTALL | re.MULTILINE)
    return (Retrieved(text=(ruled or match)["text"].strip()),)
