"""What a correction in plain text changes: the terms that it adds to the answer, for a reviewer to choose from."""

import difflib
import re
from typing import Any

MOST = 6
"""Terms that are offered."""
LONGEST = 60
"""Characters of a term; a longer one would ask for the reviewer's own sentence."""
WORD = re.compile(r"\w+(?:[-'’.,:/@]\w+)*|[€$£%]\d+(?:[.,]\d+)*")
_LITTLE = """
    a an the and or but of to in on at by for from with is are was were be been it its this that these those you
    your we our i will would can could should may might do does did not no yes as if so then than there here have
    has had please since because der die das und oder ein eine einen ist sind von zu im in am mit für auf es sie wir
    ihr ihre nicht ja nein
"""
EMPTY = frozenset(_LITTLE.split())
"""Words that say nothing by themselves."""


def terms_of_difference(answer: Any, correction: Any) -> tuple[str, ...]:
    """Terms of the correction that the answer does not hold, in the order in which they stand there, at most `MOST`.

    A term is a run of words that were added or changed, cut at sentence marks and at little words. Empty when one of
    the two is no text, or nothing was added.
    """
    if not isinstance(answer, str):
        answer = "" if answer is None else str(answer)
    if not isinstance(correction, str):
        return ()
    old = [match[0].casefold() for match in WORD.finditer(answer)]
    spans = list(WORD.finditer(correction))
    new = [match[0].casefold() for match in spans]
    found: list[str] = []
    for kind, _, _, start, end in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind in ("replace", "insert"):
            for first, last in _runs(correction, spans, start, end):
                term = correction[spans[first].start() : spans[last].end()]
                if term.casefold() not in answer.casefold() and term not in found:
                    found.append(term)
    return tuple(found[:MOST])


def _runs(text: str, spans: list[re.Match[str]], start: int, end: int) -> list[tuple[int, int]]:
    """(first, last) word of each run: cut at sentence marks and at little words, none too long."""
    runs: list[list[int]] = [[]]
    for at in range(start, end):
        if spans[at][0].casefold() in EMPTY:
            runs.append([])
            continue
        if runs[-1]:
            between = text[spans[at - 1].end() : spans[at].start()]
            long = spans[at].end() - spans[runs[-1][0]].start() > LONGEST
            if long or re.search(r"[.,;:!?()\n]", between):
                runs.append([])
        runs[-1].append(at)
    return [(run[0], run[-1]) for run in runs if run]
