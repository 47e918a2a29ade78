"""What changes between two JSON values, word by word: an answer and its correction, a stored item and a new one."""

import difflib
import json
import re
from collections.abc import Iterator

from curator.draft import Novelty
from curator.model import ScrubbedDraft, Trace, join_path, parse_text
from curator.tui.masks import Masks, masked
from curator.tui.sections import Notes, Sheet
from curator.tui.text import Piece

_WORDS = re.compile(r"\s+|\w+|[^\w\s]")
LONGEST_COMPARED = 8_000
"""Characters of a text that are compared word by word: the time grows with their square."""


def difference(old: object, new: object) -> Notes:
    """What changes between two JSON values, word by word under the path of each text; one note when nothing does."""
    before, after = dict(_leaves(old)), dict(_leaves(new))
    notes: Notes = []
    for path in dict.fromkeys([*before, *after]):
        if before.get(path) == after.get(path):
            continue
        if path:
            notes.append(([("key", path)], None))
        notes.append(([("text", "  "), *words_changed(before.get(path, ""), after.get(path, ""))], None))
    return notes or [([("dim", "no change")], None)]


def words_changed(old: str, new: str) -> list[Piece]:
    """One text with what goes in `−[…]` and what comes in `+[…]`: readable without colour too."""
    before, after = _WORDS.findall(old[:LONGEST_COMPARED]), _WORDS.findall(new[:LONGEST_COMPARED])
    pieces: list[Piece] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            pieces.append(("dim", "".join(before[a:b])))
            continue
        pieces += [("bad", f"−[{''.join(before[a:b])}]")] if b > a else []
        pieces += [("good", f"+[{''.join(after[c:d])}]")] if d > c else []
    return pieces


def _leaves(value: object) -> Iterator[tuple[str, str]]:
    """Path and text of every value that holds no others; an empty container is one."""
    stack: list[tuple[str, object]] = [("", value)]
    while stack:
        path, node = stack.pop()
        if isinstance(node, dict) and node:
            stack += [(join_path(path, key) if path else key, each) for key, each in reversed(node.items())]
        elif isinstance(node, list) and node:
            stack += [(join_path(path, n), each) for n, each in reversed(list(enumerate(node)))]
        else:
            yield path, node if isinstance(node, str) else json.dumps(node, ensure_ascii=False)


def of_answer(trace: Trace, masks: Masks) -> Sheet:
    """The recorded answer beside its correction, masked before they are compared."""
    sheet = Sheet()
    if masks.hides:
        sheet.add_notes("", "wait", [([("dim", "looking for personal values …")], None)])
        return sheet
    if trace.correction is None:
        sheet.add_notes("", "none", [([("dim", "No reviewer has corrected the answer.")], None)])
        return sheet
    old = masked(parse_text(trace.root.output), "output", masks)
    new = masked(trace.correction, "correction", masks)
    if isinstance(old, dict) and isinstance(new, dict):
        new = old | new  # a correction may hold only what was wrong
    sheet.add_notes("Recorded answer → correction", "answer", difference(old, new))
    return sheet


def of_update(scrubbed: ScrubbedDraft, compared: Novelty | None) -> Sheet:
    """What a promotion would change on the stored item."""
    sheet = Sheet()
    stored = compared.under_id.stored if compared else None
    if compared is None or stored is None:
        return sheet
    if compared.under_id.state == "same":
        sheet.add_notes("", "none", [([("good", "✓ the stored item holds the same")], "")])
        return sheet
    sheet.add_notes("Input", "input", difference(stored.input, scrubbed.input))
    expected = difference(stored.expected_output, scrubbed.expected_output)
    sheet.add_notes("Expected output", "expected_output", expected)
    return sheet
