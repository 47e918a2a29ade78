"""The item as a form: one entry per field of the schemas, with its origin and what is wrong with it."""

import json
import re
from collections.abc import Sequence

from textual.content import Content

from curator.draft import value_at
from curator.model import Finding
from curator.tui import actions
from curator.tui.fields import Field
from curator.tui.masks import Masks
from curator.tui.text import Piece
from curator.tui.widgets.cards import Card, Cards, hanging
from curator.tui.widgets.frame import content
from curator.tui.words import sentences

_PLACEHOLDER = re.compile(r"<[A-Z][A-Z_]*_\d+>")
LONGEST = 900
"""Characters of a value that a form shows; the JSON view shows all."""
TITLES = {"input": "Input", "expected_output": "Expected output"}


class FormView(Cards):
    """See `actions.of("form")` for its keys."""

    BINDINGS = actions.bindings("list", "form")

    def put(self, fields: Sequence[Field], reveal: tuple[object, Sequence[Finding]] | None) -> None:
        """Shows the form. `reveal` is the unscrubbed content and its findings, when the reviewer wants to see them."""

        def make(width: int) -> list[Card]:
            cards: list[Card] = []
            base = ""
            for field in fields:
                head = field.path.partition(".")[0].partition("[")[0]
                if head != base:
                    base = head
                    cards.append(Card(content([("text", "\n" if cards else ""), ("heading", TITLES.get(base, base))])))
                cards.append(Card(_field(field, reveal, width), field.path))
            return cards

        self.show(make)


def _field(field: Field, reveal: tuple[object, Sequence[Finding]] | None, width: int) -> Content:
    name = field.path.partition(".")[2] or field.path
    pieces: list[Piece] = [
        ("key", name),
        ("bad" if field.required and not field.present else "dim", "*" if field.required else ""),
    ]
    if field.origin is not None:
        role = "accent" if field.origin.kind in ("reviewer", "correction") else "dim"
        pieces.append((role, f"  {sentences('origin')[field.origin.kind]}"))
    pieces.append(("text", "\n"))
    pieces += hanging(_value(field, reveal), width)
    for problem in field.problems:
        pieces.append(
            ("bad" if problem.blocking else "warn", f"\n  {'✕' if problem.blocking else '▲'} {problem.message}")
        )
    return content(pieces)


def _value(field: Field, reveal: tuple[object, Sequence[Finding]] | None) -> list[Piece]:
    if not field.present:
        return [("dim", "– empty –")]
    if reveal is not None and isinstance(shown := value_at(reveal[0], field.path), str):
        masks = Masks(reveal[1], revealed=True)
        return _cut(list(masks.pieces(field.path, shown, "text")))
    value = field.value
    if isinstance(value, str):
        return _cut(_with_placeholders(value)) if value else [("dim", "– an empty text –")]
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        lines: list[Piece] = []
        for number, each in enumerate(value[:12]):
            lines += [("dim", "\n• " if number else "• "), *_cut(_with_placeholders(each))]
        return lines
    return _cut([("number", json.dumps(value, ensure_ascii=False))])


def _with_placeholders(text: str) -> list[Piece]:
    pieces: list[Piece] = []
    at = 0
    for match in _PLACEHOLDER.finditer(text):
        pieces += [("text", text[at : match.start()]), ("mask", match[0])]
        at = match.end()
    return [*pieces, ("text", text[at:])]


def _cut(pieces: list[Piece]) -> list[Piece]:
    """At most `LONGEST` characters."""
    out: list[Piece] = []
    room = LONGEST
    for role, text in pieces:
        if room <= 0:
            return [*out, ("dim", " … v shows all")]
        out.append((role, text[:room]))
        room -= len(text)
    return out if room >= 0 else [*out, ("dim", " … v shows all")]
