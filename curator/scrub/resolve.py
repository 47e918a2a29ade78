"""Makes one set of findings without overlaps out of everything that was found in one text."""

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
            taken.append(item)
        elif ENTITIES[item.entity].kind != "suggestion":
            taken.extend(
                moved(item, a, b)
                for a, b in (_stripped(text, a, b) for a, b in rest)
                if a < b and is_significant(text[a:b], item.entity)
            )
    return sorted(taken, key=lambda f: f.start)


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
    rest = []
    for other in sorted((t for t in taken if t.start < end and t.end > start), key=lambda t: t.start):
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
