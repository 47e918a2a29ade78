"""Names that the words around them give away: salutations, titles, introductions, form fields, relations."""

from collections.abc import Iterable

import regex

from curator.scrub.recognizers import names
from curator.scrub.recognizers.base import RegexRecognizer
from curator.scrub.recognizers.patterns import parts, rules

HINT = 0.3
"""Score of a cue that needs another sign."""


class PersonCueRecognizer(RegexRecognizer):
    """Strong cues (a title, `my name is`, a form field) and weak ones (`this is`, `Thanks`), which need a known name.

    A rule whose name begins with `weak` has a weak cue.
    """

    ENTITY = "PERSON"
    RULES = rules("person_cues", "PERSON")

    def find(self, text: str) -> Iterable[tuple[int, int, float, str]]:
        """Trims each match to what can be a name; drops weak ones without a known name."""
        if _SHOUTED.search(text) and len(calm := text.title()) == len(text):
            for start, end, score, name in super().find(calm):
                span = trimmed(calm, start, end) if name in _STRONG and text[start:end].isupper() else None
                value = calm[slice(*span)] if span else ""
                cue = "listed: role" if name == "field of a role" else name
                if span is not None and not _ordinary(value) and self._believable(value, cue):
                    yield *span, score, name
        for start, end, score, name in super().find(text):
            if name.endswith("small letters"):
                span = _small(text, start, end, name)
            elif name.startswith("family name first"):
                span = start, end
            else:
                span = trimmed(text, start, end)
            if span is None and name.startswith("title") and names.may_be_family(text[start:end].split()[-1]):
                span = start, end  # Mrs Price
            if span is None:
                continue
            value = text[slice(*span)]
            # `Regards, Customer Care`
            office = name.startswith(("letter", "unlisted: greeting")) and (span[0] > start or _ordinary(value))
            if self._believable(value, name) and not office:
                yield *span, score, name
            elif not (office or names.is_product(value)):
                # Not enough alone; with a model or a list it is.
                yield *span, HINT, name

    @staticmethod
    def _believable(value: str, cue: str) -> bool:
        words = value.split()
        if cue.startswith("hint"):
            return False
        if cue.startswith("pair"):
            words = _FILE_PARTS.findall(value)
            file = cue.endswith("name") and value[0].isupper() and names.may_be_given(words[0])
            return file or names.paired(words) or names.paired(words[::-1])
        if cue == "weak: dealing with":
            known = _known(value) if len(words) > 1 else names.is_plain_given(value)
            return known and not names.is_place(value)
        if cue.startswith(("weak", "field of a role", "possessor")):
            owner = cue == "possessor" and names.may_be_given(words[0], plain=True) and not names.is_ordinary(words[0])
            return (
                _known(value)
                or owner
                or (cue.startswith("field of a role") and names.of_two_names(value) and _two_words(value))
            )
        if cue.startswith("unlisted"):
            return not any(names.is_ordinary(w) or names.is_place(w) or names.is_place_prefix(w) for w in words)
        if cue.startswith("listed"):
            alone = cue.startswith("listed: dealing") and len(words) == 1 and names.may_be_given(words[0])
            first = words[-1] if names.PARTICLES.fullmatch(words[0].casefold()) else words[0]
            alone = alone or (value[1:2] == "." and cue != "listed: initials" and names.may_be_family(words[-1]))
            listed = (names.listed(words) or alone) and not names.is_ordinary(first)
            return _known(value) or (listed and not names.is_place(value))
        if cue in ("dealing with", "at home", "in a role", "speaker with two names"):
            return (_known(value) and not names.is_place(value)) or _two_words(value)
        return names.TITLES.match(value) is not None or not names.is_product(value)


def _small(text: str, start: int, end: int, cue: str) -> tuple[int, int] | None:
    """`jane doe and …` → jane doe: a given name, and a second word that is not ordinary (introduced) or a family name.

    Whom one deals with may have a given name of anywhere in the world, a greeting one that is a word, too.
    """
    if cue.startswith("title"):
        last = text[start:end].split()[-1]
        known = cue.startswith("title in") or names.may_be_given(last, plain=True) or names.may_be_family(last)
        return (start, end) if known and not names.is_ordinary(last) else None
    sure, greeted, booked = (cue.startswith(k) for k in ("introduction", "greeting", "booked"))
    first, _, second = text[start:end].partition(" ")
    if not text[start].islower():
        return trimmed(text, start, end)
    if not (names.is_given(first) if greeted else names.is_plain_given(first)) and not (
        (names.may_be_given(first, plain="kin" not in cue) and not names.is_ordinary(first))
        or (booked and _family(first))
    ):
        return None
    last = second.split()[-1] if second else ""
    strange = len(last) > 5 and not names.is_ordinary(last)
    both = second and (not names.is_stop(second) if sure else strange or _family(last))
    return start, end if both else start + len(first)


def _family(word: str) -> bool:
    return names.may_be_family(word, plain=True) and not names.is_ordinary(word)


def _ordinary(value: str) -> bool:
    return all(map(names.is_ordinary, value.split()))


def _two_words(value: str) -> bool:
    words = value.split()
    return len(words) > 1 and not any(names.is_product(w) for w in words)


def trimmed(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Cuts words off both ends that are no part of a name; None when nothing is left or it is a thing or a place."""
    words = [(start + m.start(), start + m.end()) for m in _WORDS.finditer(text[start:end])]
    while len(words) > 1 and text[words[-1][0]].islower() and text[words[0][0]].isupper():
        words.pop()
    while (
        words
        and names.is_stop(text[slice(*words[-1])].strip("'’"))
        and not _TITLE_WORD.fullmatch(text[slice(*words[-1])])
        and not _ends_name(text, words)
    ):
        words.pop()
    while (
        words
        and names.is_stop(text[slice(*words[0])].strip("'’"))
        and not _begins_name(text, words)
        and not (len(words) > 1 and _TITLE_WORD.fullmatch(text[slice(*words[0])]))
    ):
        words.pop(0)
    for i, (a, b) in enumerate(words):
        ended = i and text[slice(*words[i - 1])][-1] in ",;:" and not _DEGREE.fullmatch(text[a:b])
        if ended or (
            i
            and names.is_stop(text[a:b])
            and not _begins_name(text, words[i:])
            and not names.PARTICLES.fullmatch(text[a:b])
            and not _TITLE_WORD.fullmatch(text[a:b])
            and not _ends_name(text, words)
        ):
            words = words[:i]
            break
    if all(_TITLE_WORD.fullmatch(text[a:b]) for a, b in words):
        return None
    last = text[slice(*words[-1])]
    following = _NEXT.match(text, words[-1][1])
    ends = (last.rpartition("-")[2] if len(words) > 1 or "-" in last else "", following[1] if following else "")
    if any(map(names.is_thing_suffix, ends)):
        return None
    a, b = words[0][0], words[-1][1]
    while (b > a and text[b - 1] in "'’-,;:") or text[a:b].endswith(("'s", "’s")):
        b -= 2 if text[a:b].endswith(("'s", "’s")) else 1
    return (a, b) if b > a else None


def _begins_name(text: str, words: list[tuple[int, int]]) -> bool:
    """`April Martinez`, `May Jones`: a month that is a given name, before a family name."""
    return (
        len(words) > 1
        and names.is_given(text[slice(*words[0])])
        and names.is_family(text[slice(*words[1])].rstrip(".,;:"))
    )


def _ends_name(text: str, words: list[tuple[int, int]]) -> bool:
    """`Emma Price`: a given name and one of the ordinary words that are common family names."""
    return (
        len(words) == 2
        and names.is_plain_given(text[slice(*words[0])])
        and _SURNAME_WORD.fullmatch(text[slice(*words[1])].strip("'’.,;:")) is not None
    )


def _known(value: str) -> bool:
    """Whether a name has a title, or its first word is a given name that the rest does not contradict."""
    if names.TITLES.match(value):
        return True
    words = value.split()
    if names.is_product(value) or names.is_place_prefix(words[0]) or (len(words) > 1 and names.is_product(words[0])):
        return False
    return names.is_given(words[0]) or (len(words) > 1 and names.is_family(words[-1]))


_SHOUTED = regex.compile(r"(?:\b\p{Lu}{2,}\b[^\p{L}\n]{1,3}){3}")
"""Three words in capitals: read in title case, where strong cues show the names."""
_FIELDS = ("field of a name", "field `name` of a role", "field of a role")
_STRONG = frozenset(("title", "introduction", "letter", "relation", "listed: role", *_FIELDS))
_WORDS = regex.compile(r"[^\s]+")
_FILE_PARTS = regex.compile(r"\p{L}+")
_NEXT = regex.compile(r"[ ]([\p{L}]+\.?)")
(_SURNAME_WORD,) = (regex.compile(part) for part in parts("names", "surname_words"))
_TITLE_WORD = regex.compile(names.TITLE, regex.VERBOSE)
_DEGREE = regex.compile(names.POSTNOMINAL.replace(",?[ ]", "", 1) + r"[.,;:]?", regex.VERBOSE)
