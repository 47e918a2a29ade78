"""Personal values on screen: masked where the scrub found them, until the reviewer asks to see them."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from curator.model import Finding

Piece = tuple[str, str]
"""A role (the name of a style) and a text."""


class Masks:
    """The findings of one value, by path, and whether they may be seen.

    Without findings and not `checked`, nothing is known about a text: `Masks.unchecked()` hides all of it.
    """

    def __init__(self, findings: Sequence[Finding] = (), *, revealed: bool = False, checked: bool = True) -> None:
        self.revealed = revealed
        self.checked = checked
        self._by_path: dict[tuple[str, bool], list[Finding]] = defaultdict(list)
        for finding in sorted(findings, key=lambda f: (f.start, -f.end)):
            self._by_path[finding.path, finding.in_key].append(finding)

    @classmethod
    def unchecked(cls) -> "Masks":
        """Nobody has looked for personal values yet."""
        return cls(checked=False)

    @property
    def hides(self) -> bool:
        """Whether texts are hidden because nobody has looked yet."""
        return not self.checked and not self.revealed

    def pieces(self, path: str, text: str, role: str, *, in_key: bool = False) -> Iterator[Piece]:
        """`text` cut at its findings: the rest in `role`, a masked value as `‹PERSON›`, a revealed one as it is."""
        if self.hides:
            yield "dim", "…"
            return
        findings = self._by_path.get((path, in_key)) if self._by_path else None
        if not findings:
            yield role, text
            return
        at = 0
        for finding in findings:
            if finding.start < at:
                continue
            if finding.start > at:
                yield role, text[at : finding.start]
            if self.revealed:
                yield "found", text[finding.start : finding.end]
            else:
                yield "mask", _label(finding)
            at = max(at, finding.end)
        if at < len(text):
            yield role, text[at:]


UNCHECKED = "UNCHECKED"
"""The entity that stands for a stretch of text in which nobody has looked."""


def _label(finding: Finding) -> str:
    if finding.entity == UNCHECKED:
        return f"‹{finding.end - finding.start:,} more characters, not looked through; r shows them›"
    return f"‹{finding.entity}›"
