"""Makes one set of findings without overlaps out of everything that was found in one text."""

from bisect import bisect_left, insort
from collections.abc import Iterable

from curator.scrub.entities import ENTITIES
from curator.scrub.locate import Located, is_significant, moved


def resolve(text: str, found: Iterable[Located]) -> list[Located]:
    """Unites overlapping findings of one entity; between entities the lower rank wins, and the loser keeps what is left
    of it outside, so that nothing found ever becomes readable again. Suggestions that lose are dropped.
    """
    taken: list[Located] = []
    for item in sorted(_united(found), key=lambda f: (ENTITIES[f.entity].rank, -(f.end - f.start), f.start)):
        rest = _outside(item.start, item.end, taken)
        if rest == [(item.start, item.end)]:
            insort(taken, item, key=_start)
        elif ENTITIES[item.entity].kind != "suggestion":
            # A domain whose local part belongs to another finding names nobody.
            for a, b in (_stripped(text, a, b) for a, b in rest if text[a] != "@"):
                if a < b and is_significant(text[a:b], item.entity):
                    insort(taken, moved(item, a, b), key=_start)
    return taken


def _start(item: Located) -> int:
    return item.start


def _united(found: Iterable[Located]) -> list[Located]:
    united: list[Located] = []
    for item in sorted(found, key=lambda f: (f.entity, f.start, -f.end)):
        last = united[-1] if united else None
        if last and last.entity == item.entity and item.start < last.end:
            best = max(last, item, key=lambda f: f.score)
            united[-1] = moved(best, last.start, max(last.end, item.end))
        else:
            united.append(item)
    return united


def _outside(start: int, end: int, taken: list[Located]) -> list[tuple[int, int]]:
    """What of a span no finding in `taken` covers; they do not overlap and come in order."""
    rest = []
    position = max(bisect_left(taken, start, key=_start) - 1, 0)
    while position < len(taken) and taken[position].start < end:
        other = taken[position]
        position += 1
        if other.end <= start:
            continue
        if other.start > start:
            rest.append((start, other.start))
        start = max(start, other.end)
    if start < end:
        rest.append((start, end))
    return rest


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    """Without blanks and punctuation at the ends."""
    while start < end and not text[start].isalnum():
        start += 1
    while end > start and not text[end - 1].isalnum():
        end -= 1
    return start, end
