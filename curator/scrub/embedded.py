"""Finds JSON inside texts and takes it apart, with the place of every string in the text around it.

A tool's arguments, a logged response, an observation's raw input: strings that hold JSON, which holds strings that hold
JSON. Read as plain text, their keys say nothing and their escapes disguise values.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import regex

from curator.scrub.normalise import IDENTITY, Builder, OffsetMap
from curator.scrub.structure import encoded, fields

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
            yield from _again(piece)


def _again(piece: Piece) -> Iterator[Piece]:
    for start, end, key in fields(piece.text):
        maps = (OffsetMap(shift=start), *piece.maps)
        yield Piece(piece.text[start:end], (*piece.keys, key), maps, depth=piece.depth, field=True)
    for start, end, text in encoded(piece.text):
        whole = OffsetMap([start] * len(text), [end] * len(text))
        yield Piece(text, piece.keys, (whole, *piece.maps), depth=piece.depth)


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
                stack[-1] = (*above, inner)
                if inner:
                    yield Piece(inner, above, (inner_map, *maps), depth=depth + 1, is_key=True)
            elif inner:
                yield from _pieces(inner, stack[-1], (inner_map, *maps), depth + 1)
        elif first in "-0123456789":
            yield Piece(token, stack[-1], (OffsetMap(shift=match.start()), *maps), number=True, depth=depth + 1)


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
