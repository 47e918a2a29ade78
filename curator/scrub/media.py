"""Pictures, sound and files inside an item: nobody looks into them, so nobody may call them clean.

Found are Langfuse's media tokens, data URIs, base64 of a known file format, and content parts of chat messages that
name a file elsewhere. Each is one finding, `MEDIA`, that waits for a person; its text is never read or rewritten.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import regex

from curator.model.item import MEDIA_TOKEN
from curator.scrub.items import Leaf, Steps
from curator.scrub.normalise import IDENTITY, Builder, OffsetMap
from curator.scrub.recognizers.names import lines

ENTITY = "MEDIA"
STAND_IN = "\ufffc"
"""What the recognizers read in the place of a medium: Unicode's "object replacement character"."""
# RFC 2397. Text in a data URI is an encoding, not a medium: it is opened and read.
_DATA_URI = regex.compile(
    r"data:(?P<type>(?!text/|application/(?:json|xml))[a-z]{2,20}/[\w.+\-]{1,100})(?:;[\w=.\-]{1,60}){0,3};base64,"
    r"(?P<body>[A-Za-z0-9+/_\-]{16,}+={0,2}|(?=[\"'\s)]|$))",
    regex.IGNORECASE,
)
_BARE = regex.compile(r"(?<![A-Za-z0-9+/_\-=])[A-Za-z0-9+/_\-]{64,}+={0,2}")
_MAGIC = {bytes.fromhex(head): kind for head, kind in (line.split("\t") for line in lines("file_heads.txt"))}
_KINDS = regex.compile(
    r"(?:input_|output_|computer_)?(?P<kind>image|audio|video|file|document|media|binary|screenshot)"
    r"(?:[_-](?:url|file|data))?"
)
_TYPED = ("mimetype", "mediatype", "contenttype")
_FILE_TYPE = regex.compile(r"(?:image|audio|video|font)/.+|application/(?:pdf|zip|gzip|msword|octet-stream|vnd\..+)")
_REFERENCES = frozenset({"url", "uri", "fileuri", "fileid", "fileurl", "imageurl"})
_BYTES = frozenset({"data", "filedata", "bytes", "blob", "base64", "b64json", "image", "audio", "video"})
_DEPTH = 2
"""How many objects lie between a part and its file: `image.source.s3Location.uri`."""


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
    if leaf.number:
        return []
    text = leaf.text
    found = [Medium(*m.span(), m["type"]) for m in MEDIA_TOKEN.finditer(text)] if "@@@langfuseMedia:" in text else []
    if ";base64," in text:
        found += [Medium(*m.span(), m["type"].lower(), len(m["body"]) * 3 // 4) for m in _DATA_URI.finditer(text)]
    bare = _BARE.finditer(text) if len(text) >= 64 else ()
    named = [(m.start(), m.group(), kind) for m in bare if (kind := _type_of(m.group())) is not None]
    if text.lstrip()[:1] in ("{", "["):
        named += _named_in(text)
    if leaf.steps in parts and text.strip() and not leaf.in_key:
        named.append((0, text, parts[leaf.steps]))
    for start, held, kind in named:
        if not any(m.start < start + len(held) and start < m.end for m in found):
            size = len(held) * 3 // 4 if len(held) >= 64 and ":" not in held else None
            found.append(Medium(start, start + len(held), kind, size))
    return sorted(found, key=lambda m: m.start)


def content_parts(value: object, base: Steps = ()) -> dict[Steps, str]:
    """Places of files that content parts of chat messages name: steps → type or kind (`image/png`, `audio`, …).

    A part says that it is one by its `type`, by a media type, or by the form of Bedrock (`{"image": {"source": …}}`);
    an `image_url` of a product in a tool's answer is an ordinary web address, and what says that it is text is read.
    """
    found: dict[Steps, str] = {}
    stack: list[tuple[Any, Steps, str, int]] = [(value, base, "", 0)]
    while stack:
        node, steps, kind, left = stack.pop()
        if isinstance(node, list | tuple):
            stack.extend((child, (*steps, i), "", 0) for i, child in enumerate(node))
        elif isinstance(node, dict):
            plain = {str(key).casefold().translate(_SIGNS): key for key in node}
            said = next((str(node[plain[key]]) for key in _TYPED if key in plain), "")
            kind, left = (own, _DEPTH) if (own := _kind(node, said, steps)) else (kind if left else "", left - 1)
            is_file = _FILE_TYPE.match(said) is not None
            places = _REFERENCES | (_BYTES if is_file or not said else set())
            places |= {"content"} if is_file or "modality" in node else set()
            for key, child in node.items():
                if not isinstance(child, str):
                    stack.append((child, (*steps, key), kind, left))
                elif kind and str(key).casefold().translate(_SIGNS) in places:
                    found[*steps, key] = kind
    return found


_SIGNS = str.maketrans("", "", "_-")


def _kind(node: Mapping[Any, Any], said: str, steps: Steps) -> str:
    """What an object holds a file of: its media type, else the word by which it calls itself; "" when it is no part."""
    words = (node.get("type"), node.get("kind"), node.get("modality"), steps[-1] if steps and "source" in node else "")
    kind = next((match["kind"] for word in words if (match := _KINDS.fullmatch(str(word)))), "")
    return said if said and (kind or _FILE_TYPE.match(said)) else kind


def _named_in(text: str) -> list[tuple[int, str, str]]:
    """Files that content parts in the JSON of a text name: where each stands, what stands there, its kind; the whole
    text when it is written otherwise there."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return []
    found = []
    for steps, kind in content_parts(value).items():
        held = reduce(lambda node, step: node[step], steps, value)
        places = [match.start() for match in regex.finditer(regex.escape(held), text)] if held else []
        found += [(at, held, kind) for at in places] or [(0, text, kind)] * bool(held)
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
