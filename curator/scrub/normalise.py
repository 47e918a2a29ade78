"""Takes the disguises off a text (Unicode look-alikes, zero-width noise, escapes) and keeps the way back.

`normalise` returns the text that recognizers read, and an `OffsetMap` that turns positions in it into positions in the
text that was given, so that what is replaced is exactly what stood there.
"""

import html
import unicodedata
from dataclasses import dataclass

import regex

_SPECIAL = regex.compile(
    r"(?P<percent>%(?:25){0,3}(?:20|2[bdeBDE]|40))"
    r"|(?P<octets>(?:%[C-Fc-f][0-9A-Fa-f](?:%[89ABab][0-9A-Fa-f]){1,3}|=[C-F][0-9A-F](?:=[89AB][0-9A-F]){1,3}))"
    r"|(?P<mail>(?<=[\p{L}\p{N}_.\-])=40(?=[\p{L}\p{N}\-]{2,40}\.\p{L}{2}))"
    r"|(?P<entity>&(?:\#\d{1,7}|\#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,8});)"
    r"|(?P<escape>\\{1,8}u[0-9a-fA-F]{4}|\\{1,8}[nrt\"'](?<![A-Za-z]:[\\/][^\s\"']{0,200}))"
    r"|(?P<leader>[ ]?\.{4,200}[ ])"
    r"|(?P<invisible>\*\*|[\p{Cf}\p{Default_Ignorable_Code_Point}]+)"
    r"|(?P<quote>[\u2018\u2019\u201b\u02bc\u201c\u201d])"
    r"|(?P<dash>[\u2010-\u2015\u2212])"
    r"|(?P<cluster>[^\x00-\x7f][\p{M}]*|[\x00-\x7f]\p{M}+)"
)
_PLAIN = regex.compile(r"[%&\\]|\*\*|\.{4}|=[4C-F][0-9A-F]|[^\x00-\x7f]")
_QUOTES = {"\u201c": '"', "\u201d": '"'}
_ESCAPES = {"n": "\n", "r": "\n", "t": "\t", '"': '"', "'": "'"}
_ENTITIES = {"at": "@", "commat": "@", "period": ".", "lowbar": "_"}


@dataclass(frozen=True, slots=True)
class OffsetMap:
    """Positions of a derived text in the text that it came from; None stands for the identity, moved by `shift`."""

    starts: list[int] | None = None
    ends: list[int] | None = None
    shift: int = 0

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The source span of `derived[start:end]`; the span must not be empty."""
        if self.starts is None or self.ends is None:
            return start + self.shift, end + self.shift
        return self.starts[start] + self.shift, self.ends[end - 1] + self.shift


IDENTITY = OffsetMap()


class Builder:
    """Collects a derived text together with the source span of every character."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._starts: list[int] = []
        self._ends: list[int] = []

    def copy(self, source: str, start: int, end: int) -> None:
        """Takes `source[start:end]` as it is."""
        self._parts.append(source[start:end])
        self._starts.extend(range(start, end))
        self._ends.extend(range(start + 1, end + 1))

    def put(self, text: str, start: int, end: int) -> None:
        """Puts `text` in the place of the source span `start:end`; every character of it stands for the whole span."""
        self._parts.append(text)
        self._starts.extend([start] * len(text))
        self._ends.extend([end] * len(text))

    def build(self) -> tuple[str, OffsetMap]:
        """The derived text and its map."""
        return "".join(self._parts), OffsetMap(self._starts, self._ends)


def normalise(text: str) -> tuple[str, OffsetMap]:
    """NFKC, ASCII digits, no invisible characters nor Markdown's `**`; `%40`, `&#64;`, `\\u0040` and quotes decoded."""
    if not _PLAIN.search(text):
        return text, IDENTITY
    builder = Builder()
    position = 0
    changed = False
    for match in _SPECIAL.finditer(text):
        start, end = match.span()
        plain = _decoded(match)
        if plain is None or plain == match.group():
            continue
        builder.copy(text, position, start)
        builder.put(plain, start, end)
        position = end
        changed = True
    if not changed:
        return text, IDENTITY
    builder.copy(text, position, len(text))
    return builder.build()


def fold(text: str) -> str:
    """The form in which two values count as the same: normalised, case-folded, blanks collapsed."""
    return " ".join(normalise(text)[0].casefold().split())


def _decoded(match: "regex.Match[str]") -> str | None:
    kind, source = match.lastgroup, match.group()
    match kind:
        case "percent":
            return chr(int(source[-2:], 16))
        case "octets":  # UTF-8 in a URL or in quoted-printable
            try:
                return _compatible(bytes.fromhex(source.replace(source[0], "")).decode())
            except UnicodeDecodeError:
                return None
        case "mail":
            return "@"
        case "entity":
            name = source[1:-1]
            return _compatible(_ENTITIES.get(name) or html.unescape(source))
        case "escape":
            sign = source.lstrip("\\")  # escaped once more by each JSON text around it
            return _compatible(chr(int(sign[1:], 16))) if sign[0] == "u" else _ESCAPES[sign]
        case "leader":  # `Name ........ Jane`
            return ": "
        case "invisible":
            return ""
        case "quote":
            return _QUOTES.get(source, "'")
        case "dash":
            return "-"
        case _:
            return _compatible(source)


def _compatible(cluster: str) -> str:
    """NFKC with every decimal digit as ASCII; a lone surrogate or an invisible character becomes nothing."""
    folded = unicodedata.normalize("NFKC", cluster)
    return "".join(
        str(unicodedata.digit(c)) if c.isdecimal() else c
        for c in folded
        if unicodedata.category(c) not in ("Cf", "Cs", "Cc") or c in "\n\t\r"
    )
