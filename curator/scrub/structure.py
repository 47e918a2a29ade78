"""Fields in texts that are no JSON (XML and HTML, CSV, Markdown tables, arguments, reprs), and encoded texts.

A value is read with its field's name, as the values of JSON are: `<Surname>Hoz</Surname>` says what `Hoz` does not.
"""

import base64
import csv
import io
from collections.abc import Iterator, Sequence
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from urllib.parse import unquote_plus

import regex

Field = tuple[int, int, str]
"""Start and end of a value in the text, and its field's name."""
_ELEMENT = regex.compile(
    r"<(?:[\w.\-]{1,40}:)?(?P<key>[\p{L}_][\w.\-]{0,60})(?:\s[^<>]{0,300})?>(?P<value>[^<>\n]{2,120})</"
)
_CELLS = regex.compile(
    r"<t[dh][^<>]{0,200}>(?P<key>[\p{L} _]{3,40})</t[dh]>\s*<td[^<>]{0,200}>(?P<value>[^<>\n]{2,120})</td>"
)
_ARGUMENT = regex.compile(
    r"(?<![\p{L}\p{N}_.\-&?/])(?P<key>\p{L}[\p{L}\p{N}_]{1,60})[ ]?=[ ]?"
    r"(?:(?P<quote>[\"'])(?P<value>[^\"'\n]{2,120})(?P=quote)"
    r"|(?P<value>\p{Lu}[\p{L}'’.\-]{1,40}(?:[ ](?!\p{L}[\p{L}\p{N}_]*[ ]?=)[\p{L}'’.\-]{1,40}){0,4})(?=[\s,;>)\]}]|$))"
)
_LINE = regex.compile(r"[^\n]+")
_RULER = regex.compile(r"\s*\|?(?:\s*:?-{2,}:?\s*\|)+\s*:?-*:?\s*\|?\s*")
_SIGNS = ",;\t|"
_MOST_LINES = 2_000
_HEAD = regex.compile(r"[\p{L}_][\p{L}\p{N}_ .\-/#]{0,40}")


def fields(text: str) -> Iterator[Field]:
    """Every field whose name stands in the text, in no order."""
    if "</" in text:
        for pattern in (_ELEMENT, _CELLS):
            for match in pattern.finditer(text, timeout=2):
                yield *match.span("value"), match["key"]
    if "=" in text:
        for match in _ARGUMENT.finditer(text, timeout=2):
            yield *match.span("value"), match["key"]
    if "\n" in text:
        yield from _tables(text)


def _tables(text: str) -> Iterator[Field]:
    """Rows under a header: CSV with any usual sign, and Markdown tables."""
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
    if not line.count(sign):
        return None, ""
    names = [line[a:b] for a, b in _cells(line, sign)]
    inner = names[1:-1] if sign == "|" and names and not names[0] else names
    if len(inner) < 2 or not all(_HEAD.fullmatch(name) for name in inner) or any(len(n.split()) > 3 for n in inner):
        return None, ""
    small = {name.casefold() for name in names}
    both = {"first", "last"} <= small
    return [f"{name} name" if both and name.casefold() in ("first", "last") else name for name in names], sign


def _cells(line: str, sign: str) -> Sequence[tuple[int, int]]:
    """Spans of the cells without blanks and quotes."""
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


_QUERY = regex.compile(
    r"(?<=[?&\s])[\w.\-]{1,40}=(?P<value>[^&\s\"'<>#=]{0,200}(?:\+|%[0-9A-Fa-f]{2})[^&\s\"'<>#=]{0,200})(?=[&\s\"'<>#]|$)"
)
_BASE64 = regex.compile(r"(?<![A-Za-z0-9+/_\-])[A-Za-z0-9+/_\-]{16,8000}+={0,2}(?![A-Za-z0-9+/_\-=])")
_MIME_WORD = regex.compile(r"=\?[\w\-]{2,20}\?[BbQq]\?[^?\s]{4,400}\?=")
_TEXT = regex.compile(r"[\p{L}\p{N}\p{P}\p{S}\p{Z}\s]+")


def encoded(text: str) -> Iterator[Field]:
    """Start, end and plain text of what stands in base64, in a query string or in a mail's encoded words (RFC 2047).

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
            yield *match.span(), plain
    if "=" in text:
        for match in _QUERY.finditer(text, timeout=2):
            yield *match.span("value"), unquote_plus(match["value"], errors="replace")
    if "=?" in text:
        for match in _MIME_WORD.finditer(text, timeout=2):
            try:
                yield *match.span(), str(make_header(decode_header(match.group())))
            except (HeaderParseError, LookupError, ValueError):
                continue
