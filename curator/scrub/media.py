"""Pictures, sound and files inside an item: nobody looks into them, so nobody may call them clean.

Found are Langfuse's media tokens, data URIs, base64 of a known file format, and content parts of chat messages that
name a file elsewhere. Each is one finding, `MEDIA`, that waits for a person; its text is never read or rewritten.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import regex

from curator.scrub.items import Leaf, Steps
from curator.scrub.normalise import IDENTITY, Builder, OffsetMap
from curator.scrub.recognizers.names import lines

ENTITY = "MEDIA"
STAND_IN = "\ufffc"
"""What the recognizers read in the place of a medium: Unicode's "object replacement character"."""
# Langfuse's SDKs put this token in the place of a file that they uploaded.
_TOKEN = regex.compile(r"@@@langfuseMedia:type=(?P<type>[^|@\s]{1,100})\|id=[^|@\s]{1,200}\|source=[^|@\s]{1,100}@@@")
# RFC 2397. Text in a data URI is an encoding, not a medium: it is opened and read.
_DATA_URI = regex.compile(
    r"data:(?P<type>(?!text/|application/(?:json|xml))[a-z]{2,20}/[\w.+\-]{1,100})(?:;[\w=.\-]{1,60}){0,3};base64,"
    r"(?P<body>[A-Za-z0-9+/_\-]{16,}+={0,2}|(?=[\"'\s)]|$))",
    regex.IGNORECASE,
)
_BARE = regex.compile(r"(?<![A-Za-z0-9+/_\-=])[A-Za-z0-9+/_\-]{64,}+={0,2}")
_MAGIC = {bytes.fromhex(head): kind for head, kind in (line.split("\t") for line in lines("file_heads.txt"))}
_PARTS = regex.compile(r"(?:input_|output_)?(?P<kind>image|audio|video|file|document|media)(?:_url|_file|_data)?")
_PLACES = frozenset({"url", "uri", "file_uri", "fileUri", "file_id", "file_data", "image_url", "data"})


@dataclass(frozen=True, slots=True)
class Medium:
    """One medium in a leaf's text: where, of which type, how large."""

    start: int
    end: int
    type: str
    size: int | None = None
    """Bytes; None for what lies elsewhere."""

    def says(self) -> str:
        """`image/png, 45 kB`."""
        if self.size is None:
            return self.type
        return f"{self.type}, {self.size / 1000:.0f} kB" if self.size >= 1000 else f"{self.type}, {self.size} bytes"


def media_in(leaf: Leaf, parts: Mapping[Steps, str]) -> list[Medium]:
    """The media of a leaf, in order. `parts` are the places that content parts name (`content_parts`)."""
    if leaf.in_key or leaf.number:
        return []
    text = leaf.text
    found = [Medium(*m.span(), m["type"]) for m in _TOKEN.finditer(text)] if "@@@langfuseMedia:" in text else []
    if ";base64," in text:
        found += [Medium(*m.span(), m["type"].lower(), len(m["body"]) * 3 // 4) for m in _DATA_URI.finditer(text)]
    if len(text) >= 64:
        for match in _BARE.finditer(text):
            inside = any(m.start <= match.start() < m.end for m in found)
            kind = None if inside else _type_of(match.group())
            if kind is not None:
                found.append(Medium(*match.span(), kind, len(match.group()) * 3 // 4))
    if not found and leaf.steps in parts and text.strip():
        found = [Medium(0, len(text), parts[leaf.steps])]
    return sorted(found, key=lambda m: m.start)


def content_parts(value: object, base: Steps = ()) -> dict[Steps, str]:
    """Places of files that content parts of chat messages name: steps → kind (`image`, `audio`, …).

    A part says by its `type` that it is one (OpenAI, Anthropic, LangChain, Gemini's `inline_data`); an `image_url` of a
    product in a tool's answer is an ordinary web address.
    """
    found: dict[Steps, str] = {}
    stack: list[tuple[Any, Steps]] = [(value, base)]
    while stack:
        node, steps = stack.pop()
        if isinstance(node, dict):
            match = _PARTS.fullmatch(str(node.get("type", "")))
            if match:
                found.update((place, match["kind"]) for place in _places(node, steps))
            stack.extend((child, (*steps, key)) for key, child in node.items() if isinstance(child, dict | list))
        elif isinstance(node, list | tuple):
            stack.extend((child, (*steps, i)) for i, child in enumerate(node) if isinstance(child, dict | list))
    return found


def collapsed(text: str, media: list[Medium]) -> tuple[str, OffsetMap]:
    """A text with one sign in the place of each medium, and the way back."""
    if not media:
        return text, IDENTITY
    builder, position = Builder(), 0
    for medium in media:
        builder.copy(text, position, medium.start)
        builder.put(STAND_IN, medium.start, medium.end)
        position = medium.end
    builder.copy(text, position, len(text))
    return builder.build()


def _places(part: Mapping[str, Any], steps: Steps) -> Iterator[Steps]:
    for key, child in part.items():
        if isinstance(child, str) and key in _PLACES:
            yield (*steps, key)
        elif isinstance(child, dict):
            yield from ((*steps, key, k) for k, v in child.items() if isinstance(v, str) and k in _PLACES)


def _type_of(text: str) -> str | None:
    """The type of a file in base64 by its first bytes; None for base64 of anything else."""
    try:
        head = base64.b64decode(text[:16].translate(str.maketrans("-_", "+/")), validate=True)
    except (binascii.Error, ValueError):
        return None
    if head[4:8] == b"ftyp":
        return "video/mp4"
    short = len(text) < 400
    return next(
        (kind for magic, kind in _MAGIC.items() if head.startswith(magic) and not (short and len(magic) < 4)), None
    )
