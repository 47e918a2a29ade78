"""Evidence for names: what models and lists suggest, and when a suggestion counts.

A model alone takes "Vacuum Cleaner" for a person. So what one sign suggests (a model, a weak cue) is a
`POSSIBLE_NAME`, which is shown and left alone; a second sign (the other model, a list of names, a cue, another place
in the item) makes it a `PERSON`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import regex

from curator.scrub.entities import Span
from curator.scrub.nlp import MODEL
from curator.scrub.recognizers import names
from curator.scrub.recognizers.base import TIMEOUT_SECONDS, RegexRecognizer
from curator.scrub.recognizers.patterns import parts, rules
from curator.scrub.recognizers.person_cues import trimmed
from curator.scrub.second import Marked

_NAMES = frozenset({"PERSON", "POSSIBLE_NAME"})
_SURE = 0.45
_DOUBTED = 0.9
_NEVER_AFTER = frozenset(("the", "The", "const", "let", "var", "class", "def", "function", "import", "struct", "enum"))
_EDGE = r"(?<![\p{L}\p{N}_./@\-=])"
_NAME = regex.compile(rf"{_EDGE}{names.NAME}(?![\p{{L}}\p{{N}}_@=/(]|\.\p{{Ll}})", regex.VERBOSE)
_FAMILY_FIRST = regex.compile(
    rf"(?<![\p{{L}}\p{{N}}]|\p{{Lu}}[\p{{L}}'’\-]{{1,40}}[ ])(?P<family>{names.WORD}),[ ]"
    rf"(?P<given>{names.WORD})(?![\p{{L}}\p{{N}}])",
    regex.VERBOSE,
)
_SMALL_WORDS = regex.compile(r"(?<![\p{L}\p{N}_./@\-=#:])\p{Ll}[\p{Ll}\p{M}'’\-]+(?![\p{L}\p{N}_@=/(\[]|\.\p{L})")
_OTHER_WORDS = regex.compile(r"(?<![\p{L}\p{M}])\p{Lo}[\p{Lo}\p{M}\-]+(?![\p{L}\p{M}])")
"""Words of scripts without capitals."""
_SHOUTED_WORD = r"(?:\p{Lu}['’])?\p{Lu}{2,}(?:['’\-]\p{Lu}{2,})*"
_CAPITALS = regex.compile(rf"(?<![\p{{L}}\p{{N}}_\-'’]){_SHOUTED_WORD}(?:[ ]{_SHOUTED_WORD})+")
_BEFORE = regex.compile(r"(\p{L}+)\.?[ ]$")
_NO_NAME = regex.compile(r"\p{Ll}{3}\p{Lu}{2}|[\d_/=\\{}()<>|@#$%*]|\.\p{Ll}|^\P{Lu}*$")
_NO_THING = regex.compile(r"[\d_/=\\{}<>|@#$%*:\n\t]|^\p{Lu}{1,6}$|^\P{Lu}*$")
"""Codes, markup and lines run together are no places or companies: a suggestion must be worth a look."""
_THINGS = tuple(rule.pattern for rule in rules("things", "THING"))
_TELLING = frozenset({"introduction", "field of a name", "field `name` of a role", "before an address"})
"""Cues that are believed even where a product has the same name."""
(_ARTICLE,) = (regex.compile(part, regex.VERBOSE) for part in parts("names", "article"))
_GOES_ON = regex.compile(rf"(?:[ ]{names.PARTICLE}){{1,3}}[ ]{names.WORD}", regex.VERBOSE)
_MORE = regex.compile(
    rf"""(?:(?<=[ \-](?:van|von|de|den|der|ter|ten|del|di|da|la|al|el))[ ]{names.WORD}
    |[ ](?:(?:van|von|in|op|de|den)[ ])?['’][ts][ ]{names.WORD}
    |[ ](?:bin|ibn|bint|abu)[ ]{names.WORD}|[ \-](?i:al|el|ad|as|ash|ar|an|at|az|ul)-{names.WORD}){{1,3}}
    (?<!['’]s)(?!\p{{L}})
    |[ ]\p{{Lu}}\.(?=[ ]\p{{Ll}}|[,;)])""",
    regex.VERBOSE,
)
"""What a name of any recognizer goes on with: `Nasser` `al-Dosari`, `Marijke van` `'t Spijker`, `Ramanathan` `K.`"""
_ENUMERATED = regex.compile(
    rf"{_EDGE}{names.WORD}(?:[ ]{names.WORD})?(?:,[ ]{names.WORD}(?:[ ]{names.WORD})?){{1,8}},?[ ]"
    rf"(?:and|und|et|y|e|en|or|oder|ou|&)[ ]{names.WORD}(?:[ ]{names.WORD})?(?![\p{{L}}\p{{N}}_])",
    regex.VERBOSE,
)
_BETWEEN = regex.compile(r",?[ ](?:and|und|et|y|e|en|or|oder|ou|&)[ ]|,[ ]")
_LINE = regex.compile(r"[^\n:@]{30,300}")
_INITIALS = regex.compile(rf"(?<![\p{{L}}.]){parts('names', 'initials')[0]}$", regex.VERBOSE)
_STANDS_BEFORE = regex.compile(rf"(?:\p{{Ll}}|[,;(])[ ](?P<word>{names.WORD})[ ]$", regex.VERBOSE)


class PersonListRecognizer(RegexRecognizer):
    """Names that stand in the lists: a given name that is no other word, or any given name with a family name."""

    ENTITY = "PERSON"

    def find(self, text: str) -> Iterable[tuple[int, int, float, str]]:
        """Looks at runs of capitalised words; the first given name in a run begins the name."""
        for match in _NAME.finditer(text, timeout=TIMEOUT_SECONDS):
            span = self._name(text, *match.span())
            if span:
                a, b, score = span
                yield a, b, score, "in the registers"
        for match in _FAMILY_FIRST.finditer(text, timeout=TIMEOUT_SECONDS):
            if names.is_family(match["family"]) and names.is_plain_given(match["given"]):
                yield *match.span(), 0.55, "family name first"
        for match in _CAPITALS.finditer(text, timeout=TIMEOUT_SECONDS):
            yield from self._pairs(text, match.span(), regex.compile(r"\S+"))
        for words in (_SMALL_WORDS, _OTHER_WORDS):
            yield from self._pairs(text, (0, len(text)), words)

    @staticmethod
    def _pairs(text: str, span: tuple[int, int], words: "regex.Pattern[str]") -> Iterable[tuple[int, int, float, str]]:
        """A given and a family name beside each other in small or in capital letters, where no capital helps."""
        last: regex.Match[str] | None = None
        for word in words.finditer(text, *span, timeout=TIMEOUT_SECONDS):
            near = last is not None and word.start() - last.end() == 1 and text[last.end()] == " "
            pair = (last.group(), word.group()) if near and last else None
            sure = pair and (not pair[0].islower() or names.is_plain_given(pair[0]) or names.is_family(pair[1]))
            if last and pair and sure and names.paired(pair) and not _ordinary(*pair):
                third = words.match(text, word.end() + 1) if text[word.end() : word.end() + 1] == " " else None
                plain = word.group().islower()
                more = (
                    third and names.may_be_family(third.group(), plain=plain) and not names.is_ordinary(third.group())
                )
                yield last.start(), third.end() if third and more else word.end(), 0.5, "given and family name"
                last = None
            else:
                last = word

    @staticmethod
    def _name(text: str, start: int, end: int) -> tuple[int, int, float] | None:
        words = [(start + m.start(), start + m.end()) for m in regex.finditer(r"\S+", text[start:end])]
        while words and (text[words[0][0]].islower() or not names.may_be_given(text[slice(*words[0])].strip("'’.,"))):
            words.pop(0)
        if not words:
            return None
        span = trimmed(text, words[0][0], words[-1][1])
        if span is None or names.is_product(text[slice(*span)]):
            return None
        before = _BEFORE.search(text[max(0, span[0] - 12) : span[0]])
        if before and ((names.is_place_prefix(before[1]) and before[1][0].isupper()) or before[1] in _NEVER_AFTER):
            return None
        parts = text[slice(*span)].split()
        first = parts[0]
        if names.is_product(first) or names.is_stop(first) or names.is_place_prefix(first):
            return None
        if len(parts) > 1:
            if names.is_plain_given(first):
                return *span, 0.65
            if names.is_given(first) and names.is_family(parts[-1]):
                return *span, 0.6
            score = 0.55 if names.paired(parts) else 0.5
            return (*span, score) if score > 0.5 or _of_the_world(parts) else None
        return (*span, 0.5) if names.is_plain_given(first) else None


def _of_the_world(words: Sequence[str]) -> bool:
    """`Vidar Nybakk`: a given name of anywhere before a word that no list knows."""
    first, *rest = words
    unknown = not any(names.is_ordinary(w) or names.is_place(w) for w in words)
    return unknown and names.may_be_given(first) and all(w[0].isupper() or names.PARTICLES.fullmatch(w) for w in rest)


def _ordinary(given: str, family: str) -> bool:
    return (
        names.PARTICLES.fullmatch(given) is not None
        or any(names.is_stop(w) or names.is_product(w) for w in (given, family))
        or (names.is_ordinary(family) and not names.is_plain_given(given))
    )


def suggested(text: str, model: Iterable[Span]) -> Iterator[Span]:
    """The small model's entities; a person must look like one: a capital, no digits, no product, no place."""
    for span in model:
        whole = text[span.start : span.end]
        if span.entity == "PERSON":
            for line in regex.finditer(r"[^\n\r\t]+", whole):
                found = person(text, span.start + line.start(), span.start + line.end())
                if found:
                    yield Span(*found, "POSSIBLE_NAME", 0.85, MODEL)
        elif not _NO_THING.search(whole) and not names.is_product(whole):
            yield span


def person(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The part of a model's PERSON that can be one."""
    first, _, more = text[start:end].partition(" ")
    span = None if more and names.is_place_prefix(first) else trimmed(text, start, end)
    if span is None:
        return None
    value = text[slice(*span)]
    words = value.split()
    if names.is_product(value) or (names.is_product(words[0]) and not names.is_given(words[-1])):
        return None
    if _NO_NAME.search(value) or (words[0].islower() and not value.islower() and names.is_place(words[-1])):
        return None  # `verder dan Leiden`
    if len(words) == 1 and (names.is_place(value) or (value.isupper() and len(value) < 6)):
        return None
    return None if all(names.is_stop(w) for w in words) else _extended(text, *span)


def _extended(text: str, start: int, end: int) -> tuple[int, int]:
    """The model cuts names short: `Frits van` goes on with `den Heuvel`, `Batukayev` has `Dzhamalay` before it."""
    after = _GOES_ON.match(text, end)
    before = _STANDS_BEFORE.search(text[max(0, start - 60) : start])
    if before and not any(no(before["word"]) for no in (names.is_stop, names.is_product, names.is_place_prefix)):
        start -= len(before["word"]) + 1
    return start, after.end() if after else end


def weighed(text: str, spans: Sequence[Span], second: Sequence[Marked] | None) -> list[Span]:
    """The findings of one text with its names weighed: suggestions with two signs are a PERSON, with one a
    POSSIBLE_NAME. `second` is what the second model marked; None when there is none.
    """
    people = [s for s in spans if s.entity in _NAMES]
    marks = [(Span(m.start, m.end, "PERSON", round(m.score, 3), "second model"), m) for m in second or ()]
    if things := _things(text) if people or marks else []:
        people = [s for s in people if not _touches(s, things) or s.recognizer in _TELLING]
        marks = [(s, m) for s, m in marks if not _touches(s, things)]
    if loose := [*_enumerated(text, [s for s, _ in marks]), *_catalogue(text)] if people or marks else []:
        people = [s for s in people if s.recognizer not in (MODEL, "in the registers") or not _touches(s, loose)]
        marks = [(s, m) for s, m in marks if not _touches(s, loose)]
    sure = [s for s in people if s.recognizer != MODEL and s.score >= _SURE]
    hints = [s for s in people if s.recognizer != MODEL and s.score < _SURE]
    telling = [s for s in hints if not s.recognizer.startswith(("weak: dealing", "weak: pair", "listed"))]
    small = [replace(s, entity="PERSON") for s in people if s.recognizer == MODEL]
    marked = [(replace(s, start=b.start, end=b.end), b) for s, m in marks if (b := _believable(text, m)) is not None]
    found = [s for s in spans if s.entity not in _NAMES] + sure
    for span, mark in (*((s, None) for s in small), *marked):
        both = _touches(span, small if mark else [s for s, _ in marked])
        # What only the small model sees although the second one has read it needs more than a rare name.
        listed = _listed(text, span, alone=mark is None and second is not None and not both)
        doubted = (
            mark
            and mark.score < _DOUBTED
            and _all_ordinary(text, span)
            and not (" " in text[span.start : span.end] and listed)
        )
        signs = not doubted and (
            listed
            or _touches(span, sure)
            or (_touches(span, hints if mark else telling) and not _all_ordinary(text, span))
            or ((both or (mark and mark.sure)) and not _some_ordinary(text, span))
        )
        found.append(span if signs else replace(span, entity="POSSIBLE_NAME", score=max(span.score, 0.5)))
    found += [h for h in hints if _listed(text, h) and not h.recognizer.startswith("weak: dealing")]
    more = [_MORE.match(text, s.end) if s.entity in _NAMES else None for s in found]
    return [replace(s, end=m.end()) if m else s for s, m in zip(found, more, strict=True)]


def _enumerated(text: str, marks: Sequence[Span]) -> Iterator[Span]:
    """Words in a row of which one can be no given name: `Kallax, Billy and Ivar` are things."""
    for match in _ENUMERATED.finditer(text, timeout=TIMEOUT_SECONDS):
        members = _BETWEEN.split(match.group())
        odd = [w for w in members if not (" " in w or names.may_be_given(w))]
        strange = any(not any(w in text[m.start : m.end] for m in marks) for w in odd)
        if strange or any(names.is_product(w.split()[0]) for w in members):
            yield Span(*match.span(), "PERSON", 0, "thing")


def _catalogue(text: str) -> Iterator[Span]:
    """Lines of goods: nearly every word has a capital, and three or more are ordinary ones."""
    for line in _LINE.finditer(text):
        words = regex.findall(r"\p{L}[\p{L}'’\-]+", line.group())
        capital = [w for w in words if w[0].isupper() and not w.isupper()]
        if len(words) > 5 and len(capital) > 0.85 * len(words) and sum(map(names.is_ordinary, capital)) > 2:
            yield Span(*line.span(), "PERSON", 0, "thing")


def _things(text: str) -> list[Span]:
    """What holds names and is no person: products, firms (`Marks & Spencer`), measures (`Cohen's kappa`), books."""
    return [
        Span(*match.span(), "PERSON", 0, "thing")
        for pattern in (names.product_phrases(), *_THINGS)
        for match in pattern.finditer(text, timeout=TIMEOUT_SECONDS)
    ]


def _believable(text: str, mark: Marked) -> Marked | None:
    """A mark of the second model without what is no name."""
    value = text[mark.start : mark.end]
    span = trimmed(text, mark.start, mark.end)
    before = _BEFORE.search(text[max(0, mark.start - 12) : mark.start])
    if before and before[1][0].isupper() and names.is_place_prefix(before[1]):
        return None
    if span is None or names.is_product(value) or names.is_place(value) or all(map(names.is_stop, value.split())):
        return None
    if _NO_NAME.search(value.title()) or (value.isupper() and len(value) < 4) or text[mark.end : mark.end + 1] == "(":
        return None
    initials = _INITIALS.search(text[max(0, span[0] - 24) : span[0]])
    start = span[0] - len(initials.group()) if initials else span[0]
    return Marked(start, span[1], mark.given, mark.family, mark.score)


def _listed(text: str, span: Span, *, alone: bool = False) -> bool:
    """Whether lists confirm a mark; one that stands `alone` needs a given name with a family name."""
    words = text[span.start : span.end].split()
    if len(words) == 1 and _ARTICLE.search(text[max(0, span.start - 8) : span.start]):
        return not alone and names.may_be_given(words[0], plain=True)  # `die Lampe`, `der Duden`
    if len(words) > 1 and (alone or words[0].islower()):
        given = names.may_be_given(words[0], plain=True) and not names.is_ordinary(words[0])
        both = not alone and names.is_given(words[0]) and names.may_be_family(words[-1])
        return both or names.paired(words) or (given and (len(words) == 2 or words[0][0].isupper()))
    if alone:
        return names.may_be_given(words[0], plain=True) and not names.may_be_family(words[0])
    return names.listed(words)


def _all_ordinary(text: str, span: Span) -> bool:
    return all(names.is_ordinary(w) for w in text[span.start : span.end].split() if any(map(str.isalpha, w)))


def _some_ordinary(text: str, span: Span) -> bool:
    return any(map(names.is_ordinary, text[span.start : span.end].split()))


def _touches(span: Span, others: Sequence[Span | Marked]) -> bool:
    return any(o.start < span.end and span.start < o.end for o in others)
