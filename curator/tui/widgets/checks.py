"""The live checks beside the form: what is wrong, what is doubtful, which personal values were found."""

from collections import Counter
from collections.abc import Sequence

from textual.content import Content

from curator.model import Finding
from curator.tui import actions
from curator.tui.live import LiveCheck
from curator.tui.text import Piece
from curator.tui.widgets.cards import Card, Cards, hanging
from curator.tui.widgets.frame import content
from curator.tui.words import sentences, signs


class ChecksView(Cards):
    """See `actions.of("checks")` for its keys."""

    BINDINGS = actions.bindings("list", "checks")

    def put(self, sections: Sequence[tuple[str, Sequence[LiveCheck]]], findings: Sequence[Finding], note: str) -> None:
        """Shows sections of checks, then the findings; `note` says with what was searched."""

        def make(width: int) -> list[Card]:
            cards: list[Card] = []
            for title, checks in sections:
                if checks:
                    cards.append(_title(title, first=not cards))
                    cards += [Card(_check(check, width), check.key) for check in checks]
            count = f"  {len(findings)}" if findings else ""
            cards.append(_title(f"Personal values{count}", first=not cards))
            if not findings:
                cards.append(Card(content([("good", "✓ "), ("text", "none found")])))
            else:
                cards.append(Card(content(hanging(_treatment(findings), width, first=""))))
            cards += [Card(_finding(finding, width), finding.id) for finding in findings]
            cards.append(Card(content(hanging([("dim", note)], width))))
            return cards

        self.show(make)


def _treatment(findings: Sequence[Finding]) -> list[Piece]:
    """What becomes of the findings when the item is written: nothing is replaced, kept or left unseen in silence."""
    named = sentences("treated")
    counts: Counter[str] = Counter(f.action if f.action in named else "replace" for f in findings)
    words: list[Piece] = []
    for action in (each for each in named if counts[each]):
        words.append((signs("treatment")[action][0], f"{', ' if words else ''}{counts[action]} {named[action]}"))
    return [*words, ("dim", "   "), ("accent", "x"), ("dim", " keeps one, "), ("accent", "a"), ("dim", " replaces it")]


def _title(title: str, *, first: bool) -> Card:
    return Card(content([("heading", title if first else f"\n{title}")]))


def _check(check: LiveCheck, width: int) -> Content:
    role, sign = signs("remark")[check.sign]
    detail = f"  {check.detail}" if check.detail else ""
    return content(hanging([(role, f"{sign} "), ("text", check.title), ("dim", detail)], width, first=""))


def _finding(finding: Finding, width: int) -> Content:
    role, sign = signs("treatment")[finding.action]
    words = sentences("treatment").get(finding.action)
    target = finding.replacement if finding.replacement and not words else words
    pieces: list[Piece] = [
        (role, f"{sign} "),
        ("mask", finding.entity),
        ("dim", f" {finding.score:.2f}  "),
        ("text", finding.path),
        ("dim", "  a key" if finding.in_key else ""),
        (role, f"\n  {target}" if target else ""),
    ]
    if finding.action == "keep" and finding.reason:
        pieces.append(("dim", f": {finding.reason}"))
    return content(hanging(pieces, width, first=""))
