"""Structure inside texts: JSON, fields of XML, HTML, CSV, Markdown tables, arguments and reprs, and encoded texts.

A tool's arguments, a logged response, an observation's raw input: strings that hold JSON, which holds strings that hold
JSON. Read as plain text, their keys say nothing and their escapes disguise values. A value is read with its field's
name: `<Surname>Hoz</Surname>` says what `Hoz` does not.
"""

import base64
import csv
import io
import json
import quopri
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from urllib.parse import unquote_plus

import regex

from curator.scrub.items import renamed
from curator.scrub.normalise import IDENTITY, Builder, OffsetMap
from curator.scrub.recognizers.patterns import parts

Field = tuple[int, int, str]
"""Start and end of a value in the text, and its field's name."""
_FORMS = "element", "cells", "argument", "pair", "query", "simple_query", "input", "insert", "literal", "plus"
_ELEMENT, _CELLS, _ARGUMENT, _PAIR, _QUERY, _SIMPLE_QUERY, _INPUT, _INSERT, _LITERAL, _PLUS = (
    regex.compile(part, regex.VERBOSE) for part in parts("structure", *_FORMS)
)
_LINE = regex.compile(r"[^\n]+")
_RULER = regex.compile(r"\s*\|?(?:\s*:?-{2,}:?\s*\|)+\s*:?-*:?\s*\|?\s*")
_SIGNS = ",;\t|"
_GAP = "  "
"""Between columns of fixed width stand two blanks or more."""
_MOST_LINES = 2_000
_COLUMN = regex.compile(r"[^\s](?:[ ]?[^\s])*")
_HEAD = regex.compile(r"[\p{L}_][\p{L}\p{N}_ .\-/#]{0,40}")


def fields(text: str) -> Iterator[Field]:
    """Every field whose name stands in the text, in no order."""
    if "</" in text:
        for pattern in (_ELEMENT, _CELLS):
            for match in pattern.finditer(text, timeout=2):
                yield *match.span("value"), match["key"]
    for sign, pattern in (("', ", _PAIR), ('", ', _PAIR), ("=", _SIMPLE_QUERY), ("<", _INPUT)):
        for match in pattern.finditer(text, timeout=2) if sign in text else ():
            yield *match.span("value"), match["key"]
    for match in _INSERT.finditer(text, timeout=2) if "(" in text else ():
        keys = _parts_of_names(renamed(key.strip(' "`[]\t') for key in match["keys"].split(",")))
        for start, end in match.spans("row"):
            found = list(_LITERAL.finditer(text, start, end, timeout=2))
            for each, key in zip(found, keys, strict=False) if len(found) == len(keys) else ():
                yield *each.span("value"), key
    if "'" in text or '"' in text or "=" in text:
        found = list(_ARGUMENT.finditer(text, timeout=2))
        for match, key in zip(found, _parts_of_names([match["key"] for match in found]), strict=True):
            yield *match.span("value"), key
    if "\n" in text:
        yield from _tables(text)


def _tables(text: str) -> Iterator[Field]:
    """Rows under a header: CSV with any usual sign, Markdown tables, and columns of fixed width."""
    head: list[str] | None = None
    sign = ""
    for match in list(_LINE.finditer(text))[:_MOST_LINES]:
        line = match.group()
        if head is not None and _RULER.fullmatch(line):
            continue
        if head is not None and len(cells := _cells(line, sign)) == len(head):
            for (start, end), key in zip(cells, head, strict=True):
                if start < end:
                    yield match.start() + start, match.start() + end, key
            continue
        head, sign = _header(line)


def _header(line: str) -> tuple[list[str] | None, str]:
    """Column names and the sign between them, when a line looks like a header."""
    if len(line) > 500:
        return None, ""
    sign = max(_SIGNS, key=line.count)
    sign = sign if sign in line else _GAP
    if sign not in line.strip():
        return None, ""
    names = [line[a:b] for a, b in _cells(line, sign)]
    inner = names[1:-1] if sign == "|" and names and not names[0] else names
    if len(inner) < 2 or not all(_HEAD.fullmatch(name) for name in inner) or any(len(n.split()) > 3 for n in inner):
        return None, ""
    return _parts_of_names(renamed(names)), sign


def _parts_of_names(keys: list[str]) -> list[str]:
    """`first` and `last` beside each other are parts of a name."""
    both = {"first", "last"} <= {key.casefold() for key in keys}
    return [f"{key} name" if both and key.casefold() in ("first", "last") else key for key in keys]


def _cells(line: str, sign: str) -> Sequence[tuple[int, int]]:
    """Spans of the cells without blanks and quotes."""
    if sign == _GAP:
        return [m.span() for m in _COLUMN.finditer(line)]
    spans = []
    if '"' in line and sign != "|":
        texts = next(csv.reader(io.StringIO(line), delimiter=sign), [])
        position = 0
        for cell in texts:
            start = line.find(cell, position)
            if start < 0:
                return []
            spans.append((start, start + len(cell)))
            position = start + len(cell)
        return spans
    position = 0
    for cell in line.split(sign):
        inner = cell.strip(" \r")
        start = position + (cell.index(inner) if inner else 0)
        spans.append((start, start + len(inner)))
        position += len(cell) + 1
    return spans


_BASE64 = regex.compile(r"(?<![A-Za-z0-9+/_\-])[A-Za-z0-9+/_\-]{16,8000}+={0,2}(?![A-Za-z0-9+/_\-=])")
_MIME_WORD = regex.compile(r"=\?[\w\-]{2,20}\?[BbQq]\?[^?\s]{4,400}\?=")
_PERCENT = regex.compile(r"(?<![^\s\"'<>=:])%(?:7B|5B|22)[^\s\"'<>&]{8,8000}", regex.IGNORECASE)
"""JSON in percent signs: `%7B%22name%22…`."""
_QUOTED = regex.compile(r"[^\s=<>]{1,60}+(?:=(?:20|2C|40|C[23]=[89AB][0-9A-F])[^\s=<>]{0,60}+){1,40}")
"""Quoted-printable: `Jane=20Doe` (RFC 2045)."""
_TEXT = regex.compile(r"[\p{L}\p{N}\p{P}\p{S}\p{Z}\s]+")


def encoded(text: str) -> Iterator[tuple[int, int, str, str]]:
    """Start, end, plain text and field of what stands in base64, a query string or a mail's encoded words (RFC 2047).

    What is found in it stands for the whole: an encoded text that holds a personal value is replaced as one.
    """
    for match in _BASE64.finditer(text, timeout=2):
        token = match.group()
        if (token.isalpha() and (token.islower() or token.isupper())) or token.isdigit():
            continue
        try:
            body = token.rstrip("=").translate(str.maketrans("-_", "+/"))
            plain = base64.b64decode(body + "=" * (-len(body) % 4), validate=True).decode("utf-8")
        except ValueError:
            continue
        if _TEXT.fullmatch(plain):
            yield *match.span(), plain, ""
    if "=" in text:
        for match in _QUERY.finditer(text, timeout=2):
            yield *match.span("value"), unquote_plus(match["value"], errors="replace"), match["key"]
    for sign, pattern, plainly in (
        ("%", _PERCENT, unquote_plus),
        ("=", _QUOTED, _unquoted),
        ("+", _PLUS, unquote_plus),
    ):
        for match in pattern.finditer(text, timeout=2) if sign in text else ():
            yield *match.span(), plainly(match.group()), ""
    if "=?" in text:
        for match in _MIME_WORD.finditer(text, timeout=2):
            try:
                yield *match.span(), str(make_header(decode_header(match.group()))), ""
            except (HeaderParseError, LookupError, ValueError):
                continue


def _unquoted(text: str) -> str:
    return quopri.decodestring(text.encode()).decode("utf-8", "replace")


MAX_DEPTH = 6
"""JSON in JSON in JSON: deeper levels are read as plain text."""
MAX_ATTEMPTS = 40
"""How many opening brackets of one text are tried as the start of a JSON value."""

_TOKEN = regex.compile(r'"(?:[^"\\]|\\.)*+"|-?\d[\d.eE+-]*+|[{}\[\]:,]|true|false|null', regex.DOTALL)
_OPENING = regex.compile(r'\{\s*+["}]|\[\s*+["{\[\d-]')
_ESCAPE = regex.compile(r"(?:\\u[0-9a-fA-F]{4})+|\\.", regex.DOTALL)
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text to read on its own, with the keys above it and its way back into the text around it."""

    text: str
    keys: tuple[str, ...]
    maps: tuple[OffsetMap, ...]
    """From the innermost outwards."""
    number: bool = False
    """A bare JSON number: what replaces it must be quoted."""
    depth: int = 0
    """How many JSON texts it is wrapped in: what replaces it must be escaped as often."""
    is_key: bool = False
    field: bool = False
    """A value that is read a second time, with the name of its field."""


def pieces(text: str, keys: tuple[str, ...]) -> Iterator[Piece]:
    """Splits a text into plain stretches and the strings, keys and numbers of the JSON in it.

    Fields of other structure (XML, CSV, arguments) and texts in base64 follow once more, by themselves.
    """
    for piece in _pieces(text, keys, (), 0):
        yield piece
        if not piece.is_key and not piece.number:
            yield from _fields_of(piece)


def _fields_of(piece: Piece) -> Iterator[Piece]:
    for start, end, key in fields(piece.text):
        maps = (OffsetMap(shift=start), *piece.maps)
        yield Piece(piece.text[start:end], (*piece.keys, key), maps, depth=piece.depth, field=True)
    for start, end, text, key in encoded(piece.text):
        whole = OffsetMap([start] * len(text), [end] * len(text))
        yield Piece(text, (*piece.keys, *filter(None, [key])), (whole, *piece.maps), depth=piece.depth)


def _pieces(text: str, keys: tuple[str, ...], maps: tuple[OffsetMap, ...], depth: int) -> Iterator[Piece]:
    position = 0
    if depth < MAX_DEPTH:
        for start, end in _regions(text):
            if text[position:start].strip():
                yield _slice(text, position, start, keys, maps, depth)
            yield from _inside(text, start, end, keys, maps, depth)
            position = end
    if text[position:].strip():
        yield _slice(text, position, len(text), keys, maps, depth)


def _slice(text: str, start: int, end: int, keys: tuple[str, ...], maps: tuple[OffsetMap, ...], depth: int) -> Piece:
    if start == 0 and end == len(text):
        return Piece(text, keys, maps, depth=depth)
    return Piece(text[start:end], keys, (OffsetMap(shift=start), *maps), depth=depth)


def _regions(text: str) -> Iterator[tuple[int, int]]:
    """Spans of JSON objects and arrays that hold at least one string or number, left to right."""
    position = 0
    for _ in range(MAX_ATTEMPTS):
        opening = _OPENING.search(text, position)
        if opening is None:
            return
        start = opening.start()
        try:
            value, end = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            position = start + 1
            continue
        if value:
            yield start, end
        position = end


def _inside(
    text: str, start: int, end: int, keys: tuple[str, ...], maps: tuple[OffsetMap, ...], depth: int
) -> Iterator[Piece]:
    """The strings, keys and numbers of the JSON value at `text[start:end]`."""
    stack: list[tuple[str, ...]] = [keys]
    tokens = list(_TOKEN.finditer(text, start, end))
    names = _names_of(tokens)
    for index, match in enumerate(tokens):
        token = match.group()
        first = token[0]
        if first in "{[":
            stack.append(stack[-1])
        elif first in "}]":
            stack.pop()
        elif first == '"':
            inner, inner_map = _decoded(text, match.start() + 1, match.end() - 1)
            if index + 1 < len(tokens) and tokens[index + 1].group() == ":":
                # The value's token comes next: its keys are those above the object and this one.
                above = stack[-2] if len(stack) > 1 else keys
                stack[-1] = (*above, names.get(index, inner))
                if inner:
                    yield Piece(inner, above, (inner_map, *maps), depth=depth + 1, is_key=True)
            elif inner:
                yield from _pieces(inner, stack[-1], (inner_map, *maps), depth + 1)
        elif first in "-0123456789":
            yield Piece(token, stack[-1], (OffsetMap(shift=match.start()), *maps), number=True, depth=depth + 1)


def _names_of(tokens: Sequence["regex.Match[str]"]) -> dict[int, str]:
    """Token of a key → what it says beside the other keys of its object, where that is something else."""
    open_: list[list[int]] = []
    says: dict[int, str] = {}
    for index, match in enumerate(tokens):
        first = match.group()[0]
        if first in "{[":
            open_.append([])
        elif first == ":" and open_:
            open_[-1].append(index - 1)
        elif first in "}]" and open_:
            own = open_.pop()
            keys = [tokens[i].group()[1:-1] for i in own]
            values = [tokens[i + 2].group().strip('"') for i in own]
            says |= {i: new for i, old, new in zip(own, keys, renamed(keys, values), strict=True) if old != new}
    return says


def _decoded(text: str, start: int, end: int) -> tuple[str, OffsetMap]:
    """The meaning of a JSON string's body `text[start:end]`."""
    if "\\" not in text[start:end]:
        return text[start:end], IDENTITY if start == 0 else OffsetMap(shift=start)
    builder = Builder()
    position = start
    for match in _ESCAPE.finditer(text, start, end):
        builder.copy(text, position, match.start())
        builder.put(json.loads(f'"{match.group()}"', strict=False), match.start(), match.end())
        position = match.end()
    builder.copy(text, position, end)
    return builder.build()
