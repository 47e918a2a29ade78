"""Personal values on screen: masked where the scrub found them, until the reviewer asks to see them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from curator.model import Finding, join_path
from curator.tui.text import Piece, estimated_size


class Masks:
    """The findings of one value, by path, and whether they may be seen.

    Without findings and not `checked`, nothing is known about a text: all of it is hidden.
    """

    def __init__(self, findings: Sequence[Finding] = (), *, revealed: bool = False, checked: bool = True) -> None:
        self.revealed = revealed
        self.checked = checked
        self._by_path: dict[tuple[str, bool], list[Finding]] = defaultdict(list)
        for finding in sorted(findings, key=lambda f: (f.start, -f.end)):
            self._by_path[finding.path, finding.in_key].append(finding)

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


def masked(value: object, path: str, masks: Masks) -> object:
    """A JSON value that stands at `path`, with every finding in its texts as it is shown: masked, unless revealed."""
    if isinstance(value, str):
        return "".join(text for _, text in masks.pieces(path, value, "text"))
    if isinstance(value, dict):
        return {
            "".join(text for _, text in masks.pieces(join_path(path, key), key, "key", in_key=True)): masked(
                each, join_path(path, key), masks
            )
            for key, each in value.items()
        }
    if isinstance(value, list):
        return [masked(each, join_path(path, number), masks) for number, each in enumerate(value)]
    return value


UNCHECKED = "UNCHECKED"
"""The entity that stands for a stretch of text in which nobody has looked."""


def _label(finding: Finding) -> str:
    if finding.entity == UNCHECKED:
        return f"‹{finding.end - finding.start:,} more characters, not looked through; r shows them›"
    return f"‹{finding.entity}›"


def shorten(value: Mapping[str, object], most: int) -> tuple[dict[str, object], tuple[Finding, ...]]:
    """`value` with its texts cut so that at most `most` characters are left, and a finding for each cut-off rest."""
    room = most
    rest: list[Finding] = []

    def cut(node: object, path: str) -> object:
        nonlocal room
        if isinstance(node, str):
            if len(node) > room:
                rest.append(_rest(path, room, len(node)))
                node = node[:room]
            room -= len(node)
        elif isinstance(node, dict):
            return {key: cut(each, join_path(path, key)) for key, each in node.items()}
        elif isinstance(node, list):
            return [cut(each, join_path(path, index)) for index, each in enumerate(node)]
        return node

    if estimated_size(value, most) < most:
        return dict(value), ()
    from curator.scrub import NotScrubbed

    try:
        return {key: cut(node, key) for key, node in value.items()}, tuple(rest)
    except RecursionError:
        raise NotScrubbed("it is nested too deeply") from None


def _rest(path: str, start: int, end: int) -> Finding:
    return Finding(id=f"rest:{path}", path=path, start=start, end=end, entity=UNCHECKED, score=1.0)
